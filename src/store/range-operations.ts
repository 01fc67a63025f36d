/**
 * The fields of the operations on ranges of keys. Big-endian.
 *
 *   range         options u8 (1 keys only, 2 count only) | order u8 | target u8 | revision u64 | limit u64
 *                 | min mod u64 | max mod u64 | min create u64 | max create u64 | range        0: not asked for
 *   delete-range  options u8 (1 previous entries) | range
 *   compact       revision u64
 *   range         key length u16 | key | end (the rest)                                        see `key-range.ts`
 */
import { readU16, readU64, writeU16, writeU64 } from '../base/bytes.ts'
import type { KeyRange } from './key-range.ts'
import { KEY_BYTES_MAX } from './operations.ts'
import { type RangeQuery, SORT_ORDERS, SORT_TARGETS, type SortOrder, type SortTarget } from './range.ts'

/** A read of a range. All parameters are optional. */
export interface RangeOperation extends KeyRange, Partial<Omit<RangeQuery, keyof KeyRange>> {
  readonly kind: 'range'
}

export interface DeleteRangeOperation extends KeyRange {
  readonly kind: 'delete-range'
  /** True to return the deleted entries. */
  readonly previous?: boolean
}

/** Raises the floor of the history to a revision. */
export interface CompactOperation {
  readonly kind: 'compact'
  readonly revision: number
}

const QUERY_OPTIONS = { keysOnly: 1, countOnly: 2 } as const
const QUERY_BYTES = 3 + 6 * 8
const DELETE_BYTES = 1
const COMPACT_BYTES = 8

const ORDERS = Object.keys(SORT_ORDERS) as readonly SortOrder[]
const TARGETS = Object.keys(SORT_TARGETS) as readonly SortTarget[]

export type AnyRangeOperation = RangeOperation | DeleteRangeOperation | CompactOperation

/** Returns the bytes of the fields of an operation. */
export function rangeFieldsBytes(operation: AnyRangeOperation): number {
  if (operation.kind === 'compact') return COMPACT_BYTES
  const head = operation.kind === 'range' ? QUERY_BYTES : DELETE_BYTES
  return head + 2 + operation.key.length + operation.end.length
}

export function encodeRangeFields(operation: AnyRangeOperation): Uint8Array {
  const bytes = new Uint8Array(rangeFieldsBytes(operation))
  if (operation.kind === 'compact') {
    writeU64(bytes, 0, operation.revision)
    return bytes
  }
  if (operation.kind === 'delete-range') {
    bytes[0] = operation.previous === true ? 1 : 0
    writeRange(bytes, DELETE_BYTES, operation)
    return bytes
  }
  const { keysOnly, countOnly, order = 'none', target = 'key' } = operation
  bytes[0] = (keysOnly ? QUERY_OPTIONS.keysOnly : 0) | (countOnly ? QUERY_OPTIONS.countOnly : 0)
  bytes[1] = SORT_ORDERS[order]
  bytes[2] = SORT_TARGETS[target]
  for (const [index, name] of QUERY_NUMBERS.entries()) writeU64(bytes, 3 + 8 * index, operation[name] ?? 0)
  writeRange(bytes, QUERY_BYTES, operation)
  return bytes
}

const QUERY_NUMBERS = [
  'revision',
  'limit',
  'minModRevision',
  'maxModRevision',
  'minCreateRevision',
  'maxCreateRevision',
] as const

export function writeRange(bytes: Uint8Array, at: number, { key, end }: KeyRange): void {
  writeU16(bytes, at, key.length)
  bytes.set(key, at + 2)
  bytes.set(end, at + 2 + key.length)
}

/** The reason why fields cannot be executed in any state of the store. */
export type FieldsFault = 'bad-operation' | 'bad-key'

/** Reads the fields of a range operation. Keys are views of them. */
export function readQuery(fields: Uint8Array): RangeQuery | FieldsFault {
  const [options = 0, order = 0, target = 0] = fields
  const orderName = ORDERS[order]
  const targetName = TARGETS[target]
  if (fields.length < QUERY_BYTES || options > 3) return 'bad-operation'
  if (orderName === undefined || targetName === undefined) return 'bad-operation'
  const numbers = QUERY_NUMBERS.map((_, index) => readU64(fields, 3 + 8 * index))
  if (!numbers.every(Number.isSafeInteger)) return 'bad-operation'
  const range = readRange(fields.subarray(QUERY_BYTES))
  if (typeof range === 'string') return range
  const [revision = 0, limit = 0, minMod = 0, maxMod = 0, minCreate = 0, maxCreate = 0] = numbers
  return {
    ...range,
    revision,
    limit,
    order: orderName,
    target: targetName,
    keysOnly: (options & QUERY_OPTIONS.keysOnly) !== 0,
    countOnly: (options & QUERY_OPTIONS.countOnly) !== 0,
    minModRevision: minMod,
    maxModRevision: maxMod,
    minCreateRevision: minCreate,
    maxCreateRevision: maxCreate,
  }
}

export interface RangeDeletion extends KeyRange {
  readonly previous: boolean
}

export function readDeletion(fields: Uint8Array): RangeDeletion | FieldsFault {
  const [options] = fields
  if (options === undefined || options > 1) return 'bad-operation'
  const range = readRange(fields.subarray(DELETE_BYTES))
  return typeof range === 'string' ? range : { ...range, previous: options === 1 }
}

/** Reads the revision of a compaction; null if the fields are malformed. */
export function readCompaction(fields: Uint8Array): number | null {
  const revision = fields.length === COMPACT_BYTES ? readU64(fields, 0) : Number.NaN
  return Number.isSafeInteger(revision) ? revision : null
}

/** Reads a range that takes up all the bytes. */
export function readRange(bytes: Uint8Array): KeyRange | FieldsFault {
  const keyEnd = bytes.length < 2 ? Number.POSITIVE_INFINITY : 2 + readU16(bytes, 0)
  if (keyEnd > bytes.length) return 'bad-operation'
  const range = { key: bytes.subarray(2, keyEnd), end: bytes.subarray(keyEnd) }
  const isBad = range.key.length === 0 || range.key.length > KEY_BYTES_MAX || range.end.length > KEY_BYTES_MAX
  return isBad ? 'bad-key' : range
}
