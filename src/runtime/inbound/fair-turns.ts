/** One that takes turns, and its cost so far, in the unit that the rota counts. */
export interface TurnTaker {
  cost: number
}

/**
 * Whoever has cost least so far comes next; those that cost the same come in turn. Nobody saves up: who waits for
 * nothing starts again level with the others, and what it still owes stays owed.
 */
export class FairTurns<T extends TurnTaker> {
  /** Those that wait for their turn; the one that had one goes to the end. */
  readonly #waiting: T[] = []
  /** The cost of the taker whose turn was the last: the least of all then. */
  #floor = 0

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Somebody who does not wait for a turn begins to. */
  enter(taker: T): void {
    taker.cost = Math.max(taker.cost, this.#floor)
    this.#waiting.push(taker)
  }

  /** Returns the taker whose turn it is, or null. It waits no longer, unless it enters again. */
  next(): T | null {
    if (this.#waiting.length === 1) return this.#go(this.#waiting.pop() as T)
    let least = 0
    for (let index = 1; index < this.#waiting.length; index++) {
      if ((this.#waiting[index] as T).cost < (this.#waiting[least] as T).cost) least = index
    }
    const [taker] = this.#waiting.splice(least, 1)
    return taker === undefined ? null : this.#go(taker)
  }

  #go(taker: T): T {
    this.#floor = taker.cost
    return taker
  }

  leave(taker: T): void {
    const index = this.#waiting.indexOf(taker)
    if (index >= 0) this.#waiting.splice(index, 1)
  }
}
