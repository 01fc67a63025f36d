import { assert } from '../../base/assert.ts'
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import { decodeCited } from '../../messages/cited.ts'
import { isSamePlace } from '../../messages/evidence.ts'
import { frameOfEnvelope } from '../../messages/frame.ts'
import { EVIDENCE_PER_REPLICA_MAX } from '../../messages/limits.ts'
import type { Evidence, SignedOnce } from '../../messages/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import { EXHIBITS_MAX, EXHIBITS_PERIOD_TICKS } from '../parameters.ts'

/** The evidence against each replica, first come, one piece for each (kind, v, s). */
export class KnownEvidence {
  readonly #isSigned: boolean
  readonly #against: readonly Evidence[][]
  /** The number of exhibits in the period that began at this tick. */
  #periodTick = Number.NEGATIVE_INFINITY
  #shown = 0

  /** Without signatures there is no evidence: none is wanted, and none is kept. */
  constructor(n: number, isSigned = true) {
    this.#isSigned = isSigned
    this.#against = Array.from({ length: n }, () => [])
  }

  /** All of it, by replica and then as it came. */
  get all(): readonly Evidence[] {
    return this.#against.flat()
  }

  /** The replicas against which there is any, by id. */
  get guilty(): readonly ReplicaId[] {
    return replicaIds(this.#against.length).filter((id) => this.#against[id]?.length !== 0)
  }

  /** True if evidence with this message would be kept: there is room, and none for its place yet. */
  isWanted(message: SignedOnce): boolean {
    const known = this.#against[message.sender]
    if (!this.#isSigned || known === undefined || known.length >= EVIDENCE_PER_REPLICA_MAX) return false
    return !known.some(({ first }) => isSamePlace(first, message))
  }

  /** True if nothing more against this replica would be kept. */
  isFull(replica: ReplicaId): boolean {
    return (this.#against[replica]?.length ?? 0) >= EVIDENCE_PER_REPLICA_MAX
  }

  /** Keeps copies: an envelope is a part of its frame, which may be large. Gives what it kept; null: not wanted. */
  add({ guilty, first, second }: Evidence): Evidence | null {
    if (!this.isWanted(first)) return null
    const kept = { guilty, first: copyOf(first), second: copyOf(second) }
    this.#against[guilty]?.push(kept)
    return kept
  }

  /** Takes one of the few exhibits of a period; false when there is none left. */
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
