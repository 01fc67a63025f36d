/** The replicas that are rightly suspected: those that attack, and those that are disturbed. */
import type { ReplicaId } from '../../src/base/ids.ts'

/** The time for which a suspicion may outlast its reason, in milliseconds. */
const LINGERS_MS = 2_000

export class Suspects {
  #now: readonly ReplicaId[] = []
  readonly #until = new Map<ReplicaId, number>()

  set(ids: readonly ReplicaId[]): void {
    for (const id of this.#now) this.#until.set(id, performance.now() + LINGERS_MS)
    this.#now = [...ids]
  }

  /**
   * True if either of two replicas is among these: suspicion is mutual, because a replica that is cut off suspects the
   * others.
   */
  isRight({ by, of }: { readonly by: ReplicaId; readonly of: ReplicaId }): boolean {
    return this.#isOne(of) || this.#isOne(by)
  }

  #isOne(id: ReplicaId): boolean {
    return this.#now.includes(id) || (this.#until.get(id) ?? 0) > performance.now()
  }
}
