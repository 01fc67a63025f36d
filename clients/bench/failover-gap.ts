/** The longest time without an acknowledged write. */

export interface Gap {
  /** Milliseconds. */
  readonly ms: number
  /** Milliseconds from the last `reset` to the start of the gap. */
  readonly afterMs: number
}

/** Times are milliseconds of a monotonic clock. */
export class GapMeter {
  #resetAt: number
  #lastAt: number
  #longest: Gap = { ms: 0, afterMs: 0 }
  #acknowledged = 0

  constructor(now: number) {
    this.#resetAt = now
    this.#lastAt = now
  }

  /** Writes acknowledged since the last `reset`. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  reset(now: number): void {
    this.#resetAt = now
    this.#lastAt = now
    this.#longest = { ms: 0, afterMs: 0 }
    this.#acknowledged = 0
  }

  acknowledge(now: number): void {
    this.#longest = this.longest(now)
    this.#lastAt = now
    this.#acknowledged++
  }

  /** The longest gap, including the one that is still open. */
  longest(now: number): Gap {
    const ms = now - this.#lastAt
    return ms > this.#longest.ms ? { ms, afterMs: this.#lastAt - this.#resetAt } : this.#longest
  }
}
