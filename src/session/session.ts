/**
 * The client as a pure state machine: OSDI 1999 section 4.1, TOCS 2002 section 4.2. Keeps rules 1.7, 1.8 (the client's
 * side), 1.12, and 5.4 (the client's side).
 *
 * The duties of the caller: pass verified messages only; perform the effects in order; make a reservation of timestamps
 * durable before passing `reserved`; give each session its own nonce. Two sessions should not use one key at once. If
 * they do, neither takes the other's answer for its own, and both learn of each other (`place.ts`).
 */
import { assertNever } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { type ReplicaId, replicaIds, type Timestamp, type View } from '../base/ids.ts'
import { primaryOf, quorum, rankedLargest, weakQuorum } from '../base/quorum.ts'
import { CLIENT_WINDOW, COUNTER_MAX } from '../messages/limits.ts'
import type {
  Place,
  ReadAnswer,
  Refusal,
  RefusalReason,
  Reply,
  Request,
  Verified,
} from '../messages/message.ts'
import { answerWithLastVoucher, onReply, owesResults, passOver, RETRANSMIT_TICKS } from './answers.ts'
import { doubtPlace, isAskDue, isShared, notePlace, noteShared, tokenFor } from './place.ts'
import {
  isReadAwaited,
  mayReadUnordered,
  type OrderRead,
  onReadAnswer,
  orderOverdueReads,
  submitRead,
} from './reads.ts'
import type { SessionEffect, SessionEvent, SessionState } from './state.ts'

export {
  type Agreement,
  createSessionState,
  type NewRequest,
  type SessionConfig,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from './state.ts'

/** The number of timestamps reserved by one durable write. */
export const RESERVATION_TIMESTAMPS = 4096
/** The ticks after which a failed reservation is retried. */
export const RESERVE_AGAIN_TICKS = 100
/**
 * The least ticks before the first retransmission. A slow cluster is given four times its usual answering time. Each
 * further retransmission waits twice as long, plus or minus half.
 */
const RETRANSMIT_TICKS_MAX = 300
/**
 * One of this many requests is sent to a backup too, so that backups see how long requests wait (rule 5.4). The share
 * is higher while answers are slow (`answers.ts`).
 */
export const WITNESSED_EVERY = 16
const WITNESSED_EVERY_WHILE_SLOW = 2

/**
 * Returns the number of requests that may be submitted now. A timestamp is used only if it is below the oldest
 * unanswered + 64 and is reserved, once replicas reported the place of the client's timestamps, and while no other
 * process uses the key.
 *
 * @rule 1.8
 */
export function freeRequests(state: SessionState): number {
  return Math.max(0, freeTimestamps(state) - state.reads.pending.size)
}

/** Returns the number of timestamps that may be used now. Each pending read may need one. */
function freeTimestamps(state: SessionState): number {
  if (!state.place.isKnown || isKeyShared(state)) return 0
  const oldest = state.pending.keys().next().value ?? state.nextTimestamp
  return Math.max(0, Math.min(oldest + CLIENT_WINDOW, state.reservedUpTo + 1) - state.nextTimestamp)
}

/** True if W replicas report that another process uses the key. */
export const isKeyShared = ({ place, ticks }: SessionState): boolean => isShared(place, ticks)

/** Returns the number of reserved timestamps that are not used yet. */
export const reservedLeft = ({ reservedUpTo, nextTimestamp }: SessionState): number =>
  reservedUpTo + 1 - nextTimestamp

/** True if no timestamp that a message may name is left. The key can no longer be used. */
export const isKeyUsedUp = ({ nextTimestamp }: SessionState): boolean => nextTimestamp > COUNTER_MAX

/** True if a reply or refusal can still change the state. Called before its signature is checked. */
export function isAwaited(state: SessionState, message: Reply | Refusal | ReadAnswer): boolean {
  if (message.kind === 'read-answer') return isReadAwaited(state, message)
  const pending = state.pending.get(message.timestamp)
  if (pending === undefined || !equalBytes(pending.request.digest, message.requestDigest)) return false
  if (message.kind === 'refusal') return pending.refusals[message.sender] !== message.reason
  const answer = pending.answers[message.sender] ?? null
  const isSame = answer !== null && equalBytes(answer.resultDigest, message.resultDigest)
  return !isSame || (message.results !== null && answer.results === null)
}

export function stepSession(state: SessionState, event: SessionEvent): readonly SessionEffect[] {
  switch (event.kind) {
    case 'submitted':
      return submit(state, event.token, event.operations)
    case 'read-submitted':
      return read(state, event.token, event.operations)
    case 'received':
      return onMessage(state, event.message)
    case 'reserved':
      // A reservation that began before a leap may end below the one after it.
      state.reservedUpTo = Math.max(state.reservedUpTo, event.upTo)
      state.isReserving = false
      state.reserveAgainTick = null
      return []
    case 'reservation-failed':
      state.isReserving = false
      state.reserveAgainTick = state.ticks + RESERVE_AGAIN_TICKS
      return []
    case 'linked':
      return [...askPlace(state, [event.replica]), ...sendAgain(state, event.replica)]
    case 'ticked':
      state.ticks++
      return [
        ...reserve(state),
        ...(isAskDue(state.place, state.ticks) ? askPlace(state, replicaIds(state.config.n)) : []),
        ...retransmit(state),
        ...orderOverdueReads(state, (each) => orderRead(state, each)),
      ]
    default:
      return assertNever(event)
  }
}

/**
 * Returns the W-th largest reported view: f faulty replicas together cannot raise it.
 * @rule 1.12
 */
export function currentView(state: SessionState): View {
  return rankedLargest(state.views, weakQuorum(state.config.n))
}

function onMessage(
  state: SessionState,
  message: Verified<Reply> | Verified<Refusal> | Verified<Place> | Verified<ReadAnswer>,
): readonly SessionEffect[] {
  switch (message.kind) {
    case 'reply':
      return onReply(state, message)
    case 'refusal':
      return onRefusal(state, message)
    case 'place':
      return onPlace(state, message)
    case 'read-answer':
      return onReadAnswer(state, message, (each) => orderRead(state, each))
    default:
      return assertNever(message)
  }
}

function askPlace(state: SessionState, replicas: readonly ReplicaId[]): readonly SessionEffect[] {
  const { session } = state.config
  return replicas.map((to) => ({ kind: 'ask-place', to, session, token: tokenFor(state.place, to) }))
}

/** Resends the pending requests to a primary with a new link. */
function sendAgain(state: SessionState, to: ReplicaId): readonly SessionEffect[] {
  if (to !== primaryOf(currentView(state), state.config.n)) return []
  return [...state.pending.values()].map(({ request }) => ({ kind: 'send', to, request }))
}

/**
 * Handles a replica's answer about the place of the client's timestamps. Once this session knows the place, only
 * another process can move it beyond the timestamps that this session used.
 * @rule 1.8
 */
function onPlace(state: SessionState, answer: Verified<Place>): readonly SessionEffect[] {
  const { place, config, ticks } = state
  if (!equalBytes(answer.session, config.session)) return []
  const reached = notePlace(place, answer, ticks)
  if (reached === null) return []
  const isBehind = reached >= state.nextTimestamp
  if (isBehind) state.leaps++
  if (isBehind && place.isKnown) noteShared(place, ticks)
  if (isBehind) leap(state, reached)
  place.isKnown = true
  return []
}

/**
 * Continues far above the executed timestamps, because requests of an earlier session may still be in transit. A key
 * that was used up to the largest timestamp has none left.
 */
function leap(state: SessionState, reached: number): void {
  const past = Math.min(reached + RESERVATION_TIMESTAMPS, COUNTER_MAX)
  state.reservedUpTo = Math.max(state.reservedUpTo, past)
  state.nextTimestamp = state.reservedUpTo + 1
}

function submit(state: SessionState, token: number, operations: Uint8Array): readonly SessionEffect[] {
  if (freeRequests(state) === 0) return [{ kind: 'refused', token, reason: 'busy' }]
  return sendNew(state, token, operations)
}

/**
 * Asks for reads without ordering, if this is possible now.
 * @rule 5.1
 */
function read(state: SessionState, token: number, operations: Uint8Array): readonly SessionEffect[] {
  if (freeRequests(state) === 0) return [{ kind: 'refused', token, reason: 'busy' }]
  if (!mayReadUnordered(state)) return orderRead(state, { token, operations }) ?? []
  return submitRead(state, { token, operations, responder: designate(state, state.reads.nextNumber) })
}

/** Orders a read like any other request. Returns null if no timestamp is free. */
function orderRead(
  state: SessionState,
  { token, operations }: Parameters<OrderRead>[0],
): readonly SessionEffect[] | null {
  if (freeTimestamps(state) === 0) return null
  const effects = sendNew(state, token, operations)
  const request = state.pending.get((state.nextTimestamp - 1) as Timestamp)?.request
  return request === undefined ? effects : [{ kind: 'read-ordered', token, request }, ...effects]
}

function sendNew(state: SessionState, token: number, operations: Uint8Array): readonly SessionEffect[] {
  const timestamp = state.nextTimestamp++ as Timestamp
  const { n, makeRequest, makeSigned = makeRequest } = state.config
  const make = state.mustSign ? makeSigned : makeRequest
  const responder = designate(state, timestamp)
  const request = make({ session: state.config.session, timestamp, responder, operations })
  state.pending.set(timestamp, {
    token,
    request,
    answers: new Array<Reply | null>(n).fill(null),
    refusals: new Array<RefusalReason | null>(n).fill(null),
    submittedTick: state.ticks,
    agreedTick: null,
    attempts: 0,
    retryTick: state.ticks + retryDelay(state, 0),
  })
  const to = primaryOf(currentView(state), n)
  return [...reserve(state), { kind: 'send', to, request }, ...witness(state, request, to)]
}

/**
 * Sends some requests to one backup too, at random, so that a primary cannot know which requests are watched.
 * @rule 5.4
 */
function witness(state: SessionState, request: Request, primary: ReplicaId): readonly SessionEffect[] {
  const { n, random } = state.config
  if (++state.unwitnessed < (state.isSlow ? WITNESSED_EVERY_WHILE_SLOW : WITNESSED_EVERY)) return []
  state.unwitnessed = 0
  return [{ kind: 'send', to: ((primary + 1 + random.below(n - 1)) % n) as ReplicaId, request }]
}

/** Reserves the next block well before the current one is used up. */
function reserve(state: SessionState): readonly SessionEffect[] {
  if (state.isReserving || reservedLeft(state) >= RESERVATION_TIMESTAMPS / 2) return []
  if (state.reservedUpTo >= COUNTER_MAX) return []
  if (state.reserveAgainTick !== null && state.ticks < state.reserveAgainTick) return []
  state.isReserving = true
  return [{ kind: 'reserve', upTo: Math.min(state.reservedUpTo + RESERVATION_TIMESTAMPS, COUNTER_MAX) }]
}

/**
 * Returns the replica to ask for full results: each in turn, except for those that lately owed them. Returns n to ask
 * all.
 */
function designate(state: SessionState, turn: number): number {
  const { n } = state.config
  for (let step = 0; step < n; step++) {
    const candidate = (turn + step) % n
    if ((state.penaltyUntil[candidate] ?? 0) <= state.ticks) return candidate
  }
  return n
}

function onRefusal(state: SessionState, refusal: Verified<Refusal>): readonly SessionEffect[] {
  const { timestamp, sender, reason } = refusal
  const pending = state.pending.get(timestamp)
  if (pending === undefined || !equalBytes(pending.request.digest, refusal.requestDigest)) return []
  pending.refusals[sender] = reason
  // Busy is temporary, and retransmission asks again. Other reasons are final once a correct replica states them.
  if (reason === 'busy') return []
  const answered = reason === 'results-gone' ? answerWithLastVoucher(state, pending) : null
  if (answered !== null) return answered
  const agreeing = pending.refusals.filter((each) => each === reason).length
  // A correct replica that lags may not know a client yet. It and f faulty replicas must not end a request.
  const needed = reason === 'unknown-client' ? quorum(state.config.n) : weakQuorum(state.config.n)
  if (agreeing < needed) return []
  if (reason === 'must-sign') return signAll(state)
  // A session's own window prevents both, so another session has used its timestamps. @rule 1.8
  if (reason === 'another-session' || reason === 'stale') doubtPlace(state.place, state.ticks)
  state.pending.delete(timestamp)
  return [{ kind: 'refused', token: pending.token, reason }]
}

/**
 * Resends all pending requests with signatures, because a correct replica requires them from this client.
 * @rule 4.10
 */
function signAll(state: SessionState): readonly SessionEffect[] {
  const { makeSigned } = state.config
  if (state.mustSign || makeSigned === undefined) return []
  state.mustSign = true
  return [...state.pending.values()].map((pending) => {
    pending.request = makeSigned(pending.request)
    return { kind: 'broadcast', request: pending.request }
  })
}

/**
 * Resends overdue requests to all replicas, with randomised exponential backoff.
 * @rule 1.12
 */
function retransmit(state: SessionState): readonly SessionEffect[] {
  const effects: SessionEffect[] = []
  for (const pending of state.pending.values()) {
    if (pending.retryTick > state.ticks) continue
    const { responder } = pending.request
    if (responder < state.config.n && owesResults(state, pending)) passOver(state, responder)
    pending.attempts++
    pending.retryTick = state.ticks + retryDelay(state, pending.attempts)
    effects.push({ kind: 'broadcast', request: pending.request })
  }
  return effects
}

function retryDelay(state: SessionState, attempts: number): number {
  const first = Math.max(RETRANSMIT_TICKS, 4 * state.usualTicks)
  const ticks = Math.min(first * 2 ** attempts, RETRANSMIT_TICKS_MAX)
  return Math.ceil(ticks * (0.5 + state.config.random.next()))
}
