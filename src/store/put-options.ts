/**
 * A put that may keep the value or the lease of its key, and may return the entry before it. Big-endian.
 *
 *   fields  options u8 (1 previous entry, 2 keep the value, 4 keep the lease) | key length u16 | key | value (the rest)
 *   result  revision u64 | createRevision u64 | modRevision u64 | version u64 | items       see `range-results.ts`
 *
 * The items are the previous entry, if it is asked for and the key existed. A put that keeps something needs a key that
 * exists, and answers `not-found` otherwise.
 */
import { REVISIONS_BYTES } from './key-entry.ts'
import { PUT_OPTIONS } from './operations.ts'
import { type RangeItem, readItems } from './range-results.ts'
import { type KeyRevisions, readRevisions, safeU64 } from './result-fields.ts'

/** The bytes of a result before its items. */
const HEADER_BYTES = 8 + REVISIONS_BYTES

/** A put with options. A kept value is given as no bytes, and a kept lease is not named. */
export interface PutWithOptions {
  readonly kind: 'put-with-options'
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** True to return the entry before this put. */
  readonly previous?: boolean
  /** True to keep the value that the key has. */
  readonly keepValue?: boolean
  /** True to keep the lease that the key has. */
  readonly keepLease?: boolean
}

/** Returns the options as they are written. */
export const putOptionsOf = ({ previous, keepValue, keepLease }: PutWithOptions): number =>
  (previous === true ? PUT_OPTIONS.previous : 0) |
  (keepValue === true ? PUT_OPTIONS.keepValue : 0) |
  (keepLease === true ? PUT_OPTIONS.keepLease : 0)

export type PutWithOptionsResult = {
  readonly status: 'ok'
  readonly kind: 'put-with-options'
  readonly revision: number
  /** The entry before the put; null if the key did not exist or if it is not asked for. */
  readonly previous: RangeItem | null
} & KeyRevisions

/** Reads the fields of a result; null if they are malformed. */
export function interpretPutWithOptions(fields: Uint8Array): PutWithOptionsResult | null {
  const revision = safeU64(fields, 0)
  const revisions = readRevisions(fields, 8)
  if (revision === null || revisions === null || fields.length < HEADER_BYTES + 4) return null
  const items = readItems(fields, HEADER_BYTES)
  if (items === null || items.length > 1) return null
  return { status: 'ok', kind: 'put-with-options', revision, ...revisions, previous: items[0] ?? null }
}
