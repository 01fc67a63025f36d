/** Changes the addresses of replicas. Addresses are not part of the cluster id, so the cluster stays the same. */
import { readFileSync } from 'node:fs'
import { OperatorError } from '../src/base/operator-error.ts'
import { formatAddress } from '../src/io/address.ts'
import { clusterFile } from '../src/io/cluster-directory.ts'
import { replaceClusterFile, replaceFile } from '../src/io/cluster-file.ts'
import type { Address, Cluster } from '../src/messages/cluster.ts'
import { portsFrom } from './free-ports.ts'

export interface MovedCluster {
  readonly cluster: Cluster
  /** Restores the old cluster file. */
  undo(): void
}

/** Writes a cluster file in which replica i listens on `basePort` + i. */
export function moveToPorts(directory: string, cluster: Cluster, basePort: number): MovedCluster {
  const ports = portsFrom(basePort, cluster.replicas.length)
  const addresses = cluster.replicas.map(({ address: { host, port } }, id) => ({
    host,
    port: ports[id] ?? port,
  }))
  return moveTo(directory, cluster, addresses)
}

/**
 * Writes a cluster file in which one replica has a new address. Throws an `OperatorError` if another replica has it.
 */
export function moveReplica(directory: string, cluster: Cluster, id: number, address: Address): MovedCluster {
  const addresses = cluster.replicas.map((replica) => replica.address)
  if (addresses[id] === undefined) {
    throw new OperatorError(
      `The cluster has replicas 0 to ${addresses.length - 1}; there is no replica ${id}.`,
    )
  }
  const owner = addresses.findIndex((each) => formatAddress(each) === formatAddress(address))
  if (owner >= 0 && owner !== id) {
    throw new OperatorError(`Replica ${owner} has the address ${formatAddress(address)}; choose another one.`)
  }
  return moveTo(directory, cluster, addresses.with(id, address))
}

function moveTo(directory: string, cluster: Cluster, addresses: readonly Address[]): MovedCluster {
  const path = clusterFile(directory)
  const isThere = cluster.replicas.every(
    ({ id, address }) => formatAddress(address) === formatAddress(addresses[id] as Address),
  )
  if (isThere) return { cluster, undo: () => {} }
  const before = readFileSync(path, 'utf8')
  const replicas = cluster.replicas.map((replica) => ({
    ...replica,
    address: addresses[replica.id] as Address,
  }))
  const moved = { ...cluster, replicas }
  replaceClusterFile(path, moved)
  return { cluster: moved, undo: () => replaceFile(path, before) }
}
