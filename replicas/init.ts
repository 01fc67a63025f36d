/** Makes a cluster directory: keys, cluster file, and each replica's log with its birth record. */

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { z } from 'zod'
import { assert } from '../src/base/assert.ts'
import { equalBytes, fromHex, toHex } from '../src/base/bytes.ts'
import { toReplicaId } from '../src/base/ids.ts'
import { OperatorError } from '../src/base/operator-error.ts'
import { isClusterSize } from '../src/base/quorum.ts'
import { suiteNamed } from '../src/crypto/suites.ts'
import { parseHost } from '../src/io/address.ts'
import {
  clientKey,
  clientsDirectory,
  clusterFile,
  clusterLock,
  gatewayProcessLog,
  replicaDirectory,
  replicaKey,
  replicaLog,
  runFile,
} from '../src/io/cluster-directory.ts'
import { readClusterFile, writeClusterFile } from '../src/io/cluster-file.ts'
import { createFileLog } from '../src/io/file-log.ts'
import { LogFailed } from '../src/io/file-log-errors.ts'
import { readKeyFile, type SecretKeys, writeKeyFile } from '../src/io/key-file.ts'
import { systemEntropy } from '../src/io/system.ts'
import { operatorErrorOf } from '../src/io/system-error.ts'
import {
  type Address,
  type AuthenticationMode,
  type Cluster,
  type ClusterFacts,
  clusterClient,
  deriveClusterId,
  type RequestMode,
} from '../src/messages/cluster.ts'
import { CHECKPOINT_INTERVAL } from '../src/messages/limits.ts'
import type { CryptoSuite } from '../src/ports.ts'
import { freePorts, portsFrom } from './free-ports.ts'
import { lockReplica } from './replica-storage.ts'
import { stage } from './staging.ts'

export const DEFAULT_CLIENTS: readonly string[] = ['gateway', 'operator']
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
  /** One host for each replica; loopback when absent. */
  readonly hosts?: readonly string[]
  /** Replica i listens on basePort + i; 0 takes ports that are free now. */
  readonly basePort: number
  readonly clients?: readonly string[]
  readonly storeBytesMax?: number
  readonly checkpointInterval?: number
  /** Files made by `keygen`, in the order of the ids: those replicas keep their secrets on their own machines. */
  readonly publicKeyFiles?: readonly string[]
}

export interface PublicKeys {
  readonly publicKey: Uint8Array
  readonly agreementKey: Uint8Array
}

/** Makes the whole directory or, when something is wrong, nothing. */
export async function initCluster(options: InitOptions): Promise<Cluster> {
  return (await makeCluster(options)).cluster
}

export interface MadeCluster {
  readonly cluster: Cluster
  /** Removes what was made, and what was added to it since. */
  undo(): void
}

/** The same for a caller that may want to take it back. */
export async function makeCluster(options: InitOptions): Promise<MadeCluster> {
  const { directory } = options
  const { cluster, secrets, clientSecrets } = await drawCluster(options)
  const staging = stage(directory)
  try {
    mkdirSync(clientsDirectory(staging.directory))
    for (const { name, keys } of clientSecrets) writeKeyFile(clientKey(staging.directory, name), keys)
    for (const [id, keys] of secrets.entries()) await writeReplica(staging.directory, id, keys)
    writeClusterFile(clusterFile(staging.directory), cluster)
    expectReadable(staging.directory, cluster, secrets.length)
    // The cluster file comes last: where it stands, everything else does.
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
  /** Of the replicas in the order of their ids; none where they were made elsewhere. */
  readonly secrets: readonly SecretKeys[]
  readonly clientSecrets: readonly { readonly name: string; readonly keys: SecretKeys }[]
}> {
  const { directory, replicas: n, auth: mode = 'signed', requests = 'signed' } = options
  if (requests === 'oral' && mode === 'signed') throw new OperatorError('--requests oral needs --auth oral.')
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
      : readPublicKeys(options.publicKeyFiles, n)
  const clientSecrets = (options.clients ?? DEFAULT_CLIENTS).map((name) => ({ name, keys: generateKeys() }))
  const facts: ClusterFacts = {
    mode,
    requests,
    suite: options.suite,
    nonce: systemEntropy(32),
    replicas: publics.map((keys, index) => ({
      id: toReplicaId(index),
      address: addresses[index] as Address,
      ...keys,
    })),
    clients: clientSecrets.map(({ name, keys }) => {
      const { publicKey, agreementKey } = publicKeysOf(keys, suite)
      return clusterClient(name, publicKey, mode === 'oral' ? agreementKey : null)
    }),
    storeBytesMax: options.storeBytesMax ?? DEFAULT_STORE_BYTES_MAX,
    checkpointInterval: options.checkpointInterval ?? CHECKPOINT_INTERVAL,
  }
  const cluster = { ...facts, clusterId: deriveClusterId(suite.hash, facts) }
  return { cluster, secrets, clientSecrets }
}

/** Reads what was written as replicas and clients will, before it takes its place. */
function expectReadable(directory: string, { clusterId, clients }: Cluster, replicas: number): void {
  const read = readClusterFile(clusterFile(directory), suiteNamed)
  assert(equalBytes(read.clusterId, clusterId), 'the cluster file holds the cluster that was made')
  for (const { name } of clients) readKeyFile(clientKey(directory, name))
  for (let id = 0; id < replicas; id++) readKeyFile(replicaKey(directory, id))
}

/** A log advises to start its replica again, and there is none yet. */
const whyNotMade = (error: unknown): unknown =>
  error instanceof LogFailed ? (operatorErrorOf(error.cause) ?? error) : error

/** A replica's folder: its key and a log that holds its birth record. */
async function writeReplica(directory: string, id: number, keys: SecretKeys): Promise<void> {
  mkdirSync(replicaDirectory(directory, id), { mode: 0o700 })
  const lock = await lockReplica(directory, id)
  try {
    writeKeyFile(replicaKey(directory, id), keys)
    await createFileLog(replicaLog(directory, id), { lock })
  } finally {
    await lock.release()
  }
}

/** One replica's keys, made on its own machine; its public half goes to the operator that runs `init --public-keys`. */
export async function generateReplica(
  directory: string,
  id: number,
  suiteName: 'sodium' | 'noble',
): Promise<object> {
  if (existsSync(replicaKey(directory, id))) {
    throw new OperatorError(`${replicaKey(directory, id)} exists already; a key is never overwritten.`)
  }
  const keys = generateKeys()
  const staging = stage(directory)
  try {
    await writeReplica(staging.directory, id, keys)
    readKeyFile(replicaKey(staging.directory, id))
    staging.commit(basename(replicaDirectory(directory, id)))
  } catch (error) {
    staging.undo()
    throw whyNotMade(error)
  }
  const { publicKey, agreementKey } = publicKeysOf(keys, suiteNamed(suiteName))
  return { publicKey: toHex(publicKey), agreementKey: toHex(agreementKey) }
}

function generateKeys(): SecretKeys {
  return { signingSeed: systemEntropy(32), agreementSecret: systemEntropy(32) }
}

function publicKeysOf(keys: SecretKeys, suite: CryptoSuite): PublicKeys {
  return {
    publicKey: Uint8Array.from(suite.signer(keys.signingSeed).publicKey),
    agreementKey: Uint8Array.from(suite.agreementPublicKey(keys.agreementSecret)),
  }
}

const hexKey = z.string().regex(/^[0-9a-f]{64}$/)
const PublicKeysJson = z.object({ publicKey: hexKey, agreementKey: hexKey })

function readPublicKeys(files: readonly string[], n: number): readonly PublicKeys[] {
  if (files.length !== n) {
    throw new OperatorError(`--public-keys names ${files.length} files for ${n} replicas.`)
  }
  return files.map((path) => {
    const text = readFileSync(path, 'utf8')
    try {
      const { publicKey, agreementKey } = PublicKeysJson.parse(JSON.parse(text))
      return {
        publicKey: fromHex(publicKey) ?? new Uint8Array(0),
        agreementKey: fromHex(agreementKey) ?? new Uint8Array(0),
      }
    } catch {
      throw new OperatorError(`${path} does not hold a replica's public keys as keygen prints them.`)
    }
  })
}

async function chooseAddresses({ replicas, hosts, basePort }: InitOptions): Promise<readonly Address[]> {
  if (hosts !== undefined && hosts.length !== replicas) {
    throw new OperatorError(`--hosts names ${hosts.length} hosts for ${replicas} replicas.`)
  }
  const parsed = hosts?.map((text) => {
    const host = parseHost(text)
    if (host !== null) return host
    throw new OperatorError(
      `--hosts: "${text}" is not a host; write a DNS name, an IPv4 or an IPv6 address, without a port (ports are --base-port + i).`,
    )
  })
  const ports = basePort === 0 ? await freePorts(replicas) : portsFrom(basePort, replicas)
  return ports.map((port, index) => ({ host: parsed?.[index] ?? '127.0.0.1', port }))
}
