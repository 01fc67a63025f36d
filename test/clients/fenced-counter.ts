/** A counter that holders of a lock read and write, as a file would be: with the fence that tokens make, and without. */
export class Counter {
  value = 0
  /** The number of writes that were accepted. */
  writes = 0
  /** The number of writes that were refused because of their token. */
  refused = 0
  #largest = 0
  readonly #isFenced: boolean

  constructor(isFenced: boolean) {
    this.#isFenced = isFenced
  }

  /** Returns the value; null where the token is too small. A reader too is seen: a smaller token may not write after it. */
  read(token: number): number | null {
    return this.#isTooSmall(token) ? null : this.value
  }

  write(value: number, token: number): void {
    if (this.#isTooSmall(token)) {
      this.refused++
      return
    }
    this.value = value
    this.writes++
  }

  #isTooSmall(token: number): boolean {
    if (this.#isFenced && token < this.#largest) return true
    this.#largest = Math.max(this.#largest, token)
    return false
  }

  /** The number of writes that another one undid, because it had read the counter before them. */
  get lost(): number {
    return this.writes - this.value
  }
}
