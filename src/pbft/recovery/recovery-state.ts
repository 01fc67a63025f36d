/** The health of a replica: sound, or not to be trusted with votes because of its disk or state. Keeps rule 6.4. */
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { Request, Verified } from '../../messages/message.ts'
import type { Reminder } from '../../messages/oral/message.ts'
import type { ReplicaState } from '../state.ts'

export interface RecoveryState {
  /** `sound`, or the reason why the replica does not vote. */
  health: 'sound' | 'amnesiac' | 'diverged'
  /** The check at a start for a disk that is an old copy; null when it is over. The replica does not vote during it. */
  recall: {
    readonly nonce: number
    /**
     * The messages of this replica that each replica claims to hold. Empty in signed mode, where they are judged on
     * arrival.
     */
    readonly answered: Map<ReplicaId, readonly Reminder[]>
    readonly startedTick: number
  } | null
  /** Executed recovery operations whose checkpoint is not stable yet: s_r, and u of rule 6.4. */
  readonly waiting: Map<ReplicaId, { readonly sequence: Sequence; readonly view: View }>
  /** This replica's recovery operation: requested until it is executed at s_r with a certificate of view u. */
  own: {
    readonly request: Verified<Request>
    askedTick: number
    executed: { readonly sequence: Sequence; readonly view: View } | null
  } | null
}

export const createRecoveryState = (isAmnesiac: boolean): RecoveryState => ({
  health: isAmnesiac ? 'amnesiac' : 'sound',
  recall: null,
  waiting: new Map(),
  own: null,
})

/** True if this replica's state is not the cluster's: it executes nothing and answers no client until it has fetched it. */
export const lacksState = ({ recovery, transfer }: ReplicaState): boolean =>
  recovery.health === 'diverged' || transfer.isNeeded

/**
 * True if the replica may send PRE-PREPARE, PREPARE, COMMIT, CHECKPOINT, VIEW-CHANGE and NEW-VIEW.
 * @rule 6.4
 */
export const mayVote = (state: ReplicaState): boolean =>
  state.recovery.health === 'sound' && state.recovery.recall === null
