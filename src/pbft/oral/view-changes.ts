/**
 * Receiving, fetching and relaying VIEW-CHANGEs without signatures: TOCS 2002 section 4.5.2. Keeps rules 4.2, 4.3 and
 * the fetching by digest of 4.7. Leaving a view and its timers are in `view-change.ts`, for both modes.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import type { Verified } from '../../messages/message.ts'
import type {
  CitedViewChange,
  OralNewView,
  OralViewChange,
  ViewChangeDelivery,
  ViewChangeFetch,
} from '../../messages/oral/message.ts'
import { mayAnswerFetch } from '../catch-up/answer-limit.ts'
import { sendDurably } from '../durability.ts'
import { reject } from '../ordering/normal-case.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { awaitNewView, isLatest, joinIfOthersMoved } from '../views/view-change.ts'
import { acknowledge, believed, ownAck, receivedFrom, recordAck, viewReached } from './acknowledgements.ts'
import { digestKey } from './oral-state.ts'
import { oralViewChangeFault } from './view-change-form.ts'

/**
 * Handles a VIEW-CHANGE from its sender itself, this replica included.
 * @rule 4.2 3.7
 */
export function onOralViewChange(turn: Turn, viewChange: Verified<OralViewChange>, from: Peer): void {
  const { state } = turn
  const { sender, view } = viewChange
  const fault = oralViewChangeFault(viewChange, state.config)
  if (fault !== null) return reject(turn, viewChange, from, fault)
  // Only the first one for a view counts, because W replicas may have acknowledged it.
  if (view === state.views.view) state.oral.received[sender] ??= viewChange
  if (isLatest(state, viewChange)) state.views.viewChanges[sender] = viewChange
  joinIfOthersMoved(turn)
  awaitNewView(turn)
  acknowledge(turn)
}

/**
 * True if a VIEW-CHANGE can still change the state. One is kept for each view. For the current view it is kept even
 * after the view began, because other replicas may ask for it.
 * @rule 4.3
 */
export function isOralViewChangeRelevant(
  state: ReplicaState,
  message: Pick<OralViewChange, 'sender' | 'view'>,
): boolean {
  const { sender, view } = message
  if (view === state.views.view) return (state.oral.received[sender] ?? null) === null
  return view > state.views.view && isLatest(state, message)
}

/**
 * Broadcasts a request for the VIEW-CHANGEs that an awaited NEW-VIEW cites and that cannot be believed yet, and for
 * their acknowledgements. Ignores a NEW-VIEW for a view that fewer than W replicas have reached, so that a faulty
 * primary cannot cause requests with an invented view.
 * @rule 4.7 5.5
 */
export function fetchCited({ state, effects }: Turn): void {
  const reached = Math.max(state.views.view, viewReached(state))
  for (const newView of state.oral.awaited) {
    if (newView === null || newView.view > reached) continue
    for (const { sender, digest } of lackingOf(state, newView)) {
      const { view } = newView
      const outgoing = { kind: 'view-change-fetch', view, of: sender, digest } as const
      effects.push({ kind: 'broadcast', outgoing })
    }
  }
}

/** Returns the VIEW-CHANGEs cited by a NEW-VIEW that this replica lacks or that are not certain. */
export const lackingOf = (state: ReplicaState, newView: OralNewView): readonly CitedViewChange[] =>
  newView.cited.filter((cited) => believed(state, newView, cited) === null)

/**
 * Handles a fetch: sends the VIEW-CHANGE with this digest, and an acknowledgement that it came from its sender.
 * @rule 4.3 4.7
 */
export function onViewChangeFetch(turn: Turn, fetch: Verified<ViewChangeFetch>): void {
  const { state, effects } = turn
  const { sender, view, of, digest } = fetch
  if (sender === state.config.id || !mayAnswerFetch(state, sender)) return
  const received = receivedFrom(state, { sender: of, view, digest })
  const here = received ?? state.oral.fetched.get(digestKey(digest)) ?? null
  if (here === null) return
  if (received !== null && of === state.config.id) {
    effects.push({ kind: 'send', to: sender, outgoing: { kind: 'relayed', message: received } })
  }
  effects.push({ kind: 'send', to: sender, outgoing: { kind: 'view-change-delivery', viewChange: here } })
  if (received !== null && of !== state.config.id) vouch(turn, received, sender)
}

/**
 * Sends this replica's acknowledgement of a VIEW-CHANGE to the asking replica; every time the same.
 * @rule 4.3
 */
function vouch(turn: Turn, viewChange: OralViewChange, to: ReplicaId): void {
  const { state } = turn
  const { view, sender, digest } = viewChange
  if (!mayVote(state) || view !== state.views.view) return
  const acked = ownAck(state, sender)
  if (acked === null) return recordAck(turn, viewChange, to)
  if (equalBytes(acked, digest)) sendDurably(turn, to, { kind: 'view-change-ack', view, of: sender, digest })
}

/**
 * Handles a VIEW-CHANGE relayed by any replica. Drops it unless an awaited NEW-VIEW cites its digest.
 * @rule 4.7
 */
export function onViewChangeDelivery(turn: Turn, delivery: Verified<ViewChangeDelivery>, from: Peer): void {
  const { viewChange } = delivery
  const { state } = turn
  if (!isCited(state, viewChange)) return
  const fault = oralViewChangeFault(viewChange, state.config)
  if (fault !== null) return reject(turn, delivery, from, fault)
  state.oral.fetched.set(digestKey(viewChange.digest), viewChange)
}

/** True if an awaited NEW-VIEW cites the VIEW-CHANGE and this replica lacks it. */
export function isCited({ oral }: ReplicaState, { sender, view, digest }: OralViewChange): boolean {
  if (oral.fetched.has(digestKey(digest))) return false
  return oral.awaited.some(
    (newView) =>
      newView?.view === view &&
      newView.cited.some((cited) => cited.sender === sender && equalBytes(cited.digest, digest)),
  )
}
