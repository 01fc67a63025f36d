/**
 * The answers to a session's requests: the number of replicas that must agree, the results, and the answering times that
 * show if answers have become slow. Keeps rules 1.7 and 5.1 (the client's side).
 */
import { equalBytes } from '../base/bytes.ts'
import type { ReplicaId, View } from '../base/ids.ts'
import { faultsMax, quorum, weakQuorum } from '../base/quorum.ts'
import type { Reply, Verified } from '../messages/message.ts'
import type { PendingRequest, SessionEffect, SessionState } from './state.ts'

/** The least ticks before the first retransmission, which is randomised. */
export const RETRANSMIT_TICKS = 15
/** The least ticks to wait for the designated replica's results, once W replicas agree on their digest. */
const RESULTS_TICKS = 10
/** The least further ticks after which another replica is designated. */
const LATE_TICKS = 2
/** The weight of the newest answering time in the smoothed one. */
const USUAL_TICKS_WEIGHT = 1 / 8
/** Answers are slow if they take more than `SLOW_FACTOR` times the quick answering time plus `SLOW_TICKS`. */
const SLOW_FACTOR = 2
const SLOW_TICKS = 3
/** The fraction of its distance to the newest answering time by which each answer raises the quick answering time. */
const QUICK_TICKS_DRIFT = 1 / 256
/** The ticks for which a replica that sent results late or not at all is not designated again. */
const PENALTY_TICKS = 500

/**
 * Returns the number of replicas that must have executed a request before it is answered: W, of which one is correct;
 * Q if reads are answered without ordering, so that every later read meets a correct one of them.
 * @rule 1.7 5.1
 */
const neededFor = ({ config }: SessionState): number =>
  config.hasUnorderedReads === true ? quorum(config.n) : weakQuorum(config.n)

/**
 * Handles a reply. W matching ones complete the request: the same client, timestamp, request digest and result digest,
 * but not necessarily the same view. If Q are needed, a replica that no longer keeps the results counts as one of them:
 * it has executed the request.
 * @rule 1.7 5.1
 */
export function onReply(state: SessionState, reply: Verified<Reply>): readonly SessionEffect[] {
  state.views[reply.sender] = Math.max(state.views[reply.sender] ?? 0, reply.view) as View
  const pending = state.pending.get(reply.timestamp)
  if (pending === undefined || !equalBytes(pending.request.digest, reply.requestDigest)) return []
  pending.answers[reply.sender] = reply
  return answerIfAgreed(state, pending, reply.resultDigest)
}

/** Answers a request if enough replicas agree on the digest of its results, and one sent them. */
function answerIfAgreed(
  state: SessionState,
  pending: PendingRequest,
  resultDigest: Uint8Array,
): readonly SessionEffect[] {
  const vouchers = vouchersOf(pending, resultDigest)
  if (vouchers.length < weakQuorum(state.config.n)) return []
  if (vouchers.length + goneOf(pending, vouchers) < neededFor(state)) return []
  const results = wholeResults(pending, resultDigest)
  if (results === null) {
    pending.agreedTick ??= state.ticks
    const patience = Math.max(RESULTS_TICKS, Math.ceil(state.usualTicks))
    pending.retryTick = Math.min(pending.retryTick, state.ticks + patience)
    return []
  }
  state.pending.delete(pending.request.timestamp)
  noteLateness(state, pending)
  const tookTicks = state.ticks - pending.submittedTick
  // The time of a retransmitted request measures a loss or a view change, not the usual time (Karn's rule). It still
  // counts as a little slower, so that the session adapts to a cluster that has become slow.
  const learned =
    pending.attempts === 0 ? tookTicks : Math.min(tookTicks, Math.max(2 * state.usualTicks, RETRANSMIT_TICKS))
  state.usualTicks += USUAL_TICKS_WEIGHT * (learned - state.usualTicks)
  noteAnswer(state, tookTicks)
  const replies = vouchers.flatMap((sender) => pending.answers[sender] ?? [])
  return [
    {
      kind: 'answered',
      token: pending.token,
      results,
      vouchers,
      agreement: { request: pending.request, replies },
    },
  ]
}

/**
 * Skips a designated replica for a while if it lags behind the others, since its clients wait for results that the
 * others have agreed on. At most f are skipped for this reason, because one replica is always the slowest.
 * @rule 1.7
 */
function noteLateness(state: SessionState, { request, agreedTick, attempts }: PendingRequest): void {
  const { n } = state.config
  const { responder } = request
  if (responder >= n || agreedTick === null || attempts > 0) return
  if (state.ticks - agreedTick < Math.max(LATE_TICKS, state.usualTicks / 2)) return
  const passedOver = state.penaltyUntil.filter((until) => until > state.ticks).length
  if (passedOver < faultsMax(n)) passOver(state, responder)
}

function vouchersOf(pending: PendingRequest, resultDigest: Uint8Array): readonly ReplicaId[] {
  const vouchers: ReplicaId[] = []
  for (const [sender, answer] of pending.answers.entries()) {
    if (answer !== null && equalBytes(answer.resultDigest, resultDigest)) vouchers.push(sender as ReplicaId)
  }
  return vouchers
}

/** Returns the number of other replicas that executed the request and no longer keep its results. */
function goneOf({ refusals }: PendingRequest, vouchers: readonly ReplicaId[]): number {
  return refusals.filter(
    (reason, sender) => reason === 'results-gone' && !vouchers.includes(sender as ReplicaId),
  ).length
}

function wholeResults(pending: PendingRequest, resultDigest: Uint8Array): Uint8Array | null {
  for (const answer of pending.answers) {
    if (answer?.results && equalBytes(answer.resultDigest, resultDigest)) return answer.results
  }
  return null
}

/** Designates other replicas than this one for a while. */
export function passOver(state: SessionState, replica: number): void {
  state.penaltyUntil[replica] = state.ticks + PENALTY_TICKS
}

/** Updates the usual and the quick answering time, which together show if answers have become slow. */
function noteAnswer(state: SessionState, tookTicks: number): void {
  const drifted = state.quickTicks + QUICK_TICKS_DRIFT * Math.max(0, tookTicks - state.quickTicks)
  state.quickTicks = Math.min(tookTicks, Number.isFinite(drifted) ? drifted : tookTicks)
  state.isSlow = state.usualTicks > SLOW_FACTOR * state.quickTicks + SLOW_TICKS
}

/**
 * Handles a `results-gone`, which may be the last voucher that a request lacks. Returns null if W replicas do not agree
 * on its results yet, and if nobody sent the results that they agree on: then the refusals decide.
 * @rule 5.1
 */
export function answerWithLastVoucher(
  state: SessionState,
  pending: PendingRequest,
): readonly SessionEffect[] | null {
  for (const answer of pending.answers) {
    if (answer === null || wholeResults(pending, answer.resultDigest) === null) continue
    if (vouchersOf(pending, answer.resultDigest).length < weakQuorum(state.config.n)) continue
    return answerIfAgreed(state, pending, answer.resultDigest)
  }
  return null
}

/** True if W replicas agree and the designated replica's results are missing. */
export function owesResults(state: SessionState, pending: PendingRequest): boolean {
  return pending.answers.some(
    (answer) =>
      answer !== null &&
      vouchersOf(pending, answer.resultDigest).length >= weakQuorum(state.config.n) &&
      wholeResults(pending, answer.resultDigest) === null,
  )
}
