/**
 * Reads without ordering, the client's side: rule 5.1. A read goes to all replicas, and Q equal answers end it. Without
 * them it is sent once more or ordered like any other request, which always ends.
 */
import { equalBytes } from '../base/bytes.ts'
import type { ReplicaId } from '../base/ids.ts'
import { quorum } from '../base/quorum.ts'
import type { ReadAnswer, Verified } from '../messages/message.ts'
import type { SessionEffect, SessionState } from './state.ts'

/**
 * The least ticks to wait for Q equal answers, and the most. A read is given four times the usual answering time of
 * reads.
 */
const READ_TICKS = 5
const READ_TICKS_MAX = 100
/** The number of times that a read is sent without ordering, if answers differ because writes are under way. */
const READ_ATTEMPTS = 2
/** The ticks for which reads are ordered after one that waited too long, twice as many after each further one. */
const PAUSE_TICKS = 5
const PAUSE_TICKS_MAX = 200
/** The weight of the newest answering time in the smoothed one. */
const USUAL_TICKS_WEIGHT = 1 / 8

/** A read that waits for answers or, after `isOrdering` is set, for a timestamp. */
interface PendingRead {
  /** The caller's identifier of the read. */
  readonly token: number
  readonly operations: Uint8Array
  readonly responder: number
  readonly answers: (ReadAnswer | null)[]
  readonly submittedTick: number
  untilTick: number
  attempts: number
  isOrdering: boolean
}

export interface SessionReads {
  readonly pending: Map<number, PendingRead>
  nextNumber: number
  /** The smoothed usual answering time. */
  usualTicks: number
  /** The ticks that a read may take without ordering; more after each one that took too long. */
  patienceTicks: number
  /** Reads are ordered until this tick. */
  orderedUntil: number
  pauseTicks: number
  /** The numbers of reads that were answered without ordering, and that were ordered after an attempt. */
  answered: number
  ordered: number
}

export const createSessionReads = (): SessionReads => ({
  pending: new Map(),
  nextNumber: 1,
  usualTicks: 0,
  patienceTicks: READ_TICKS,
  orderedUntil: 0,
  pauseTicks: PAUSE_TICKS,
  answered: 0,
  ordered: 0,
})

/** Returns the effect that orders a read, or null if no timestamp is free yet. */
export type OrderRead = (read: {
  readonly token: number
  readonly operations: Uint8Array
}) => readonly SessionEffect[] | null

/** True if reads may be sent without ordering now. */
export const mayReadUnordered = ({ config, reads, ticks }: SessionState): boolean =>
  config.hasUnorderedReads === true && ticks >= reads.orderedUntil

/** Sends a read to all replicas. */
export function submitRead(
  state: SessionState,
  read: { readonly token: number; readonly operations: Uint8Array; readonly responder: number },
): readonly SessionEffect[] {
  const { reads, config, ticks } = state
  const pending: PendingRead = {
    ...read,
    answers: new Array<ReadAnswer | null>(config.n).fill(null),
    submittedTick: ticks,
    untilTick: ticks + patienceOf(reads),
    attempts: 0,
    isOrdering: false,
  }
  return [send(state, pending)]
}

function send({ reads, config, ticks }: SessionState, pending: PendingRead): SessionEffect {
  const number = reads.nextNumber++
  pending.attempts++
  pending.untilTick = ticks + patienceOf(reads)
  pending.answers.fill(null)
  reads.pending.set(number, pending)
  const { operations, responder } = pending
  return { kind: 'read', session: config.session, number, responder, operations }
}

const patienceOf = ({ usualTicks, patienceTicks }: SessionReads): number =>
  Math.min(READ_TICKS_MAX, Math.max(patienceTicks, Math.ceil(4 * usualTicks)))

/** True if an answer can still change the state. */
export function isReadAwaited({ reads, config }: SessionState, answer: ReadAnswer): boolean {
  const pending = reads.pending.get(answer.number)
  return pending !== undefined && !pending.isOrdering && equalBytes(answer.session, config.session)
}

/**
 * Handles a replica's answer to a read. Q equal ones end it: the same digest of the results, and the same revision, so
 * that the results are those of every state between the states that gave them. Of any two quorums, one correct replica
 * is in both.
 *
 * @rule 5.1
 */
export function onReadAnswer(
  state: SessionState,
  answer: Verified<ReadAnswer>,
  order: OrderRead,
): readonly SessionEffect[] {
  if (!isReadAwaited(state, answer)) return []
  const { reads, config } = state
  const pending = reads.pending.get(answer.number) as PendingRead
  pending.answers[answer.sender] ??= answer
  const equal = pending.answers.filter((each) => each !== null && isEqual(each, answer))
  if (answer.resultDigest.length > 0 && equal.length >= quorum(config.n)) {
    const results = equal.find((each) => each?.results)?.results ?? null
    const vouchers = equal.flatMap((each) => (each === null ? [] : [each.sender]))
    return results === null ? [] : finish(state, answer.number, { results, vouchers })
  }
  if (mostEqual(pending, config.n) >= quorum(config.n)) return []
  // Refusals come again; answers that differ by a write under way do not.
  const isRefused = pending.answers.some((each) => each?.resultDigest.length === 0)
  if (isRefused || pending.attempts >= READ_ATTEMPTS) return orderNow(state, answer.number, order)
  reads.pending.delete(answer.number)
  return [send(state, pending)]
}

function isEqual(a: ReadAnswer, b: ReadAnswer): boolean {
  return a.revision === b.revision && equalBytes(a.resultDigest, b.resultDigest)
}

/** Returns the number of equal answers that a read can still get. */
function mostEqual({ answers }: PendingRead, n: number): number {
  const given = answers.filter((each): each is ReadAnswer => each !== null)
  const useful = given.filter(({ resultDigest }) => resultDigest.length > 0)
  const counts = useful.map((each) => useful.filter((other) => isEqual(each, other)).length)
  return n - given.length + Math.max(0, ...counts)
}

function finish(
  state: SessionState,
  number: number,
  answer: { readonly results: Uint8Array; readonly vouchers: readonly ReplicaId[] },
): readonly SessionEffect[] {
  const { reads, ticks } = state
  const { token, submittedTick } = reads.pending.get(number) as PendingRead
  reads.pending.delete(number)
  reads.answered++
  reads.usualTicks += USUAL_TICKS_WEIGHT * (ticks - submittedTick - reads.usualTicks)
  reads.patienceTicks = READ_TICKS
  reads.pauseTicks = PAUSE_TICKS
  return [{ kind: 'answered', token, ...answer, agreement: null }]
}

/**
 * Orders the reads that waited too long, and for a while all others too: too few replicas answer in time.
 * @rule 5.1
 */
export function orderOverdueReads(state: SessionState, order: OrderRead): readonly SessionEffect[] {
  const { reads, ticks } = state
  const effects: SessionEffect[] = []
  for (const [number, pending] of [...reads.pending]) {
    if (!pending.isOrdering && ticks < pending.untilTick) continue
    if (!pending.isOrdering && ticks >= reads.orderedUntil) {
      reads.orderedUntil = ticks + reads.pauseTicks
      reads.pauseTicks = Math.min(2 * reads.pauseTicks, PAUSE_TICKS_MAX)
      reads.patienceTicks = Math.min(2 * reads.patienceTicks, READ_TICKS_MAX)
    }
    effects.push(...orderNow(state, number, order))
  }
  return effects
}

function orderNow({ reads }: SessionState, number: number, order: OrderRead): readonly SessionEffect[] {
  const pending = reads.pending.get(number) as PendingRead
  if (!pending.isOrdering) reads.ordered++
  pending.isOrdering = true
  const ordered = order(pending)
  if (ordered === null) return [] // at a later tick
  reads.pending.delete(number)
  return ordered
}
