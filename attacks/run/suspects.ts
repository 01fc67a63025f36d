/** Replicas that it is right to suspect: replicas that attack, and those that something keeps from working. */
import type { ReplicaId } from '../../src/base/ids.ts'

/** A detector may go on suspecting for so long after the reason is gone, and be seen doing it. In milliseconds. */
const LINGERS_MS = 2_000

export class Suspects {
  #now: readonly ReplicaId[] = []
  readonly #until = new Map<ReplicaId, number>()

  set(ids: readonly ReplicaId[]): void {
    for (const id of this.#now) this.#until.set(id, performance.now() + LINGERS_MS)
    this.#now = [...ids]
  }

  /** Between one of these and the others the suspicion is mutual: who is cut off suspects the rest. */
  isRight({ by, of }: { readonly by: ReplicaId; readonly of: ReplicaId }): boolean {
    return this.#isOne(of) || this.#isOne(by)
  }

  #isOne(id: ReplicaId): boolean {
    return this.#now.includes(id) || (this.#until.get(id) ?? 0) > performance.now()
  }
}
