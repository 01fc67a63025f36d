/** What a run of an attack showed, wherever it ran: the ground of its verdict. */
import type { ReplicaId } from '../../src/base/ids.ts'
import type { RejectionReason } from '../../src/messages/rejection.ts'

export interface Facts {
  readonly n: number
  readonly f: number
  readonly traitors: readonly ReplicaId[]
  /** How often the adversaries acted. */
  readonly acts: number
  /** Views that correct replicas left, at most, since the attack began. */
  readonly viewChanges: number
  /** What correct replicas refused, by reason. */
  readonly rejected: ReadonlyMap<RejectionReason, number>
  /** Replicas against which a correct one holds evidence: two signed messages that contradict each other. */
  readonly guilty: readonly ReplicaId[]
}
