/** The checkpoints that a replica knows of, and the state that it fetches: TOCS 2002 sections 4.4 and 5.3. */
import type { Sequence } from '../../base/ids.ts'
import type { Checkpoint, CheckpointCertificate, Verified } from '../../messages/message.ts'

export interface CheckpointState {
  /** C: the last stable checkpoint that it knows of, whether or not it has come so far itself. */
  stable: CheckpointCertificate
  /** h */
  readonly lowWatermark: Sequence
  /** The own roots of checkpoints at h and above. */
  readonly ownRoots: Map<Sequence, Uint8Array>
  /** The highest checkpoint that it said. */
  lastSent: Sequence
  /** By sender, what each replica said of checkpoints above h. */
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
  /** Since when nothing was executed below h. */
  behind: { readonly lastExecuted: Sequence; readonly tick: number } | null
}
