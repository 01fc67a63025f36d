/** Requests: OSDI 1999 section 4.1, TOCS 2002 section 4.2. Keeps rules 1.1, 1.9 and 3.9. */
import { equalBytes } from '../../base/bytes.ts'
import type { ClientId, ReplicaId } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import type { RefusalReason, Request, Verified } from '../../messages/message.ts'
import {
  RELAY_AFTER_TICKS,
  RELAY_AGAIN_TICKS,
  RELAYED_AGAIN_MAX,
  REQUEST_TIMEOUT_TICKS,
  SUSPECTED_TIMEOUT_TICKS,
} from '../parameters.ts'
import { needsFill } from '../recovery/recovery-operations.ts'
import { lacksState } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { noteProgress, noteUnawaited } from '../views/patience.ts'
import { isSuspected } from '../views/suspicion.ts'
import { isPrimary, primary } from '../views/view-state.ts'
import { proposeBatches } from './propose.ts'
import type { WaitingRequest } from './request-queue.ts'
import { isShowable } from './unordered-reads.ts'

/**
 * Handles a request from its client, or one that a backup relays.
 * @rule 1.1
 */
export function onRequest(turn: Turn, request: Verified<Request>, from: Peer): void {
  const { state, effects } = turn
  if (lacksState(state)) return // its answers would be wrong
  if (request.doubtful !== undefined) return state.mode.sendMacComplaints(turn, request.doubtful)
  const standing = state.config.standing(request)
  switch (standing) {
    case 'executed':
      // The reply is repeated to the client only: otherwise a replica could multiply work by relaying old requests.
      if (from.kind === 'client' && isShowable(state))
        effects.push({ kind: 'reply-again', view: state.views.view, request })
      return
    case 'stale':
    case 'another-session':
    case 'timestamp-reused':
    case 'unknown-client':
      refuse(turn, request, from, standing)
      return
    case 'new':
      takeRequest(turn, request, from)
  }
}

/**
 * Returns the treatment of a request: order it, answer it without ordering, or do nothing. Only the client itself, over
 * its own link, gets an answer.
 * @rule 1.1 5.5
 */
export function relevanceOf(
  state: ReplicaState,
  request: Request,
  from: Peer,
): 'order' | 'answer' | 'nothing' {
  if (lacksState(state)) return 'nothing'
  const { client, timestamp } = request
  const otherwise = from.kind === 'client' ? 'answer' : 'nothing'
  if (state.config.standing(request) !== 'new') return otherwise
  const { waiting } = state.requests
  const relayedBy = relayerOf(state, from)
  const isTaken =
    waiting.find(client, timestamp) === null
      ? waiting.hasRoomFor(request, relayedBy)
      : relayedBy !== null && waiting.canHurry(client, timestamp, relayedBy)
  return isTaken ? 'order' : otherwise
}

function takeRequest(turn: Turn, request: Verified<Request>, from: Peer): void {
  const { state } = turn
  if (state.mode.lacksSignature(state, request)) return refuse(turn, request, from, 'must-sign')
  const relayedBy = relayerOf(state, from)
  const waiting = state.requests.waiting.find(request.client, request.timestamp)
  // Either of two requests with one timestamp may wait here: once one is executed, no backup waits for the other.
  if (relayedBy !== null) state.requests.waiting.hurry(request.client, request.timestamp, relayedBy)
  if (waiting !== null && !equalBytes(waiting.digest, request.digest)) {
    // Ordering decides which of two sessions gets the timestamp; until then neither is refused for good. @rule 1.8
    const isOwn = equalBytes(waiting.session, request.session)
    refuse(turn, request, from, isOwn ? 'timestamp-reused' : 'busy')
    return
  }
  if (waiting === null && !state.requests.waiting.add(request, state.clock.ticks, relayedBy)) {
    refuse(turn, request, from, 'busy')
    return
  }
  startTimer(state)
  if (isPrimary(state)) {
    proposeBatches(turn)
    return
  }
  // A relayed request is not relayed further.
  const entry = state.requests.waiting.entry(request.client, request.timestamp)
  if (from.kind !== 'client' || !state.views.isActive || entry === null) return
  // A retransmission is relayed again at once: the first relay may have been lost.
  if (waiting === null) state.requests.waiting.relayLater(entry)
  else relay(turn, entry)
}

/**
 * Returns the backup that relayed a request to this primary and runs a timer for it; null for any other sender.
 * @rule 1.9
 */
export const relayerOf = (state: ReplicaState, from: Peer): ReplicaId | null =>
  from.kind === 'replica' && isPrimary(state) ? from.id : null

function relay({ state, effects }: Turn, entry: WaitingRequest): void {
  entry.relayedTick = Math.min(entry.relayedTick, state.clock.ticks)
  const outgoing = { kind: 'relayed', message: entry.request } as const
  effects.push({ kind: 'send', to: primary(state), outgoing })
}

function refuse({ effects }: Turn, request: Request, from: Peer, reason: RefusalReason): void {
  if (from.kind !== 'client') return
  const { client, timestamp, digest } = request
  effects.push({ kind: 'refuse', client, timestamp, requestDigest: digest, reason })
}

/**
 * Drops the requests that an execution served or made stale. Restarts the timer only if the oldest was served.
 * `tookTicks` counts the ticks since the batch's pre-prepare was accepted here; null if it was not.
 * @rule 1.9
 */
export function dropServed(
  state: ReplicaState,
  executed: readonly Request[],
  tookTicks: number | null,
): void {
  if (state.requests.timer === null && state.views.isActive && executed.length > 0)
    noteUnawaited(state.patience, tookTicks)
  for (const client of new Set(executed.map((each) => each.client))) {
    dropOrdered(state, client, (request) => executed.some(({ digest }) => equalBytes(digest, request.digest)))
  }
  restartTimerIfServed(state)
}

/** Drops ordered requests, executed or refused: a refused recovery operation keeps the standing `new`. */
function dropOrdered(state: ReplicaState, client: ClientId, wasOrdered: (request: Request) => boolean): void {
  state.requests.waiting.drop(client, (request) => {
    return state.config.standing(request) !== 'new' || wasOrdered(request)
  })
}

/** Drops the requests that are executed in a state fetched from other replicas. */
export function dropAllServed(state: ReplicaState): void {
  for (const client of state.requests.waiting.clients()) dropOrdered(state, client, () => false)
  restartTimerIfServed(state)
}

function restartTimerIfServed(state: ReplicaState): void {
  const { timer } = state.requests
  if (state.requests.waiting.size === 0) state.requests.stalledSince = null
  if (timer === null) return
  const { waitsFor } = timer
  if (waitsFor !== null && state.requests.waiting.find(waitsFor.client, waitsFor.timestamp) !== null) return
  if (waitsFor !== null) noteProgress(state.patience, state.clock.ticks - timer.startedTick)
  state.requests.timer = null
  state.requests.stalledSince = null
  startTimer(state)
}

/**
 * Stops the timer of a request that was dropped because its client must sign it first.
 * @rule 4.10
 */
export function forgetDropped(state: ReplicaState): void {
  const waitsFor = state.requests.timer?.waitsFor ?? null
  if (waitsFor === null || state.requests.waiting.find(waitsFor.client, waitsFor.timestamp) !== null) return
  state.requests.timer = null
  if (state.requests.waiting.size === 0) state.requests.stalledSince = null
  startTimer(state)
}

/**
 * Starts the timer for the oldest waiting request, unless it runs or the view has not begun.
 * @rule 1.9
 */
export function startTimer(state: ReplicaState): void {
  if (state.requests.timer !== null || !state.views.isActive) return
  const { oldest } = state.requests.waiting
  if (oldest === null && !needsFill(state)) return
  const waitsFor =
    oldest === null ? null : { client: oldest.request.client, timestamp: oldest.request.timestamp }
  state.requests.timer = { waitsFor, startedTick: state.clock.ticks, startedAt: state.clock.now }
}

/**
 * Relays the requests of clients to the primary, with a delay: the primary must not learn which requests are timed.
 * @rule 1.1 5.4
 */
export function relayNew(turn: Turn): void {
  const { state } = turn
  const due = state.requests.waiting.takeUnrelayed(state.clock.ticks - RELAY_AFTER_TICKS)
  if (!state.views.isActive || isPrimary(state)) return
  for (const entry of due) relay(turn, entry)
}

/** Relays the oldest requests again, well before their timer ends: the first relay may have been lost or refused. */
export function relayAgain(turn: Turn): void {
  const { state } = turn
  const { timer } = state.requests
  if (timer === null || timer.waitsFor === null || isPrimary(state)) return
  const waited = state.clock.ticks - timer.startedTick
  if (waited > 0 && waited % RELAY_AGAIN_TICKS === 0) relayOldest(turn, RELAYED_AGAIN_MAX)
}

/**
 * Relays the waiting requests to the primary, oldest first.
 * @rule 3.9
 */
export function relayOldest(turn: Turn, countMax: number): void {
  if (isPrimary(turn.state)) return
  for (const entry of turn.state.requests.waiting.oldestEntries(countMax)) relay(turn, entry)
}

/**
 * True if the timer expired. If the primary seems to be gone, it expires after a short grace period.
 * @rule 1.9
 */
export function isTimerExpired(state: ReplicaState): boolean {
  const { timer } = state.requests
  const { ticks } = state.clock
  if (timer === null) return false
  const waited = ticks - timer.startedTick
  if (waited >= state.patience.timeoutTicks) return true
  const isSilent = !isPrimary(state) && isSuspected(state, primary(state))
  // A view that ends early without need lengthens the grace period, as any timeout lengthens the timer.
  return isSilent && waited * REQUEST_TIMEOUT_TICKS >= SUSPECTED_TIMEOUT_TICKS * state.patience.timeoutTicks
}
