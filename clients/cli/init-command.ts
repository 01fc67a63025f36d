/** The commands init and keygen: they make a cluster directory, or the keys of one replica or client. */

import { type InitOptions, initCluster } from '../../replicas/init.ts'
import {
  type ClientKeyFile,
  generateKey,
  type KeyOwner,
  readOwnPublicKeys,
} from '../../replicas/key-generation.ts'
import { toHex } from '../../src/base/bytes.ts'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import type { AuthenticationMode, ReadMode, RequestMode, VoteMode } from '../../src/messages/cluster.ts'
import type { SuiteFlag } from './options.ts'

export interface InitFlags {
  readonly dir: string
  readonly replicas: number
  readonly crypto: SuiteFlag
  readonly auth: AuthenticationMode
  readonly requests: RequestMode
  readonly reads: ReadMode
  readonly votes: VoteMode
  readonly hosts?: readonly string[]
  readonly basePort: number
  readonly publicKeys?: readonly string[]
  readonly clients?: readonly string[]
  readonly administrators?: readonly string[]
  readonly clientKeys?: readonly ClientKeyFile[]
  readonly json?: true
}

export interface KeygenFlags {
  readonly dir: string
  readonly id?: number
  readonly client?: string
  readonly crypto: SuiteFlag
  readonly show?: true
}

export async function keygen({ dir, id, client, crypto, show }: KeygenFlags): Promise<void> {
  const owner = ownerOf(id, client)
  const keys = show ? readOwnPublicKeys(dir, owner, crypto) : await generateKey(dir, owner, crypto)
  console.log(JSON.stringify(keys, null, 2))
}

function ownerOf(id: number | undefined, client: string | undefined): KeyOwner {
  if (id !== undefined && client === undefined) return { kind: 'replica', id }
  if (client !== undefined && id === undefined) return { kind: 'client', name: client }
  throw new OperatorError('Use --id for the keys of one replica, or --client for the keys of one client.')
}

/** Returns the options of a new cluster. */
export function initOptionsOf(flags: InitFlags): InitOptions {
  const { dir: directory, replicas, crypto: suite, auth, requests, reads, votes, basePort } = flags
  const { hosts, publicKeys, clients, clientKeys, administrators } = flags
  return {
    directory,
    replicas,
    suite,
    auth,
    requests,
    reads,
    votes,
    basePort,
    ...given({ hosts, publicKeyFiles: publicKeys, clients, clientKeyFiles: clientKeys, administrators }),
  }
}

export async function init(flags: InitFlags): Promise<void> {
  const { dir: directory, replicas, auth, requests, reads, votes } = flags
  const cluster = await initCluster(initOptionsOf(flags))
  const clusterId = toHex(cluster.clusterId)
  if (flags.json) {
    console.log(JSON.stringify({ directory, clusterId, n: replicas, auth, requests, reads, votes }))
    return
  }
  const mode = auth === 'oral' ? ' (oral)' : ''
  console.log(`Made ${clusterFile(directory)} for ${replicas} replicas${mode}, cluster id ${clusterId}.`)
  console.log(`Start each with: strategos replica --dir ${directory} --id I`)
}
