/** Keys and ranges of keys as a caller names them, checked before anything is sent. */
import { compareBytes } from '../../src/base/bytes.ts'
import {
  EVERY_KEY,
  isOpenEnded,
  type KeyRange,
  keysFrom,
  keysWithPrefix,
  oneKey,
} from '../../src/store/key-range.ts'
import { leaseIdOf } from '../../src/store/lease-id.ts'
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import { type Bytes, bytesOf } from './entry.ts'
import { BadKeyError, BadRequestError, TooLargeError } from './store-errors.ts'

/** A range of keys: those that begin with a prefix, or all from `start` up to `end`, which is not in it. */
export type Range = { readonly prefix: Bytes } | { readonly start?: Bytes; readonly end?: Bytes }

/** Returns the bytes of a key. Throws a `BadKeyError` for one that the store does not take. */
export function keyOf(given: Bytes): Uint8Array {
  const key = bytesOf(given)
  if (key.length >= 1 && key.length <= KEY_BYTES_MAX) return key
  throw new BadKeyError(`a key has 1 to 4,096 bytes, and not ${key.length}`)
}

/** Returns the bytes of a value. Throws a `TooLargeError` for one that the store does not take. */
export function valueBytes(given: Bytes): Uint8Array {
  const value = bytesOf(given)
  if (value.length <= VALUE_BYTES_MAX) return value
  throw new TooLargeError(`a value has at most 1 MiB, and not ${value.length} bytes`)
}

/** Returns the keys that a range names. */
export function rangeOf(range: Range): KeyRange {
  if ('prefix' in range) {
    const prefix = bytesOf(range.prefix)
    if (prefix.length > KEY_BYTES_MAX) throw new BadKeyError('a prefix has at most 4,096 bytes')
    return keysWithPrefix(prefix)
  }
  const start = range.start === undefined ? EVERY_KEY.key : keyOf(range.start)
  if (range.end === undefined) return keysFrom(start)
  const end = keyOf(range.end)
  if (isOpenEnded({ key: start, end }) || compareBytes(start, end) >= 0) {
    throw new BadRequestError('the end of a range is not behind its start: no key lies between them')
  }
  return { key: start, end }
}

/** Returns one key as a range, or a range. */
export const keysOf = (keys: Bytes | Range): KeyRange =>
  typeof keys === 'string' || keys instanceof Uint8Array ? oneKey(keyOf(keys)) : rangeOf(keys)

/** Returns the bytes of an idempotency key. Throws a `BadRequestError` for a text that is none. */
export function idempotencyKeyOf(text: string): Uint8Array {
  if (/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(text)) return bytesOf(text)
  throw new BadRequestError(
    'an idempotency key is 1 to 64 visible characters of ASCII, without spaces, quotes and backslashes',
  )
}

/** Returns the id of a lease that is named by it or by a lease. */
export function leaseOf(given: string | { readonly id: string }): bigint {
  const text = typeof given === 'string' ? given : given.id
  const id = leaseIdOf(text)
  if (id === null)
    throw new BadRequestError(`the id of a lease is up to 16 hexadecimal digits, and not "${text}"`)
  return id
}
