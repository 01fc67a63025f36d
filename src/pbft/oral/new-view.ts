/**
 * Making and judging NEW-VIEW without signatures: TOCS 2002 section 4.5.2. Keeps rules 4.3 to 4.7 where they concern
 * messages and time.
 */
import type { Peer } from '../../base/peer.ts'
import { primaryOf, quorum } from '../../base/quorum.ts'
import type { Choice } from '../../messages/content.ts'
import type { PrePrepareHeader, Verified } from '../../messages/message.ts'
import { choiceHeaders } from '../../messages/oral/inferred-messages.ts'
import type { OralNewView, OralViewChange } from '../../messages/oral/message.ts'
import type { RejectionReason } from '../../messages/rejection.ts'
import { highWatermark, isInWindow, logWindow } from '../checkpoints/watermarks.ts'
import { persist, persistThenBroadcast } from '../durability.ts'
import { reject } from '../ordering/normal-case.ts'
import { findBatch, hasBatch } from '../ordering/ordering-state.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { acceptChoices, activate, beginOrdering, refute } from '../views/new-view.ts'
import { isAhead, isPrimary } from '../views/view-state.ts'
import { believed, forgetUncited, supported } from './acknowledgements.ts'
import { noteVouched } from './checkpoints.ts'
import { type ChoiceForm, choiceFault, choose } from './new-view-choice.ts'
import { fetchCited, lackingOf } from './view-changes.ts'

const formOf = (state: ReplicaState): ChoiceForm => ({
  n: state.config.n,
  logWindow: logWindow(state),
  nullDigest: state.nullBatch.digest,
})

/**
 * Makes NEW-VIEW if this replica is the primary of the awaited view, as soon as S allows a choice whose batches it
 * holds. S grows until then.
 * @rule 4.3 4.5
 */
export function makeOralNewView(turn: Turn): void {
  const { state } = turn
  const { id, n } = state.config
  if (!isPrimary(state) || state.views.isActive || !mayVote(state)) return
  if (state.views.madeNewView === state.views.view) return
  const viewChanges = supported(state)
  // This replica's own VIEW-CHANGE is required. It came back only after its record was synced.
  if (viewChanges.length < quorum(n) || !viewChanges.some(({ sender }) => sender === id)) return
  const outcome = choose(viewChanges, formOf(state), (choice) => isBatchHere(state, choice))
  if (outcome.kind === 'waiting') {
    state.oral.lacking = outcome.lacking.filter((choice) => !isBatchHere(state, choice))
    return
  }
  const { checkpoint, choices } = outcome
  const cited = viewChanges.map(({ sender, digest }) => ({ sender, digest }))
  const content = { kind: 'oral-new-view', view: state.views.view, cited, checkpoint, choices } as const
  state.views.madeNewView = state.views.view
  state.oral.lacking = []
  persistThenBroadcast(turn, { record: { kind: 'new-view-made', content }, outgoing: content })
}

/**
 * Tests A3: the batch is in this replica's log, or is the null batch.
 * @rule 4.5
 */
function isBatchHere(state: ReplicaState, { sequence, digest }: Choice): boolean {
  const slot = state.ordering.slots.get(sequence)
  return slot === undefined ? findBatch(state, sequence, digest) !== null : hasBatch(state, slot, digest)
}

/**
 * Handles NEW-VIEW(v', V, checkpoint, O) of the primary. Judges it once all VIEW-CHANGEs that it cites are held and
 * certain.
 * @rule 4.7
 */
export function onOralNewView(turn: Turn, newView: Verified<OralNewView>, from: Peer): void {
  const { state } = turn
  const { view, sender } = newView
  const { id, n } = state.config
  if (view === 0 || sender !== primaryOf(view, n)) return reject(turn, newView, from, 'not-the-primary')
  if (!isAhead(state, view)) return
  // This replica made its own NEW-VIEW, and sent it only after its record was on disk. @rule 6
  if (sender === id && state.views.madeNewView === view) return enterOralView(turn, newView)
  const fault = citedFault(newView, n)
  if (fault !== null) {
    reject(turn, newView, from, fault)
    return refute(turn, view)
  }
  state.oral.awaited[sender] = newView
  forgetUncited(state)
  judgeNewViews(turn)
  if (state.oral.awaited[sender] !== null) fetchCited(turn)
}

/**
 * Returns a fault unless the NEW-VIEW cites Q to n VIEW-CHANGEs of distinct members.
 * @rule 4.7 4.9
 */
function citedFault({ cited }: OralNewView, n: number): RejectionReason | null {
  const senders = new Set(cited.map(({ sender }) => sender))
  const areMembers = cited.every(({ sender }) => sender < n)
  return areMembers && senders.size === cited.length && senders.size >= quorum(n)
    ? null
    : 'new-view-without-quorum'
}

/**
 * Judges the awaited NEW-VIEWs again. Called after a message that one of them may have lacked.
 * @rule 4.7
 */
export function judgeNewViews(turn: Turn): void {
  const { state } = turn
  for (const newView of [...state.oral.awaited]) {
    // An earlier one in this loop may have begun a view and so dropped others.
    if (newView === null || state.oral.awaited[newView.sender] !== newView) continue
    if (lackingOf(state, newView).length === 0) judge(turn, newView)
  }
}

function judge(turn: Turn, newView: Verified<OralNewView>): void {
  const { state } = turn
  state.oral.awaited[newView.sender] = null
  const viewChanges = newView.cited
    .map((cited) => believed(state, newView, cited))
    .filter((one): one is OralViewChange => one !== null)
  const fault = choiceFault(newView, viewChanges, formOf(state))
  if (fault === null) {
    persist(turn, { kind: 'new-view', newView })
    enterOralView(turn, newView)
    return
  }
  reject(turn, newView, { kind: 'replica', id: newView.sender }, fault)
  refute(turn, newView.view)
}

/**
 * Begins the view of a valid NEW-VIEW. W replicas hold its checkpoint, so its state is worth fetching. The checkpoint
 * is the floor of the view but does not move h. Only a replica with Q CHECKPOINTs knows that enough replicas hold it
 * for the next view change to find it again, even if any f of them are faulty.
 * @rule 2.2 2.6 4.4 4.7
 */
function enterOralView(turn: Turn, newView: OralNewView): void {
  const { state } = turn
  activate(turn, newView)
  for (const [maker, one] of state.oral.awaited.entries()) {
    if (one !== null && one.view <= newView.view) state.oral.awaited[maker] = null
  }
  forgetUncited(state)
  noteVouched(state, { ...newView.checkpoint, checkpoints: [] })
  const headers = choiceHeaders(newView)
  state.oral.choicesAhead = headers.filter(({ sequence }) => sequence > state.checkpoints.lowWatermark)
  beginOrdering(turn, headers, newView.checkpoint.sequence)
  dropAccepted(state)
}

/**
 * Accepts the choices that lay above H, once h has moved.
 * @rule 3.5
 */
export function acceptChoicesAhead(turn: Turn): void {
  const { state } = turn
  const { choicesAhead } = state.oral
  if (!state.views.isActive || !choicesAhead.some(({ sequence }) => isInWindow(state, sequence))) return
  acceptChoices(
    turn,
    choicesAhead.filter(({ sequence }) => (state.ordering.slots.get(sequence)?.accepted ?? null) === null),
  )
  dropAccepted(state)
}

/** Replays the choices of the current NEW-VIEW. Keeps those above H until h has moved. */
export function replayChoices(
  state: ReplicaState,
  choices: readonly PrePrepareHeader[],
): readonly PrePrepareHeader[] {
  const isAbove = ({ sequence }: PrePrepareHeader): boolean => sequence > highWatermark(state)
  state.oral.choicesAhead = choices.filter(isAbove)
  return choices.filter((header) => !isAbove(header))
}

function dropAccepted(state: ReplicaState): void {
  state.oral.choicesAhead = state.oral.choicesAhead.filter(
    ({ sequence }) => sequence > state.checkpoints.lowWatermark && !isInWindow(state, sequence),
  )
}
