/**
 * Keeps the replies that replicas signed, and identifies the signers of false ones: results that do not follow from
 * the decided batches. It needs only signatures and the decided batches.
 */
import { toHex } from '../../../src/base/bytes.ts'
import type { Hash } from '../../../src/base/hash.ts'
import type { ClientId, ReplicaId, Timestamp } from '../../../src/base/ids.ts'
import type { RequestOutcome } from '../../../src/base/request-outcome.ts'
import type { Cluster } from '../../../src/messages/cluster.ts'
import { decodeMessage } from '../../../src/messages/decode.ts'
import { createSigningDigest } from '../../../src/messages/frame.ts'
import type { Reply } from '../../../src/messages/message.ts'
import { isRejection } from '../../../src/messages/rejection.ts'
import type { CryptoSuite, Peer } from '../../../src/ports.ts'
import { createAuthenticator } from '../../../src/runtime/authentication/authentication.ts'
import type { Audit } from '../../../src/simulator/runs/simulate.ts'

/** The digest of the correct results, by request. */
export type TrueResults = ReadonlyMap<string, string>

const requestKey = (client: ClientId, timestamp: Timestamp): string => `${client} ${timestamp}`

/** Adds the results of a batch. */
export function addResults(
  results: Map<string, string>,
  outcomes: readonly RequestOutcome[],
  hash: Hash,
): void {
  for (const { client, timestamp, results: given } of outcomes) {
    if (given !== null) results.set(requestKey(client, timestamp), toHex(hash(given)))
  }
}

export class ReplyWitness {
  readonly #tools: {
    readonly hash: Hash
    readonly signingDigest: ReturnType<typeof createSigningDigest>
  }
  readonly #authenticate: (reply: Reply, from: Peer) => boolean
  /** The first reply for each request, result and sender. */
  readonly #replies = new Map<string, { readonly reply: Reply; readonly from: Peer }>()

  constructor({ cluster, suite }: { readonly cluster: Cluster; readonly suite: CryptoSuite }) {
    const { hash } = suite
    this.#tools = { hash, signingDigest: createSigningDigest(hash, cluster.clusterId) }
    const authenticator = createAuthenticator({ cluster, suite, signingDigest: this.#tools.signingDigest })
    this.#authenticate = (reply, from) => !isRejection(authenticator.authenticate(reply, from))
  }

  /** Notes a frame that a client received. */
  see(from: Peer, frame: Uint8Array): void {
    const reply = decodeMessage(frame.slice(), this.#tools)
    if (isRejection(reply) || reply.kind !== 'reply') return
    const { sender, client, timestamp, resultDigest } = reply
    const key = `${requestKey(client, timestamp)} ${sender} ${toHex(resultDigest)}`
    if (!this.#replies.has(key)) this.#replies.set(key, { reply, from })
  }

  /** Returns the replicas that signed false results. */
  liars(truth: TrueResults): readonly ReplicaId[] {
    const found = new Set<ReplicaId>()
    for (const { reply, from } of this.#replies.values()) {
      const { sender, client, timestamp, resultDigest } = reply
      const given = truth.get(requestKey(client, timestamp))
      if (given === undefined || given === toHex(resultDigest) || found.has(sender)) continue
      if (this.#authenticate(reply, from)) found.add(sender)
    }
    return [...found].sort((a, b) => a - b)
  }
}

/** The witness of a simulation, in which the true results are those of correct replicas. */
export class SimulatedWitness {
  #witness: ReplyWitness | null = null
  readonly #results = new Map<string, string>()

  readonly attend = (world: { readonly cluster: Cluster; readonly suite: CryptoSuite }): Audit => {
    const witness = new ReplyWitness(world)
    this.#witness = witness
    return {
      onClientFrame: (from, frame) => witness.see(from, frame),
      onExecuted: (outcomes) => addResults(this.#results, outcomes, world.suite.hash),
    }
  }

  /** The replicas that signed false results. */
  get named(): readonly ReplicaId[] {
    return this.#witness?.liars(this.#results) ?? []
  }
}
