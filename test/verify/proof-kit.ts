/** Clusters whose keys the test has, and what their replicas sign: receipts made by the code that makes real ones. */

import type { ReceiptDocument } from '../../clients/api/receipt.ts'
import { receiptOf } from '../../clients/library/receipt.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { type ReplicaId, replicaIds, type Sequence, type Timestamp, type View } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import {
  type Cluster,
  type ClusterFacts,
  clusterClient,
  deriveClusterId,
} from '../../src/messages/cluster.ts'
import { createSigningDigest, splitFrame } from '../../src/messages/frame.ts'
import type { Reply, Request } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { decodeReply } from '../../src/messages/reply.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import type { Signer } from '../../src/ports.ts'
import { createReplyMaker } from '../../src/runtime/execution/replies.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { seedOf } from '../kit/cluster-kit.ts'
import { Driver } from '../store/harness.ts'

export const suite = suiteNamed('sodium')
const SESSION = new Uint8Array(16).fill(7)

/** Documents with base64 and numbers that tests change. */
export type Loose = Record<string, unknown>

export class SigningCluster {
  readonly signers: readonly Signer[]
  readonly client: Signer
  readonly cluster: Cluster
  readonly context: { readonly cluster: Cluster; readonly crypto: typeof suite }
  readonly store = new Driver()
  #timestamp = 0

  constructor(facts: Partial<ClusterFacts> & { readonly n?: number; readonly keys?: number } = {}) {
    const { n = 4, keys = 100, ...others } = facts
    this.signers = replicaIds(n).map((id) => suite.signer(seedOf(keys + id)))
    this.client = suite.signer(seedOf(keys + 50))
    const whole: ClusterFacts = {
      mode: 'signed',
      requests: 'signed',
      reads: 'ordered',
      suite: 'sodium',
      nonce: seedOf(keys + 77),
      replicas: this.signers.map(({ publicKey }, id) => ({
        id: id as ReplicaId,
        address: { host: '127.0.0.1', port: 7000 + id },
        publicKey,
        agreementKey: suite.agreementPublicKey(seedOf(keys + 30 + id)),
      })),
      clients: [clusterClient('gateway', this.client.publicKey)],
      storeBytesMax: 1 << 30,
      checkpointInterval: 128,
      ...others,
    }
    this.cluster = { ...whole, clusterId: deriveClusterId(suite.hash, whole) }
    this.context = { cluster: this.cluster, crypto: suite }
  }

  get #tools() {
    return {
      hash: suite.hash,
      signingDigest: createSigningDigest(suite.hash, this.cluster.clusterId),
    }
  }

  request(...operations: readonly Operation[]): Request {
    return encodeRequest(
      {
        publicKey: this.client.publicKey,
        session: SESSION,
        timestamp: ++this.#timestamp as Timestamp,
        responder: 0,
        operations: encodeOperations(operations),
      },
      { ...this.#tools, sign: (digest) => this.client.sign(digest) },
    )
  }

  /** The reply of one replica to a request, in a batch with two others. */
  reply(
    id: number,
    request: Request,
    results: Uint8Array,
    place: { readonly sequence?: number; readonly view?: number } = {},
  ): Reply {
    const { sequence = 9, view = 0 } = place
    const maker = createReplyMaker({
      id: id as ReplicaId,
      signer: this.signers[id] as Signer,
      ...this.#tools,
    })
    const outcome = {
      client: request.client,
      publicKey: request.publicKey,
      session: request.session,
      timestamp: request.timestamp,
      requestDigest: request.digest,
      results,
      recovery: null,
      standing: 'new',
    } as const
    const other = { ...outcome, requestDigest: seedOf(1), results: utf8('others') }
    const replies = maker.repliesFor(
      { view: view as View, sequence: sequence as Sequence },
      [other, outcome, other].map((each) => ({ outcome: each, isWhole: true })),
    )
    const frame = splitFrame(replies[1]?.frame ?? new Uint8Array(0))
    if (isRejection(frame)) throw new Error('a reply that is no frame')
    const reply = decodeReply(frame, suite.hash)
    if (isRejection(reply)) throw new Error(`a reply that is refused: ${reply.reason}`)
    return reply
  }

  /** The receipt of operations that the store executes now, signed by these replicas. */
  receipt(
    operations: readonly Operation[],
    by: readonly number[] = [0, 1],
    sequences: readonly number[] = [],
  ): ReceiptDocument {
    const request = this.request(...operations)
    const results = this.store.bytes(request.operations)
    const replies = by.map((id, index) =>
      this.reply(id, request, results, { sequence: sequences[index] ?? 9 }),
    )
    const agreement = { request, replies }
    const receipt = receiptOf(this.cluster, { kind: 'answered', results, vouchers: by, agreement })
    if (receipt === null) throw new Error('no receipt')
    return receipt
  }
}

/** A copy of a document that may be changed. */
export const loose = (document: object): Loose => structuredClone(document) as Loose

/** The base64 text with one bit of its bytes turned over; negative places count from the end. */
export function flipped(base64: unknown, at: number): string {
  const bytes = Buffer.from(base64 as string, 'base64')
  const index = at < 0 ? bytes.length + at : at
  bytes[index] = (bytes[index] ?? 0) ^ 1
  return bytes.toString('base64')
}
