/**
 * Clients of a simulation outside its load: hostile ones. Each replica checks their identity by the handshake of real
 * links. Only an admitted client has an end of the network, under its authenticated name, and only frames that a real
 * link would carry get through.
 */
import { assert } from '../../base/assert.ts'
import { readU32 } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import type { Cluster } from '../../messages/cluster.ts'
import { FRAME_LENGTH_BYTES } from '../../messages/frame.ts'
import { REQUEST_BYTES_MAX } from '../../messages/limits.ts'
import type {
  Clock,
  CryptoSuite,
  Handshake,
  LinkSecurity,
  Peer,
  Signer,
  Transport,
  TransportHandler,
} from '../../ports.ts'
import { createLinkSecurity } from '../../runtime/links/secure-link.ts'
import type { SeenRequest } from '../checkers/checker.ts'
import type { VirtualTime } from './virtual-clock.ts'
import type { VirtualNetwork } from './virtual-network.ts'

/** Virtual milliseconds after which a client that was refused, or whose link ended, dials again. */
const DIAL_AGAIN_MS = 100
/** A handshake of two ends that follow the rules takes three frames. */
const HANDSHAKE_FRAMES_MAX = 8

export interface ExtraClients {
  /** The number of clients that the cluster admits for them, in addition to those of the load. */
  readonly admitted: number
  /** Called once, before anything happens. */
  arrive(host: ExtraClientHost): void
}

/** The environment of extra clients. */
export interface ExtraClientHost {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  /** The keys of the clients that are admitted for them. */
  readonly signers: readonly Signer[]
  /** Their X25519 secrets, in the same order. */
  readonly agreementSecrets: readonly Uint8Array[]
  readonly clock: Clock
  readonly random: Random
  /** Opens links to all replicas, each with its own handshake. */
  connect(security: LinkSecurity): Transport
  /** Notes that a client's key signed this request, so that replicas may execute it. */
  signed(request: SeenRequest): void
  /** True if every request of the load was answered. */
  isLoadOver(): boolean
}

/** The replicas' ends of the handshakes with extra clients. */
export class ExtraClientAdmission {
  readonly #place: AdmissionContext
  readonly #security: readonly LinkSecurity[]

  constructor(place: AdmissionContext) {
    const { cluster, suite, replicaSigners, random } = place
    this.#place = place
    this.#security = cluster.replicas.map(({ id }) =>
      createLinkSecurity({
        suite,
        entropy: (size) => Uint8Array.from({ length: size }, () => random.below(256)),
        clusterId: cluster.clusterId,
        replicaKeys: cluster.replicas.map(({ publicKey }) => publicKey),
        identity: { kind: 'replica', id, signer: replicaSigners[id] as Signer },
      }),
    )
  }

  connect(security: LinkSecurity): Transport {
    return new ExtraClientTransport(this.#place, (replica) => {
      const replicaEnd = this.#security[replica]
      assert(replicaEnd !== undefined, `the cluster has no replica ${replica}`)
      return admittedIdentity(security.initiate(replica), replicaEnd.respond())
    })
  }
}

export interface AdmissionContext {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly replicaSigners: readonly Signer[]
  readonly network: VirtualNetwork
  readonly time: VirtualTime
  readonly random: Random
}

/** Returns the identity that a replica accepts at the end of a handshake; null if it refuses. */
function admittedIdentity(client: Handshake, replicaEnd: Handshake): Peer | null {
  let frame = client.opening
  for (let count = 0; frame !== null && count < HANDSHAKE_FRAMES_MAX; count += 2) {
    const answer = replicaEnd.receive(frame)
    if (answer.kind === 'failed') return null
    if (answer.kind === 'established') return answer.link.peer
    const reaction = client.receive(answer.send)
    if (reaction.kind === 'failed') return null
    frame = reaction.send
  }
  return null
}

/** The links of one extra client. All replicas that admit it know it under the same name. */
class ExtraClientTransport implements Transport {
  readonly #place: AdmissionContext
  readonly #handshake: (replica: ReplicaId) => Peer | null
  readonly #linked = new Set<ReplicaId>()
  #end: Transport | null = null
  #handler: TransportHandler | null = null

  constructor(place: AdmissionContext, handshake: (replica: ReplicaId) => Peer | null) {
    this.#place = place
    this.#handshake = handshake
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
    for (const { id } of this.#place.cluster.replicas) this.#dial(id)
  }

  send(to: Peer, frame: Uint8Array): boolean {
    if (to.kind !== 'replica' || !this.#linked.has(to.id) || this.#end === null) return false
    if (isCarried(frame)) return this.#end.send(to, frame)
    // The reader at the other end has lost its position in the stream, so the link ends.
    this.#linked.delete(to.id)
    this.#dialLater(to.id)
    return true
  }

  flush(): void {
    this.#end?.flush()
  }

  resume(peer: Peer): void {
    this.#end?.resume(peer)
  }

  reachable(): readonly ReplicaId[] {
    return [...this.#linked].sort((a, b) => a - b)
  }

  received(peer: Peer): number | null {
    return peer.kind === 'replica' && this.#linked.has(peer.id) ? (this.#end?.received(peer) ?? null) : null
  }

  end(peer: Peer): void {
    this.#end?.end(peer)
  }

  #dial(replica: ReplicaId): void {
    const peer = this.#handshake(replica)
    if (peer === null) return this.#dialLater(replica)
    this.#linked.add(replica)
    if (this.#end === null && this.#handler !== null) {
      this.#end = this.#place.network.join(peer)
      this.#end.start(this.#handler)
    }
  }

  #dialLater(replica: ReplicaId): void {
    this.#place.time.after(DIAL_AGAIN_MS, () => this.#dial(replica))
  }
}

/** True if the length prefix of a frame is correct, and within the limit of a client's link. */
function isCarried(frame: Uint8Array): boolean {
  if (frame.length < FRAME_LENGTH_BYTES) return false
  const length = readU32(frame, 0)
  return length === frame.length - FRAME_LENGTH_BYTES && length <= REQUEST_BYTES_MAX
}
