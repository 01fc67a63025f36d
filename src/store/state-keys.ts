/**
 * The keys in the tree of everything that later execution depends on (rules 1.8, 2.3, 6.4). Big-endian.
 *
 *   01                                  limits: storeBytesMax u64 | retainedBytesMax u64 | clientRetainedBytesMax u64
 *   02 | client key 32                  an admitted client; no value
 *   03 | replica u8                     public key 32 | distance of the next recovery u64 | refused below sequence u64
 *   04 | replica u8 | request digest    an accepted recovery operation: sequence u64
 *   05                                  counters: last sequence u64 | executed time u64 | revision u64
 *                                                 | bytes of keys and values u64 | executed requests u64
 *   06 | client key 32 | slot u8 | 0    an executed request: timestamp u64 | request digest 32 | session nonce 16 | order u64
 *                                       | kept u8 | bytes of results u32 | results, at most RESULTS_PART_BYTES of them
 *   06 | client key 32 | slot u8 | 1    the rest of its results
 *   07 | key                            create revision u64 | modification revision u64 | version u64 | value
 *
 * The keys of users come last, so that those which arrive in order fill whole pages.
 */
import { assert } from '../base/assert.ts'
import { fromHex, toHex } from '../base/bytes.ts'
import type { ClientId } from '../base/ids.ts'

export const SECTIONS = {
  limits: 1,
  client: 2,
  replica: 3,
  recovery: 4,
  counters: 5,
  executed: 6,
  entry: 7,
} as const

/** Bytes of a client's key. */
export const CLIENT_KEY_BYTES = 32

export const LIMITS_KEY = Uint8Array.of(SECTIONS.limits)
export const COUNTERS_KEY = Uint8Array.of(SECTIONS.counters)

/** A key that begins with a section and a client's key, with some bytes behind them. */
export function clientStateKey(section: number, client: ClientId, ...rest: readonly number[]): Uint8Array {
  const publicKey = fromHex(client)
  assert(publicKey?.length === CLIENT_KEY_BYTES, `no client has the id ${client}`)
  const key = new Uint8Array(1 + CLIENT_KEY_BYTES + rest.length)
  key[0] = section
  key.set(publicKey, 1)
  key.set(rest, 1 + CLIENT_KEY_BYTES)
  return key
}

/** The client that such a key names. */
export function clientOfStateKey(key: Uint8Array): ClientId {
  return toHex(key.subarray(1, 1 + CLIENT_KEY_BYTES)) as ClientId
}
