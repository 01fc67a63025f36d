/** What the simulator reads of a replica's state, in one place: checkers and descriptions ask here only. */
import type { Sequence, View } from '../base/ids.ts'
import type { Vote } from '../messages/message.ts'
import { standingOf as reportedStandingOf } from '../pbft/report.ts'
import type { ReplicaState } from '../pbft/state.ts'

export type StandingInCluster = 'voting' | 'amnesiac' | 'diverged' | 'transferring'

/** A stable checkpoint as a replica holds it. */
export interface SeenCheckpoint {
  readonly sequence: Sequence
  readonly root: Uint8Array
}

export const standingOf = (state: ReplicaState): StandingInCluster => reportedStandingOf(state)

/** Whether it lost what it had promised, and is not yet healed: it counts in f. // PBFT-6.4 */
export const isAmnesiac = (state: ReplicaState): boolean => standingOf(state) === 'amnesiac'

/** Whether it takes part in its view: view 0, or one whose NEW-VIEW it holds. */
export const isActive = (state: ReplicaState): boolean => state.isActive

/** The certificate of h; null at the beginning. */
export const stableCheckpoint = (state: ReplicaState): SeenCheckpoint | null => state.stable

/** How many prepared certificates it would put into a VIEW-CHANGE. */
export const preparedCount = (state: ReplicaState): number => state.preparedCertificates.size

export interface Place {
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

/** What a certificate's votes are for; null for none. */
export function placeOfVotes(votes: readonly Vote[]): Place | null {
  const [first] = votes
  return first === undefined ? null : first
}
