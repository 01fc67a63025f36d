/** A list of a range, page by page, all at one revision. */
import { compareBytes } from '../../src/base/bytes.ts'
import { given } from '../../src/base/given.ts'
import { isOpenEnded, type KeyRange } from '../../src/store/key-range.ts'
import { KEY_BYTES_MAX } from '../../src/store/operations.ts'
import type { RangeOperation } from '../../src/store/range-operations.ts'
import type { Result } from '../../src/store/results.ts'
import { successorOf } from '../../src/tree/search.ts'
import type { Entry } from './entry.ts'
import { BadRequestError, TooLargeError } from './store-errors.ts'
import { type Listed, listedOf } from './transaction.ts'

/** The number of entries of one answer, at most. */
const PAGE_ENTRIES_MAX = 1_000

export interface ListOptions {
  /** Reads the store as it was at this revision. */
  readonly revision?: number
  /** The number of entries after which the list ends. */
  readonly limit?: number
  /** Leaves the values out. */
  readonly keysOnly?: boolean
  /** The fact that entries are sorted by; their keys if it is not given. */
  readonly sort?: 'key' | 'version' | 'create' | 'mod' | 'value'
  readonly order?: 'ascending' | 'descending'
  readonly minModRevision?: number
  readonly maxModRevision?: number
  readonly minCreateRevision?: number
  readonly maxCreateRevision?: number
  readonly signal?: AbortSignal
}

/** Returns the read of one page. */
export function pageOf(
  keys: KeyRange,
  { limit = PAGE_ENTRIES_MAX, sort = 'key', order, ...filters }: Omit<ListOptions, 'signal'>,
): RangeOperation {
  if (!(limit >= 1)) throw new BadRequestError(`a limit is a number from 1 on, and not ${limit}`)
  const isSorted = sort !== 'key' || order === 'descending'
  return {
    kind: 'range',
    ...keys,
    ...filters,
    target: sort,
    order: isSorted ? (order ?? 'ascending') : 'none',
    limit: Math.min(limit, PAGE_ENTRIES_MAX),
  }
}

/** Yields the entries of a range. By anything but the key there is one page: a list that does not fit is refused. */
export async function* listOf(
  execute: (operation: RangeOperation) => Promise<Result>,
  range: KeyRange,
  { signal: _signal, limit = Number.POSITIVE_INFINITY, ...options }: ListOptions,
): AsyncGenerator<Entry, void, undefined> {
  const { sort = 'key' } = options
  const isAscending = options.order !== 'descending'
  let keys: KeyRange | null = range
  let { revision } = options
  for (let left = limit; left > 0 && keys !== null; ) {
    const page: RangeOperation = pageOf(keys, { ...options, ...given({ revision }), limit: left })
    const listed: Listed = listedOf(await execute(page))
    const { entries, more } = listed
    const last = entries.at(-1)
    left -= entries.length
    if (more && sort !== 'key' && left > 0) throw tooManyFor(sort)
    yield* entries
    revision = listed.revision
    keys = more && last !== undefined ? restOf(keys, last.key, isAscending) : null
  }
}

const tooManyFor = (sort: string): TooLargeError =>
  new TooLargeError(
    `a list by ${sort} has at most ${PAGE_ENTRIES_MAX} entries and 2 MiB: give a smaller limit, or narrow the range`,
  )

/** Returns the keys behind the last one of a page; null if there are none. */
function restOf(range: KeyRange, last: Uint8Array, isAscending: boolean): KeyRange | null {
  if (!isAscending) return compareBytes(range.key, last) < 0 ? { key: range.key, end: last } : null
  const key = keyBehind(last)
  if (key === null || (!isOpenEnded(range) && compareBytes(key, range.end) >= 0)) return null
  return { key, end: range.end }
}

/** Returns the least key behind a key; null behind the last that there can be. */
function keyBehind(key: Uint8Array): Uint8Array | null {
  if (key.length >= KEY_BYTES_MAX) return successorOf(key)
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}
