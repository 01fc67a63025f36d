/**
 * Compares the reported status with the actual service. The status must not report for long that requests are served
 * while one waits and none is executed or answered, nor that they are not served while they are answered all the time.
 */
import { type ReplicaId, replicaIds } from '../../base/ids.ts'
import type { ReplicaReport } from '../../messages/message.ts'
import { reportOf } from '../../pbft/report.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import { type Reports, stallOf } from '../../session/service-health.ts'
import { type Checker, requestKey } from './checker.ts'

/** The ticks between two status queries, and the virtual milliseconds for which the status may be wrong. */
const ASKED_TICKS = 10
/** More than twice a client's wait between two attempts, because a lost message is not a stall. */
const WRONG_MS_MAX = 10_000
/** The number of answers in that time that proves service. */
const ANSWERS_MIN = 20

const OUTSIDE = {
  revision: 0,
  reachable: [],
  cutOff: { replicas: [], clients: 0 },
  eventLoopDelayMs: 0,
}

/** The behaviour of traitors is left open: requests are served as long as they take part. */
type Claim = 'served' | 'stalled' | 'open'

/**
 * True if nothing is stalled, provided that the traitors, which are not visible here, act as some correct replica
 * does.
 */
const mayServe = (n: number, reports: Reports, traitors: readonly ReplicaId[]): boolean =>
  traitors.length > 0 &&
  [...reports.values()].some((report) => {
    const likened = traitors.map((id): [ReplicaId, ReplicaReport] => [id, report])
    return stallOf(n, new Map([...reports, ...likened])) === null
  })

/** `isCorrect` returns false for a replica that has turned traitor meanwhile. */
export function trueHealth(
  n: number,
  isCorrect: (replica: ReplicaId) => boolean,
  now: () => number,
): Checker {
  const states = new Map<ReplicaId, ReplicaState>()
  const open = new Map<string, number>()
  let answers: number[] = []
  /** The time of the last execution or answer, and the time since which the status has been the same. */
  let movedAt = 0
  let claim: { readonly verdict: Claim; readonly sinceMs: number } | null = null

  const judge = (): string | null => {
    const correct = [...states].filter(([id]) => isCorrect(id))
    const reports = new Map(correct.map(([id, state]) => [id, reportOf(state, OUTSIDE)]))
    const stall = stallOf(n, reports)
    const traitors = replicaIds(n).filter((id) => !isCorrect(id))
    const verdict = stall === null ? 'served' : mayServe(n, reports, traitors) ? 'open' : 'stalled'
    if (claim?.verdict !== verdict) claim = { verdict, sinceMs: now() }
    const from = now() - WRONG_MS_MAX
    if (claim.sinceMs > from || verdict === 'open') return null
    if (verdict === 'served') {
      const waits = [...open.values()].some((sinceMs) => sinceMs <= from)
      return waits && movedAt <= from
        ? `the status says that requests are served, and for ${WRONG_MS_MAX} ms none was`
        : null
    }
    answers = answers.filter((atMs) => atMs > from)
    return answers.length >= ANSWERS_MIN
      ? `the status says that nothing is served (${stall?.because}), and ${answers.length} requests were answered meanwhile`
      : null
  }

  return {
    invariant: 14,
    name: 'true health',
    onStep({ replica, state, event, isRecovering }) {
      if (isRecovering) return null
      states.set(replica, state)
      if (event.kind === 'executed') movedAt = now()
      return event.kind === 'ticked' && state.clock.ticks % ASKED_TICKS === 0 ? judge() : null
    },
    onCrash({ replica }) {
      states.delete(replica)
      return null
    },
    onRequest(seen) {
      open.set(requestKey(seen), now())
      return null
    },
    onGivenUp(seen) {
      open.delete(requestKey(seen))
      return null
    },
    onAnswer(seen) {
      open.delete(requestKey(seen))
      answers.push(now())
      movedAt = now()
      return null
    },
  }
}
