/** Makes a cluster directory, or the keys of one replica. */

import { generateReplica, initCluster } from '../../replicas/init.ts'
import { toHex } from '../../src/base/bytes.ts'
import { given } from '../../src/base/given.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import type { AuthenticationMode, RequestMode } from '../../src/messages/cluster.ts'
import type { SuiteFlag } from './options.ts'

export interface InitFlags {
  readonly dir: string
  readonly replicas: number
  readonly crypto: SuiteFlag
  readonly auth: AuthenticationMode
  readonly requests: RequestMode
  readonly hosts?: readonly string[]
  readonly basePort: number
  readonly publicKeys?: readonly string[]
  readonly json?: true
}

export interface KeygenFlags {
  readonly dir: string
  readonly id: number
  readonly crypto: SuiteFlag
}

export async function keygen({ dir, id, crypto }: KeygenFlags): Promise<void> {
  console.log(JSON.stringify(await generateReplica(dir, id, crypto), null, 2))
}

export async function init(flags: InitFlags): Promise<void> {
  const { dir: directory, replicas, crypto: suite, auth, requests, basePort, hosts, publicKeys } = flags
  const cluster = await initCluster({
    directory,
    replicas,
    suite,
    auth,
    requests,
    basePort,
    ...given({ hosts, publicKeyFiles: publicKeys }),
  })
  const clusterId = toHex(cluster.clusterId)
  if (flags.json) {
    console.log(JSON.stringify({ directory, clusterId, n: replicas, auth, requests }))
    return
  }
  const mode = auth === 'oral' ? ' (oral)' : ''
  console.log(`Made ${clusterFile(directory)} for ${replicas} replicas${mode}, cluster id ${clusterId}.`)
  console.log(`Start each with: strategos replica --dir ${directory} --id I`)
}
