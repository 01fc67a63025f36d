/** The metrics of a gateway: the requests of its callers and their latencies, and the reports of the replicas. */
import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { LoopGauge } from '../../src/io/loop-watch.ts'
import { addProcessMetrics } from '../../src/io/process-metrics.ts'
import type { ClusterStatus } from '../api/status.ts'
import { addEtcdMetrics, type EtcdFigures } from './etcd-metrics.ts'

/** Bucket limits in seconds, from an answer within a machine to one that a view change delays. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** The label of requests without a route. */
const NO_ROUTE = 'none'

export class GatewayMetrics {
  readonly #registry = new Registry()
  readonly #requests: Counter
  readonly #durations: Histogram
  /** The last status of the cluster; null before the first scrape. */
  #status: ClusterStatus | null = null

  constructor(loop: LoopGauge, etcd: Omit<EtcdFigures, 'status'>) {
    const registers = [this.#registry]
    this.#requests = new Counter({
      name: 'strategos_http_requests_total',
      help: 'Requests that were answered, by route and status.',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.#durations = new Histogram({
      name: 'strategos_http_request_duration_seconds',
      help: 'Time from a request to its answer.',
      labelNames: ['method', 'route'],
      buckets: DURATION_BUCKETS,
      registers,
    })
    this.#addCluster()
    new Gauge({
      name: 'strategos_event_loop_delay_max_seconds',
      help: 'The longest time since the start in which the event loop received nothing because of its own work.',
      registers,
      collect() {
        this.set(loop.delayMs / 1000)
      },
    })
    addProcessMetrics(this.#registry)
    addEtcdMetrics(this.#registry, { ...etcd, status: () => this.#status })
  }

  /** Counts every answer of a server. Labels are declared routes, so that no key becomes a label. */
  watch(server: FastifyInstance): void {
    server.addHook('onResponse', async (request, reply) => {
      const { config } = request.routeOptions
      const route = config.endpoint?.path ?? NO_ROUTE
      const method = route === NO_ROUTE ? NO_ROUTE : request.method
      this.#requests.inc({ method, route, status: `${reply.statusCode}` })
      if (route !== NO_ROUTE) this.#durations.observe({ method, route }, reply.elapsedTime / 1000)
    })
  }

  /** Returns the metrics as text, with those of the cluster taken from this status. */
  async text(status: ClusterStatus): Promise<string> {
    this.#status = status
    const text = await this.#registry.metrics()
    return text.endsWith('\n') ? text : `${text}\n`
  }

  /** Returns the metrics with their names, help texts and types. */
  names(): ReturnType<Registry['getMetricsAsJSON']> {
    return this.#registry.getMetricsAsJSON()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #addCluster(): void {
    const gauge = (name: string, help: string, value: (status: ClusterStatus) => number): void => {
      const current = (): ClusterStatus | null => this.#status
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          const status = current()
          if (status !== null) this.set(value(status))
        },
      })
    }
    gauge('strategos_cluster_view', 'The highest view that f + 1 replicas have reached.', ({ view }) => view)
    gauge('strategos_cluster_primary', 'The id of the primary of that view.', ({ primary }) => primary)
    gauge(
      'strategos_cluster_revision',
      'The highest revision that f + 1 replicas have reached.',
      (status) => status.revision,
    )
    gauge('strategos_cluster_stalled', 'One while no request is served.', ({ stalled }) =>
      Number(stalled !== null),
    )
    gauge('strategos_cluster_replicas', 'Replicas of the cluster.', ({ n }) => n)
    gauge('strategos_cluster_faults_tolerated', 'Replicas that may be faulty at once.', ({ f }) => f)
    this.#addReplicas()
  }

  #addReplicas(): void {
    type Replica = ClusterStatus['replicas'][number]
    const gauge = (name: string, help: string, value: (replica: Replica) => number | null): void => {
      const current = (): readonly Replica[] => this.#status?.replicas ?? []
      new Gauge({
        name,
        help,
        labelNames: ['replica'],
        registers: [this.#registry],
        collect() {
          this.reset()
          for (const replica of current()) {
            const figure = value(replica)
            if (figure !== null) this.set({ replica: `${replica.id}` }, figure)
          }
        },
      })
    }
    gauge('strategos_replica_answering', 'One if the replica answered just now.', ({ reachable }) =>
      Number(reachable),
    )
    gauge('strategos_replica_voting', 'One if the replica takes part in agreement.', ({ state }) =>
      Number(state === 'voting'),
    )
    gauge('strategos_replica_view', 'The view that the replica reports.', ({ view }) => view)
    gauge(
      'strategos_replica_executed_sequence',
      'The last sequence number that it executed.',
      (replica) => replica.lastExecuted,
    )
    gauge(
      'strategos_replica_stable_sequence',
      'The sequence number of its stable checkpoint.',
      ({ stable }) => stable,
    )
    gauge('strategos_replica_suspected', 'One if f + 1 replicas suspect it.', ({ suspected }) =>
      Number(suspected),
    )
    gauge('strategos_replica_convicted', 'One if its signatures convict it.', ({ evidence }) =>
      Number(evidence.length > 0),
    )
  }
}
