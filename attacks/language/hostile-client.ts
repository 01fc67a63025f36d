/** A client that plays a behaviour; its world provides its links, its clock and its keys. */

import { assert } from '../../src/base/assert.ts'
import { toHex } from '../../src/base/bytes.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import type { Random } from '../../src/base/random.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { createSigningDigest, encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS, type FrameKindName } from '../../src/messages/kinds.ts'
import { SESSION_NONCE_BYTES } from '../../src/messages/limits.ts'
import { encodeMacs, epochOf, readMac } from '../../src/messages/macs.ts'
import type { Message, Request } from '../../src/messages/message.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import type { Clock, CryptoSuite, LinkSecurity, Peer, Signer, Transport } from '../../src/ports.ts'
import { macsOf } from '../../src/runtime/authentication/message-macs.ts'
import { TICK_MS } from '../../src/runtime/tick.ts'
import { type Blackboard, toReplica } from './adversary-context.ts'
import type { AnswerKind, ClientBehaviour } from './client-behaviour.ts'
import {
  type ClientContext,
  type ClientLink,
  clientOf,
  type FalseIdentity,
  type RequestToSign,
  toTimestamp,
} from './client-context.ts'
import { handshakesOf } from './false-identity.ts'

const SEED_BYTES = 32
const NOTHING = new Uint8Array(0)
const OWN_SESSION = new Uint8Array(SESSION_NONCE_BYTES).fill(1)
/** The maximum number of sentences of one kind. */
const NAMED_MAX = 3

export interface HostileClientOptions {
  readonly behaviour: ClientBehaviour
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signers: readonly [Signer, ...Signer[]]
  /** Its X25519 secrets, in the same order. */
  readonly agreementSecrets: readonly Uint8Array[]
  readonly clock: Clock
  readonly random: Random
  readonly board: Blackboard
  /** Opens links to all replicas, each with its own handshake. */
  readonly connect: (security: LinkSecurity) => Transport
  /** True while the attack is on; otherwise the client does nothing. */
  readonly isOn: () => boolean
  readonly onAct: () => void
  /** Called with every request that it signs. */
  readonly onSigned?: (request: Request) => void
}

export class HostileClient {
  /** The answers of correct replicas: the number of replies, and of refusals by reason. */
  readonly told = new Map<AnswerKind, number>()
  readonly #options: HostileClientOptions
  readonly #signingDigest: ReturnType<typeof createSigningDigest>
  readonly #place: ClientContext
  readonly #transports: Transport[] = []
  readonly #stopTicking: () => void
  /** The answers to each request, with the replica that gave each one first. */
  readonly #answers = new Map<string, { readonly from: ReplicaId; readonly digest: string }>()
  readonly #timestamps = new Set<string>()
  readonly #complaints: string[] = []
  #link: ClientLink | null = null
  #ticks = 0

  constructor(options: HostileClientOptions) {
    this.#options = options
    this.#signingDigest = createSigningDigest(options.suite.hash, options.cluster.clusterId)
    this.#place = this.#createPlace()
    this.#stopTicking = options.clock.every(TICK_MS, () => this.#tick())
  }

  /** The number of timestamps that it has used, over all its clients. */
  get timestamps(): number {
    return this.#timestamps.size
  }

  /** Stops, and returns the violations that it saw, as sentences. */
  end(): readonly string[] {
    this.#stopTicking()
    return [...this.#complaints.slice(0, NAMED_MAX), ...(this.#options.behaviour.end?.(this.#place) ?? [])]
  }

  #tick(): void {
    if (!this.#options.isOn()) return
    this.#options.behaviour.tick?.(this.#place)
    this.#ticks++
    for (const transport of this.#transports) transport.flush()
  }

  #open(identity: FalseIdentity): ClientLink {
    const { cluster, onAct, connect } = this.#options
    const transport = connect(handshakesOf(identity, { ...this.#options, onBegun: onAct }))
    this.#transports.push(transport)
    const heardFrom = new Set<ReplicaId>()
    const link: ClientLink = {
      get admittedBy() {
        return [...heardFrom].sort((a, b) => a - b)
      },
      inquire: () => {
        const payload = packPayload([this.#ticks])
        link.sendToAll(
          encodeFrame({ kind: FRAME_KINDS.inquiry, payload, authentication: NOTHING, body: NOTHING }).bytes,
        )
      },
      send: (frame, to) => {
        if (transport.send(toReplica(to), frame)) onAct()
      },
      sendToAll: (frame) => {
        for (const { id } of cluster.replicas) link.send(frame, id)
      },
    }
    transport.start({
      onLink: () => {},
      onFrame: (from, frame) => {
        if (from.kind === 'replica') heardFrom.add(from.id)
        this.#receive(from, frame, link)
        return true
      },
    })
    return link
  }

  #receive(peer: Peer, frame: Uint8Array, link: ClientLink): void {
    const { suite, behaviour, board } = this.#options
    if (peer.kind !== 'replica') return
    const message = decodeMessage(frame, { hash: suite.hash, signingDigest: this.#signingDigest })
    if (isRejection(message)) return
    if (!board.traitors.includes(peer.id)) this.#note(message, peer.id)
    if (this.#options.isOn()) behaviour.receive?.({ from: peer.id, message, link }, this.#place)
  }

  #note(message: Message, from: ReplicaId): void {
    if (message.kind !== 'reply' && message.kind !== 'refusal') return
    const told = message.kind === 'reply' ? 'reply' : message.reason
    this.told.set(told, (this.told.get(told) ?? 0) + 1)
    if (message.kind !== 'reply') return
    const { client, timestamp, requestDigest, resultDigest } = message
    const digest = `${toHex(requestDigest)} ${toHex(resultDigest)}`
    const key = `${client} ${timestamp}`
    const first = this.#answers.get(key)
    if (first === undefined) this.#answers.set(key, { from, digest })
    else if (first.digest !== digest) {
      this.#complaints.push(`replicas ${first.from} and ${from} answered request ${timestamp} differently`)
    }
  }

  #request({
    timestamp,
    operations,
    signer = this.#options.signers[0],
    responder,
    goodFor,
    session = OWN_SESSION,
  }: RequestToSign): Uint8Array {
    const { suite, cluster, onSigned } = this.#options
    const { publicKey } = signer
    const content = {
      publicKey,
      session,
      timestamp: toTimestamp(timestamp),
      responder: responder ?? cluster.replicas.length,
      operations,
    }
    const request = encodeRequest(content, {
      hash: suite.hash,
      signingDigest: this.#signingDigest,
      sign: (digest) =>
        goodFor === undefined ? signer.sign(digest) : this.#partialMacs(digest, signer, goodFor),
    })
    this.#timestamps.add(`${request.client} ${timestamp}`)
    onSigned?.(request)
    return request.bytes
  }

  #partialMacs(digest: Uint8Array, signer: Signer, goodFor: readonly ReplicaId[]): Uint8Array {
    const { cluster, suite, clock, signers, agreementSecrets } = this.#options
    const macs = macsOf({
      cluster,
      suite,
      clock,
      self: { kind: 'client', id: clientOf(signer) },
      agreementSecret: agreementSecrets[signers.indexOf(signer)] ?? NOTHING,
    })
    assert(macs !== null, 'only clusters made with --auth oral have MACs')
    const received = macs.forReplicas(digest)
    const slots = cluster.replicas.map(({ id }) => {
      const mac = readMac(received, { slot: id, n: cluster.replicas.length })?.mac ?? NOTHING
      return goodFor.includes(id) ? mac : mac.map((byte) => byte ^ 1)
    })
    return encodeMacs(epochOf(received), slots)
  }

  #seal(
    kind: FrameKindName,
    payload: Uint8Array,
    body: Uint8Array = NOTHING,
    signer: Signer = this.#options.signers[0],
  ): Uint8Array {
    const authentication = signer.sign(this.#signingDigest(FRAME_KINDS[kind], payload))
    return encodeFrame({ kind: FRAME_KINDS[kind], payload, authentication, body }).bytes
  }

  #createPlace(): ClientContext {
    const { cluster, suite, signers, random, board } = this.#options
    const ticks = (): number => this.#ticks
    const own = (): ClientLink => {
      this.#link ??= this.#open({ signer: signers[0] })
      return this.#link
    }
    return {
      n: cluster.replicas.length,
      f: faultsMax(cluster.replicas.length),
      replicas: cluster.replicas.map(({ id }) => id),
      cluster,
      hash: suite.hash,
      random,
      board,
      get ticks() {
        return ticks()
      },
      signers,
      get link() {
        return own()
      },
      stranger: () => suite.signer(Uint8Array.from({ length: SEED_BYTES }, () => random.below(256))),
      open: (identity) => this.#open(identity),
      request: (request) => this.#request(request),
      seal: (kind, payload, body, signer) => this.#seal(kind, payload, body, signer),
    }
  }
}
