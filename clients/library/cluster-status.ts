/**
 * The status of the cluster, from the replicas' reports: the primary, the replicas that lag, and the reason if the
 * cluster makes no progress.
 */
import { toHex } from '../../src/base/bytes.ts'
import type { ReplicaId, View } from '../../src/base/ids.ts'
import { faultsMax, primaryOf, rankedLargest, weakQuorum } from '../../src/base/quorum.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import { placeOf } from '../../src/messages/evidence.ts'
import type { Complaint, Evidence, ReplicaReport } from '../../src/messages/message.ts'
import { type Reports, stallOf } from '../../src/session/service-health.ts'
import type { ClusterStatus } from '../api/status.ts'
import type { Connection } from './connection.ts'

/** Asks all replicas; resolves when all have answered, or after `waitMs`. */
export function collectReports(connection: Connection, waitMs: number): Promise<Reports> {
  const { cluster, runtime } = connection
  return new Promise((resolve) => {
    const reports = new Map<ReplicaId, ReplicaReport>()
    const finish = (): void => {
      clearTimeout(timer)
      stop()
      resolve(reports)
    }
    const timer = setTimeout(finish, waitMs)
    const stop = runtime.inquire(({ sender, report }) => {
      reports.set(sender, report)
      if (reports.size === cluster.replicas.length) finish()
    })
  })
}

/** The replicas against which others claim to hold evidence that nobody has shown yet. */
export const accusedIn = (reports: Reports): readonly ReplicaId[] => [
  ...new Set([...reports.values()].flatMap(({ guilty }) => guilty)),
]

/** `now` is in milliseconds since 1970; `evidence` is the proved evidence. */
export function statusOf(
  cluster: Cluster,
  reports: Reports,
  now: number,
  evidence: readonly Evidence[] = [],
): ClusterStatus {
  const n = cluster.replicas.length
  const padded = [...reports.values()].map((report) => report.view)
  while (padded.length < n) padded.push(0 as View)
  const view = rankedLargest(padded, weakQuorum(n))
  const primary = primaryOf(view, n)
  const revisions = [...reports.values()].map((report) => report.revision)
  return {
    clusterId: toHex(cluster.clusterId),
    n,
    f: faultsMax(n),
    auth: cluster.mode,
    suite: cluster.suite,
    view,
    primary,
    revision: revisions.length >= weakQuorum(n) ? rankedLargest(revisions, weakQuorum(n)) : 0,
    replicas: cluster.replicas.map(({ id, address, publicKey }) => {
      const report = reports.get(id)
      return {
        id,
        address: `${address.host}:${address.port}`,
        publicKey: toHex(publicKey),
        reachable: report !== undefined,
        view: report?.view ?? null,
        lastExecuted: report?.lastExecuted ?? null,
        stable: report?.lowWatermark ?? null,
        state: report?.condition ?? null,
        suspected: isSuspected(id, primary, reports, n),
        cutOffBy: cutOffBy(id, reports),
        clientsCutOff: report?.cutOffClients ?? 0,
        eventLoopDelayMs: report?.eventLoopDelayMs ?? null,
        blacklisted: blacklistedAs(id, reports, n),
        evidence: evidence.filter(({ guilty }) => guilty === id).map(({ first }) => placeOf(first)),
      }
    }),
    stalled: stalledOf(cluster, reports, now),
  }
}

function cutOffBy(id: ReplicaId, reports: Reports): ClusterStatus['replicas'][number]['cutOffBy'] {
  return [...reports]
    .flatMap(([by, { cutOff }]) =>
      cutOff.filter((each) => each.id === id).map(({ because, times }) => ({ id: by, because, times })),
    )
    .sort((a, b) => a.id - b.id)
}

/** True if f + 1 replicas suspect it: it was silent, or their timers for it as primary expired. */
function isSuspected(id: ReplicaId, primary: ReplicaId, reports: Reports, n: number): boolean {
  const accusers = [...reports.values()].filter(
    ({ suspected, stalledSince, isActive }) =>
      suspected.includes(id) || (id === primary && isActive && stalledSince > 0),
  )
  return accusers.length >= weakQuorum(n)
}

/** The complaints for which f + 1 replicas have it on their blacklists. */
function blacklistedAs(id: ReplicaId, reports: Reports, n: number): readonly Complaint[] {
  const complaints = [...reports.values()].flatMap(({ blacklisted }) =>
    blacklisted.flatMap(({ replica, complaint }) => (replica === id ? [complaint] : [])),
  )
  return complaints.length >= weakQuorum(n) ? [...new Set(complaints)].sort() : []
}

function stalledOf(cluster: Cluster, reports: Reports, now: number): ClusterStatus['stalled'] {
  const stall = stallOf(cluster.replicas.length, reports)
  return stall === null ? null : { ...stall, since: stall.since ?? now }
}
