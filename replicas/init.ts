/** Makes a cluster directory: keys, cluster file, and each replica's log with its birth record. */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { fromHex, toHex } from '../src/base/bytes.ts'
import { toReplicaId } from '../src/base/ids.ts'
import { OperatorError } from '../src/base/operator-error.ts'
import { isClusterSize } from '../src/base/quorum.ts'
import { suiteNamed } from '../src/crypto/suites.ts'
import { writeClusterFile } from '../src/io/cluster-file.ts'
import { createFileLog } from '../src/io/file-log.ts'
import { type SecretKeys, writeKeyFile } from '../src/io/key-file.ts'
import { systemEntropy } from '../src/io/system.ts'
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
import {
  clientKey,
  clusterFile,
  replicaDirectory,
  replicaKey,
  replicaLock,
  replicaLog,
} from './cluster-directory.ts'
import { freePorts } from './free-ports.ts'
import { lockReplica } from './replica-storage.ts'

export const DEFAULT_BASE_PORT = 7400
export const DEFAULT_CLIENTS: readonly string[] = ['gateway', 'operator']
/** Bytes of keys and values. */
export const DEFAULT_STORE_BYTES_MAX = 4 * 1024 ** 3

export interface InitOptions {
  readonly directory: string
  readonly replicas: number
  readonly suite: 'sodium' | 'noble'
  /** How replicas authenticate their messages; `signed` when absent. */
  readonly auth?: AuthenticationMode
  /** How clients authenticate their requests; `signed` when absent. */
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
  const { directory, replicas: n, auth: mode = 'signed', requests = 'signed' } = options
  if (requests === 'oral' && mode === 'signed') throw new OperatorError('--requests oral needs --auth oral.')
  if (!isClusterSize(n)) throw new OperatorError(`--replicas must be 4, 7, 10 or 13 (3f + 1), not ${n}.`)
  if (existsSync(clusterFile(directory))) {
    throw new OperatorError(`${clusterFile(directory)} exists already; a cluster is never overwritten.`)
  }
  const suite = suiteNamed(options.suite)
  const addresses = await chooseAddresses(options)
  const secrets = options.publicKeyFiles === undefined ? addresses.map(() => generateKeys()) : null
  const publics = secrets?.map((keys) => publicKeysOf(keys, suite)) ?? readPublicKeys(options, n)
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

  mkdirSync(join(directory, 'clients'), { recursive: true })
  for (const { name, keys } of clientSecrets) writeKeyFile(clientKey(directory, name), keys)
  for (const [id, keys] of (secrets ?? []).entries()) await prepareReplica(directory, id, keys)
  // The cluster file comes last: where it stands, everything else does.
  const beside = `${clusterFile(directory)}.new`
  rmSync(beside, { force: true })
  writeClusterFile(beside, cluster)
  renameSync(beside, clusterFile(directory))
  return cluster
}

/** A replica's folder: its key and a log that holds its birth record. */
async function prepareReplica(directory: string, id: number, keys: SecretKeys): Promise<void> {
  const folder = replicaDirectory(directory, id)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = await lockReplica(directory, id)
  try {
    // Remains of an attempt that did not get as far as a cluster file belong to no cluster.
    for (const name of readdirSync(folder)) {
      if (join(folder, name) !== replicaLock(directory, id)) rmSync(join(folder, name), { recursive: true })
    }
    writeKeyFile(replicaKey(directory, id), keys)
    await createFileLog(replicaLog(directory, id), { lock })
  } finally {
    await lock.release()
  }
}

/** One replica's keys, made on its own machine; its public half goes to whoever runs `init --public-keys`. */
export async function generateReplica(
  directory: string,
  id: number,
  suiteName: 'sodium' | 'noble',
): Promise<object> {
  if (existsSync(replicaKey(directory, id))) {
    throw new OperatorError(`${replicaKey(directory, id)} exists already; a key is never overwritten.`)
  }
  const keys = generateKeys()
  await prepareReplica(directory, id, keys)
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

function readPublicKeys({ publicKeyFiles = [] }: InitOptions, n: number): readonly PublicKeys[] {
  if (publicKeyFiles.length !== n) {
    throw new OperatorError(`--public-keys names ${publicKeyFiles.length} files for ${n} replicas.`)
  }
  return publicKeyFiles.map((path) => {
    try {
      const { publicKey, agreementKey } = PublicKeysJson.parse(JSON.parse(readFileSync(path, 'utf8')))
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
  if (basePort !== 0 && !(basePort >= 1 && basePort + replicas - 1 <= 65_535)) {
    throw new OperatorError(`--base-port ${basePort} leaves no port for each of ${replicas} replicas.`)
  }
  const ports =
    basePort === 0 ? await freePorts(replicas) : Array.from({ length: replicas }, (_, i) => basePort + i)
  return ports.map((port, index) => ({ host: hosts?.[index] ?? '127.0.0.1', port }))
}
