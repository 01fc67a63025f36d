/** Entering a view: OSDI 1999 section 4.4, TOCS 2002 section 4.5. Keeps rules 3.3 to 3.5 and 3.9. */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import { primaryOf, quorum } from '../../base/quorum.ts'
import type { Choice } from '../../messages/content.ts'
import type {
  CheckpointCertificate,
  NewView,
  NewViewContents,
  PrePrepareHeader,
  Verified,
  ViewChange,
} from '../../messages/message.ts'
import { isRejection, type RejectionReason } from '../../messages/rejection.ts'
import { moveWindow } from '../checkpoints/checkpoint.ts'
import { isInWindow } from '../checkpoints/watermarks.ts'
import { persist, persistThenBroadcast } from '../durability.ts'
import type { AnyNewView } from '../effects.ts'
import { onPrePrepare, onVote, reject, voteForChoice } from '../ordering/normal-case.ts'
import { openSlot } from '../ordering/ordering-state.ts'
import { proposeBatches } from '../ordering/propose.ts'
import { relayOldest, startTimer } from '../ordering/requests.ts'
import { HANDED_OVER_MAX } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaConfig, ReplicaState, Turn } from '../state.ts'
import { awaitNewView, leaveViewFor, viewChangeFault } from './view-change.ts'
import { isAhead, isPrimary } from './view-state.ts'

/** The result of Q VIEW-CHANGEs. */
export interface Selection {
  /** minSeq and its certificate: the highest h. */
  readonly stable: CheckpointCertificate
  /** For every s in (minSeq, maxSeq], in order. */
  readonly choices: readonly Choice[]
}

/**
 * minSeq is the highest h in V, maxSeq the highest s in any P; for every s between, the digest of the entry with the
 * highest view, else null.
 * @rule 3.3
 */
export function select(viewChanges: readonly ViewChange[], nullDigest: Uint8Array): Selection {
  let stable: CheckpointCertificate | null = null
  const highest = new Map<number, PrePrepareHeader>()
  let maxSequence = 0
  for (const viewChange of viewChanges) {
    if (stable === null || viewChange.stable.sequence > stable.sequence) stable = viewChange.stable
    for (const { prePrepare } of viewChange.preparedCertificates) {
      const { sequence, view } = prePrepare
      const known = highest.get(sequence)
      if (known === undefined || view > known.view) highest.set(sequence, prePrepare)
      if (sequence > maxSequence) maxSequence = sequence
    }
  }
  const first = stable ?? { sequence: 0 as Sequence, root: new Uint8Array(0), checkpoints: [] }
  const choices: Choice[] = []
  for (let sequence = first.sequence + 1; sequence <= maxSequence; sequence++) {
    const digest = highest.get(sequence)?.digest ?? nullDigest
    choices.push({ sequence: sequence as Sequence, digest })
  }
  return { stable: first, choices }
}

/**
 * As primary of the awaited view: NEW-VIEW from exactly Q VIEW-CHANGEs for it.
 * @rule 3.3
 */
export function makeNewView(turn: Turn): void {
  const { state } = turn
  const { id, n } = state.config
  if (
    !isPrimary(state) ||
    state.views.isActive ||
    !mayVote(state) ||
    state.views.madeNewView === state.views.view
  )
    return
  const received = state.views.viewChanges.filter(
    (one): one is ViewChange => one?.kind === 'view-change' && one.view === state.views.view,
  )
  // The own one is among them: what it says was synced before it came back.
  if (received.length < quorum(n) || !received.some(({ sender }) => sender === id)) return
  const viewChanges = received.slice(0, quorum(n))
  const { choices } = select(viewChanges, state.nullBatch.digest)
  const content = { kind: 'new-view', view: state.views.view, viewChanges, choices } as const
  state.views.madeNewView = state.views.view
  persistThenBroadcast(turn, { record: { kind: 'new-view-made', content }, outgoing: content })
}

/**
 * NEW-VIEW(v', V, O): validated whole, then entered.
 * @rule 3.4
 */
export function onNewView(turn: Turn, newView: Verified<NewView>, from: Peer): void {
  const { state } = turn
  const { view, sender, contents } = newView
  const { id, n } = state.config
  if (view === 0 || sender !== primaryOf(view, n)) return reject(turn, newView, from, 'not-the-primary')
  if (!isAhead(state, view)) return
  const fault = isRejection(contents) ? contents.reason : newViewFault(view, contents, state)
  if (fault !== null) {
    reject(turn, newView, from, fault)
    refute(turn, view)
    return
  }
  // The own one was sent only after its record was on disk. @rule 6
  if (sender !== id) persist(turn, { kind: 'new-view', newView })
  enterView(turn, newView)
}

/**
 * True if a NEW-VIEW, of either mode, can still change anything here: asked of its head, before its body is decoded.
 * @rule 3.12
 */
export const isNewViewRelevant = (
  state: ReplicaState,
  { view, sender }: Pick<AnyNewView, 'sender' | 'view'>,
): boolean => sender === primaryOf(view, state.config.n) && isAhead(state, view)

/**
 * An authentic NEW-VIEW that does not check out ends its view, once Q replicas have come that far.
 * @rule 3.4
 */
export function refute(turn: Turn, view: View): void {
  const { state } = turn
  const sender = primaryOf(view, state.config.n)
  const known = state.views.refutedViews.get(sender)
  // Of several views of one primary the next one to come counts.
  if (known === undefined || known < state.views.view || view < known)
    state.views.refutedViews.set(sender, view)
  awaitNewView(turn)
}

/** The parameters by which a NEW-VIEW is judged. */
export interface NewViewForm {
  readonly config: Pick<ReplicaConfig, 'n' | 'checkpointInterval'>
  readonly nullBatch: { readonly digest: Uint8Array }
}

/**
 * The first fault of V and O, signatures apart, or null: O is recomputed and must be equal.
 * @rule 3.4
 */
export function newViewFault(
  view: View,
  { viewChanges, prePrepares }: NewViewContents,
  { config, nullBatch }: NewViewForm,
): RejectionReason | null {
  const { n } = config
  const senders = new Set(viewChanges.map(({ sender }) => sender))
  if (viewChanges.length !== quorum(n) || senders.size !== quorum(n)) return 'new-view-without-quorum'
  for (const viewChange of viewChanges) {
    if (viewChange.view !== view) return 'new-view-without-quorum'
    const fault = viewChangeFault(viewChange, config)
    if (fault !== null) return fault
  }
  const { choices } = select(viewChanges, nullBatch.digest)
  const isSame =
    prePrepares.length === choices.length &&
    prePrepares.every((one, index) => isChoice(one, view, primaryOf(view, n), choices[index]))
  return isSame ? null : 'new-view-selects-otherwise'
}

function isChoice(
  { sender, view, sequence, digest }: PrePrepareHeader,
  newView: View,
  primary: number,
  choice: Choice | undefined,
): boolean {
  if (choice === undefined || sender !== primary || view !== newView) return false
  return sequence === choice.sequence && equalBytes(digest, choice.digest)
}

/**
 * Begins the view of a valid NEW-VIEW. Entering does not wait for a transfer.
 * @rule 2.6 3.4 3.5
 */
export function enterView(turn: Turn, newView: NewView): void {
  const { state } = turn
  const { contents } = newView
  if (isRejection(contents)) return
  activate(turn, newView)
  const { stable } = select(contents.viewChanges, state.nullBatch.digest)
  // Nothing is proposed before O is taken: where the new proposals begin is not known until then. @rule 2.2
  if (stable.sequence > state.checkpoints.lowWatermark) moveWindow(turn, stable)
  beginOrdering(turn, contents.prePrepares, stable.sequence)
}

/** The view is the current one, and active. */
export function activate({ state }: Turn, newView: AnyNewView): void {
  if (newView.view > state.views.view) leaveViewFor(state, newView.view)
  state.views.isActive = true
  state.views.newView = newView
  state.views.viewChangeTick = null
  state.suspicion.monitor.begin(state.clock.ticks)
}

/**
 * Takes O, which follows the checkpoint at `minSequence`, and goes on behind it.
 * @rule 3.4 3.5 3.9
 */
export function beginOrdering(
  turn: Turn,
  prePrepares: readonly PrePrepareHeader[],
  minSequence: Sequence,
): void {
  const { state } = turn
  state.views.lastChosen = prePrepares.at(-1)?.sequence ?? minSequence
  state.ordering.lastProposed = Math.max(state.views.lastChosen, state.ordering.lastExecuted) as Sequence
  acceptChoices(turn, prePrepares)
  startTimer(state)
  // Requests that wait would be lost with the old primary. @rule 3.9
  relayOldest(turn, HANDED_OVER_MAX)
  for (const message of state.ordering.early.takeFor(state.views.view)) {
    const from: Peer = { kind: 'replica', id: message.sender }
    if (message.kind === 'pre-prepare') onPrePrepare(turn, message, from)
    else onVote(turn, message, from)
  }
  proposeBatches(turn)
}

/**
 * Accepts O where it lies in the window; its batches are here, or are fetched.
 * @rule 3.4 3.5
 */
export function acceptChoices(turn: Turn, prePrepares: readonly PrePrepareHeader[]): void {
  const { state } = turn
  const chosen = prePrepares.filter(({ sequence }) => isInWindow(state, sequence))
  for (const header of chosen) {
    const slot = openSlot(state, header.sequence)
    slot.accepted = header
    slot.acceptedTick = state.clock.ticks
    slot.acceptedRecords = state.durability.recordsEmitted // the NEW-VIEW's is among them
  }
  for (const { sequence } of chosen) voteForChoice(turn, openSlot(state, sequence))
}
