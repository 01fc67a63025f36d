/** Ranges of keys in URLs: turns parameters into queries of the store, and a page into the cursor of the next one. */
import { compareBytes, toHex } from '../../src/base/bytes.ts'
import { EVERY_KEY, isOpenEnded, type KeyRange, keysFrom, keysWithPrefix } from '../../src/store/key-range.ts'
import { KEY_BYTES_MAX } from '../../src/store/operations.ts'
import type { RangeOperation } from '../../src/store/range-operations.ts'
import type { RangeResult } from '../../src/store/range-results.ts'
import { successorOf } from '../../src/tree/search.ts'
import type { ParametersOf } from '../api/endpoint.ts'
import type { listKeys } from '../api/keys.ts'
import { DELETION_PARAMETERS, LIST_LIMIT, RANGE_PARAMETERS } from '../api/range-parameters.ts'
import { Problem } from './problem.ts'

type RangeParameters = ParametersOf<typeof listKeys>
type Bounds = Pick<RangeParameters, 'prefix' | 'start' | 'end'>

const LEAST_KEY = EVERY_KEY.key

/** Returns the first given parameter that applies only to ranges; null if none does. */
export function rangeParameterIn(parameters: Readonly<Record<string, unknown>>): string | null {
  const names = Object.keys({ ...RANGE_PARAMETERS, ...DELETION_PARAMETERS })
  return names.find((name) => parameters[name] !== undefined) ?? null
}

/** The keys that a request names; every key if it names none. */
export function rangeOf({ prefix, start, end }: Bounds): KeyRange {
  if (start === undefined && end === undefined)
    return prefix === undefined ? EVERY_KEY : keysWithPrefix(prefix)
  if (prefix !== undefined) {
    throw new Problem('bad-request', 'prefix excludes start and end: give either the prefix or the bounds')
  }
  const key = start ?? LEAST_KEY
  if (end === undefined) return keysFrom(key)
  // For the store, an end of one zero byte means no end.
  if (isOpenEnded({ key, end }) || compareBytes(key, end) >= 0) {
    throw new Problem('bad-request', 'end must come after start: no key lies between them')
  }
  return { key, end }
}

/** The read that a request asks for, without its cursor. */
export function queryOf(parameters: RangeParameters): RangeOperation {
  const { revision = 0, limit = LIST_LIMIT, keysOnly = false, countOnly = false, sort, order } = parameters
  const { minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = parameters
  const isSorted = order === 'desc' || (sort !== undefined && sort !== 'key')
  return {
    kind: 'range',
    ...rangeOf(parameters),
    revision,
    limit,
    keysOnly,
    countOnly: countOnly || limit === 0,
    order: isSorted ? (order === 'desc' ? 'descending' : 'ascending') : 'none',
    target: sort ?? 'key',
    minModRevision,
    maxModRevision,
    minCreateRevision,
    maxCreateRevision,
  }
}

/** The part of a read after a cursor, which is the last key of the page before; null if no key can follow. */
export function behindCursor(query: RangeOperation, cursor: Uint8Array): RangeOperation | null {
  if (query.target !== 'key') {
    throw new Problem('bad-request', 'a cursor needs the order of the keys: sort by key, or narrow the range')
  }
  if (cursor.length === 0) return query
  if (query.order === 'descending') {
    const isLower = isOpenEnded(query) || compareBytes(cursor, query.end) < 0
    const end = isLower ? cursor : query.end
    return compareBytes(query.key, end) < 0 ? { ...query, end } : null
  }
  const next = keyBehind(cursor)
  if (next === null || (!isOpenEnded(query) && compareBytes(next, query.end) >= 0)) return null
  return compareBytes(next, query.key) > 0 ? { ...query, key: next } : query
}

/** The smallest key after a key; null after the largest possible key. */
function keyBehind(key: Uint8Array): Uint8Array | null {
  if (key.length >= KEY_BYTES_MAX) return successorOf(key)
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

/** The cursor of the next page; null on the last page, and if the page is not sorted by key. */
export function cursorBehind(
  { target, countOnly }: RangeOperation,
  { more, items }: RangeResult & { readonly kind: 'range' },
): string | null {
  const last = items.at(-1)
  return more === null || countOnly || target !== 'key' || last === undefined ? null : toHex(last.key)
}
