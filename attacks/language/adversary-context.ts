/** The context of an adversary: its replica, what it sees, and what it can do with its single key. */
import type { Hash } from '../../src/base/hash.ts'
import type { ClientId, ReplicaId, Timestamp } from '../../src/base/ids.ts'
import type { Random } from '../../src/base/random.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import type { Content } from '../../src/messages/content.ts'
import type { FrameKindName } from '../../src/messages/kinds.ts'
import type { ReplicaState } from '../../src/pbft/state.ts'
import type { Peer } from '../../src/ports.ts'

/** Notes that the traitors of a run share. They see each other's notes at once, which is the worst case. */
export interface Blackboard {
  /** The traitors, by id. */
  readonly traitors: readonly ReplicaId[]
  readonly notes: Map<string, unknown>
}

/** A frame that replaces one of the adversary's own, and its delay. */
export interface Delivery {
  readonly to: Peer
  readonly frame: Uint8Array
  /** Ticks of 10 ms until it is sent. */
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
  /** The others that are not traitors. */
  readonly victims: readonly ReplicaId[]
  readonly cluster: Cluster
  readonly hash: Hash
  readonly random: Random
  readonly board: Blackboard
  /** The number of the current start of its process, from 1 on. */
  readonly life: number
  /** Ticks of 10 ms since the attack began, or since the process started if that was later. */
  readonly ticks: number
  /** The state of its honest half, read-only. */
  readonly state: Readonly<ReplicaState>
  /** True if it leads the view of its honest half. */
  readonly isPrimary: boolean
  /** The frame of a content with this replica's own signature, the only one that it can make. */
  seal(content: Content): Uint8Array
  /** The frame in another replica's name, but with this replica's signature. */
  sealAs(sender: ReplicaId, content: Content): Uint8Array
  /** The frame signed for another cluster. */
  sealForOtherCluster(clusterId: Uint8Array, content: Content): Uint8Array
  /** A frame of this kind around any bytes, with this replica's own signature. */
  sealPayload(kind: FrameKindName, payload: Uint8Array, body?: Uint8Array): Uint8Array
  /** The frame of a reply with this replica's own signature. */
  sealReply(reply: FalseReply): Uint8Array
  /** Sends a frame in addition to those of its honest half. */
  send(delivery: Delivery): void
  /** Sends a frame to every other replica. */
  broadcast(frame: Uint8Array): void
  /** Delivers a frame to its honest half as if this peer had sent it. */
  pretend(from: Peer, frame: Uint8Array): void
  /** Counts an act: an attack that never acted proves nothing. */
  act(): void
}

export const toReplica = (id: ReplicaId): Peer => ({ kind: 'replica', id })
