/**
 * Answers that were given and not yet read. A caller who does not read is cut off when it leaves too much lying, and when
 * all together leave too much, the one whose answer has been lying for longest is.
 */

const MIB = 1024 * 1024
/** Above the largest answer, so that every single one can be given. */
export const UNREAD_PER_CALLER_MAX = 96 * MIB
export const UNREAD_MAX = 256 * MIB

interface Unread {
  readonly caller: object
  readonly bytes: number
  readonly cut: () => void
}

export class UnreadAnswers {
  readonly #answers = new Map<object, Unread>()
  readonly #callers = new Map<object, number>()
  readonly #perCallerMax: number
  readonly #max: number
  #bytes = 0

  constructor(perCallerMax = UNREAD_PER_CALLER_MAX, max = UNREAD_MAX) {
    this.#perCallerMax = perCallerMax
    this.#max = max
  }

  get bytes(): number {
    return this.#bytes
  }

  /** An answer to a call waits to be read. `cut` ends the call with it. */
  add(call: object, { caller, bytes, cut }: Unread): void {
    if (bytes === 0) return
    if ((this.#callers.get(caller) ?? 0) + bytes > this.#perCallerMax) return cut()
    for (const [other, answer] of this.#answers) {
      if (this.#bytes + bytes <= this.#max) break
      this.remove(other)
      answer.cut()
    }
    this.#answers.set(call, { caller, bytes, cut })
    this.#count(caller, bytes)
  }

  /** The answer to a call was read, or is gone. */
  remove(call: object): void {
    const answer = this.#answers.get(call)
    if (answer === undefined) return
    this.#answers.delete(call)
    this.#count(answer.caller, -answer.bytes)
  }

  #count(caller: object, bytes: number): void {
    this.#bytes += bytes
    const left = (this.#callers.get(caller) ?? 0) + bytes
    if (left === 0) this.#callers.delete(caller)
    else this.#callers.set(caller, left)
  }
}
