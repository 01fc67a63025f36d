/**
 * Whether a message can still change anything here. Asked before its signatures are checked, because checking costs
 * far more than asking; what comes after a quorum is never checked.
 */
import { assertNever } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { primaryOf } from '../base/quorum.ts'
import type { Checkpoint, NewView, PrePrepare, Request, ViewChange, Vote } from '../messages/message.ts'
import type { ProtocolMessage } from './effects.ts'
import { isExhibitUseful } from './evidence.ts'
import { isBatchLacking } from './retransmission.ts'
import { isSettled, votesOf } from './slot.ts'
import { isDecisionInReach, isInWindow, isPrimary, type ReplicaState } from './state.ts'

export function isUseful(state: ReplicaState, message: ProtocolMessage): boolean {
  switch (message.kind) {
    case 'request':
      return !(isPrimary(state) && isWaiting(state, message))
    case 'status':
    case 'fetch':
    case 'recall':
      return true
    case 'recollection':
      return state.recall !== null
    case 'exhibit':
      return isExhibitUseful(state, message)
    case 'pre-prepare':
      return isPrePrepareUseful(state, message)
    case 'prepare':
    case 'commit':
      return isVoteUseful(state, message)
    case 'decision': {
      const { sequence } = message
      if (!isDecisionInReach(state, sequence)) return false
      const slot = state.slots.get(sequence)
      return slot === undefined || !isSettled(slot)
    }
    case 'batch':
      return isBatchLacking(state, message.sequence, message.batch.digest)
    case 'checkpoint':
      return isCheckpointUseful(state, message)
    case 'stable-checkpoint':
      return message.stable.sequence > state.lowWatermark
    case 'view-change':
    case 'new-view':
      return isLongMessageUseful(state, message)
    default:
      return assertNever(message)
  }
}

/** What a backup passes on is here already, most of the time. // PBFT-5.4 */
function isWaiting({ waiting }: ReplicaState, { client, timestamp, digest }: Request): boolean {
  const held = waiting.find(client, timestamp)
  return held !== null && equalBytes(held.digest, digest)
}

/** Whether it is for the view that is, or for one that is not entered yet. */
const isAhead = (state: ReplicaState, view: number): boolean =>
  view > state.view || (view === state.view && !state.isActive)

function isPrePrepareUseful(state: ReplicaState, prePrepare: PrePrepare): boolean {
  const { sender, sequence, view, digest } = prePrepare
  if (sender !== primaryOf(view, state.config.n)) return false
  if (isAhead(state, view)) return sequence > state.lowWatermark
  if (view !== state.view || !isInWindow(state, sequence)) return false
  const heldBack = state.heldBack.get(sequence)
  if (heldBack !== undefined && equalBytes(heldBack.digest, digest)) return false
  const slot = state.slots.get(sequence)
  if (slot === undefined) return true
  // A second, different one is evidence, even late.
  if (slot.accepted !== null && !equalBytes(slot.accepted.digest, digest)) {
    return state.evidence.isWanted(prePrepare)
  }
  return !isSettled(slot) && (slot.accepted === null || isBatchLacking(state, sequence, digest))
}

function isVoteUseful(state: ReplicaState, vote: Vote): boolean {
  if (isAhead(state, vote.view)) return vote.sequence > state.lowWatermark
  if (vote.view !== state.view || !isInWindow(state, vote.sequence)) return false
  const slot = state.slots.get(vote.sequence)
  if (slot === undefined) return true
  const held = votesOf(slot, vote.kind)[vote.sender]
  // A second, different vote is evidence, even late.
  if (held !== null && held !== undefined) {
    return !equalBytes(held.digest, vote.digest) && state.evidence.isWanted(vote)
  }
  return vote.kind === 'prepare' ? slot.prepared === null : slot.decided === null
}

function isCheckpointUseful(state: ReplicaState, checkpoint: Checkpoint): boolean {
  const { sequence, sender, root } = checkpoint
  if (sequence <= state.lowWatermark) return false
  const held = state.checkpoints[sender]?.get(sequence)
  return held === undefined || (!equalBytes(held.root, root) && state.evidence.isWanted(checkpoint))
}

/** Asked of the head alone, before the body is even decoded. // PBFT-3.12 */
export function isLongMessageUseful(
  state: ReplicaState,
  head: Pick<ViewChange | NewView, 'kind' | 'sender' | 'view'>,
): boolean {
  return head.kind === 'view-change' ? isViewChangeUseful(state, head) : isNewViewUseful(state, head)
}

function isViewChangeUseful(
  { viewChanges, view, isActive }: ReplicaState,
  message: Pick<ViewChange, 'sender' | 'view'>,
): boolean {
  const held = viewChanges[message.sender]
  const isNew = held === null || held === undefined || held.view < message.view
  return isNew && (message.view > view || (message.view === view && !isActive))
}

function isNewViewUseful(state: ReplicaState, { view, sender }: Pick<NewView, 'sender' | 'view'>): boolean {
  return sender === primaryOf(view, state.config.n) && isAhead(state, view)
}
