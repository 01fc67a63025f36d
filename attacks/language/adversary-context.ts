/**
 * The context of an adversary: which replica it is, what it sees, and what it can do with the one key that it has.
 */
import type { Hash } from '../../src/base/hash.ts'
import type { ClientId, ReplicaId, Timestamp } from '../../src/base/ids.ts'
import type { Random } from '../../src/base/random.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import type { Content } from '../../src/messages/content.ts'
import type { FrameKindName } from '../../src/messages/kinds.ts'
import type { ReplicaState } from '../../src/pbft/state.ts'
import type { Peer } from '../../src/ports.ts'

/** Notes that the traitors of one run share. They see each other's notes at once: the worst case. */
export interface Blackboard {
  /** The traitors, by id. */
  readonly traitors: readonly ReplicaId[]
  readonly notes: Map<string, unknown>
}

/** A frame that leaves in place of one of the adversary's own, and when. */
export interface Delivery {
  readonly to: Peer
  readonly frame: Uint8Array
  /** Ticks of 10 ms until it leaves. */
  readonly afterTicks?: number
}

/** An answer to a client, before it is signed. */
export interface FalseReply {
  readonly client: ClientId
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly results: Uint8Array
}

export interface AdversaryContext {
  readonly id: ReplicaId
  readonly n: number
  /** The other replicas, by id. */
  readonly others: readonly ReplicaId[]
  /** The others that are no traitors. */
  readonly victims: readonly ReplicaId[]
  readonly cluster: Cluster
  readonly hash: Hash
  readonly random: Random
  readonly board: Blackboard
  /** Which start of its process this is, from 1 on. */
  readonly life: number
  /** Ticks of 10 ms since the attack began, or since the process started where that was later. */
  readonly ticks: number
  /** The state of its honest half, to read. */
  readonly state: Readonly<ReplicaState>
  /** True if it leads the view that its honest half is in. */
  readonly isPrimary: boolean
  /** The frame of a content with this replica's own signature: the only one that it can give. */
  seal(content: Content): Uint8Array
  /** The same in another replica's name, and still with this replica's signature. */
  sealAs(sender: ReplicaId, content: Content): Uint8Array
  /** The same signed for another cluster. */
  sealForOtherCluster(clusterId: Uint8Array, content: Content): Uint8Array
  /** A frame of this kind around any bytes, with this replica's own signature. */
  sealPayload(kind: FrameKindName, payload: Uint8Array, body?: Uint8Array): Uint8Array
  /** The frame of a reply with this replica's own signature. */
  sealReply(reply: FalseReply): Uint8Array
  /** Sends a frame beside what its honest half sends. */
  send(delivery: Delivery): void
  /** Sends a frame to every other replica. */
  broadcast(frame: Uint8Array): void
  /** Hands a frame to its honest half as if this peer had sent it. */
  pretend(from: Peer, frame: Uint8Array): void
  /** Counts one act: an attack that never acted shows nothing. */
  act(): void
}

export const toReplica = (id: ReplicaId): Peer => ({ kind: 'replica', id })
