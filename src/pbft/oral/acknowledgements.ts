/**
 * Acknowledgements of VIEW-CHANGEs, which decide what a replica may believe: TOCS 2002 section 4.5.2. Keeps rules 4.3
 * and 4.7. A VIEW-CHANGE counts if its origin is certain: it came from its sender, or W other replicas, one of which is
 * correct, say that it did.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, View } from '../../base/ids.ts'
import { quorum, rankedLargest, weakQuorum } from '../../base/quorum.ts'
import type { Status } from '../../messages/message.ts'
import type {
  CitedViewChange,
  OralNewView,
  OralViewChange,
  ViewChangeAck,
  ViewChangeAckContent,
} from '../../messages/oral/message.ts'
import { persist, sendDurably, withhold } from '../durability.ts'
import { ACKED_VIEWS_MAX } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { isPrimary, primary } from '../views/view-state.ts'
import { digestKey, digestOf } from './oral-state.ts'

/**
 * Sends VIEW-CHANGE-ACK to the new primary for each VIEW-CHANGE of the awaited view that came from its sender.
 * @rule 4.3
 */
export function acknowledge(turn: Turn): void {
  const { state } = turn
  if (state.views.isActive || !mayVote(state) || isPrimary(state)) return
  const to = primary(state)
  for (const viewChange of state.oral.received) {
    if (viewChange === null || viewChange.sender === to || viewChange.sender === state.config.id) continue
    if (ownAck(state, viewChange.sender) === null) recordAck(turn, viewChange, to)
  }
}

/** Returns the digest of the VIEW-CHANGE of `of` that this replica acknowledged for the current view. */
export function ownAck({ oral, views: { view } }: ReplicaState, of: ReplicaId): Uint8Array | null {
  return oral.acked.view === view ? digestOf(oral.acked.digests, of) : null
}

/**
 * Logs an acknowledgement and sends it once it is on disk: never two digests for one (v', j).
 * @rule 4.3 6
 */
export function recordAck(turn: Turn, { view, sender, digest }: OralViewChange, to: ReplicaId): void {
  noteAcked(turn.state, { view, of: sender, digest })
  persist(turn, { kind: 'acknowledged', view, of: sender, digest })
  withhold(turn, { kind: 'view-change-ack', view, of: sender, digest }, to)
}

/** Notes this replica's acknowledgement in memory, when it is made or replayed. */
export function noteAcked(
  { oral, config }: ReplicaState,
  { view, of, digest }: Pick<ViewChangeAckContent, 'view' | 'of' | 'digest'>,
): void {
  if (oral.acked.view !== view) oral.acked = { view, digests: new Array(config.n).fill(null) }
  oral.acked.digests[of] ??= digest
}

/**
 * Resends this replica's VIEW-CHANGE-ACKs to a new primary that has not made its NEW-VIEW yet.
 * @rule 4.3
 */
export function resendAcks({ state, effects }: Turn, { sender, view }: Status): void {
  const peer = state.catchUp.peers[sender]
  const { acked } = state.oral
  const isAsked =
    view === state.views.view && sender === primary(state) && acked.view === view && !state.views.isActive
  if (peer === undefined || !isAsked || !mayVote(state)) return
  peer.resentTick = state.clock.ticks
  for (const [of, digest] of acked.digests.entries()) {
    if (digest === null) continue
    const ack = { kind: 'view-change-ack', view, of: of as ReplicaId, digest } as const
    sendDurably({ state, effects }, sender, ack)
  }
}

/** Keeps another replica's acknowledgement. Its first one for each (v', j) counts. */
export function keepAck({ oral, config, views: { view } }: ReplicaState, ack: ViewChangeAck): void {
  const ofSender = oral.acks[ack.sender]
  if (ofSender === undefined || ack.of === ack.sender || ack.of >= config.n || ack.view < view) return
  const digests = ofSender.get(ack.view) ?? new Array<Uint8Array | null>(config.n).fill(null)
  ofSender.set(ack.view, digests)
  digests[ack.of] ??= ack.digest
  if (ofSender.size > ACKED_VIEWS_MAX) ofSender.delete(Math.min(...ofSender.keys()) as View)
}

/** Returns the number of replicas that acknowledged this VIEW-CHANGE, except for `apart` and its sender. */
function acksFor(
  { oral }: ReplicaState,
  { view, of, digest }: Pick<ViewChangeAckContent, 'view' | 'of' | 'digest'>,
  apart: ReplicaId,
): number {
  return oral.acks.filter((ofSender, sender) => {
    const acked = digestOf(ofSender.get(view), of)
    return sender !== apart && sender !== of && acked !== null && equalBytes(acked, digest)
  }).length
}

/**
 * Returns S: the VIEW-CHANGEs for the awaited view that the new primary has from their senders, each with Q - 2 (that
 * is 2f - 1) acknowledgements of others. Together with the sender and the primary these are a quorum. The primary's own
 * VIEW-CHANGE needs no acknowledgement.
 * @rule 4.3
 */
export function supported(state: ReplicaState): readonly OralViewChange[] {
  const { id, n } = state.config
  return state.oral.received.filter((one): one is OralViewChange => {
    if (one === null || one.sender === id) return one !== null
    const { view, sender, digest } = one
    return acksFor(state, { view, of: sender, digest }, id) >= quorum(n) - 2
  })
}

/**
 * Returns a VIEW-CHANGE that a NEW-VIEW cites, if this replica holds it and its origin is certain: it came from its
 * sender, or W replicas vouch for it, namely the primary that cites it and f that acknowledged it. The primary's word
 * is enough for its own VIEW-CHANGE only.
 * @rule 4.7
 */
export function believed(
  state: ReplicaState,
  newView: Pick<OralNewView, 'sender' | 'view'>,
  { sender, digest }: CitedViewChange,
): OralViewChange | null {
  const { view, sender: maker } = newView
  const direct = receivedFrom(state, { sender, view, digest })
  if (direct !== null) return direct
  const fetched = state.oral.fetched.get(digestKey(digest)) ?? null
  if (fetched === null || fetched.sender !== sender || fetched.view !== view) return null
  if (sender === maker) return fetched
  const words = 1 + acksFor(state, { view, of: sender, digest }, maker)
  return words >= weakQuorum(state.config.n) ? fetched : null
}

/** Returns the VIEW-CHANGE with this digest, if it came from its sender itself. */
export function receivedFrom(
  state: ReplicaState,
  { sender, view, digest }: CitedViewChange & { readonly view: View },
): OralViewChange | null {
  const latest = state.views.viewChanges[sender] ?? null
  for (const one of [state.oral.received[sender] ?? null, latest]) {
    if (one?.kind === 'oral-view-change' && one.view === view && equalBytes(one.digest, digest)) return one
  }
  return null
}

/** Drops the VIEW-CHANGEs and acknowledgements of earlier views. Called when this replica moves to a view. */
export function forgetViewsBefore({ oral, views: { viewChanges } }: ReplicaState, view: View): void {
  for (const [sender, one] of viewChanges.entries()) {
    oral.received[sender] = one?.kind === 'oral-view-change' && one.view === view ? one : null
  }
  for (const ofSender of oral.acks) {
    for (const of of ofSender.keys()) if (of < view) ofSender.delete(of)
  }
  for (const [maker, one] of oral.awaited.entries()) {
    if (one !== null && one.view < view) oral.awaited[maker] = null
  }
  forgetUncited({ oral })
  oral.lacking = []
  oral.choicesAhead = []
  oral.doubts.prePrepares.clear()
}

/** Drops VIEW-CHANGEs that were fetched for a NEW-VIEW that is no longer awaited. */
export function forgetUncited({ oral }: Pick<ReplicaState, 'oral'>): void {
  const cited = new Set(
    oral.awaited.flatMap((one) => one?.cited.map(({ digest }) => digestKey(digest)) ?? []),
  )
  for (const key of oral.fetched.keys()) if (!cited.has(key)) oral.fetched.delete(key)
}

/**
 * Returns a view that some correct replica has reached, by the STATUS of W replicas. No batch is decided in a later
 * view.
 */
export function viewReached({ views: { view }, catchUp: { peers }, config }: ReplicaState): View {
  const views = peers.map((peer, id) => (id === config.id ? view : peer.view))
  return rankedLargest(views, weakQuorum(config.n))
}
