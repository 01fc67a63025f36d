/** The metrics of a replica, in the text format of Prometheus. Every value is read at the time of the scrape. */
import { Counter, Gauge, Registry } from 'prom-client'
import { replicaIds } from '../src/base/ids.ts'
import { addProcessMetrics } from '../src/io/process-metrics.ts'
import { REPLICA_CONDITIONS, type ReplicaReport } from '../src/messages/report.ts'

/** A replica's report, with figures of its process that are not part of the report. */
export interface MeasuredReplica {
  readonly report: ReplicaReport
  readonly n: number
  /** The number of messages that were rejected, by reason. */
  readonly rejected: ReadonlyMap<string, number>
  /** The number of views that began since the start. */
  readonly views: number
}

type Fact = readonly [name: string, help: string, value: (report: ReplicaReport) => number]

/** Gauges with one value, by name. */
const GAUGES: readonly Fact[] = [
  ['strategos_view', 'The view that the replica is in.', ({ view }) => view],
  [
    'strategos_view_active',
    'One while the view is active, zero between two views.',
    ({ isActive }) => Number(isActive),
  ],
  ['strategos_executed_sequence', 'The last executed sequence number.', ({ lastExecuted }) => lastExecuted],
  [
    'strategos_stable_sequence',
    'The sequence number of the stable checkpoint.',
    ({ lowWatermark }) => lowWatermark,
  ],
  ['strategos_store_revision', 'The revision of the store.', ({ revision }) => revision],
  ['strategos_waiting_requests', 'Requests that wait to be executed.', ({ waiting }) => waiting],
  [
    'strategos_request_overdue',
    'One while a request is overdue.',
    ({ stalledSince }) => Number(stalledSince > 0),
  ],
  [
    'strategos_clients_refused',
    'Clients whose messages are refused for a while.',
    ({ cutOffClients }) => cutOffClients,
  ],
  [
    'strategos_event_loop_delay_max_seconds',
    'The longest time since the start in which the event loop received nothing because of its own work.',
    ({ eventLoopDelayMs }) => eventLoopDelayMs / 1000,
  ],
]

/** Gauges with a value for each replica: one if it is in the list, otherwise zero. */
const PER_REPLICA: readonly (readonly [string, string, (report: ReplicaReport) => readonly number[]])[] = [
  ['strategos_replica_linked', 'One while there is a link to the replica.', ({ reachable }) => reachable],
  ['strategos_replica_suspected', 'One while the replica is suspected.', ({ suspected }) => suspected],
  ['strategos_replica_convicted', 'One once there is evidence against the replica.', ({ guilty }) => guilty],
  [
    'strategos_replica_refused',
    'One while messages of the replica are refused.',
    ({ cutOff }) => cutOff.map(({ id }) => id),
  ],
]

/** Returns the registry of a replica. `measure` returns its current figures. */
export function replicaMetrics(measure: () => MeasuredReplica): Registry {
  const registry = new Registry()
  const registers = [registry]
  for (const [name, help, value] of GAUGES) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(measure().report))
      },
    })
  }
  for (const [name, help, ids] of PER_REPLICA) {
    new Gauge({
      name,
      help,
      labelNames: ['replica'],
      registers,
      collect() {
        const { n, report } = measure()
        for (const id of replicaIds(n)) this.set({ replica: `${id}` }, Number(ids(report).includes(id)))
      },
    })
  }
  new Gauge({
    name: 'strategos_condition',
    help: 'One for the current condition of the replica, otherwise zero.',
    labelNames: ['condition'],
    registers,
    collect() {
      const { condition } = measure().report
      for (const each of REPLICA_CONDITIONS) this.set({ condition: each }, Number(each === condition))
    },
  })
  new Counter({
    name: 'strategos_messages_rejected_total',
    help: 'Messages that were rejected, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset()
      for (const [reason, count] of measure().rejected) this.inc({ reason }, count)
    },
  })
  new Counter({
    name: 'strategos_views_entered_total',
    help: 'Views that began since the start.',
    registers,
    collect() {
      this.reset()
      this.inc(measure().views)
    },
  })
  addProcessMetrics(registry)
  return registry
}
