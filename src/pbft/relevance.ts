/**
 * The relevance of a message: whether it can still change anything here. Asked before its signatures are checked,
 * because checking costs far more than asking; what comes after a quorum is never checked. Each answer is given beside
 * the handler of the message, by what the handler itself asks.
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

/** Asked before the body is even hashed. */
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
 * Asked of the head alone, before the body is even decoded.
 * @rule 3.12
 */
export const isLongMessageRelevant = (
  state: ReplicaState,
  head: Pick<ViewChange | NewView, 'kind' | 'sender' | 'view'>,
): boolean => state.mode.isRelevant(state, head)
