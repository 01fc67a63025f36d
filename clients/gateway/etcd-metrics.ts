/**
 * The metrics by which dashboards and alerts for etcd look at a cluster. Each has the name that it has there, and says in
 * its help text what it means here.
 */
import { Counter, Gauge, type Registry } from 'prom-client'
import { quorum, rankedLargest, weakQuorum } from '../../src/base/quorum.ts'
import type { ClusterStatus } from '../api/status.ts'
import type { CallCount, CallCounts } from '../etcd/grpc/call-counts.ts'

export interface EtcdFigures {
  readonly calls: CallCounts
  /** The last status of the cluster; null before there is one. */
  readonly status: () => ClusterStatus | null
  /** The gateway's own operations: that wait for an answer, and that ended without one. */
  readonly operations: () => { readonly waiting: number; readonly failed: number }
  readonly storeBytesMax: number
}

/** Returns the highest sequence number that so many replicas report as executed. */
const executedBy = ({ replicas }: ClusterStatus, count: number): number =>
  rankedLargest(
    replicas.map(({ lastExecuted }) => lastExecuted ?? 0),
    count,
  )

export function addEtcdMetrics(registry: Registry, figures: EtcdFigures): void {
  const registers = [registry]
  const { calls, operations, status } = figures
  const counter = (name: string, help: string, value: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(value())
      },
    })
  }
  /** A figure that does not fall when replicas do not answer for a while. */
  const highest = (value: (current: ClusterStatus) => number): (() => number) => {
    let seen = 0
    return () => {
      const current = status()
      if (current !== null) seen = Math.max(seen, value(current))
      return seen
    }
  }
  counter(
    'etcd_server_leader_changes_seen_total',
    'Views that f + 1 replicas have entered after the first. A change of the view is a change of the leader.',
    highest(({ view }) => view),
  )
  counter(
    'etcd_server_proposals_failed_total',
    'Operations of this gateway that ended without an agreed answer.',
    () => operations().failed,
  )
  counter(
    'etcd_server_proposals_committed_total',
    'Batches that f + 1 replicas report as executed. A proposal is a batch of requests.',
    highest((current) => executedBy(current, weakQuorum(current.n))),
  )
  counter(
    'etcd_server_proposals_applied_total',
    'Batches that 2f + 1 replicas report as executed.',
    highest((current) => executedBy(current, quorum(current.n))),
  )
  new Gauge({
    name: 'etcd_server_has_leader',
    help: 'One while requests are served: there is an active view, and its primary is the leader.',
    registers,
    collect() {
      const current = status()
      if (current !== null) this.set(Number(current.stalled === null))
    },
  })
  new Gauge({
    name: 'etcd_server_proposals_pending',
    help: 'Operations of this gateway that wait for an agreed answer.',
    registers,
    collect() {
      this.set(operations().waiting)
    },
  })
  new Gauge({
    name: 'etcd_server_quota_backend_bytes',
    help: 'The bytes that the store may have, by the cluster file; zero for no limit.',
    registers,
    collect() {
      this.set(figures.storeBytesMax)
    },
  })
  counter(
    'etcd_network_client_grpc_received_bytes_total',
    'Bytes that came on connections of gRPC, with all that HTTP/2 adds.',
    () => calls.receivedBytes,
  )
  counter(
    'etcd_network_client_grpc_sent_bytes_total',
    'Bytes that were sent on connections of gRPC, with all that HTTP/2 adds.',
    () => calls.sentBytes,
  )
  addCalls(registry, calls)
}

function addCalls(registry: Registry, calls: CallCounts): void {
  new Counter({
    name: 'grpc_server_started_total',
    help: 'Calls of gRPC that reached a service. Those refused for their number or their bytes did not.',
    labelNames: ['grpc_service', 'grpc_method'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { path, count } of calls.started) this.inc(methodLabels(path), count)
    },
  })
  new Counter({
    name: 'grpc_server_handled_total',
    help: 'Calls of gRPC that ended, by the code of their end.',
    labelNames: ['grpc_service', 'grpc_method', 'grpc_code'],
    registers: [registry],
    collect() {
      this.reset()
      for (const call of calls.handled) this.inc(handledLabels(call), call.count)
    },
  })
}

function methodLabels(path: string): { readonly grpc_service: string; readonly grpc_method: string } {
  const [, service = '', method = ''] = path.split('/')
  return { grpc_service: service, grpc_method: method }
}

const handledLabels = ({ path, code }: CallCount) => ({ ...methodLabels(path), grpc_code: code ?? '' })
