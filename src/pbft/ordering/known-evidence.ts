import { assert } from '../../base/assert.ts'
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import { decodeCited } from '../../messages/cited.ts'
import { isSamePlace } from '../../messages/evidence.ts'
import { frameOfEnvelope } from '../../messages/frame.ts'
import { EVIDENCE_PER_REPLICA_MAX } from '../../messages/limits.ts'
import type { Evidence, SignedOnce } from '../../messages/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import { EXHIBITS_MAX, EXHIBITS_PERIOD_TICKS } from '../parameters.ts'

/** The evidence against each replica: the first piece to arrive for each (kind, v, s). */
export class KnownEvidence {
  readonly #isSigned: boolean
  readonly #against: readonly Evidence[][]
  /** The number of exhibits in the period that began at this tick. */
  #periodTick = Number.NEGATIVE_INFINITY
  #shown = 0

  /** In a cluster without signatures there is no evidence: none is wanted or kept. */
  constructor(n: number, isSigned = true) {
    this.#isSigned = isSigned
    this.#against = Array.from({ length: n }, () => [])
  }

  /** Returns all evidence, by replica and then in the order of arrival. */
  get all(): readonly Evidence[] {
    return this.#against.flat()
  }

  /** Returns the replicas against which there is evidence, by id. */
  get guilty(): readonly ReplicaId[] {
    return replicaIds(this.#against.length).filter((id) => this.#against[id]?.length !== 0)
  }

  /** True if evidence with this message would be kept: there is room, and none for its (kind, v, s) yet. */
  isWanted(message: SignedOnce): boolean {
    const known = this.#against[message.sender]
    if (!this.#isSigned || known === undefined || known.length >= EVIDENCE_PER_REPLICA_MAX) return false
    return !known.some(({ first }) => isSamePlace(first, message))
  }

  /** True if no further evidence against this replica would be kept. */
  isFull(replica: ReplicaId): boolean {
    return (this.#against[replica]?.length ?? 0) >= EVIDENCE_PER_REPLICA_MAX
  }

  /** Keeps a copy, since an envelope shares the memory of its large frame. Returns the copy; null if not wanted. */
  add({ guilty, first, second }: Evidence): Evidence | null {
    if (!this.isWanted(first)) return null
    const kept = { guilty, first: copyOf(first), second: copyOf(second) }
    this.#against[guilty]?.push(kept)
    return kept
  }

  /** Counts one of the few exhibits of a period. Returns false if none is left. */
  mayShow(tick: number): boolean {
    if (tick - this.#periodTick >= EXHIBITS_PERIOD_TICKS) {
      this.#periodTick = tick
      this.#shown = 0
    }
    return this.#shown++ < EXHIBITS_MAX
  }
}

function copyOf({ envelope }: SignedOnce): SignedOnce {
  const copy = decodeCited(frameOfEnvelope(envelope))
  assert(!isRejection(copy), 'the envelope of a message that was taken')
  return copy
}
