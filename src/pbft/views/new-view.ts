/** Entering a view: OSDI 1999 section 4.4, TOCS 2002 section 4.5. Keeps rules 3.3 to 3.5 and 3.9. */
import { equalBytes, toHex } from '../../base/bytes.ts'
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
import { findBatch, isHandedOver, openSlot } from '../ordering/ordering-state.ts'
import { proposeBatches } from '../ordering/propose.ts'
import { relayOldest, startTimer } from '../ordering/requests.ts'
import { HANDED_OVER_MAX } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaConfig, ReplicaState, Turn } from '../state.ts'
import { awaitNewView, leaveViewFor, viewChangeFault } from './view-change.ts'
import { isAhead, isPrimary } from './view-state.ts'

/** The checkpoint and the batches that Q VIEW-CHANGEs determine. */
export interface Selection {
  /** minSeq and its certificate: the checkpoint with the highest h. */
  readonly stable: CheckpointCertificate
  /** One choice for every s in (minSeq, maxSeq], in order. */
  readonly choices: readonly Choice[]
}

/**
 * Computes minSeq, the highest h in V, and maxSeq, the highest s in any P. For every s between them it chooses the
 * digest of the entry with the highest view, or the null batch if there is no entry.
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

/** True if this replica is the primary of the awaited view, and still has to make its NEW-VIEW. */
const owesNewView = (state: ReplicaState): boolean =>
  isPrimary(state) && !state.views.isActive && mayVote(state) && state.views.madeNewView !== state.views.view

/** The VIEW-CHANGEs for the awaited view, in the order of their senders. */
const receivedViewChanges = (state: ReplicaState): readonly ViewChange[] =>
  state.views.viewChanges.filter(
    (one): one is ViewChange => one?.kind === 'view-change' && one.view === state.views.view,
  )

/**
 * Makes NEW-VIEW from exactly Q VIEW-CHANGEs, if this replica is the primary of the awaited view.
 * @rule 3.3
 */
export function makeNewView(turn: Turn): void {
  const { state } = turn
  if (!owesNewView(state)) return
  const received = receivedViewChanges(state)
  // This replica's own VIEW-CHANGE is required. It came back only after its record was synced.
  if (!received.some(({ sender }) => sender === state.config.id)) return
  const viewChanges = pickViewChanges(state, received)
  if (viewChanges === null) return
  const { choices } = select(viewChanges, state.nullBatch.digest)
  const content = { kind: 'new-view', view: state.views.view, viewChanges, choices } as const
  state.views.madeNewView = state.views.view
  persistThenBroadcast(turn, { record: { kind: 'new-view-made', content }, outgoing: content })
}

/**
 * Returns Q of the received VIEW-CHANGEs; null if there are too few. With unsynced votes, a certificate may outlive the
 * batch that it names, so only those count whose chosen batches this replica holds. A correct sender has its batches on
 * disk, and serves them.
 * @rule 3.3 6.5
 */
function pickViewChanges(state: ReplicaState, received: readonly ViewChange[]): readonly ViewChange[] | null {
  const needed = quorum(state.config.n)
  let candidates = received
  while (candidates.length >= needed) {
    const picked = candidates.slice(0, needed)
    const chosen = select(picked, state.nullBatch.digest).choices
    if (state.config.hasUnsyncedVotes !== true || chosen.every((choice) => isChoiceHeld(state, choice))) {
      return picked
    }
    candidates = candidates.filter((one) => !shown(one).some((entry) => isAmongLacking(state, chosen, entry)))
  }
  return null
}

/** The batches that a VIEW-CHANGE names. */
const shown = ({ preparedCertificates }: ViewChange): readonly Choice[] =>
  preparedCertificates.map(({ prePrepare: { sequence, digest } }) => ({ sequence, digest }))

const isAmongLacking = (state: ReplicaState, chosen: readonly Choice[], entry: Choice): boolean =>
  !isChoiceHeld(state, entry) &&
  chosen.some(({ sequence, digest }) => sequence === entry.sequence && equalBytes(digest, entry.digest))

/** True if the batch is in this replica's log, or is past: no later choice contradicts what was executed. */
const isChoiceHeld = (state: ReplicaState, { sequence, digest }: Choice): boolean =>
  sequence <= state.checkpoints.lowWatermark ||
  isHandedOver(state, sequence) ||
  findBatch(state, sequence, digest) !== null

/**
 * Returns the batches that received VIEW-CHANGEs name and that this replica lacks for its NEW-VIEW. Only with unsynced
 * votes.
 * @rule 6.5
 */
export function batchesOfViewChanges(state: ReplicaState): readonly Choice[] {
  if (state.config.hasUnsyncedVotes !== true || !owesNewView(state)) return []
  const lacking = new Map<string, Choice>()
  for (const entry of receivedViewChanges(state).flatMap(shown)) {
    if (!isChoiceHeld(state, entry)) lacking.set(`${entry.sequence} ${toHex(entry.digest)}`, entry)
  }
  return [...lacking.values()]
}

/**
 * Handles NEW-VIEW(v', V, O): validates all of it, then enters the view.
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
  // This replica's own NEW-VIEW was sent only after its record was on disk. @rule 6
  if (sender !== id) persist(turn, { kind: 'new-view', newView })
  enterView(turn, newView)
}

/**
 * True if a NEW-VIEW of either mode can still change the state. Takes its header only: called before its body is
 * decoded.
 * @rule 3.12
 */
export const isNewViewRelevant = (
  state: ReplicaState,
  { view, sender }: Pick<AnyNewView, 'sender' | 'view'>,
): boolean => sender === primaryOf(view, state.config.n) && isAhead(state, view)

/**
 * Notes that a view has an authentic but invalid NEW-VIEW. The view ends once Q replicas have reached it.
 * @rule 3.4
 */
export function refute(turn: Turn, view: View): void {
  const { state } = turn
  const sender = primaryOf(view, state.config.n)
  const known = state.views.refutedViews.get(sender)
  // If a primary has several invalid NEW-VIEWs, the lowest view that is not over counts.
  if (known === undefined || known < state.views.view || view < known)
    state.views.refutedViews.set(sender, view)
  awaitNewView(turn)
}

/** The parameters that validating a NEW-VIEW needs. */
export interface NewViewForm {
  readonly config: Pick<ReplicaConfig, 'n' | 'checkpointInterval'>
  readonly nullBatch: { readonly digest: Uint8Array }
}

/**
 * Returns the first fault of V and O, or null. Recomputes O from V and compares. Signatures were checked before.
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
  // Moves the window without proposing: the first free sequence number is known only once O is accepted. @rule 2.2
  if (stable.sequence > state.checkpoints.lowWatermark) moveWindow(turn, stable)
  beginOrdering(turn, contents.prePrepares, stable.sequence)
}

/** Makes the view the current one, and active. */
export function activate({ state }: Turn, newView: AnyNewView): void {
  if (newView.view > state.views.view) leaveViewFor(state, newView.view)
  state.views.isActive = true
  state.views.newView = newView
  state.views.viewChangeTick = null
  state.suspicion.monitor.begin(state.clock.ticks)
}

/**
 * Accepts O, which follows the checkpoint at `minSequence`, and continues with the sequence numbers after it.
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
  // The new primary may not know the waiting requests, so they are relayed to it. @rule 3.9
  relayOldest(turn, HANDED_OVER_MAX)
  for (const message of state.ordering.early.takeFor(state.views.view)) {
    const from: Peer = { kind: 'replica', id: message.sender }
    if (message.kind === 'pre-prepare') onPrePrepare(turn, message, from)
    else onVote(turn, message, from)
  }
  proposeBatches(turn)
}

/**
 * Accepts the entries of O that lie in the window. Batches that this replica lacks are fetched.
 * @rule 3.4 3.5
 */
export function acceptChoices(turn: Turn, prePrepares: readonly PrePrepareHeader[]): void {
  const { state } = turn
  const chosen = prePrepares.filter(({ sequence }) => isInWindow(state, sequence))
  for (const header of chosen) {
    const slot = openSlot(state, header.sequence)
    slot.accepted = header
    slot.acceptedTick = state.clock.ticks
    slot.acceptedRecords = state.durability.recordsEmitted // includes the record of the NEW-VIEW
  }
  for (const { sequence } of chosen) voteForChoice(turn, openSlot(state, sequence))
}
