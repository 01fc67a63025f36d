/** The gateway's client as the store of etcd's services. */
import type { ServiceStore } from '../etcd/service/answers.ts'
import type { StoreClient } from '../library/store-client.ts'

/** `name` is that of the client's key: the gateway is a member of etcd's cluster by it. */
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

/** An id of etcd, which is never zero, from the first bytes of what names a thing here. */
export function etcdId(bytes: Uint8Array): bigint {
  const id = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
  return id === 0n ? 1n : id
}
