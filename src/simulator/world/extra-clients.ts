/**
 * Clients of a simulation that are no part of its load: hostile ones. What they say of themselves is checked at each
 * replica's door, by the handshake of real links; only who was let in has an end of the network, under the name that the
 * door found, and only frames that a real link would carry get through.
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

/** Virtual milliseconds after which who was not let in, or whose link was ended, knocks again. */
const KNOCK_AGAIN_MS = 100
/** A handshake of two ends that follow the rules takes three frames. */
const HANDSHAKE_FRAMES_MAX = 8

export interface ExtraClients {
  /** Clients that the cluster admits for them, beside those of the load. */
  readonly admitted: number
  /** Called once, before anything happens. */
  arrive(host: ExtraClientHost): void
}

/** The world that extra clients find. */
export interface ExtraClientHost {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  /** The keys of the clients that are admitted for them. */
  readonly signers: readonly Signer[]
  /** Their X25519 secrets, in the same order. */
  readonly agreementSecrets: readonly Uint8Array[]
  readonly clock: Clock
  readonly random: Random
  /** Links to all replicas, each as the handshake that is begun for it says. */
  connect(security: LinkSecurity): Transport
  /** Says that somebody signed this as a client: replicas may execute it. */
  signed(request: SeenRequest): void
  /** True if every request of the load was answered. */
  isLoadOver(): boolean
}

/** The doors of a cluster's replicas. */
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
    return new GuestEnd(this.#place, (replica) => {
      const door = this.#security[replica]
      assert(door !== undefined, `the cluster has no replica ${replica}`)
      return letIn(security.initiate(replica), door.respond())
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

/** The identity that a replica accepts when a handshake is over; null when it sends it away. */
function letIn(guest: Handshake, door: Handshake): Peer | null {
  let frame = guest.opening
  for (let count = 0; frame !== null && count < HANDSHAKE_FRAMES_MAX; count += 2) {
    const answer = door.receive(frame)
    if (answer.kind === 'failed') return null
    if (answer.kind === 'established') return answer.link.peer
    const reaction = guest.receive(answer.send)
    if (reaction.kind === 'failed') return null
    frame = reaction.send
  }
  return null
}

/** A guest's links. A replica that lets it in does so under one name, the same as all others that do. */
class GuestEnd implements Transport {
  readonly #place: AdmissionContext
  readonly #knock: (replica: ReplicaId) => Peer | null
  readonly #inside = new Set<ReplicaId>()
  #end: Transport | null = null
  #handler: TransportHandler | null = null

  constructor(place: AdmissionContext, knock: (replica: ReplicaId) => Peer | null) {
    this.#place = place
    this.#knock = knock
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
    for (const { id } of this.#place.cluster.replicas) this.#enter(id)
  }

  send(to: Peer, frame: Uint8Array): boolean {
    if (to.kind !== 'replica' || !this.#inside.has(to.id) || this.#end === null) return false
    if (isCarried(frame)) return this.#end.send(to, frame)
    // The reader at the other end has lost its place: the link is over.
    this.#inside.delete(to.id)
    this.#knockAgain(to.id)
    return true
  }

  flush(): void {
    this.#end?.flush()
  }

  resume(peer: Peer): void {
    this.#end?.resume(peer)
  }

  reachable(): readonly ReplicaId[] {
    return [...this.#inside].sort((a, b) => a - b)
  }

  received(peer: Peer): number | null {
    return peer.kind === 'replica' && this.#inside.has(peer.id) ? (this.#end?.received(peer) ?? null) : null
  }

  end(peer: Peer): void {
    this.#end?.end(peer)
  }

  #enter(replica: ReplicaId): void {
    const peer = this.#knock(replica)
    if (peer === null) return this.#knockAgain(replica)
    this.#inside.add(replica)
    if (this.#end === null && this.#handler !== null) {
      this.#end = this.#place.network.join(peer)
      this.#end.start(this.#handler)
    }
  }

  #knockAgain(replica: ReplicaId): void {
    this.#place.time.after(KNOCK_AGAIN_MS, () => this.#enter(replica))
  }
}

/** True if the length in front of a frame is its own, and one that a client's link takes. */
function isCarried(frame: Uint8Array): boolean {
  if (frame.length < FRAME_LENGTH_BYTES) return false
  const length = readU32(frame, 0)
  return length === frame.length - FRAME_LENGTH_BYTES && length <= REQUEST_BYTES_MAX
}
