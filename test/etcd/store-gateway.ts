/** etcd's interface, in JSON and over gRPC, on a store in the test's process. */
import Fastify, { type FastifyInstance } from 'fastify'
import { CallCounts } from '../../clients/etcd/grpc/call-counts.ts'
import { jsonRoutes } from '../../clients/etcd/json/json-routes.ts'
import { answerAsEtcd } from '../../clients/etcd/json/unrouted-json.ts'
import type { ServiceStore } from '../../clients/etcd/service/answers.ts'
import type { ClusterCondition, ServiceCluster } from '../../clients/etcd/service/cluster-service.ts'
import { createHandlers } from '../../clients/etcd/service/handlers.ts'
import { Admission } from '../../clients/gateway/admission.ts'
import { readBodies } from '../../clients/gateway/body-reader.ts'
import { withTokens } from '../../clients/gateway/etcd-tokens.ts'
import { serveGrpc } from '../../clients/gateway/grpc-port.ts'
import { Problem, sendProblem } from '../../clients/gateway/problem.ts'
import { allowOrigins, openSecurity, type SecurityOptions } from '../../clients/gateway/security.ts'
import { Watches } from '../../clients/library/watches.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { Driver } from '../store/harness.ts'

export const CLUSTER_ID = 0xc1_0000_0001n
export const MEMBER_ID = 0xa1_0000_0002n

/** A store as the services need it, executed at once. */
export function testStore(driver = new Driver(), heldBytesMax?: number): ServiceStore & { watches: Watches } {
  const execute = async (operation: Operation): Promise<Result> => {
    const result = driver.run(operation)[0] as Result
    if ('revision' in result) watches.learn(result.revision)
    return result
  }
  const timing = { pauseMin: 5, pauseMax: 50, progress: 50, stuck: 100 }
  const watches: Watches = new Watches({ execute }, timing, heldBytesMax)
  return {
    clusterId: CLUSTER_ID,
    memberId: MEMBER_ID,
    view: 1,
    execute,
    watches,
    watch: (query) => watches.open(query),
  }
}

const TEST_CLUSTER: ServiceCluster = {
  members: [0, 1, 2, 3].map((id) => ({
    id: BigInt(id + 1),
    name: `replica-${id}`,
    peerUrl: `tcp://127.0.0.1:${id}`,
  })),
  clientUrl: 'http://127.0.0.1:0',
  storeBytesMax: 1 << 30,
  condition: async () => ({ leader: 2n, lastExecuted: 9, revision: 1, corrupt: [4n], stalledBecause: null }),
}

/** A server that listens on a free port of loopback. */
export async function startStoreGateway(
  store: ServiceStore = testStore(),
  options: SecurityOptions & { readonly condition?: Partial<ClusterCondition> } = {},
): Promise<{ readonly url: string; readonly server: FastifyInstance; readonly reports: string[] }> {
  const server = Fastify({ forceCloseConnections: true })
  const reports: string[] = []
  const { doorkeeper, encryption, origins } = openSecurity('127.0.0.1', options, (line) => reports.push(line))
  const { identities } = doorkeeper
  const admission = new Admission()
  const { condition = {} } = options
  const cluster = {
    ...TEST_CLUSTER,
    condition: async () => ({ ...(await TEST_CLUSTER.condition()), ...condition }),
  }
  const handlers = withTokens(createHandlers({ store, cluster }), identities)
  server.setErrorHandler((error, _request, reply) =>
    sendProblem(reply, error instanceof Problem ? error : new Problem('internal', `${error}`)),
  )
  serveGrpc(server, { etcd: handlers, doorkeeper, admission, counts: new CallCounts(), encryption })
  server.addHook('preClose', async () => identities.close())
  await allowOrigins(server, origins)
  doorkeeper.guard(server)
  admission.guard(server)
  readBodies(server, admission)
  server.setNotFoundHandler((_, reply) => answerAsEtcd(reply, []))
  jsonRoutes(server, { handlers, hasTokens: identities.hasTokens, isHealthy: async () => true })
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as { readonly port: number }
  return { url: `${encryption === null ? 'http' : 'https'}://127.0.0.1:${port}`, server, reports }
}
