/** The command address: it prints the addresses of the replicas, or changes one of them. */
import { lockCluster } from '../../replicas/cluster-lock.ts'
import { moveReplica } from '../../replicas/replica-addresses.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { formatAddress } from '../../src/io/address.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import type { Address, Cluster } from '../../src/messages/cluster.ts'

export interface AddressFlags {
  readonly dir: string
  readonly id?: number
  readonly at?: Address
  readonly json?: true
}

export async function address({ dir, id, at, json }: AddressFlags): Promise<void> {
  if ((id === undefined) !== (at === undefined)) {
    throw new OperatorError('--id and --at belong together: the replica to move, and its new address.')
  }
  const lock = await lockCluster(dir)
  try {
    const found = readClusterFile(clusterFile(dir), suiteNamed)
    const hasMove = id !== undefined && at !== undefined
    const cluster = hasMove ? moveReplica(dir, found, id, at).cluster : found
    print(cluster, json)
    if (hasMove && !json) {
      console.log(`Copy ${clusterFile(dir)} to the other machines, and restart their replicas one at a time.`)
    }
  } finally {
    await lock.release()
  }
}

function print({ replicas }: Cluster, json: true | undefined): void {
  const rows = replicas.map(({ id, address: place }) => ({ id, address: formatAddress(place) }))
  if (json) console.log(JSON.stringify({ replicas: rows }))
  else for (const row of rows) console.log(`replica ${row.id}  ${row.address}`)
}
