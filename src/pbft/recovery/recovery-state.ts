/** The health of a replica: whether its disk kept what it promised. Keeps rule 6.4. */
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { Request, Verified } from '../../messages/message.ts'
import type { Reminder } from '../../messages/oral/message.ts'
import type { ReplicaState } from '../state.ts'

export interface RecoveryState {
  /** Why it does not vote, when it does not. */
  health: 'sound' | 'amnesiac' | 'diverged'
  /** The check at a start whether the disk is an old copy; null when it is over. It does not vote before. */
  recall: {
    readonly nonce: number
    /**
     * The messages that each replica says it has from this one; in signed mode that was judged already, and is empty.
     */
    readonly answered: Map<ReplicaId, readonly Reminder[]>
    readonly startedTick: number
  } | null
  /** Executed recovery operations whose checkpoint is not stable yet: s_r, and u of rule 6.4. */
  readonly waiting: Map<ReplicaId, { readonly sequence: Sequence; readonly view: View }>
  /** The own recovery operation: asked for again until it is executed at s_r with a certificate of view u. */
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

/**
 * True if it may send PRE-PREPARE, PREPARE, COMMIT, CHECKPOINT, VIEW-CHANGE and NEW-VIEW.
 * @rule 6.4
 */
export const mayVote = (state: ReplicaState): boolean =>
  state.recovery.health === 'sound' && state.recovery.recall === null
