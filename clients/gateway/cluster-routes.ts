/** The routes of the cluster: its status, the evidence against its replicas, and its readiness. */
import { quorum } from '../../src/base/quorum.ts'
import type { LoopGauge } from '../../src/io/loop-watch.ts'
import { getEvidence } from '../api/evidence.ts'
import { getHealth, getReadiness } from '../api/health.ts'
import { getMetrics } from '../api/metrics.ts'
import { openApiDocument } from '../api/openapi.ts'
import { getDescription } from '../api/self-description.ts'
import { type ClusterStatus, getStatus, type StatusAnswer } from '../api/status.ts'
import { accusedIn, collectReports, statusOf } from '../library/cluster-status.ts'
import { EvidenceCollector } from '../library/evidence.ts'
import { evidenceJson } from '../library/evidence-json.ts'
import type { StoreClient } from '../library/store-client.ts'
import { whyNoEvidence } from '../verify/no-evidence.ts'
import { DRAINING, type Draining } from './draining.ts'
import type { EndpointRoutes } from './endpoint-routes.ts'
import type { GatewayMetrics } from './gateway-metrics.ts'
import { Problem } from './problem.ts'
import { sessionFacts, whyNotSending } from './session-facts.ts'

/** The milliseconds for which `status` and `readyz` wait for the replicas' reports, and `evidence` for theirs. */
const REPORTS_WAIT_MS = 300

/** The replicas' reports, and the status and evidence derived from them. */
export class ClusterReports {
  readonly #client: StoreClient
  readonly #evidence: EvidenceCollector
  /** Concurrent callers share one round of questions, so that a stall does not add load. */
  #asking: ReturnType<typeof collectReports> | null = null

  constructor(client: StoreClient) {
    this.#client = client
    this.#evidence = new EvidenceCollector(client.connection)
  }

  async status(): Promise<{ readonly answering: number; readonly status: ClusterStatus }> {
    const { connection } = this.#client
    this.#asking ??= collectReports(connection, REPORTS_WAIT_MS).finally(() => {
      this.#asking = null
    })
    const reports = await this.#asking
    await this.#evidence.refreshFor(accusedIn(reports), REPORTS_WAIT_MS, Date.now())
    const status = statusOf(connection.cluster, reports, Date.now(), this.#evidence.all)
    return { answering: reports.size, status }
  }

  /** The reason why the replicas do not answer, as the facts of an `unknown`. */
  async diagnose(): Promise<Readonly<Record<string, unknown>>> {
    const { answering, status } = await this.status()
    const { missing = [], because = 'the replicas are slow' } = status.stalled ?? {}
    return { answering, missing, because }
  }

  /** Reports whether requests are served, and the reason if not. */
  async readiness() {
    const { answering, status } = await this.status()
    const needed = quorum(status.n)
    const because = whyNotSending(this.#client) ?? status.stalled?.because ?? null
    return { ready: answering >= needed && because === null, answering, needed, because }
  }

  async evidence(): Promise<EvidenceCollector['all']> {
    await this.#evidence.refresh(REPORTS_WAIT_MS)
    return this.#evidence.all
  }
}

/** Returns the document of `/v1/status`. */
export async function statusAnswer(
  client: StoreClient,
  reports: ClusterReports,
  { loop, isPlayground }: { readonly loop: LoopGauge; readonly isPlayground: boolean },
): Promise<StatusAnswer> {
  const { status } = await reports.status()
  return { ...status, gateway: { eventLoopDelayMs: loop.delayMs, isPlayground, ...sessionFacts(client) } }
}

export interface ClusterAccess {
  readonly reports: ClusterReports
  readonly status: () => Promise<StatusAnswer>
  readonly metrics: GatewayMetrics
  readonly draining: Draining
}

export function clusterRoutes(
  routes: EndpointRoutes,
  client: StoreClient,
  { reports, status, metrics, draining }: ClusterAccess,
): void {
  routes.add(getStatus, status)
  routes.add(getEvidence, async () => {
    const whyNot = whyNoEvidence(client.connection.cluster)
    if (whyNot !== null) throw new Problem('no-evidence', whyNot)
    return { evidence: (await reports.evidence()).map(evidenceJson) }
  })
  routes.add(getHealth, async () => ({ status: 'ok' as const }))
  routes.add(getReadiness, async ({ reply }) => {
    const found = await reports.readiness()
    const readiness = draining.isDraining ? { ...found, ready: false, because: DRAINING } : found
    reply.code(readiness.ready ? 200 : 503)
    return readiness
  })
  routes.add(getMetrics, async ({ reply }) => {
    const cluster = await reports.status()
    return reply.type(metrics.contentType).send(await metrics.text(cluster.status))
  })
  routes.add(getDescription, async () => ({ ...openApiDocument }))
}
