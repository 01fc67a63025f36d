/** The store of etcd's services, backed by the gateway's client. */
import type { ServiceStore } from '../etcd/service/answers.ts'
import type { StoreClient } from '../library/store-client.ts'

/** `name` is the name of the client's key, from which the gateway's member id is derived. */
export function etcdStore(client: StoreClient, name: string): ServiceStore {
  const { cluster, runtime } = client.connection
  const self = cluster.clients.find((each) => each.name === name)
  return {
    clusterId: etcdId(cluster.clusterId),
    memberId: etcdId(self?.publicKey ?? cluster.clusterId),
    get view() {
      return runtime.view
    },
    execute: (operation) => client.execute(operation),
    watch: (query) => client.watch(query),
  }
}

/** Derives an etcd id, which is never zero, from the first bytes of an identifier. */
export function etcdId(bytes: Uint8Array): bigint {
  const id = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
  return id === 0n ? 1n : id
}
