/** The cluster that etcd's services report, from the gateway's status. */
import { rankedLargest, weakQuorum } from '../../src/base/quorum.ts'
import type { ClusterCondition, ServiceCluster } from '../etcd/service/cluster-service.ts'
import type { StoreClient } from '../library/store-client.ts'
import type { ClusterReports } from './cluster-routes.ts'
import { etcdId } from './etcd-store.ts'

const CORRUPT_STATES: readonly (string | null)[] = ['diverged', 'amnesiac']

/** `clientUrl` returns the URL of the gateway, which is known only once it listens. */
export function etcdCluster(
  client: StoreClient,
  reports: ClusterReports,
  clientUrl: () => string,
): ServiceCluster {
  const { cluster } = client.connection
  const ids = cluster.replicas.map(({ publicKey }) => etcdId(publicKey))
  return {
    members: cluster.replicas.map(({ id, address }, index) => ({
      id: ids[index] ?? 0n,
      name: `replica-${id}`,
      peerUrl: `tcp://${address.host}:${address.port}`,
    })),
    get clientUrl() {
      return clientUrl()
    },
    storeBytesMax: cluster.storeBytesMax,
    condition: async (): Promise<ClusterCondition> => {
      const [{ status }, { ready, because }] = await Promise.all([reports.status(), reports.readiness()])
      const executed = status.replicas.map(({ lastExecuted }) => lastExecuted ?? 0)
      return {
        leader: status.stalled === null ? (ids[status.primary] ?? null) : null,
        lastExecuted: rankedLargest(executed, weakQuorum(status.n)),
        revision: status.revision,
        corrupt: status.replicas
          .filter(({ state, evidence }) => CORRUPT_STATES.includes(state) || evidence.length > 0)
          .flatMap(({ id }) => ids[id] ?? []),
        stalledBecause: ready ? null : (because ?? 'too few replicas answer'),
      }
    },
  }
}
