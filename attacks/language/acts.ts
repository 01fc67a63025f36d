/** Counts the acts of adversaries: an attack that never acted proves nothing. */
import type { Blackboard } from './adversary-context.ts'

/** The note that names the current attack, if attacks take turns. */
export const TURN = 'whose turn it is'

export class Acts {
  total = 0
  /** The acts by the name of the attack whose turn it was; empty if attacks do not take turns. */
  readonly byTurn = new Map<string, number>()
  readonly #board: Blackboard

  constructor(board: Blackboard) {
    this.#board = board
  }

  readonly count = (): void => {
    this.total++
    const turn = this.#board.notes.get(TURN)
    if (typeof turn === 'string') this.byTurn.set(turn, (this.byTurn.get(turn) ?? 0) + 1)
  }
}
