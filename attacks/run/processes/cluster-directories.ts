/**
 * The cluster directory of each replica of a run. Usually all share one. If the network is attacked, each has its own,
 * whose cluster file names proxies instead of the other replicas; addresses are not part of the cluster id.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { clusterFile, replicaDirectory } from '../../../src/io/cluster-directory.ts'
import { writeClusterFile } from '../../../src/io/cluster-file.ts'
import type { Address, Cluster } from '../../../src/messages/cluster.ts'

const ownHome = (root: string, id: number): string => join(root, `machine-${id}`)

/** The cluster directory that a replica uses. */
export const homeOf = (root: string, id: number): string =>
  existsSync(clusterFile(ownHome(root, id))) ? ownHome(root, id) : root

/** Makes a separate directory for each replica of a new cluster. */
export function separate(
  root: string,
  cluster: Cluster,
  addressSeenBy: (from: number, to: number) => Address,
): void {
  for (const { id } of cluster.replicas) {
    const home = ownHome(root, id)
    mkdirSync(home)
    renameSync(replicaDirectory(root, id), replicaDirectory(home, id))
    const replicas = cluster.replicas.map((each) => ({ ...each, address: addressSeenBy(id, each.id) }))
    writeClusterFile(clusterFile(home), { ...cluster, replicas })
  }
}
