/** The window of sequence numbers that the last stable checkpoint opens: TOCS 2002 section 4.3. Keeps rule 2.2. */
import type { Sequence } from '../../base/ids.ts'
import { COUNTER_MAX, logWindowOf } from '../../messages/limits.ts'
import type { ReplicaState } from '../state.ts'

/** L */
export const logWindow = ({ config }: ReplicaState): number => logWindowOf(config.checkpointInterval)

/**
 * H = h + L, or the largest number that a message may name.
 * @rule 2.2
 */
export const highWatermark = (state: ReplicaState): Sequence =>
  Math.min(state.checkpoints.lowWatermark + logWindow(state), COUNTER_MAX) as Sequence

/**
 * True if a vote or pre-prepare for `sequence` may be accepted: h < s <= H.
 * @rule 1.2
 */
export const isInWindow = (state: ReplicaState, sequence: Sequence): boolean =>
  sequence > state.checkpoints.lowWatermark && sequence <= highWatermark(state)
