/** The simulator's reading of a replica's state, in one place: checkers and descriptions ask here only. */
import type { Sequence, View } from '../../base/ids.ts'
import type { ReplicaState } from '../../pbft/state.ts'

/** A stable checkpoint as a replica holds it. */
export interface SeenCheckpoint {
  readonly sequence: Sequence
  readonly root: Uint8Array
}

/**
 * True if it lost what it had promised, and is not yet healed: it counts in f.
 * @rule 6.4
 */
export const isAmnesiac = (state: ReplicaState): boolean => state.recovery.health === 'amnesiac'

/** The certificate of h. */
export const stableCheckpoint = ({ checkpoints: { stable } }: ReplicaState): SeenCheckpoint => stable

export interface OrderedAt {
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}
