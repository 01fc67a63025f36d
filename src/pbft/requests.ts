/** Requests: OSDI 1999 section 4.1, TOCS 2002 section 4.2. Keeps rules 1.1 and 1.9. */
import { equalBytes } from '../base/bytes.ts'
import type { ClientId } from '../base/ids.ts'
import type { Peer } from '../base/peer.ts'
import type { RefusalReason, Request, Verified } from '../messages/message.ts'
import { RELAY_AGAIN_TICKS, RELAYED_AGAIN_MAX, REQUEST_TIMEOUT_TICKS } from './parameters.ts'
import { proposeBatches } from './propose.ts'
import { isPrimary, primary, type ReplicaState, type Step } from './state.ts'

/** A request from its client, or relayed by a backup. // PBFT-1.1 */
export function onRequest(step: Step, request: Verified<Request>, from: Peer): void {
  const { state, effects } = step
  const standing = state.config.standing(request.client, request.timestamp, request.digest)
  switch (standing) {
    case 'executed':
      // Only its own client gets it again: a replica that passes old requests on would multiply the work.
      if (from.kind === 'client') effects.push({ kind: 'reply-again', view: state.view, request })
      return
    case 'stale':
    case 'timestamp-reused':
    case 'unknown-client':
      refuse(step, request, from, standing)
      return
    case 'new':
      takeRequest(step, request, from)
  }
}

function takeRequest(step: Step, request: Verified<Request>, from: Peer): void {
  const { state, effects } = step
  const waiting = state.waiting.find(request.client, request.timestamp)
  if (waiting !== null && !equalBytes(waiting.digest, request.digest)) {
    refuse(step, request, from, 'timestamp-reused')
    return
  }
  if (waiting === null && !state.waiting.add(request)) {
    refuse(step, request, from, 'busy')
    return
  }
  startTimer(state)
  if (isPrimary(state)) {
    proposeBatches(step)
    return
  }
  // A repetition is relayed again: the first relay may have been lost. What was relayed to us stops here.
  if (from.kind === 'client') {
    effects.push({ kind: 'send', to: primary(state), outgoing: { kind: 'relayed', message: request } })
  }
}

function refuse({ effects }: Step, request: Request, from: Peer, reason: RefusalReason): void {
  if (from.kind !== 'client') return
  const { client, timestamp, digest } = request
  effects.push({ kind: 'refuse', client, timestamp, requestDigest: digest, reason })
}

/** Drops what an execution served or made stale, and restarts the timer only if the oldest was served. // PBFT-1.9 */
export function dropServed(state: ReplicaState, clients: Iterable<ClientId>): void {
  for (const client of clients) {
    state.waiting.drop(
      client,
      ({ timestamp, digest }) => state.config.standing(client, timestamp, digest) !== 'new',
    )
  }
  const { timer } = state
  if (timer !== null && state.waiting.find(timer.client, timer.timestamp) === null) {
    state.timer = null
    state.isTimerExpired = false
    startTimer(state)
  }
}

/** Starts the timer for the oldest waiting request, unless it runs. // PBFT-1.9 */
export function startTimer(state: ReplicaState): void {
  if (state.timer !== null) return
  const { oldest } = state.waiting
  if (oldest === null) return
  const { client, timestamp } = oldest.request
  state.timer = { client, timestamp, startedTick: state.ticks, startedAt: state.now }
}

/** Passes the oldest requests on again, well before their timer ends: the first relay may have been lost or refused. */
export function relayAgain({ state, effects }: Step): void {
  const { timer } = state
  if (timer === null || isPrimary(state)) return
  const waited = state.ticks - timer.startedTick
  if (waited === 0 || waited % RELAY_AGAIN_TICKS !== 0) return
  for (const request of state.waiting.oldestRequests(RELAYED_AGAIN_MAX)) {
    effects.push({ kind: 'send', to: primary(state), outgoing: { kind: 'relayed', message: request } })
  }
}

/** Notes that the primary is suspected; here a view change will begin. // PBFT-1.9 */
export function checkTimer(state: ReplicaState): void {
  if (state.timer !== null && state.ticks - state.timer.startedTick >= REQUEST_TIMEOUT_TICKS) {
    state.isTimerExpired = true
  }
}
