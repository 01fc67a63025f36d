/** Moves the replicas of a cluster to other ports. Addresses are no part of the cluster id, so the cluster stays the same. */
import { readFileSync } from 'node:fs'
import { clusterFile } from '../src/io/cluster-directory.ts'
import { replaceClusterFile, replaceFile } from '../src/io/cluster-file.ts'
import type { Cluster } from '../src/messages/cluster.ts'
import { portsFrom } from './free-ports.ts'

/** Writes a cluster file in which replica i listens on `basePort` + i; `undo` brings the old file back. */
export function moveReplicas(
  directory: string,
  cluster: Cluster,
  basePort: number,
): { readonly cluster: Cluster; undo(): void } {
  const path = clusterFile(directory)
  const ports = portsFrom(basePort, cluster.replicas.length)
  const isThere = cluster.replicas.every(({ address }, id) => address.port === ports[id])
  if (isThere) return { cluster, undo: () => {} }
  const before = readFileSync(path, 'utf8')
  const replicas = cluster.replicas.map((replica, id) => ({
    ...replica,
    address: { host: replica.address.host, port: ports[id] ?? replica.address.port },
  }))
  const moved = { ...cluster, replicas }
  replaceClusterFile(path, moved)
  return { cluster: moved, undo: () => replaceFile(path, before) }
}
