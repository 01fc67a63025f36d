/** The checkpoints that a replica knows, and the state that it fetches: TOCS 2002 sections 4.4 and 5.3. */
import type { Sequence } from '../../base/ids.ts'
import type { Checkpoint, CheckpointCertificate, Verified } from '../../messages/message.ts'

export interface CheckpointState {
  /** C: the last stable checkpoint that the replica knows, which may be ahead of its own state. */
  stable: CheckpointCertificate
  /** h */
  readonly lowWatermark: Sequence
  /** This replica's roots of checkpoints at h and above. */
  readonly ownRoots: Map<Sequence, Uint8Array>
  /** The highest checkpoint for which this replica sent CHECKPOINT. */
  lastSent: Sequence
  /** The CHECKPOINTs above h of each replica, by sender. */
  readonly received: readonly Map<Sequence, Verified<Checkpoint>>[]
}

export const createCheckpointState = (
  n: number,
  start: Pick<CheckpointState, 'stable' | 'ownRoots' | 'lastSent'>,
): CheckpointState => ({
  ...start,
  get lowWatermark() {
    return this.stable.sequence
  },
  received: Array.from({ length: n }, () => new Map()),
})

export interface TransferState {
  /** The checkpoint whose state is being fetched (rule 2.5). */
  target: CheckpointCertificate | null
  /** The tick since which nothing was executed below h. */
  behind: { readonly lastExecuted: Sequence; readonly tick: number } | null
  /** True if this replica has lost the state that the cluster began with, and has no other one yet. */
  isNeeded: boolean
}
