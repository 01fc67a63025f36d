/**
 * Says from the replicas' reports whether requests are served, and if not, why. A claim that they are needs everything
 * that serving needs: Q replicas that vote, all of them in one view that has begun and whose primary is heard, f + 1 of
 * them with the state to answer from, and no request that has waited past its time.
 */
import type { Milliseconds, ReplicaId, View } from '../base/ids.ts'
import { primaryOf, quorum, weakQuorum } from '../base/quorum.ts'
import type { ReplicaCondition, ReplicaReport } from '../messages/message.ts'

export type Reports = ReadonlyMap<ReplicaId, ReplicaReport>

/** A stall of the service: requests are not served. */
export interface Stall {
  /** The time at which the first request began to wait past its time; null where no replica has one. */
  readonly since: Milliseconds | null
  /** The replicas that are waited for. */
  readonly missing: readonly ReplicaId[]
  /** A sentence without its full stop. */
  readonly because: string
}

const WHY_NOT: Readonly<Record<Exclude<ReplicaCondition, 'voting' | 'transferring'>, string>> = {
  recalling: 'asks after its start what it sent before',
  amnesiac: 'lost synced data and heals',
  diverged: 'has another state than the others agree on',
}

/**
 * A replica that fetches a state votes: its votes do not depend on the state.
 * @rule 2.6
 */
const isVoting = ({ condition }: ReplicaReport): boolean =>
  condition === 'voting' || condition === 'transferring'

/** Null while requests are served. Liars can hide a stall only where more than f replicas are faulty. */
export function stallOf(n: number, reports: Reports): Stall | null {
  const waits = [...reports.values()].map(({ stalledSince }) => stalledSince).filter((at) => at > 0)
  const since = waits.length === 0 ? null : (Math.min(...waits) as Milliseconds)
  const fault =
    tooFewAnswer(n, reports) ??
    tooFewVote(n, reports) ??
    noView(n, reports) ??
    noPrimary(n, reports) ??
    tooFewHaveTheState(n, reports) ??
    requestsWait(n, reports)
  return fault === null ? null : { since, ...fault }
}

type Fault = Omit<Stall, 'since'>

function tooFewAnswer(n: number, reports: Reports): Fault | null {
  if (reports.size >= quorum(n)) return null
  const missing = idsWhere(n, (id) => !reports.has(id))
  const because = `${reports.size} of ${n} replicas answer and ${quorum(n)} are needed; no answer from ${missing.join(', ')}`
  return { missing, because }
}

function tooFewVote(n: number, reports: Reports): Fault | null {
  const voting = [...reports.values()].filter(isVoting)
  if (voting.length >= quorum(n)) return null
  const missing = idsWhere(n, (id) => {
    const report = reports.get(id)
    return report === undefined || !isVoting(report)
  })
  const reasons = missing.map((id) => {
    const condition = reports.get(id)?.condition
    const why = condition === undefined || !(condition in WHY_NOT) ? 'does not answer' : whyNot(condition)
    return `replica ${id} ${why}`
  })
  return {
    missing,
    because: `${voting.length} of ${n} replicas vote and ${quorum(n)} are needed: ${reasons.join(', ')}`,
  }
}

const whyNot = (condition: ReplicaCondition): string => WHY_NOT[condition as keyof typeof WHY_NOT]

/** Votes of different views make no quorum, and between two views nobody votes. */
function noView(n: number, reports: Reports): Fault | null {
  if (membersOf(commonView(reports), reports).length >= quorum(n)) return null
  const voting = [...reports].filter(([, report]) => isVoting(report))
  const next = Math.max(...voting.map(([, { view }]) => view)) as View
  const missing = idsWhere(n, (id) => {
    const report = reports.get(id)
    return report === undefined || !isVoting(report) || !report.isActive || report.view !== next
  })
  const because = `view ${next} has not begun on ${quorum(n)} of ${n} replicas; it waits for ${missing.join(', ')}`
  return { missing, because }
}

/** f + 1 replicas hear nothing of it: its view is about to end. One liar cannot say so. */
function noPrimary(n: number, reports: Reports): Fault | null {
  const view = commonView(reports)
  const primary = primaryOf(view, n)
  const accusers = [...reports.values()].filter(({ suspected }) => suspected.includes(primary))
  if (accusers.length < weakQuorum(n)) return null
  return {
    missing: [primary],
    because: `replica ${primary}, the primary of view ${view}, is silent, and the next view has not begun`,
  }
}

/** An answer needs f + 1 equal results of replicas that execute. */
function tooFewHaveTheState(n: number, reports: Reports): Fault | null {
  const executing = [...reports.values()].filter(({ condition }) => condition === 'voting')
  if (executing.length >= weakQuorum(n)) return null
  const missing = idsWhere(n, (id) => reports.get(id)?.condition === 'transferring')
  return {
    missing,
    because: `${executing.length} of ${n} replicas have the state to answer from and ${weakQuorum(n)} are needed; ${missing.join(', ')} fetch it`,
  }
}

/** f + 1 replicas have a request that waited past its time: one of them is correct. */
function requestsWait(n: number, reports: Reports): Fault | null {
  const waiting = [...reports.values()].filter(({ stalledSince }) => stalledSince > 0)
  if (waiting.length < weakQuorum(n)) return null
  const missing = [...new Set(waiting.flatMap((report) => report.missing))].sort((a, b) => a - b)
  return { missing, because: `the oldest request waits for ${missing.join(', ') || 'a quorum'}` }
}

/** The view that most voting replicas are in, once it has begun; the highest of several. */
function commonView(reports: Reports): View {
  const counts = new Map<View, number>()
  for (const report of reports.values()) {
    if (isVoting(report) && report.isActive) counts.set(report.view, (counts.get(report.view) ?? 0) + 1)
  }
  const [best] = [...counts].sort(([a, countA], [b, countB]) => countB - countA || b - a)
  return best?.[0] ?? (0 as View)
}

const membersOf = (view: View, reports: Reports): readonly ReplicaReport[] =>
  [...reports.values()].filter((report) => isVoting(report) && report.isActive && report.view === view)

const idsWhere = (n: number, holds: (id: ReplicaId) => boolean): readonly ReplicaId[] =>
  Array.from({ length: n }, (_, id) => id as ReplicaId).filter(holds)
