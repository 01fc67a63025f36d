/**
 * The recovery operations of amnesiac replicas (rule 6.4): the accepted ones of each replica by request digest, and the
 * distance in sequence numbers for which its next one is refused. They are replicated state, kept in the tree.
 *
 * Each accepted operation makes the other replicas fill the log and leave a view, so a faulty replica must not have one
 * accepted at will. The distance doubles with each accepted operation, up to `DISTANCES_MAX` times the first one. After
 * a distance has passed, it is halved for each further `DISTANCES_MAX` first distances of executed sequence numbers. A
 * replica can therefore have four operations accepted in a row at distances of 256, 512, 1,024 and 2,048. In the long
 * run it has at most one in 2,048 sequence numbers, no matter if it asks at once or waits for the distance to shrink. A
 * replica that rarely loses its disk is healed as fast as the first time. Executed sequence numbers are the only clock
 * that all replicas share, so time plays no role.
 */
import { assert } from '../base/assert.ts'
import { readU64, writeU64 } from '../base/bytes.ts'
import type { ClientId, ReplicaId, Sequence } from '../base/ids.ts'
import type { Tree } from '../tree/tree.ts'
import { CLIENT_KEY_BYTES, clientOf, clientStateKey, SECTIONS } from './state-keys.ts'

/** The first distance by default: the log window. The same number as in `messages/limits.ts`. */
export const RECOVERY_DISTANCE = 256
/**
 * The longest distance, and the number of further sequence numbers for which a distance is halved, both in first
 * distances.
 */
const DISTANCES_MAX = 8

export class Recoveries {
  readonly #tree: Tree
  readonly #replicas = new Map<ClientId, ReplicaId>()
  readonly #firstDistance: number

  constructor(tree: Tree, firstDistance: number) {
    this.#tree = tree
    this.#firstDistance = firstDistance
  }

  /** Writes the replicas of the initial state. */
  begin(replicas: readonly ClientId[]): void {
    for (const [index, replica] of replicas.entries()) {
      const record = new Uint8Array(CLIENT_KEY_BYTES + 16)
      record.set(clientStateKey(SECTIONS.replica, replica).subarray(1))
      writeU64(record, CLIENT_KEY_BYTES, this.#firstDistance)
      this.#tree.set(Uint8Array.of(SECTIONS.replica, index), record)
    }
    this.restore()
  }

  /** Continues from the current contents of the tree. */
  restore(): void {
    this.#replicas.clear()
    const cursor = this.#tree.cursor(Uint8Array.of(SECTIONS.replica))
    for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.replica; cursor.next()) {
      const publicKey = cursor.value.subarray(0, CLIENT_KEY_BYTES)
      this.#replicas.set(clientOf(publicKey), cursor.key[1] as ReplicaId)
    }
  }

  /** Returns the replica whose key is this client's; null if there is none. */
  replicaOf(client: ClientId): ReplicaId | null {
    return this.#replicas.get(client) ?? null
  }

  /** Returns the sequence number at which an operation was accepted, or null. */
  acceptedAt(replica: ReplicaId, requestDigest: Uint8Array): Sequence | null {
    const accepted = this.#tree.get(acceptedKey(replica, requestDigest))
    return accepted === null ? null : (readU64(accepted, 0) as Sequence)
  }

  /** True if a new operation is accepted at this sequence number. Remembers it in this case. */
  accept(replica: ReplicaId, requestDigest: Uint8Array, sequence: Sequence): boolean {
    const key = Uint8Array.of(SECTIONS.replica, replica)
    const record = this.#tree.get(key)?.slice()
    assert(record, 'a recovery of a replica that is not in the state')
    const acceptedFrom = readU64(record, CLIENT_KEY_BYTES + 8)
    if (sequence < acceptedFrom) return false
    const distance = this.#decayed(readU64(record, CLIENT_KEY_BYTES), sequence - acceptedFrom)
    const distanceMax = DISTANCES_MAX * this.#firstDistance
    writeU64(record, CLIENT_KEY_BYTES, Math.min(2 * distance, distanceMax))
    writeU64(record, CLIENT_KEY_BYTES + 8, Math.min(sequence + distance, Number.MAX_SAFE_INTEGER))
    this.#tree.set(key, record)
    const accepted = new Uint8Array(8)
    writeU64(accepted, 0, sequence)
    this.#tree.set(acceptedKey(replica, requestDigest), accepted)
    return true
  }

  /** Returns the distance that is left after `executed` sequence numbers beyond it. */
  #decayed(distance: number, executed: number): number {
    const distanceMax = DISTANCES_MAX * this.#firstDistance
    const halvings = Math.floor(executed / distanceMax)
    return Math.max(this.#firstDistance, Math.floor(Math.min(distance, distanceMax) / 2 ** halvings))
  }
}

function acceptedKey(replica: ReplicaId, requestDigest: Uint8Array): Uint8Array {
  return Uint8Array.of(SECTIONS.recovery, replica, ...requestDigest)
}
