/**
 * The relevance of a message: true if it can still change this replica's state. Computed before its signatures are
 * checked, because a signature costs far more; a vote that arrives after the quorum is never checked. Each answer
 * stands beside the handler of the message and uses the handler's own conditions.
 */
import { assertNever } from '../base/assert.ts'
import type { BulkHead } from '../messages/heads.ts'
import type { NewView, ViewChange } from '../messages/message.ts'
import { isCheckpointRelevant } from './checkpoints/checkpoint.ts'
import type { ProtocolMessage } from './effects.ts'
import { isPrePrepareRelevant, isVoteRelevant } from './ordering/normal-case.ts'
import { isBatchLacking } from './ordering/ordering-state.ts'
import type { ReplicaState } from './state.ts'

export { relevanceOf } from './ordering/requests.ts'

export function isRelevant(state: ReplicaState, message: ProtocolMessage): boolean {
  switch (message.kind) {
    case 'request':
    case 'status':
    case 'fetch':
    case 'recall':
      return true
    case 'pre-prepare':
      return isPrePrepareRelevant(state, message)
    case 'prepare':
    case 'commit':
      return isVoteRelevant(state, message)
    case 'batch':
      return isBatchLacking(state, message.sequence, message.batch.digest)
    case 'checkpoint':
      return isCheckpointRelevant(state, message)
    default:
      return state.mode.isRelevant(state, message)
  }
}

/** True if a bulky message can still change the state. Called before its body is hashed. */
export function isBulkRelevant(state: ReplicaState, head: BulkHead): boolean {
  switch (head.kind) {
    case 'pre-prepare':
      return isPrePrepareRelevant(state, head)
    case 'decision':
      return state.mode.isRelevant(state, head)
    case 'batch':
      return isBatchLacking(state, head.sequence, head.digest)
    default:
      return assertNever(head)
  }
}

/**
 * True if a long message can still change the state. Takes its header only: called before its body is decoded.
 * @rule 3.12
 */
export const isLongMessageRelevant = (
  state: ReplicaState,
  head: Pick<ViewChange | NewView, 'kind' | 'sender' | 'view'>,
): boolean => state.mode.isRelevant(state, head)
