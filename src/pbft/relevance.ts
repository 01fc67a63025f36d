/**
 * The relevance of a message: whether it can still change anything here. Asked before its signatures are checked,
 * because checking costs far more than asking; what comes after a quorum is never checked.
 */
import { assertNever } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Peer } from '../base/peer.ts'
import { primaryOf } from '../base/quorum.ts'
import type { BulkHead } from '../messages/heads.ts'
import type {
  Checkpoint,
  Decision,
  NewView,
  PrePrepareHeader,
  Request,
  ViewChange,
  Vote,
} from '../messages/message.ts'
import type { OralMessage, OralNewView, OralViewChange } from '../messages/oral/message.ts'
import { isBatchLacking } from './catch-up/retransmission.ts'
import { isInWindow } from './checkpoints/watermarks.ts'
import type { ProtocolMessage } from './effects.ts'
import { isNewComplaint } from './oral/doubtful-requests.ts'
import { isCited } from './oral/view-changes.ts'
import { isExhibitRelevant } from './ordering/evidence.ts'
import { isDecisionInReach } from './ordering/ordering-state.ts'
import { relayerOf } from './ordering/requests.ts'
import { isSettled, votesOf } from './ordering/slot.ts'
import { isOral, type ReplicaState } from './state.ts'

export function isRelevant(state: ReplicaState, message: ProtocolMessage): boolean {
  switch (message.kind) {
    case 'request':
    case 'status':
    case 'fetch':
    case 'recall':
      return true
    case 'recollection':
      return state.recall !== null
    case 'exhibit':
      return isExhibitRelevant(state, message)
    case 'pre-prepare':
      return isPrePrepareUseful(state, message)
    case 'prepare':
    case 'commit':
      return isVoteUseful(state, message)
    case 'decision':
      return isDecisionUseful(state, message)
    case 'batch':
      return isBatchLacking(state, message.sequence, message.batch.digest)
    case 'checkpoint':
      return isCheckpointUseful(state, message)
    case 'stable-checkpoint':
      return message.stable.sequence > state.lowWatermark
    case 'view-change':
    case 'new-view':
      return isLongMessageRelevant(state, message)
    default:
      return isOral(state) && isOralUseful(state, message)
  }
}

/** The messages of section 4, in oral mode; in signed mode none of them means anything. */
function isOralUseful(state: ReplicaState, message: OralMessage): boolean {
  switch (message.kind) {
    case 'oral-view-change':
      return isOralViewChangeUseful(state, message)
    case 'oral-new-view':
      return isNewViewUseful(state, message)
    case 'view-change-ack':
      return message.view >= state.view
    case 'view-change-fetch':
      return true
    case 'view-change-delivery':
      return isCited(state, message.viewChange)
    case 'oral-recollection':
      return state.recall !== null
    case 'mac-complaint':
      return isNewComplaint(state, message)
    default:
      return assertNever(message)
  }
}

/**
 * The treatment that a request gets: it is ordered, its client gets an answer that costs no ordering, or nothing.
 * Only its own client, over its own link, gets an answer.
 * @rule 1.1 5.5
 */
export function relevanceOf(
  state: ReplicaState,
  request: Request,
  from: Peer,
): 'order' | 'answer' | 'nothing' {
  if (state.health === 'diverged') return 'nothing'
  const { client, timestamp } = request
  const otherwise = from.kind === 'client' ? 'answer' : 'nothing'
  if (state.config.standing(request) !== 'new') return otherwise
  const { waiting } = state
  const relayedBy = relayerOf(state, from)
  const isTaken =
    waiting.find(client, timestamp) === null
      ? waiting.hasRoomFor(request, relayedBy)
      : relayedBy !== null && waiting.canHurry(client, timestamp, relayedBy)
  return isTaken ? 'order' : otherwise
}

/** Asked before the body is even hashed. */
export function isBulkRelevant(state: ReplicaState, head: BulkHead): boolean {
  switch (head.kind) {
    case 'pre-prepare':
      return isPrePrepareUseful(state, head)
    case 'decision':
      return isDecisionUseful(state, head)
    case 'batch':
      return isBatchLacking(state, head.sequence, head.digest)
    default:
      return assertNever(head)
  }
}

function isDecisionUseful(
  state: ReplicaState,
  { sequence, digest }: Pick<Decision, 'sequence' | 'digest'>,
): boolean {
  if (isOral(state) && isBatchLacking(state, sequence, digest)) return true
  if (!isDecisionInReach(state, sequence)) return false
  const slot = state.slots.get(sequence)
  return slot === undefined || !isSettled(slot)
}

/** True if it is for the view that is, or for one that is not entered yet. */
const isAhead = (state: ReplicaState, view: number): boolean =>
  view > state.view || (view === state.view && !state.isActive)

function isPrePrepareUseful(state: ReplicaState, prePrepare: PrePrepareHeader): boolean {
  const { sender, sequence, view, digest } = prePrepare
  if (sender !== primaryOf(view, state.config.n)) return false
  if (isAhead(state, view)) {
    return sequence > state.lowWatermark && state.early.wants(prePrepare)
  }
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
  if (isAhead(state, vote.view)) return vote.sequence > state.lowWatermark && state.early.wants(vote)
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

/**
 * Asked of the head alone, before the body is even decoded.
 * @rule 3.12
 */
export function isLongMessageRelevant(
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

/** One for each view is taken; for the current one also once that has begun, for whoever asks. */
function isOralViewChangeUseful(state: ReplicaState, { sender, view }: OralViewChange): boolean {
  if (view === state.view) return (state.oral.received[sender] ?? null) === null
  return view > state.view && view > (state.viewChanges[sender]?.view ?? 0)
}

function isNewViewUseful(
  state: ReplicaState,
  { view, sender }: Pick<NewView | OralNewView, 'sender' | 'view'>,
): boolean {
  return sender === primaryOf(view, state.config.n) && isAhead(state, view)
}
