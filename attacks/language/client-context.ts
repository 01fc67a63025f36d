/** The context of a hostile client: the keys that it has, the links that it opens, and what it can sign and send. */
import { toHex } from '../../src/base/bytes.ts'
import type { Hash } from '../../src/base/hash.ts'
import type { ClientId, ReplicaId, Timestamp } from '../../src/base/ids.ts'
import type { Random } from '../../src/base/random.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import type { FrameKindName } from '../../src/messages/kinds.ts'
import type { Signer } from '../../src/ports.ts'
import type { Blackboard } from './adversary-context.ts'

/** An identity that an attacker claims in a handshake. */
export interface FalseIdentity {
  /** The attacker's own key. */
  readonly signer: Signer
  /** The presented key, if it is someone else's. */
  readonly key?: Uint8Array
  /** The replica id that the attacker claims; a client if absent. */
  readonly replica?: ReplicaId
  /** The cluster id that the attacker names, if it is a different one. */
  readonly clusterId?: Uint8Array
  /** The bytes sent instead of a handshake. */
  readonly instead?: Uint8Array
}

/** Links to all replicas that admit it. */
export interface ClientLink {
  /** The replicas that sent anything over it. This end regards a link as open until it learns of a refusal. */
  readonly admittedBy: readonly ReplicaId[]
  /** Asks every replica for its status, which a replica sends to any admitted client. */
  inquire(): void
  /** Sends a frame over an admitted link; otherwise does nothing. */
  send(frame: Uint8Array, to: ReplicaId): void
  sendToAll(frame: Uint8Array): void
}

export interface RequestToSign {
  readonly timestamp: number
  readonly operations: Uint8Array
  /** The signing key; by default the first of its own. */
  readonly signer?: Signer
  /**
   * If requests have MACs: the replicas for which the MAC is valid; it is wrong for the others. The request is signed
   * if this is absent.
   */
  readonly goodFor?: readonly ReplicaId[]
  /** The designated replica for the full result; by default the one that a correct client would choose. */
  readonly responder?: number
  /** The nonce of its session; a fixed one by default. */
  readonly session?: Uint8Array
}

export interface ClientContext {
  readonly n: number
  readonly f: number
  readonly replicas: readonly ReplicaId[]
  readonly cluster: Cluster
  readonly hash: Hash
  readonly random: Random
  /** Shared with the traitors of a simulation. */
  readonly board: Blackboard
  /** Ticks of 10 ms since the attack began. */
  readonly ticks: number
  /** The keys of clients of the cluster that only this attacker uses. */
  readonly signers: readonly [Signer, ...Signer[]]
  /** The link of the first key. */
  readonly link: ClientLink
  /** Returns a new key that no cluster knows. */
  stranger(): Signer
  /** Offers every replica this identity repeatedly until one admits it. */
  open(identity: FalseIdentity): ClientLink
  /** Makes a request with a key that it has; replicas may execute it. */
  request(request: RequestToSign): Uint8Array
  /** A frame of this kind around any bytes, signed with the first of its keys or with this one. */
  seal(kind: FrameKindName, payload: Uint8Array, body?: Uint8Array, signer?: Signer): Uint8Array
}

/** The client id of a key. */
export const clientOf = ({ publicKey }: Signer): ClientId => toHex(publicKey) as ClientId

export const toTimestamp = (timestamp: number): Timestamp => timestamp as Timestamp
