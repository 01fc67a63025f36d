/** A participant that takes turns, and its cost so far, in any unit. */
export interface TurnTaker {
  cost: number
}

/**
 * A fair rota: the participant with the least cost so far has the next turn; equal ones alternate. A participant cannot
 * save up turns: one that was idle starts level with the others, but still owes its excess cost.
 */
export class FairTurns<T extends TurnTaker> {
  /** The participants that wait for a turn. After its turn, one moves to the end. */
  readonly #waiting: T[] = []
  /** The cost of the participant that had the last turn: the lowest at that time. */
  #floor = 0

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Adds a participant that is not waiting. */
  enter(taker: T): void {
    taker.cost = Math.max(taker.cost, this.#floor)
    this.#waiting.push(taker)
  }

  /** Returns the participant whose turn it is, or null, and removes it until it enters again. */
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
