/** The only place where checkers and descriptions read a replica's state. */
import type { Sequence, View } from '../../base/ids.ts'
import type { ReplicaState } from '../../pbft/state.ts'

/** A stable checkpoint as a replica holds it. */
export interface SeenCheckpoint {
  readonly sequence: Sequence
  readonly root: Uint8Array
}

/**
 * True if it lost promises and has not yet recovered, so that it counts in f.
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
