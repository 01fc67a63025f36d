/**
 * Restart from the log: section 6 of the rules. TOCS 2002 section 5 keeps its log in memory, so this is an addition.
 */
import { assertNever } from '../../base/assert.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import { headerOf } from '../../messages/cited.ts'
import type {
  Batch,
  Evidence,
  NewView,
  PrePrepare,
  PrePrepareHeader,
  PreparedCertificate,
  Request,
  Verified,
  ViewChange,
  Vote,
} from '../../messages/message.ts'
import { choiceHeaders } from '../../messages/oral/inferred-messages.ts'
import type { OralNewView, OralViewChange } from '../../messages/oral/message.ts'
import { wholePrePrepare } from '../../messages/pre-prepare.ts'
import { isRejection } from '../../messages/rejection.ts'
import { adoptStable, compareWithStable, keepOwnRoot } from '../checkpoints/checkpoint.ts'
import { broadcastDurably } from '../durability.ts'
import type { AnyNewView, AnyViewChange, Effect, LogRecord, Outgoing } from '../effects.ts'
import type { OralRecord } from '../mode.ts'
import { type Executed, executeDecided, freezeIfDue, noteExecuted } from '../ordering/execution.ts'
import { findBatch, isHandedOver, openSlot } from '../ordering/ordering-state.ts'
import { raiseReadFloor } from '../ordering/unordered-reads.ts'
import { mustAbstain, noteLimit } from '../ordering/unsynced-votes.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { leaveViewFor } from '../views/view-change.ts'
import { mayVote } from './recovery-state.ts'

/** A log record that was read back and checked. */
export type RecoveredRecord =
  | Extract<LogRecord, { readonly kind: SameAsLogged }>
  | { readonly kind: 'accepted'; readonly prePrepare: Verified<PrePrepare> }
  /** `batch` is null if an earlier record holds the batch, or if it is the null batch. */
  | { readonly kind: 'decided'; readonly commits: readonly Vote[]; readonly batch: Batch | null }
  | { readonly kind: 'view-change'; readonly viewChange: Verified<ViewChange> | Verified<OralViewChange> }
  | { readonly kind: 'new-view'; readonly newView: Verified<NewView> | Verified<OralNewView> }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  | { readonly kind: 'recovery'; readonly request: Verified<Request> }

type SameAsLogged =
  | 'prepared'
  | 'vote-limit'
  | 'batch'
  | 'checkpoint'
  | 'stable'
  | 'recoveries'
  | 'forgotten'
  | 'healed'
  | OralRecord['kind']

/**
 * Replays one record, in the order of the log. Returns `execute` and `snapshot` effects only.
 * @rule 6.2
 */
export function replay(state: ReplicaState, record: RecoveredRecord): readonly Effect[] {
  const turn: Turn = { state, effects: [] }
  switch (record.kind) {
    case 'accepted':
      replayAccepted(state, record.prePrepare)
      break
    case 'prepared':
      replayPrepared(state, record.certificate)
      break
    case 'vote-limit':
      noteLimit(state, record)
      break
    case 'batch':
      keepReplayedBatch(state, record.sequence, record.batch)
      break
    case 'decided':
      replayDecided(turn, record.commits, record.batch)
      break
    case 'view-change':
      replayViewChange(state, record.viewChange)
      break
    case 'pre-prepared':
    case 'acknowledged':
      state.mode.replay(state, record)
      break
    case 'new-view':
      replayNewView(state, record.newView)
      break
    case 'checkpoint':
      if (record.sequence >= state.checkpoints.lowWatermark) keepOwnRoot(state, record.sequence, record.root)
      if (record.sequence > state.checkpoints.lastSent) state.checkpoints.lastSent = record.sequence
      raiseReadFloor(state, record.sequence)
      break
    case 'stable':
      if (record.stable.sequence > state.checkpoints.lowWatermark) adoptStable(state, record.stable)
      raiseReadFloor(state, record.stable.sequence)
      break
    case 'evidence':
      state.evidence.add(record.evidence)
      break
    case 'recovery':
      state.recovery.own = {
        request: record.request,
        askedTick: Number.NEGATIVE_INFINITY,
        executed: null,
      }
      break
    case 'recoveries':
      for (const [replica, executed] of record.waiting) state.recovery.waiting.set(replica, executed)
      break
    case 'forgotten':
      state.recovery.health = 'amnesiac'
      break
    case 'healed':
      state.recovery.health = 'sound'
      state.recovery.own = null
      if (record.view > state.views.view) leaveViewFor(state, record.view)
      break
    default:
      assertNever(record)
  }
  return turn.effects
}

/** Handles the application's report on a replayed batch. Returns the same kinds of effects as `replay`. */
export function replayExecuted(state: ReplicaState, executed: Executed): readonly Effect[] {
  const turn: Turn = { state, effects: [] }
  noteExecuted(state, executed)
  freezeIfDue(turn, executed.sequence)
  executeDecided(turn)
  return turn.effects
}

/** Enters the view of a replayed vote: a vote proves that its NEW-VIEW was entered, even if that record was trimmed. */
function enterReplayedView(state: ReplicaState, view: View): boolean {
  if (view > state.views.view) {
    leaveViewFor(state, view)
    state.ordering.lastProposed = state.ordering.lastExecuted
  }
  if (view === state.views.view) state.views.isActive = true
  return view === state.views.view
}

function replayAccepted(state: ReplicaState, prePrepare: PrePrepare): void {
  const { view, sequence, batch, sender } = prePrepare
  keepReplayedBatch(state, sequence, batch)
  if (!enterReplayedView(state, view)) return
  if (sender === state.config.id && sequence > state.ordering.lastProposed)
    state.ordering.lastProposed = sequence
  replayHeader(state, headerOf(prePrepare))
}

/** Keeps a batch that must still be executed, or that this replica may vote on again. */
function keepReplayedBatch(state: ReplicaState, sequence: Sequence, batch: Batch): void {
  const isOpen = !isHandedOver(state, sequence) || state.mode.mayVoteAgain(state, sequence)
  if (isOpen) state.ordering.batches.add(sequence, batch)
}

function replayHeader(state: ReplicaState, header: PrePrepareHeader): void {
  if (header.sequence <= state.checkpoints.lowWatermark) return
  const slot = openSlot(state, header.sequence)
  slot.accepted = header
  slot.acceptedTick = state.clock.ticks
}

function replayPrepared(state: ReplicaState, certificate: PreparedCertificate): void {
  const { prePrepare, prepares } = certificate
  const { sequence, view } = prePrepare
  raiseReadFloor(state, sequence)
  if (sequence <= state.checkpoints.lowWatermark) return
  const known = state.ordering.preparedCertificates.get(sequence)
  if (known === undefined || known.prePrepare.view < view) {
    state.ordering.preparedCertificates.set(sequence, certificate)
  }
  if (!enterReplayedView(state, view)) return
  replayHeader(state, prePrepare)
  const slot = openSlot(state, sequence)
  for (const vote of prepares) slot.prepares[vote.sender] = vote
  slot.prepared = prepares
  slot.keptRecords = 0
}

function replayDecided(turn: Turn, commits: readonly Vote[], batch: Batch | null): void {
  const { state } = turn
  const [first] = commits
  if (first === undefined) return
  raiseReadFloor(state, first.sequence)
  if (isHandedOver(state, first.sequence)) return
  const slot = openSlot(state, first.sequence)
  slot.keptRecords = 0
  slot.decided = commits
  slot.decidedBatch = batch ?? findBatch(state, first.sequence, first.digest)
  if (batch !== null) state.ordering.batches.add(first.sequence, batch)
  executeDecided(turn)
}

function replayViewChange(state: ReplicaState, viewChange: AnyViewChange): void {
  const { view, sender } = viewChange
  if (view < state.views.view || (view === state.views.view && state.views.isActive)) return
  if (view > state.views.view) leaveViewFor(state, view)
  state.views.announcedView = view
  state.views.viewChanges[sender] = viewChange
  state.mode.replayViewChange(state, viewChange)
}

function replayNewView(state: ReplicaState, newView: AnyNewView): void {
  const { view, sender } = newView
  const chosen = chosenIn(newView)
  // Like `enterView`. In a view that was entered already, later proposals count too.
  const isEntry = view > state.views.view || !state.views.isActive
  if (chosen === null || !enterReplayedView(state, view)) return
  if (isEntry) state.ordering.lastProposed = state.ordering.lastExecuted
  state.views.newView = newView
  if (sender === state.config.id) state.views.madeNewView = view
  const { prePrepares, minSequence } = chosen
  state.views.lastChosen = prePrepares.at(-1)?.sequence ?? minSequence
  if (state.ordering.lastProposed < state.views.lastChosen)
    state.ordering.lastProposed = state.views.lastChosen
  for (const header of state.mode.replayChoices(state, prePrepares)) {
    const known = state.ordering.slots.get(header.sequence)?.accepted
    if (known === undefined || known === null) replayHeader(state, header)
  }
}

/** Returns O and minSeq of a logged NEW-VIEW; null if its contents had been rejected. */
function chosenIn(
  newView: AnyNewView,
): { readonly prePrepares: readonly PrePrepareHeader[]; readonly minSequence: Sequence } | null {
  if (newView.kind === 'oral-new-view') {
    return { prePrepares: choiceHeaders(newView), minSequence: newView.checkpoint.sequence }
  }
  const { contents } = newView
  if (isRejection(contents)) return null
  const { viewChanges, prePrepares } = contents
  const minSequence = Math.max(...viewChanges.map(({ stable }) => stable.sequence)) as Sequence
  return { prePrepares, minSequence }
}

/**
 * Resends, after the last record, the messages that the log promises. This replica's pre-prepares are sent byte for
 * byte, and its next proposal is above the highest of these. A vote is signed again to the same bytes.
 * @rule 6.2
 */
export function resume(turn: Turn): void {
  const { state } = turn
  const { config } = state
  const { view, isActive, newView } = state.views
  const broadcast = (outgoing: Outgoing) => broadcastDurably(turn, outgoing)
  compareWithStable(turn)
  if (!mayVote(state)) return
  for (const [sequence, root] of state.checkpoints.ownRoots) {
    const wasSent = sequence > state.checkpoints.lowWatermark && sequence <= state.checkpoints.lastSent
    if (wasSent) broadcast({ kind: 'checkpoint', sequence, root })
  }
  const own = state.views.viewChanges[config.id] ?? null
  if (!isActive && own?.view === view) broadcast({ kind: 'relayed', message: own })
  if (!isActive) return
  if (newView?.sender === config.id) broadcast({ kind: 'relayed', message: newView })
  for (const sequence of [...state.ordering.slots.keys()].sort((a, b) => a - b)) {
    resumeSlot(turn, sequence)
  }
}

function resumeSlot(turn: Turn, sequence: Sequence): void {
  const { state } = turn
  const slot = openSlot(state, sequence)
  const { accepted, prepared, executed } = slot
  if (accepted === null) return
  const { view, digest, sender } = accepted
  const batch = findBatch(state, sequence, digest)
  const isHere = batch !== null || (executed !== null && equalBytes(executed, digest))
  if (mustAbstain(state, view, sequence)) {
    // The log may hold another pre-prepare than the one that an earlier start voted for.
  } else if (sender === state.config.id) {
    // An entry of O is sent with its NEW-VIEW. Receivers have the batch or fetch it.
    if (batch !== null && sequence > state.views.lastChosen) {
      const message = wholePrePrepare(accepted, batch)
      broadcastDurably(turn, { kind: 'relayed', message })
    }
  } else if (isHere) {
    slot.hasPrepared = true
    broadcastDurably(turn, { kind: 'prepare', view, sequence, digest })
  }
  if (prepared !== null) broadcastDurably(turn, { kind: 'commit', view, sequence, digest })
}
