/** The composition root of a replica: the only place where the protocol meets sockets, disk and clock. */
import { setTimeout as wait } from 'node:timers/promises'
import { equalBytes } from '../src/base/bytes.ts'
import { given } from '../src/base/given.ts'
import { toReplicaId } from '../src/base/ids.ts'
import { OperatorError } from '../src/base/operator-error.ts'
import { suiteNamed } from '../src/crypto/suites.ts'
import { clusterFile, replicaKey } from '../src/io/cluster-directory.ts'
import { readClusterFile } from '../src/io/cluster-file.ts'
import { openFilesMax, shareConnections } from '../src/io/descriptors.ts'
import type { DirectoryLock } from '../src/io/directory-lock.ts'
import { handshakeRateFor } from '../src/io/handshake-admission.ts'
import { readKeyFile } from '../src/io/key-file.ts'
import { LoopWatch } from '../src/io/loop-watch.ts'
import { systemClock, systemEntropy } from '../src/io/system.ts'
import {
  CLIENT_LINKS_MAX,
  createTcpTransport,
  HALF_OPEN_MAX,
  type TcpTransport,
} from '../src/io/tcp-transport.ts'
import { type Address, type Cluster, storeParametersOf } from '../src/messages/cluster.ts'
import type { Evidence } from '../src/messages/message.ts'
import type { Peer, Signer } from '../src/ports.ts'
import { createLinkSecurity } from '../src/runtime/links/secure-link.ts'
import { ReplicaRuntime } from '../src/runtime/replica-runtime.ts'
import type {
  Recomposition,
  RejectedMessage,
  ReplicaRuntimeOptions,
} from '../src/runtime/replica-runtime-options.ts'
import { createStore } from '../src/store/application.ts'
import { expectFirstState } from './first-state.ts'
import { lockReplica, openReplicaStorage } from './replica-storage.ts'

export interface ReplicaProcessOptions {
  readonly directory: string
  readonly id: number
  /** The address to listen on; that of the cluster file if absent. */
  readonly listen?: Address
  /** Bytes of log growth after which the next stable checkpoint is stored and the log before it is trimmed. */
  readonly storeAfterBytes?: number
  /** Replaces parts of an honest replica, to make an adversary. */
  readonly recompose?: Recomposition
  readonly onRejected?: (rejected: RejectedMessage) => void
  readonly onEvidence?: (evidence: Evidence) => void
  /** Called when a silent link was closed; it is opened again. */
  readonly onSilentLink?: (peer: Peer) => void
  /** Called when the disk failed or an assertion did: the process must end. */
  readonly onFailure: (error: Error) => void
  /** Called with a sentence when data on the disk is lost; the replica recovers it from the others. */
  readonly onLoss: (message: string) => void
}

export interface ReplicaProcess {
  readonly runtime: ReplicaRuntime
  /** The number of replicas in the cluster. */
  readonly n: number
  readonly address: string
  /** Takes no new links, and resolves once what is under way is executed, on disk and sent, within a bound. */
  drain(): Promise<void>
  close(): Promise<void>
}

/** The milliseconds that a replica has for what is under way when it drains: others may keep it busy without an end. */
const DRAIN_MS_MAX = 1_000
/** The milliseconds between two looks at what is left. */
const DRAIN_LOOK_MS = 5

/**
 * Reads the cluster directory, replays the log, listens. Rejects with an `OperatorError` for errors that the operator
 * can fix.
 */
export async function startReplica(options: ReplicaProcessOptions): Promise<ReplicaProcess> {
  const { directory, id } = options
  const cluster = readClusterFile(clusterFile(directory), suiteNamed)
  if (cluster.replicas[id] === undefined) {
    throw new OperatorError(
      `The cluster has replicas 0 to ${cluster.replicas.length - 1}; there is no replica ${id}.`,
    )
  }
  const lock = await lockReplica(directory, id)
  try {
    const running = await startLocked(options, cluster, lock)
    return { ...running, close: () => running.close().finally(() => lock.release()) }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function startLocked(
  options: ReplicaProcessOptions,
  cluster: Cluster,
  lock: DirectoryLock,
): Promise<ReplicaProcess> {
  const { directory, id } = options
  const suite = suiteNamed(cluster.suite)
  const keys = readOwnKeys(directory, id, cluster)
  const storage = await openReplicaStorage(directory, id, { ...options, lock })
  try {
    expectFirstState(cluster, storage, options)
  } catch (error) {
    await storage.close()
    throw error
  }
  const address = options.listen ?? (cluster.replicas[id]?.address as Address)
  const transport = openTransport(id, cluster, { keys, address })
  const loop = new LoopWatch()
  try {
    const parts: ReplicaRuntimeOptions = {
      id: toReplicaId(id),
      cluster,
      suite,
      ...keys,
      transport,
      replay: storage.log,
      pages: storage.pages,
      entropy: systemEntropy,
      application: createStore({ hash: suite.hash, ...storeParametersOf(cluster) }),
      clock: systemClock,
      loop,
      ...given({
        storeAfterBytes: options.storeAfterBytes,
        onRejected: options.onRejected,
        onSilentLink: options.onSilentLink,
        onEvidence: options.onEvidence,
      }),
    }
    const runtime = new ReplicaRuntime(options.recompose?.(parts) ?? parts)
    const { host, port } = await transport.listening()
    loop.start()
    return {
      runtime,
      n: cluster.replicas.length,
      address: `${host}:${port}`,
      drain: async () => {
        transport.stopListening()
        const last = performance.now() + DRAIN_MS_MAX
        while (!runtime.isSettled && performance.now() < last) await wait(DRAIN_LOOK_MS)
      },
      close: async () => {
        loop.stop()
        runtime.stop()
        await transport.close()
        await storage.close()
      },
    }
  } catch (error) {
    await transport.close()
    await storage.close()
    throw error
  }
}

interface OwnKeys {
  readonly signer: Signer
  readonly agreementSecret: Uint8Array
}

/** Reads the secret keys of a replica. Throws an `OperatorError` if they do not match the cluster file. */
function readOwnKeys(directory: string, id: number, cluster: Cluster): OwnKeys {
  const self = cluster.replicas[id] as Cluster['replicas'][number]
  const suite = suiteNamed(cluster.suite)
  const { signingSeed, agreementSecret } = readKeyFile(replicaKey(directory, id))
  const signer = suite.signer(signingSeed)
  const isOwn =
    equalBytes(signer.publicKey, self.publicKey) &&
    (cluster.mode === 'signed' || equalBytes(suite.agreementPublicKey(agreementSecret), self.agreementKey))
  if (!isOwn) {
    throw new OperatorError(
      `The secret key ${replicaKey(directory, id)} is not the key of replica ${id} in the cluster file.`,
    )
  }
  return { signer, agreementSecret }
}

/** Opens the links of a replica: it listens at an address and dials the others. */
function openTransport(
  id: number,
  cluster: Cluster,
  { keys, address }: { readonly keys: OwnKeys; readonly address: Address },
): TcpTransport {
  const suite = suiteNamed(cluster.suite)
  const shares = shareConnections(openFilesMax(), cluster.replicas.length, {
    halfOpenMax: HALF_OPEN_MAX,
    clientLinksMax: CLIENT_LINKS_MAX,
  })
  return createTcpTransport({
    self: { kind: 'replica', id: toReplicaId(id) },
    replicas: cluster.replicas,
    listen: address,
    isKnownClient: (id) => cluster.clients.some((client) => client.id === id),
    security: createLinkSecurity({
      suite,
      entropy: systemEntropy,
      clusterId: cluster.clusterId,
      replicaKeys: cluster.replicas.map((replica) => replica.publicKey),
      identity: { kind: 'replica', id: toReplicaId(id), signer: keys.signer },
      helloMacKeys: {
        agreementSecret: keys.agreementSecret,
        agreementKeys: cluster.replicas.map((replica) => replica.agreementKey),
      },
    }),
    handshakeRate: handshakeRateFor(suite),
    ...shares,
  })
}
