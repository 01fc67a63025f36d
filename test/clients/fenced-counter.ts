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

  write(value: number, token: number): void {
    if (this.#isFenced && token < this.#largest) {
      this.refused++
      return
    }
    this.#largest = Math.max(this.#largest, token)
    this.value = value
    this.writes++
  }

  /** The number of writes that another one undid, because it had read the counter before them. */
  get lost(): number {
    return this.writes - this.value
  }
}
