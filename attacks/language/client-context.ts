/** The context of a hostile client: the keys that it has, the links that it opens, and what it can sign and send. */
import { toHex } from '../../src/base/bytes.ts'
import type { Hash } from '../../src/base/hash.ts'
import type { ClientId, ReplicaId, Timestamp } from '../../src/base/ids.ts'
import type { Random } from '../../src/base/random.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import type { FrameKindName } from '../../src/messages/kinds.ts'
import type { Signer } from '../../src/ports.ts'
import type { Blackboard } from './adversary-context.ts'

/** An identity that somebody claims in a handshake. */
export interface FalseIdentity {
  /** The key that he has. */
  readonly signer: Signer
  /** The key that he shows, where it is another's. */
  readonly key?: Uint8Array
  /** The replica that he says he is; else he is a client. */
  readonly replica?: ReplicaId
  /** The cluster that he takes this one for. */
  readonly clusterId?: Uint8Array
  /** The bytes sent first, in place of a handshake. */
  readonly instead?: Uint8Array
}

/** Links to all replicas, as far as they let him in. */
export interface ClientLink {
  /** The replicas that said anything over it. This end holds a link for open until it hears that it was refused. */
  readonly admittedBy: readonly ReplicaId[]
  /** Asks every replica how it is, which it tells whoever it let in. */
  inquire(): void
  /** Whoever is not let in sends nothing. */
  send(frame: Uint8Array, to: ReplicaId): void
  sendToAll(frame: Uint8Array): void
}

export interface RequestToSign {
  readonly timestamp: number
  readonly operations: Uint8Array
  /** The first of the own ones, unless another is given. */
  readonly signer?: Signer
  /**
   * When requests have MACs: the request's are good for these replicas and wrong for the others. It is signed where
   * this is absent.
   */
  readonly goodFor?: readonly ReplicaId[]
  /** The replica asked for whole results; by default the one that all of them would choose. */
  readonly responder?: number
  /** The nonce of its session; one and the same unless another is given. */
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
  /** The keys of clients of the cluster that nobody else uses. */
  readonly signers: readonly [Signer, ...Signer[]]
  /** The first one's link. */
  readonly link: ClientLink
  /** A key that no cluster knows, a new one each time. */
  stranger(): Signer
  /** Offers every replica this identity, again and again until one admits it. */
  open(identity: FalseIdentity): ClientLink
  /** A request of any client's key that it has; replicas may execute it. */
  request(request: RequestToSign): Uint8Array
  /** A frame of this kind around any bytes, signed with the first of its keys or with this one. */
  seal(kind: FrameKindName, payload: Uint8Array, body?: Uint8Array, signer?: Signer): Uint8Array
}

/** The name under which a key's owner is known. */
export const clientOf = ({ publicKey }: Signer): ClientId => toHex(publicKey) as ClientId

export const toTimestamp = (timestamp: number): Timestamp => timestamp as Timestamp
