/**
 * The gateway: HTTP in front of the replicated store. It sends an answer only after f + 1 replicas gave the same one.
 */
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import { toReplicaId } from '../../src/base/ids.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { callersMax, openFilesMax } from '../../src/io/descriptors.ts'
import { type LoopGauge, LoopWatch } from '../../src/io/loop-watch.ts'
import type { ProblemCode } from '../api/problems.ts'
import type { StatusAnswer } from '../api/status.ts'
import { CallCounts } from '../etcd/grpc/call-counts.ts'
import { jsonRoutes } from '../etcd/json/json-routes.ts'
import { createHandlers, type Handlers } from '../etcd/service/handlers.ts'
import { StoreClient } from '../library/store-client.ts'
import { WATCHES_MAX } from '../library/watches.ts'
import { Admission, CONNECTIONS_MAX, TIMEOUTS } from './admission.ts'
import { readBodies } from './body-reader.ts'
import { ClusterFeed } from './cluster-feed.ts'
import { ClusterReports, clusterRoutes, statusAnswer } from './cluster-routes.ts'
import { compactionRoutes } from './compaction-routes.ts'
import { DEFAULT_TIMEOUT_MS } from './defaults.ts'
import { Draining } from './draining.ts'
import { EndpointRoutes } from './endpoint-routes.ts'
import { etcdCluster } from './etcd-cluster.ts'
import { etcdStore } from './etcd-store.ts'
import { withTokens } from './etcd-tokens.ts'
import { feedRoutes } from './feed-routes.ts'
import { GatewayMetrics } from './gateway-metrics.ts'
import { serveGrpc } from './grpc-port.ts'
import { keyValueRoutes } from './key-value-routes.ts'
import { leaseRoutes } from './lease-routes.ts'
import { serveLiveAttacks } from './live-attack-routes.ts'
import type { AttackOwner } from './live-attacks.ts'
import { serveDashboard, servePage } from './page-routes.ts'
import { PathEnds } from './path-ends.ts'
import { Problem, rawProblem, sendProblem } from './problem.ts'
import { proofRoutes } from './proof-routes.ts'
import { allowOrigins, openSecurity, type Security, type SecurityOptions } from './security.ts'
import { ServiceMeter } from './service-meter.ts'
import { transactionRoutes } from './transaction-routes.ts'
import { answerUnrouted } from './unrouted.ts'
import { watchRoutes } from './watch-routes.ts'

/** The maximum body on routes that need none, in bytes. */
const SMALL_BODY_BYTES_MAX = 16 * 1024

export interface GatewayOptions {
  readonly directory: string
  readonly host: string
  readonly port: number
  readonly clientName?: string
  readonly timeoutMs?: number
  /** True if the dashboard is served at `/`; it is by default. */
  readonly hasDashboard?: boolean
  /** The owner of live attacks, in a cluster that was started to be attacked. */
  readonly attackOwner?: AttackOwner
  readonly security?: SecurityOptions
  /** Told of what befalls the files that guard the gateway. */
  readonly report?: (message: string) => void
}

export interface Gateway {
  readonly url: string
  /** Takes no new connections, and resolves once the calls that have come are answered, within a bound. */
  drain(): Promise<void>
  /** Ends all connections. */
  close(): Promise<void>
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { directory, host, port, clientName: name = 'gateway', timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const security = openSecurity(host, options.security ?? {}, options.report ?? (() => {}))
  const client = await StoreClient.open({ directory, name, timeoutMs }).catch((error: unknown) => {
    security.close()
    throw error
  })
  try {
    const loop = new LoopWatch()
    let url = ''
    const reports = new ClusterReports(client)
    const etcd = createHandlers({
      store: etcdStore(client, name),
      cluster: etcdCluster(client, reports, () => url),
    })
    const { hasDashboard = true, attackOwner = null } = options
    const admission = new Admission(boundsFor(client))
    const draining = new Draining()
    const guards = { security, admission, draining }
    const server = await createServer({ client, reports, etcd, loop, guards, hasDashboard, attackOwner })
    url = await listen(server, { host, port, isEncrypted: security.encryption !== null })
    loop.start()
    return {
      url,
      // No call waits longer for an answer of the replicas.
      drain: () => draining.drain(admission, timeoutMs),
      close: async () => {
        loop.stop()
        security.close()
        await server.close()
        await client.close()
      },
    }
  } catch (error) {
    security.close()
    await client.close()
    throw error
  }
}

/**
 * As many callers as the process has file descriptors for, besides its links and files; if there are few, half of them
 * are for watches.
 */
function boundsFor({ connection }: StoreClient): { connectionsMax: number; watchesMax: number } {
  const { length } = connection.cluster.replicas
  const callers = callersMax(openFilesMax(), length, CONNECTIONS_MAX + WATCHES_MAX)
  const connectionsMax = Math.min(CONNECTIONS_MAX, Math.ceil(callers / 2))
  return { connectionsMax, watchesMax: callers - connectionsMax }
}

interface ServerParts {
  readonly client: StoreClient
  readonly reports: ClusterReports
  readonly etcd: Handlers
  readonly loop: LoopGauge
  /** The parts that decide which calls are taken. */
  readonly guards: {
    readonly security: Security
    readonly admission: Admission
    readonly draining: Draining
  }
  readonly hasDashboard: boolean
  readonly attackOwner: AttackOwner | null
}

async function createServer(parts: ServerParts): Promise<FastifyInstance> {
  const { client, reports, etcd: services, loop, guards, hasDashboard, attackOwner } = parts
  const { security, admission, draining } = guards
  const pathEnds = new PathEnds()
  const server = Fastify({
    bodyLimit: SMALL_BODY_BYTES_MAX,
    forceCloseConnections: true,
    requestTimeout: TIMEOUTS.request,
    connectionTimeout: TIMEOUTS.idle,
    keepAliveTimeout: TIMEOUTS.idle,
    // By default Node.js checks only every 30 seconds, whatever the timeouts are.
    http: { connectionsCheckingInterval: TIMEOUTS.look },
    rewriteUrl: (request) => pathEnds.rewrite(request as IncomingMessage),
    clientErrorHandler: (error, socket) => {
      // The request could not be parsed, or did not arrive in time.
      if (socket.writable && !socket.destroyed) socket.end(rawProblem(problemOfParser(error.code)))
    },
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply as Parameters<typeof sendProblem>[0], problemFrom(error))
    },
  })
  server.setErrorHandler((error, _request, reply) => sendProblem(reply, problemFrom(error)))
  const { doorkeeper, encryption, origins } = security
  const etcd = withTokens(services, doorkeeper.identities)
  const calls = new CallCounts()
  serveGrpc(server, { etcd, doorkeeper, admission, counts: calls, encryption })
  await allowOrigins(server, origins)
  doorkeeper.guard(server)
  admission.guard(server)
  draining.watch(server)
  answerUnrouted(server)
  const metrics = new GatewayMetrics(loop, {
    calls,
    operations: () => client.operationCounts,
    storeBytesMax: client.connection.cluster.storeBytesMax,
  })
  metrics.watch(server)
  const meter = new ServiceMeter()
  meter.watch(server)
  const routes = new EndpointRoutes(server, pathEnds)
  readBodies(server, admission)
  const access = { client, diagnose: () => reports.diagnose() }
  keyValueRoutes(routes, access)
  transactionRoutes(routes, access)
  compactionRoutes(routes, access)
  watchRoutes(routes, { watch: (query) => client.watch(query), admission })
  const isPlayground = attackOwner !== null
  const status = () => statusAnswer(client, reports, { loop, isPlayground })
  clusterRoutes(routes, client, { reports, status, metrics, draining })
  leaseRoutes(routes, access)
  proofRoutes(routes, access)
  servePage(server, '/playground', 'playground')
  if (hasDashboard) serveDashboard(server)
  feedRoutes(routes, { feed: openFeed({ client, status, meter, server }), admission })
  if (attackOwner !== null) serveLiveAttacks(routes, server, { owner: attackOwner, client, reports, meter })
  jsonRoutes(server, {
    handlers: etcd,
    hasTokens: doorkeeper.identities.hasTokens,
    isHealthy: async () => !draining.isDraining && (await reports.readiness()).ready,
  })
  return server
}

/** The feed of what happens in the cluster; it ends with the server. */
function openFeed(parts: {
  readonly client: StoreClient
  readonly status: () => Promise<StatusAnswer>
  readonly meter: ServiceMeter
  readonly server: FastifyInstance
}): ClusterFeed {
  const { client, status, meter, server } = parts
  const { cluster, runtime } = client.connection
  const feed = new ClusterFeed({
    n: cluster.replicas.length,
    status,
    service: () => meter.figures(),
    measure: (isOn) => meter.turn(isOn),
    ask: (replica, since, deliver) => runtime.askForOccurrences(toReplicaId(replica), since, deliver),
  })
  server.addHook('preClose', async () => feed.close())
  return feed
}

async function listen(
  server: FastifyInstance,
  {
    host,
    port,
    isEncrypted,
  }: { readonly host: string; readonly port: number; readonly isEncrypted: boolean },
): Promise<string> {
  try {
    await server.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new OperatorError(`Port ${port} of ${host} is already in use; choose another one with --port.`)
    }
    if (code === 'EACCES')
      throw new OperatorError(
        `Port ${port} of ${host} requires privileges that this user lacks; choose a port above 1023 with --port.`,
      )
    throw error
  }
  const address = server.server.address()
  const actual = typeof address === 'object' && address !== null ? address.port : port
  const name = host.includes(':') ? `[${host}]` : host
  return `${isEncrypted ? 'https' : 'http'}://${name}:${actual}`
}

/** The problem for bytes that Node.js could not parse as a request. */
function problemOfParser(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('long-head', 'the request line and headers are larger than 16 KiB')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('too-slow', `a request must arrive within ${TIMEOUTS.request / 1000} seconds`)
    default:
      return new Problem('bad-request', 'this is not HTTP')
  }
}

/** The problem codes of Fastify's errors, by status. */
const PROBLEM_CODES: Readonly<Record<number, ProblemCode>> = { 413: 'too-large', 415: 'unsupported' }

/** The problem for an error of Fastify or of a handler. */
function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error
  const { statusCode = 500, message, code } = error as { statusCode?: number; message: string; code?: string }
  const problemCode = PROBLEM_CODES[statusCode] ?? (statusCode < 500 ? 'bad-request' : 'internal')
  if (problemCode === 'internal') return new Problem('internal', code ?? 'an unexpected error')
  return new Problem(problemCode, message)
}
