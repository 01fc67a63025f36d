/**
 * The health of the service: derives from the replicas' reports if requests are served and, if not, why. Serving
 * requests needs Q voting replicas, all in one view that has begun and whose primary sends messages; f + 1 of them with
 * the state to answer from; and no overdue request.
 */
import type { Milliseconds, ReplicaId, View } from '../base/ids.ts'
import { primaryOf, quorum, weakQuorum } from '../base/quorum.ts'
import type { ReplicaCondition, ReplicaReport } from '../messages/message.ts'

export type Reports = ReadonlyMap<ReplicaId, ReplicaReport>

/** A stall of the service: requests are not served. */
export interface Stall {
  /** The time since when the first overdue request waits; null if no replica reports one. */
  readonly since: Milliseconds | null
  /** The replicas that the service waits for. */
  readonly missing: readonly ReplicaId[]
  /** The reason: a sentence without its full stop. */
  readonly because: string
}

const WHY_NOT: Readonly<Record<Exclude<ReplicaCondition, 'voting' | 'transferring'>, string>> = {
  recalling: 'asks after its start what it sent before',
  amnesiac: 'lost synced data and heals',
  diverged: 'has another state than the others agree on',
}

/**
 * True if the replica votes. A replica that fetches a state does: its votes do not depend on the state.
 * @rule 2.6
 */
const isVoting = ({ condition }: ReplicaReport): boolean =>
  condition === 'voting' || condition === 'transferring'

/**
 * Returns the stall of the service; null while requests are served. Faulty replicas can hide a stall only if there are
 * more than f.
 */
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

/**
 * Returns a fault if too few voting replicas are in one view: votes of different views make no quorum, and between two
 * views no replica votes.
 */
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

/**
 * Returns a fault if f + 1 replicas suspect the primary, so that its view is about to end. One faulty replica cannot
 * cause it.
 */
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

/** Returns a fault if fewer than f + 1 replicas execute: an answer needs f + 1 equal results. */
function tooFewHaveTheState(n: number, reports: Reports): Fault | null {
  const executing = [...reports.values()].filter(({ condition }) => condition === 'voting')
  if (executing.length >= weakQuorum(n)) return null
  const missing = idsWhere(n, (id) => reports.get(id)?.condition === 'transferring')
  return {
    missing,
    because: `${executing.length} of ${n} replicas have the state to answer from and ${weakQuorum(n)} are needed; ${missing.join(', ')} fetch it`,
  }
}

/** Returns a fault if f + 1 replicas report an overdue request: one of them is correct. */
function requestsWait(n: number, reports: Reports): Fault | null {
  const waiting = [...reports.values()].filter(({ stalledSince }) => stalledSince > 0)
  if (waiting.length < weakQuorum(n)) return null
  const missing = [...new Set(waiting.flatMap((report) => report.missing))].sort((a, b) => a - b)
  return { missing, because: `the oldest request waits for ${missing.join(', ') || 'a quorum'}` }
}

/** Returns the active view of most voting replicas, and the highest of several. */
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
