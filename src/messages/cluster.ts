/**
 * The facts of a cluster that every participant knows, and the cluster id, their digest, which is part of every
 * signature:
 *
 *   cluster id = H("strategos cluster" | version u8 | nonce 32 | mode u8 | suite u8 | limit u64 * | n u8
 *                  | (Ed25519 key 32 | X25519 key 32) * | root of the first state 32
 *                  | "unordered reads", if reads are not ordered
 *                  | "unsynced votes", if votes do not wait for the disk
 *                  | "restored" | root 32, if the cluster began from a snapshot
 *                  | "administrators" | (Ed25519 key 32) *, if there are any)
 *
 * Addresses are not included, so hosts may move.
 */
import { compareBytes, concatBytes, toHex, utf8, writeU16, writeU64 } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import type { ClientId, ReplicaId } from '../base/ids.ts'
import { LIMITS_IN_CLUSTER_ID, logWindowOf, PROTOCOL_VERSION } from './limits.ts'

/** The ways in which replicas authenticate their messages. */
export const AUTHENTICATION_MODES = ['signed', 'oral'] as const
export type AuthenticationMode = (typeof AUTHENTICATION_MODES)[number]
/** The way in which clients authenticate their requests. MACs are possible only if replicas use MACs too. */
export type RequestMode = AuthenticationMode

/** Returns the number that encodes both modes in the cluster id. */
const modeNumber = ({ mode, requests }: Pick<ClusterFacts, 'mode' | 'requests'>): number => {
  if (mode === 'signed') return 1
  return requests === 'signed' ? 2 : 3
}

/**
 * The treatment of reads. `ordered`: as any other request. `unordered`: answered by all replicas at once, without
 * ordering; an answer then needs Q replicas, for a read and for any other request.
 */
export const READ_MODES = ['ordered', 'unordered'] as const
export type ReadMode = (typeof READ_MODES)[number]

/**
 * The durability of proposals and PREPAREs. `synced`: each is on disk before it is sent. `unsynced`: they do not wait
 * for the disk, and a replica that restarts abstains where it may have forgotten some (rule 6.5). Signed mode only.
 */
export const VOTE_MODES = ['synced', 'unsynced'] as const
export type VoteMode = (typeof VOTE_MODES)[number]

export const SUITES = { sodium: 1, noble: 2, simulated: 3 } as const
export type ClusterSuite = keyof typeof SUITES

export interface Address {
  readonly host: string
  readonly port: number
}

export interface ClusterReplica {
  readonly id: ReplicaId
  readonly address: Address
  /** The Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** The X25519 public key, 32 bytes, for pairwise keys in oral mode. */
  readonly agreementKey: Uint8Array
}

export interface ClusterClient {
  readonly name: string
  readonly id: ClientId
  readonly publicKey: Uint8Array
  /**
   * The X25519 public key, 32 bytes, for the MACs of replies in oral mode; null in signed mode. It is a separate key:
   * one derived from the Ed25519 key would use one secret for two algorithms, and key files hold both secrets anyway.
   */
  readonly agreementKey: Uint8Array | null
  /** True for an administrator of principals and rights. A cluster without any has no principals. */
  readonly administrator?: boolean
}

/** The facts that the cluster id covers. */
export interface ClusterFacts {
  readonly mode: AuthenticationMode
  readonly requests: RequestMode
  /** `ordered` if it is left out, which gives the cluster the id that it had before there was a choice. */
  readonly reads?: ReadMode
  /** `synced` if it is left out, likewise. */
  readonly votes?: VoteMode
  readonly suite: ClusterSuite
  /** 32 bytes that distinguish two clusters with the same keys. */
  readonly nonce: Uint8Array
  /** The replicas, in the order of their ids. */
  readonly replicas: readonly ClusterReplica[]
  /** The clients of the initial state. */
  readonly clients: readonly ClusterClient[]
  /** The limit on the bytes of keys and values in the store. Puts beyond it answer `no-space`. */
  readonly storeBytesMax: number
  /** K: a checkpoint is due every K batches, `CHECKPOINT_INTERVAL_MIN` to `CHECKPOINT_INTERVAL`. */
  readonly checkpointInterval: number
  /** The root of the state before the first batch, if the cluster began from a snapshot of another cluster. */
  readonly restoredRoot?: Uint8Array
}

export interface Cluster extends ClusterFacts {
  readonly clusterId: Uint8Array
}

/** True if replicas answer reads without ordering. */
export const hasUnorderedReads = ({ reads }: Pick<ClusterFacts, 'reads'>): boolean => reads === 'unordered'

/** True if proposals and PREPAREs do not wait for the disk. */
export const hasUnsyncedVotes = ({ votes }: Pick<ClusterFacts, 'votes'>): boolean => votes === 'unsynced'

/** Creates a client of a signed cluster or, with its agreement key, of an oral one. */
export function clusterClient(
  name: string,
  publicKey: Uint8Array,
  agreementKey: Uint8Array | null = null,
  administrator = false,
): ClusterClient {
  return { name, id: toHex(publicKey) as ClientId, publicKey, agreementKey, administrator }
}

/**
 * The parameters of the replicated store that a cluster fixes. They must be equal on all replicas, or their states
 * diverge.
 */
export interface StoreParameters {
  /** The clients of the initial state. */
  readonly clients: readonly ClientId[]
  readonly storeBytesMax: number
  /** The number of sequence numbers for which a replica's second recovery operation is refused: L. */
  readonly recoveryDistance: number
  /** The replicas' public keys as client ids, because recovery operations are requests of replicas. */
  readonly replicas: readonly ClientId[]
  readonly administrators: readonly { readonly id: ClientId; readonly name: Uint8Array }[]
}

/** Returns the parameters from which every replica and every checker of a cluster creates its store. */
export const storeParametersOf = (
  cluster: Pick<Cluster, 'clients' | 'replicas' | 'storeBytesMax' | 'checkpointInterval'>,
): StoreParameters => ({
  clients: cluster.clients.map(({ id }) => id),
  storeBytesMax: cluster.storeBytesMax,
  recoveryDistance: logWindowOf(cluster.checkpointInterval),
  replicas: cluster.replicas.map(({ publicKey }) => toHex(publicKey) as ClientId),
  administrators: administratorsOf(cluster).map(({ id, name }) => ({ id, name: utf8(name) })),
})

/** Returns the administrators of a cluster, in the order of their keys. */
export const administratorsOf = ({ clients }: Pick<ClusterFacts, 'clients'>): readonly ClusterClient[] =>
  clients
    .filter(({ administrator }) => administrator === true)
    .sort((one, other) => compareBytes(one.publicKey, other.publicKey))

const NO_KEY = new Uint8Array(0)

export function deriveClusterId(hash: Hash, facts: ClusterFacts): Uint8Array {
  const numbers = [...LIMITS_IN_CLUSTER_ID, facts.checkpointInterval, logWindowOf(facts.checkpointInterval)]
  const limits = new Uint8Array(8 * numbers.length)
  for (const [index, limit] of numbers.entries()) writeU64(limits, index * 8, limit)
  const administrators = administratorsOf(facts).map(({ publicKey }) => publicKey)
  return hash(
    utf8('strategos cluster'),
    Uint8Array.of(PROTOCOL_VERSION),
    facts.nonce,
    Uint8Array.of(modeNumber(facts), SUITES[facts.suite]),
    limits,
    Uint8Array.of(facts.replicas.length),
    ...facts.replicas.flatMap(({ publicKey, agreementKey }) => [publicKey, agreementKey]),
    firstStateRoot(hash, facts),
    hasUnorderedReads(facts) ? utf8('unordered reads') : NO_KEY,
    hasUnsyncedVotes(facts) ? utf8('unsynced votes') : NO_KEY,
    facts.restoredRoot === undefined ? NO_KEY : concatBytes(utf8('restored'), facts.restoredRoot),
    administrators.length > 0 ? utf8('administrators') : NO_KEY,
    ...administrators,
  )
}

/**
 * Returns a digest of the store before the first batch: its size limit and its clients, in the order of their keys.
 *
 *   H("strategos first state" | storeBytesMax u64 | count u16
 *     | (key 32 | name length u16 | name | in oral mode X25519 key 32) *)
 */
function firstStateRoot(hash: Hash, facts: Pick<ClusterFacts, 'clients' | 'storeBytesMax'>): Uint8Array {
  const head = new Uint8Array(10)
  writeU64(head, 0, facts.storeBytesMax)
  writeU16(head, 8, facts.clients.length)
  const clients = [...facts.clients].sort((a, b) => compareBytes(a.publicKey, b.publicKey))
  const entries = clients.map(({ name, publicKey, agreementKey }) => {
    const nameBytes = utf8(name)
    const nameLength = new Uint8Array(2)
    writeU16(nameLength, 0, nameBytes.length)
    return concatBytes(publicKey, nameLength, nameBytes, agreementKey ?? NO_KEY)
  })
  return hash(utf8('strategos first state'), head, ...entries)
}
