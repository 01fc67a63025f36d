/** Makes a cluster directory: keys, cluster file, and each replica's log with its birth record. */

import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { assert } from '../src/base/assert.ts'
import { equalBytes } from '../src/base/bytes.ts'
import { toReplicaId } from '../src/base/ids.ts'
import { OperatorError } from '../src/base/operator-error.ts'
import { isClusterSize } from '../src/base/quorum.ts'
import { suiteNamed } from '../src/crypto/suites.ts'
import { formatAddress, parseAddress, parseHost } from '../src/io/address.ts'
import {
  clientKey,
  clientsDirectory,
  clusterFile,
  clusterLock,
  gatewayProcessLog,
  replicaKey,
  runFile,
} from '../src/io/cluster-directory.ts'
import { readClusterFile, writeClusterFile } from '../src/io/cluster-file.ts'
import { readKeyFile, type SecretKeys, writeKeyFile } from '../src/io/key-file.ts'
import { systemEntropy } from '../src/io/system.ts'
import {
  type Address,
  type AuthenticationMode,
  type Cluster,
  type ClusterFacts,
  clusterClient,
  deriveClusterId,
  type ReadMode,
  type RequestMode,
  type VoteMode,
} from '../src/messages/cluster.ts'
import { CHECKPOINT_INTERVAL } from '../src/messages/limits.ts'
import type { TreeSnapshot } from '../src/tree/snapshot.ts'
import { type FirstState, firstStateOf, storeFirstState } from './first-state.ts'
import { freePorts, portsFrom } from './free-ports.ts'
import {
  type ClientKeyFile,
  expectClientName,
  generateKeys,
  type PublicKeys,
  publicKeysOf,
  readPublicKeys,
  whyNotMade,
  writeReplica,
} from './key-generation.ts'
import { stage } from './staging.ts'

export const DEFAULT_CLIENTS: readonly string[] = ['gateway', 'operator']
/** The administrator, if it is among the clients. */
export const DEFAULT_ADMINISTRATOR = 'operator'
/** Bytes of keys and values. */
export const DEFAULT_STORE_BYTES_MAX = 4 * 1024 ** 3

export interface InitOptions {
  readonly directory: string
  readonly replicas: number
  readonly suite: 'sodium' | 'noble'
  /** The replicas' mode of authentication; `signed` when absent. */
  readonly auth?: AuthenticationMode
  /** The clients' mode of authentication; `signed` when absent. */
  readonly requests?: RequestMode
  /** The treatment of reads; `ordered` when absent. */
  readonly reads?: ReadMode
  /** The durability of proposals and PREPAREs; `synced` when absent. */
  readonly votes?: VoteMode
  /** One host or host:port for each replica; loopback when absent. */
  readonly hosts?: readonly string[]
  /** Replica i listens on basePort + i unless `hosts` says otherwise; 0 takes ports that are free now. */
  readonly basePort: number
  /** The names of the client keys to make; `DEFAULT_CLIENTS` when absent. */
  readonly clients?: readonly string[]
  /** The names of the clients that are administrators; `DEFAULT_ADMINISTRATOR` when absent. */
  readonly administrators?: readonly string[]
  readonly storeBytesMax?: number
  readonly checkpointInterval?: number
  /** Files from `keygen`, in the order of the ids, for replicas that keep their secrets on their own machines. */
  readonly publicKeyFiles?: readonly string[]
  /** Files from `keygen --client`, for clients that keep their secrets on their own machines. */
  readonly clientKeyFiles?: readonly ClientKeyFile[]
  /** The state of another cluster from which the first state of this one is made; it is empty when absent. */
  readonly restoredFrom?: TreeSnapshot
}

/** Makes the whole directory, or nothing if an error occurs. */
export async function initCluster(options: InitOptions): Promise<Cluster> {
  return (await makeCluster(options)).cluster
}

export interface MadeCluster {
  readonly cluster: Cluster
  /** Removes the directory, including everything added to it since. */
  undo(): void
}

/** Makes the directory for a caller that may need to undo it. */
export async function makeCluster(options: InitOptions): Promise<MadeCluster> {
  const { directory } = options
  const { cluster, secrets, clientSecrets, firstState } = await drawCluster(options)
  const staging = stage(directory)
  try {
    if (clientSecrets.length > 0) mkdirSync(clientsDirectory(staging.directory))
    for (const { name, keys } of clientSecrets) writeKeyFile(clientKey(staging.directory, name), keys)
    for (const [id, keys] of secrets.entries()) {
      await writeReplica(staging.directory, id, keys)
      if (firstState !== null) await storeFirstState(staging.directory, id, firstState)
    }
    writeClusterFile(clusterFile(staging.directory), cluster)
    expectReadable(staging.directory, cluster, {
      replicas: secrets.length,
      clients: clientSecrets.map(({ name }) => name),
    })
    // The cluster file is moved last: if it exists, everything else does.
    staging.commit(basename(clusterFile(directory)))
  } catch (error) {
    staging.undo()
    throw whyNotMade(error)
  }
  return {
    cluster,
    undo: () => {
      const later = [gatewayProcessLog(directory), runFile(directory), clusterLock(directory)]
      for (const path of later) rmSync(path, { recursive: true, force: true })
      staging.undo()
    },
  }
}
/** Draws keys and chooses addresses; writes nothing. */
async function drawCluster(options: InitOptions): Promise<{
  readonly cluster: Cluster
  /** The secret keys of the replicas in the order of their ids; empty if they were made elsewhere. */
  readonly secrets: readonly SecretKeys[]
  readonly clientSecrets: readonly { readonly name: string; readonly keys: SecretKeys }[]
  /** Null if the cluster begins empty. */
  readonly firstState: FirstState | null
}> {
  const { directory, replicas: n, auth: mode = 'signed', requests = 'signed' } = options
  const { reads = 'ordered', votes = 'synced' } = options
  if (requests === 'oral' && mode === 'signed') throw new OperatorError('--requests oral needs --auth oral.')
  if (votes === 'unsynced' && mode === 'oral')
    throw new OperatorError('--votes unsynced needs --auth signed.')
  if (!isClusterSize(n)) throw new OperatorError(`--replicas must be 4, 7, 10 or 13 (3f + 1), not ${n}.`)
  if (existsSync(clusterFile(directory))) {
    throw new OperatorError(`${clusterFile(directory)} exists already; a cluster is never overwritten.`)
  }
  const suite = suiteNamed(options.suite)
  const addresses = await chooseAddresses(options)
  const secrets = options.publicKeyFiles === undefined ? addresses.map(() => generateKeys()) : []
  const publics =
    options.publicKeyFiles === undefined
      ? secrets.map((keys) => publicKeysOf(keys, suite))
      : readReplicaKeys(options.publicKeyFiles, n)
  const clientSecrets = clientNames(options).map((name) => ({ name, keys: generateKeys() }))
  const clientPublics = [
    ...clientSecrets.map(({ name, keys }) => ({ name, ...publicKeysOf(keys, suite) })),
    ...(options.clientKeyFiles ?? []).map(({ name, path }) => ({ name, ...readPublicKeys(path) })),
  ]
  const administrators = administratorNames(
    options,
    clientPublics.map(({ name }) => name),
  )
  const ofEmpty: ClusterFacts = {
    mode,
    requests,
    reads,
    votes,
    suite: options.suite,
    nonce: systemEntropy(32),
    replicas: publics.map((keys, index) => ({
      id: toReplicaId(index),
      address: addresses[index] as Address,
      ...keys,
    })),
    clients: clientPublics.map(({ name, publicKey, agreementKey }) =>
      clusterClient(name, publicKey, mode === 'oral' ? agreementKey : null, administrators.includes(name)),
    ),
    storeBytesMax: options.storeBytesMax ?? DEFAULT_STORE_BYTES_MAX,
    checkpointInterval: options.checkpointInterval ?? CHECKPOINT_INTERVAL,
  }
  const { restoredFrom } = options
  const firstState = restoredFrom === undefined ? null : firstStateOf(ofEmpty, restoredFrom)
  const facts = firstState === null ? ofEmpty : { ...ofEmpty, restoredRoot: firstState.root }
  const cluster = { ...facts, clusterId: deriveClusterId(suite.hash, facts) }
  return { cluster, secrets, clientSecrets, firstState }
}

/** Reads the written files as replicas and clients will, before they are moved into place. */
function expectReadable(
  directory: string,
  { clusterId }: Cluster,
  made: { readonly replicas: number; readonly clients: readonly string[] },
): void {
  const read = readClusterFile(clusterFile(directory), suiteNamed)
  assert(equalBytes(read.clusterId, clusterId), 'the cluster file holds the cluster that was made')
  for (const name of made.clients) readKeyFile(clientKey(directory, name))
  for (let id = 0; id < made.replicas; id++) readKeyFile(replicaKey(directory, id))
}

async function chooseAddresses({ replicas, hosts, basePort }: InitOptions): Promise<readonly Address[]> {
  if (hosts !== undefined && hosts.length !== replicas) {
    throw new OperatorError(`--hosts names ${hosts.length} hosts for ${replicas} replicas.`)
  }
  const chosen = hosts?.map(readPlace)
  const ports = basePort === 0 ? await freePorts(replicas) : portsFrom(basePort, replicas)
  const addresses = ports.map((port, index) => ({ host: '127.0.0.1', port, ...chosen?.[index] }))
  const texts = addresses.map(formatAddress)
  const twice = texts.find((text, index) => texts.indexOf(text) !== index)
  if (twice !== undefined) throw new OperatorError(`--hosts: two replicas would listen on ${twice}.`)
  return addresses
}

/** A host, with the port if the text has one. */
function readPlace(text: string): { readonly host: string; readonly port?: number } {
  const host = parseHost(text)
  const place = host === null ? parseAddress(text) : { host }
  if (place !== null) return place
  throw new OperatorError(
    `--hosts: "${text}" is neither a host nor host:port; write a DNS name, an IPv4 or an IPv6 address, for example a.example:7400 or [2001:db8::7]:7400.`,
  )
}

function clientNames({ clients, clientKeyFiles = [] }: InitOptions): readonly string[] {
  const made = clients ?? (clientKeyFiles.length > 0 ? [] : DEFAULT_CLIENTS)
  const all = [...made, ...clientKeyFiles.map(({ name }) => name)]
  for (const [index, name] of all.entries()) {
    expectClientName(name)
    if (all.indexOf(name) !== index) throw new OperatorError(`Two client keys would have the name "${name}".`)
  }
  return made
}

function administratorNames({ administrators }: InitOptions, clients: readonly string[]): readonly string[] {
  if (administrators === undefined) return clients.filter((name) => name === DEFAULT_ADMINISTRATOR)
  const unknown = administrators.find((name) => !clients.includes(name))
  if (unknown === undefined) return administrators
  throw new OperatorError(`--administrators: "${unknown}" is none of the clients ${clients.join(', ')}.`)
}

function readReplicaKeys(files: readonly string[], n: number): readonly PublicKeys[] {
  if (files.length === n) return files.map(readPublicKeys)
  throw new OperatorError(`--public-keys names ${files.length} files for ${n} replicas.`)
}
