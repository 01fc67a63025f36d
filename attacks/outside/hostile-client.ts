/** A client that has a key of the cluster and its own idea of the protocol: it sends any frame to any replica. */
import { clientKey } from '../../replicas/cluster-directory.ts'
import type { Timestamp } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { readKeyFile } from '../../src/io/key-file.ts'
import { systemEntropy } from '../../src/io/system.ts'
import { createTcpTransport, type TcpTransport } from '../../src/io/tcp-transport.ts'
import { createSigningDigest } from '../../src/messages/frame.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import type { Signer } from '../../src/ports.ts'
import { createLinkSecurity } from '../../src/runtime/secure-link.ts'
import { OperationsWriter } from '../../src/store/operations-writer.ts'
import type { Field } from './field.ts'

export class HostileClient {
  readonly #field: Field
  readonly #signer: Signer
  readonly #transport: TcpTransport
  /** Replies that came, whatever they say. */
  answers = 0

  constructor(field: Field) {
    const { cluster, directory, client } = field
    const suite = suiteNamed(cluster.suite)
    this.#field = field
    this.#signer = suite.signer(readKeyFile(clientKey(directory, client)).signingSeed)
    this.#transport = createTcpTransport({
      self: { kind: 'client' },
      replicas: cluster.replicas,
      security: createLinkSecurity({
        suite,
        entropy: systemEntropy,
        clusterId: cluster.clusterId,
        replicaKeys: cluster.replicas.map((replica) => replica.publicKey),
        identity: { kind: 'client', signer: this.#signer },
      }),
    })
    this.#transport.start({
      onLink: () => {},
      onFrame: () => {
        this.answers++
        return true
      },
    })
  }

  /** A request to put a value, signed for this timestamp: any. */
  put(timestamp: number, key: string, value: string): Uint8Array {
    const { cluster } = this.#field
    const { hash } = suiteNamed(cluster.suite)
    const writer = new OperationsWriter()
    writer.add({ kind: 'put', key: Buffer.from(key), value: Buffer.from(value) })
    const signingDigest = createSigningDigest(hash, cluster.clusterId)
    const { bytes } = encodeRequest(
      {
        publicKey: this.#signer.publicKey,
        timestamp: timestamp as Timestamp,
        responder: 0,
        operations: writer.finish(),
      },
      { hash, signingDigest, sign: (digest) => this.#signer.sign(digest) },
    )
    return bytes
  }

  /** Sends a frame to all replicas. */
  sendToAll(frame: Uint8Array): void {
    for (const { id } of this.#field.cluster.replicas) {
      if (this.#transport.send({ kind: 'replica', id }, frame)) this.#field.act()
    }
    this.#transport.flush()
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}

export const FAR_FUTURE = Number.MAX_SAFE_INTEGER
