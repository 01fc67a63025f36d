/**
 * Ranges of keys in etcd's form: a first key and an exclusive end. An empty end means the first key alone; an end of
 * one zero byte means all keys from the first on. A first key of one zero byte means the smallest key.
 */
import { compareBytes } from '../base/bytes.ts'
import { successorOf } from '../tree/search.ts'

export interface KeyRange {
  readonly key: Uint8Array
  readonly end: Uint8Array
}

const NO_END = new Uint8Array(0)
const OPEN_END = new Uint8Array(1)

/** Returns the range of one key. */
export const oneKey = (key: Uint8Array): KeyRange => ({ key, end: NO_END })

/** Returns the range of a key and all keys after it. */
export const keysFrom = (key: Uint8Array): KeyRange => ({ key, end: OPEN_END })

/** The range of all keys. */
export const EVERY_KEY: KeyRange = { key: new Uint8Array(1), end: OPEN_END }

/** Returns the range of all keys that begin with the prefix. */
export function keysWithPrefix(prefix: Uint8Array): KeyRange {
  if (prefix.length === 0) return EVERY_KEY
  return { key: prefix, end: successorOf(prefix) ?? OPEN_END }
}

export const isOneKey = ({ end }: KeyRange): boolean => end.length === 0

/** True for a range to the end of all keys. */
export const isOpenEnded = ({ end }: KeyRange): boolean => end.length === 1 && end[0] === 0

/** True if the key lies in the range. */
export function includes(range: KeyRange, key: Uint8Array): boolean {
  const order = compareBytes(key, range.key)
  if (isOneKey(range)) return order === 0
  return order >= 0 && (isOpenEnded(range) || compareBytes(key, range.end) < 0)
}
