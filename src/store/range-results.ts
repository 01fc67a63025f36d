/**
 * The results of operations on ranges of keys. Big-endian.
 *
 *   range         revision u64 | count u64 | more u8 | items
 *   delete-range  revision u64 | deleted u64 | items                                   the deleted entries, if asked for
 *   compact       revision u64
 *   items         item count u32
 *                 | (key length u16 | key | createRevision u64 | modRevision u64 | version u64 | lease 8
 *                    | value length u32 | value) *
 *
 * `count` counts all keys in the range, regardless of limit and filters. `more` is 1 if the limit cut the answer, and 2
 * if its size did: the rest follows the last key.
 */
import { readU16, readU32 } from '../base/bytes.ts'
import { LEASE_BYTES, REVISIONS_BYTES } from './key-entry.ts'
import { OPERATION_CODES } from './operations.ts'
import type { Shown } from './range.ts'
import { type KeyRevisions, readRevisions, safeU64 } from './result-fields.ts'
import type { ResultsWriter } from './results-writer.ts'

export interface RangeItem extends KeyRevisions {
  readonly key: Uint8Array
  /** The lease's id, 8 bytes; all zero if there is none. */
  readonly lease: Uint8Array
  readonly value: Uint8Array
}

/** Results of range operations. Keys and values are views of the bytes read. */
export type RangeResult =
  | {
      readonly status: 'ok'
      readonly kind: 'range'
      readonly revision: number
      readonly count: number
      /** The reason why the answer is incomplete: the limit or its size; null if it is complete. */
      readonly more: 'limit' | 'bytes' | null
      readonly items: readonly RangeItem[]
    }
  | {
      readonly status: 'ok'
      readonly kind: 'delete-range'
      readonly revision: number
      readonly deleted: number
      readonly items: readonly RangeItem[]
    }
  | { readonly status: 'ok'; readonly kind: 'compact'; readonly revision: number }

/** The bytes before the items, and those of an item in addition to its key and value. */
export const RANGE_HEADER_BYTES = 21
export const DELETION_HEADER_BYTES = 20
export const COMPACTION_BYTES = 8
export const ITEM_BYTES = 2 + REVISIONS_BYTES + LEASE_BYTES + 4

const MORE = [null, 'limit', 'bytes'] as const
export const MORE_CODES = { none: 0, limit: 1, bytes: 2 } as const

/** Returns the bytes of an item in a result. */
export const itemBytes = ({ key, entry }: Shown, keysOnly: boolean): number =>
  ITEM_BYTES + key.length + (keysOnly ? 0 : entry.valueLength)

export function writeRangeItem(results: ResultsWriter, { key, entry }: Shown, keysOnly: boolean): void {
  const value = keysOnly ? NO_VALUE : entry.value
  results.u16(key.length)
  results.bytes(key.length, (target, at) => target.set(key, at))
  results.revisions(entry)
  results.bytes(LEASE_BYTES, (target, at) => target.set(entry.lease, at))
  results.u32(value.length)
  results.bytes(value.length, (target, at) => target.set(value, at))
}

const NO_VALUE = new Uint8Array(0)

/** Reads the fields of a range operation's result; null if they are malformed. */
export function interpretRangeResult(code: number, fields: Uint8Array): RangeResult | null {
  const revision = safeU64(fields, 0)
  if (revision === null) return null
  if (code === OPERATION_CODES.compact) {
    return fields.length === COMPACTION_BYTES ? { status: 'ok', kind: 'compact', revision } : null
  }
  const isRange = code === OPERATION_CODES.range
  const count = safeU64(fields, 8)
  const head = isRange ? RANGE_HEADER_BYTES : DELETION_HEADER_BYTES
  if (count === null || fields.length < head) return null
  const items = readItems(fields, head - 4)
  if (items === null) return null
  if (!isRange) return { status: 'ok', kind: 'delete-range', revision, deleted: count, items }
  const more = MORE[fields[16] as number]
  return more === undefined ? null : { status: 'ok', kind: 'range', revision, count, more, items }
}

/** Reads items that take up all bytes from an offset on. */
export function readItems(fields: Uint8Array, from: number): readonly RangeItem[] | null {
  const count = readU32(fields, from)
  const items: RangeItem[] = []
  let at = from + 4
  for (let index = 0; index < count; index++) {
    if (at + ITEM_BYTES > fields.length) return null
    const keyEnd = at + 2 + readU16(fields, at)
    const valueStart = keyEnd + ITEM_BYTES - 2
    const revisions = readRevisions(fields, keyEnd)
    if (revisions === null || valueStart > fields.length) return null
    const valueEnd = valueStart + readU32(fields, valueStart - 4)
    if (valueEnd > fields.length) return null
    items.push({
      key: fields.subarray(at + 2, keyEnd),
      ...revisions,
      lease: fields.subarray(keyEnd + REVISIONS_BYTES, keyEnd + REVISIONS_BYTES + LEASE_BYTES),
      value: fields.subarray(valueStart, valueEnd),
    })
    at = valueEnd
  }
  return at === fields.length ? items : null
}
