/**
 * The keys in the tree of everything that later execution depends on (rules 1.8, 2.3, 6.4). Big-endian.
 *
 *   00 | part u8 | rest                 principals and their rights; see `access-records.ts`
 *   01                                  limits: storeBytesMax u64 | retainedBytesMax u64 | clientRetainedBytesMax u64
 *                                               | history: revisionsMax u64 | ageMs u64 | bytesMax u64
 *   02 | client key 32                  an admitted client; no value
 *   03 | replica u8                     public key 32 | distance of the next recovery u64 | refused below sequence u64
 *   04 | replica u8 | request digest    an accepted recovery operation: sequence u64
 *   05                                  counters: last sequence u64 | executed time u64 | executed requests u64
 *                                                 | revision u64 | bytes of keys and values u64 | bytes of history u64
 *                                                 | floor of the history u64 | chosen leases u64
 *   06 | client key 32 | slot u8 | 0    an executed request: timestamp u64 | request digest 32 | session nonce 16 | order u64
 *                                       | kept u8 | bytes of results u32 | results, at most RESULTS_PART_BYTES of them
 *   06 | client key 32 | slot u8 | 1    the rest of its results
 *   07 | lease 8                        a lease: its life in seconds u64 | the executed time at which it ends u64
 *   08 | time u64 | lease 8             the lease that ends at this executed time; no value
 *   09 | lease 8 | key                  a key that is attached to the lease; no value
 *   0a | client key 32 | part u8 | rest the idempotency keys of a client; see `idempotency-keys.ts`
 *   0b | time u64                       the revision at an executed time: revision u64
 *   0c | key                            a deleted key whose deletion is not compacted; see `key-entry.ts`
 *   0d | key                            a key: its newest change and its value; see `key-entry.ts`
 *   0e | main u64 | sub u32             a change, and what was before it; see `change-record.ts`
 *
 * Existing keys and deleted keys are separate, so that counting and walking the former does not depend on the latter.
 * Changes come last, so that they fill whole pages, each of which is hashed once. The oldest are removed from the
 * front.
 */
import { assert } from '../base/assert.ts'
import { fromHex, toHex } from '../base/bytes.ts'
import type { ClientId } from '../base/ids.ts'

export const SECTIONS = {
  access: 0,
  limits: 1,
  client: 2,
  replica: 3,
  recovery: 4,
  counters: 5,
  executed: 6,
  lease: 7,
  leaseExpiry: 8,
  leaseKey: 9,
  idempotency: 0x0a,
  mark: 0x0b,
  deleted: 0x0c,
  key: 0x0d,
  change: 0x0e,
} as const

/** The bytes of a client's key. */
export const CLIENT_KEY_BYTES = 32

export const LIMITS_KEY = Uint8Array.of(SECTIONS.limits)
export const COUNTERS_KEY = Uint8Array.of(SECTIONS.counters)

/** Returns the client or the principal that has a public key. */
export const clientOf = (publicKey: Uint8Array): ClientId => toHex(publicKey) as ClientId

/** Returns the public key of a client or a principal. */
export function publicKeyOf(client: ClientId): Uint8Array {
  const publicKey = fromHex(client)
  assert(publicKey?.length === CLIENT_KEY_BYTES, `no client has the id ${client}`)
  return publicKey
}

/** Returns a tree key: a section, a client's key and some further bytes. */
export function clientStateKey(section: number, client: ClientId, ...rest: readonly number[]): Uint8Array {
  const publicKey = publicKeyOf(client)
  const key = new Uint8Array(1 + CLIENT_KEY_BYTES + rest.length)
  key[0] = section
  key.set(publicKey, 1)
  key.set(rest, 1 + CLIENT_KEY_BYTES)
  return key
}

/** Returns the client that such a key names. */
export function clientOfStateKey(key: Uint8Array): ClientId {
  return clientOf(key.subarray(1, 1 + CLIENT_KEY_BYTES))
}

/** Returns a key in a section of the tree, with some zeros appended. */
export function sectionKey(section: number, key: Uint8Array, zeros = 0): Uint8Array {
  const whole = new Uint8Array(1 + key.length + zeros)
  whole[0] = section
  whole.set(key, 1)
  return whole
}
