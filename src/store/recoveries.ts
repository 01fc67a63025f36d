/**
 * Recovery operations of amnesiac replicas (rule 6.4): each replica's accepted ones by their request digest, and the
 * distance in sequence numbers, doubled each time, for which its next one is refused. Replicated state, in the tree.
 */
import { assert } from '../base/assert.ts'
import { readU64, toHex, writeU64 } from '../base/bytes.ts'
import type { ClientId, ReplicaId, Sequence } from '../base/ids.ts'
import type { Tree } from '../tree/tree.ts'
import { CLIENT_KEY_BYTES, clientStateKey, SECTIONS } from './state-keys.ts'

/** The first distance where nothing else is asked for: the log window. The same number as in `messages/limits.ts`. */
export const RECOVERY_DISTANCE = 256
/** A distance is doubled no further: no cluster executes as many batches. */
const DISTANCE_MAX = 2 ** 51

export class Recoveries {
  readonly #tree: Tree
  readonly #replicas = new Map<ClientId, ReplicaId>()

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** Writes the replicas of the first state. */
  begin(replicas: readonly ClientId[], distance: number): void {
    for (const [index, replica] of replicas.entries()) {
      const record = new Uint8Array(CLIENT_KEY_BYTES + 16)
      record.set(clientStateKey(SECTIONS.replica, replica).subarray(1))
      writeU64(record, CLIENT_KEY_BYTES, distance)
      this.#tree.set(Uint8Array.of(SECTIONS.replica, index), record)
    }
    this.restore()
  }

  /** Goes on from what the tree holds now. */
  restore(): void {
    this.#replicas.clear()
    const cursor = this.#tree.cursor(Uint8Array.of(SECTIONS.replica))
    for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.replica; cursor.next()) {
      const publicKey = cursor.value.subarray(0, CLIENT_KEY_BYTES)
      this.#replicas.set(toHex(publicKey) as ClientId, cursor.key[1] as ReplicaId)
    }
  }

  /** The replica whose key signs as this client, or null. */
  replicaOf(client: ClientId): ReplicaId | null {
    return this.#replicas.get(client) ?? null
  }

  /** The sequence number at which an operation was accepted, or null. */
  acceptedAt(replica: ReplicaId, requestDigest: Uint8Array): Sequence | null {
    const accepted = this.#tree.get(acceptedKey(replica, requestDigest))
    return accepted === null ? null : (readU64(accepted, 0) as Sequence)
  }

  /** Whether an operation that was not accepted before is accepted at this sequence number; remembers it then. */
  accept(replica: ReplicaId, requestDigest: Uint8Array, sequence: Sequence): boolean {
    const key = Uint8Array.of(SECTIONS.replica, replica)
    const record = this.#tree.get(key)?.slice()
    assert(record, 'a recovery of a replica that is not in the state')
    const distance = readU64(record, CLIENT_KEY_BYTES)
    if (sequence < readU64(record, CLIENT_KEY_BYTES + 8)) return false
    writeU64(record, CLIENT_KEY_BYTES, Math.min(2 * distance, DISTANCE_MAX))
    writeU64(record, CLIENT_KEY_BYTES + 8, Math.min(sequence + distance, Number.MAX_SAFE_INTEGER))
    this.#tree.set(key, record)
    const accepted = new Uint8Array(8)
    writeU64(accepted, 0, sequence)
    this.#tree.set(acceptedKey(replica, requestDigest), accepted)
    return true
  }
}

function acceptedKey(replica: ReplicaId, requestDigest: Uint8Array): Uint8Array {
  return Uint8Array.of(SECTIONS.recovery, replica, ...requestDigest)
}
