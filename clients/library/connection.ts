/**
 * The composition root of a client: it opens a session with the replicas from a cluster directory and a client's name.
 */
import { readU32 } from '../../src/base/bytes.ts'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { createRandom } from '../../src/base/random.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { clientKey, clientTimestamps, clusterFile } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { readKeyFile } from '../../src/io/key-file.ts'
import { systemClock, systemEntropy } from '../../src/io/system.ts'
import { createTcpTransport } from '../../src/io/tcp-transport.ts'
import { openTimestampFile, type WriteDurably } from '../../src/io/timestamp-file.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import { SESSION_NONCE_BYTES } from '../../src/messages/limits.ts'
import type { Peer, Transport } from '../../src/ports.ts'
import type { Obstacle } from '../../src/runtime/client-obstacle.ts'
import { ClientRuntime } from '../../src/runtime/client-runtime.ts'
import { createLinkSecurity } from '../../src/runtime/links/secure-link.ts'

export interface Connection {
  readonly cluster: Cluster
  readonly runtime: ClientRuntime
  readonly transport: Transport
  close(): Promise<void>
}

/** The files of a client: those of its name in a cluster directory, or a cluster file and a key file anywhere. */
export type ClientFiles =
  | { readonly directory: string; readonly name: string }
  | { readonly clusterFile: string; readonly keyFile: string }

/** The reserved timestamps of a key stand beside it, under its name. */
const pathsOf = (files: ClientFiles) =>
  'directory' in files
    ? {
        cluster: clusterFile(files.directory),
        key: clientKey(files.directory, files.name),
        timestamps: clientTimestamps(files.directory, files.name),
      }
    : { cluster: files.clusterFile, key: files.keyFile, timestamps: files.keyFile.replace(/\.key$/, '') }

export type ConnectionOptions = ClientFiles & {
  readonly onRoom?: () => void
  /** Called when the reason changes why the session cannot send. */
  readonly onObstacle?: (obstacle: Obstacle | null) => void
  /** Called with every frame from a replica, before it is decoded. */
  readonly onFrame?: (from: Peer, frame: Uint8Array) => void
  /** Writes the reserved timestamps; replaced in tests of failing disks. */
  readonly writeTimestamps?: WriteDurably
}

/**
 * Opens a session with a client's key, that is `clients/<name>.key` in a cluster directory. Rejects with an
 * `OperatorError` when the cluster file or the key cannot be used, or when another process uses the key.
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const paths = pathsOf(options)
  const cluster = readClusterFile(paths.cluster, suiteNamed)
  const keyFile = paths.key
  const suite = suiteNamed(cluster.suite)
  const { signingSeed, agreementSecret } = readKeyFile(keyFile)
  const signer = suite.signer(signingSeed)
  const self = cluster.clients.find(({ publicKey }) => Buffer.compare(publicKey, signer.publicKey) === 0)
  const isOwn =
    self !== undefined &&
    (self.agreementKey === null ||
      Buffer.compare(suite.agreementPublicKey(agreementSecret), self.agreementKey) === 0)
  if (!isOwn) {
    throw new OperatorError(`The key ${keyFile} does not belong to any client of this cluster.`)
  }
  const reservations = await openTimestampFile(paths.timestamps, options.writeTimestamps)
  const transport = createTcpTransport({
    self: { kind: 'client' },
    replicas: cluster.replicas,
    security: createLinkSecurity({
      suite,
      entropy: systemEntropy,
      clusterId: cluster.clusterId,
      replicaKeys: cluster.replicas.map((replica) => replica.publicKey),
      identity: { kind: 'client', signer },
    }),
  })
  const runtime = new ClientRuntime({
    cluster,
    suite,
    signer,
    session: systemEntropy(SESSION_NONCE_BYTES),
    agreementSecret,
    transport,
    clock: systemClock,
    random: createRandom(readU32(systemEntropy(4), 0)),
    reservations,
    ...given({ onRoom: options.onRoom, onObstacle: options.onObstacle, onFrame: options.onFrame }),
  })
  return {
    cluster,
    runtime,
    transport,
    close: async () => {
      runtime.stop()
      await transport.close()
      await reservations.close()
    },
  }
}
