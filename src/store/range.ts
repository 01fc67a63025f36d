/**
 * Reads of a range of keys, at the newest revision or an older one: selecting, counting, filtering and sorting its
 * entries. A read at the newest revision in the order of keys examines only the returned entries. Any other read
 * examines every key of the range, within a budget.
 */
import type { Allowance } from '../base/allowance.ts'
import { compareBytes } from '../base/bytes.ts'
import type { TreeCursor } from '../tree/search.ts'
import type { Tree } from '../tree/tree.ts'
import { ChangeView } from './change-record.ts'
import { EntryView, entryHeaderBytes } from './key-entry.ts'
import { isOneKey, isOpenEnded, type KeyRange } from './key-range.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { SECTIONS, sectionKey } from './state-keys.ts'

export const SORT_ORDERS = { none: 0, ascending: 1, descending: 2 } as const
export type SortOrder = keyof typeof SORT_ORDERS
export const SORT_TARGETS = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const
export type SortTarget = keyof typeof SORT_TARGETS

/** A read of a range. Each number is 0 if it is not given. */
export interface RangeQuery extends KeyRange {
  readonly revision: number
  readonly limit: number
  readonly order: SortOrder
  readonly target: SortTarget
  readonly keysOnly: boolean
  readonly countOnly: boolean
  readonly minModRevision: number
  readonly maxModRevision: number
  readonly minCreateRevision: number
  readonly maxCreateRevision: number
}

/** The number of changes that this request may still examine. */
export interface ReadBudget {
  left: number
}

/** A key that a read returns, and its entry: views, valid until something changes. */
export interface Shown {
  readonly key: Uint8Array
  readonly entry: EntryView
}

export interface Selection {
  /** The number of keys in the range, regardless of the limit and the filters. */
  readonly count: number
  readonly shown: readonly Shown[]
  /** True if the limit cut the answer. */
  readonly more: boolean
}

export interface RangeContext {
  readonly store: KeyValueStore
  readonly allowance: Allowance
  readonly budget: ReadBudget
  /** The bytes of keys and values beyond which the search may stop, because more would not fit into an answer. */
  readonly bytesMax: number
}

/** A change and its sort key. */
interface Candidate extends Shown {
  readonly rank: number
  readonly bytes: Uint8Array
}

const NO_BYTES = new Uint8Array(0)

/** Returns the entries of a read, whose revision was checked; null if its budget does not suffice. */
export function* select(
  context: RangeContext,
  query: RangeQuery,
): Generator<undefined, Selection | null, undefined> {
  const { store } = context
  const isNewest = query.revision === 0 || query.revision === store.revision
  const isPlain = query.order === 'none' && query.target === 'key' && !isFiltered(query)
  if (isNewest && isPlain) return yield* selectInOrder(context, query)
  const found: Candidate[] = []
  let count = 0
  const revision = isNewest ? store.revision : query.revision
  for (const item of entriesAt(context, query, revision)) {
    if (item === null) return null
    if (context.allowance.left <= 0) yield
    context.allowance.left--
    if (item.entry.version === 0) continue
    count++
    if (!query.countOnly && passes(query, item.entry)) found.push(candidateOf(item, query.target))
  }
  if (query.countOnly) return { count, shown: [], more: false }
  // etcd applies the limit first if a target is named without an order, and then sorts the rest.
  const isCutFirst = query.limit > 0 && query.order === 'none' && !isFiltered(query)
  if (isCutFirst) found.length = Math.min(found.length, query.limit + 1)
  const sorted = isPlain || isKeyOrder(query) ? found : yield* sort(found, query, context.allowance)
  const more = query.limit > 0 && sorted.length > query.limit
  return { count, shown: more ? sorted.slice(0, query.limit) : sorted, more }
}

const isFiltered = (query: RangeQuery): boolean =>
  query.minModRevision + query.maxModRevision + query.minCreateRevision + query.maxCreateRevision > 0

/** True if the answer is in the order in which keys are found. */
export const isKeyOrder = ({ order, target }: RangeQuery): boolean =>
  target === 'key' && order !== 'descending'

function* selectInOrder(
  { store, allowance, budget, bytesMax }: RangeContext,
  query: RangeQuery,
): Generator<undefined, Selection | null, undefined> {
  const { tree } = store
  const count = countKeys(tree, query)
  const shown: Shown[] = []
  if (query.countOnly) return { count, shown, more: false }
  const wanted = query.limit > 0 ? Math.min(query.limit, count) : count
  const cursor = tree.cursor(sectionKey(SECTIONS.key, query.key))
  for (let bytes = 0; shown.length < wanted && bytes <= bytesMax; cursor.next()) {
    if (allowance.left <= 0) yield
    allowance.left--
    if (budget.left-- <= 0) return null
    const item = shownAt(cursor)
    shown.push(item)
    bytes += item.key.length + (query.keysOnly ? 0 : item.entry.valueLength)
  }
  return { count, shown, more: wanted < count }
}

function shownAt({ key, value }: TreeCursor): Shown {
  return { key: key.subarray(1), entry: new EntryView().place(value, 0, value.length) }
}

/** Returns the number of existing keys in a range. */
export function countKeys(tree: Tree, range: KeyRange): number {
  const from = sectionKey(SECTIONS.key, range.key)
  return tree.countBetween(from, endOf(SECTIONS.key, range))
}

/** Returns the exclusive end of a range in a section of the tree. */
export function endOf(section: number, range: KeyRange): Uint8Array {
  if (isOneKey(range)) return sectionKey(section, range.key, 1)
  return isOpenEnded(range) ? Uint8Array.of(section + 1) : sectionKey(section, range.end)
}

/**
 * Yields the keys of a range in order, each with its entry at a revision; the version is 0 if the key did not exist.
 * Ends with null if the budget is used up.
 */
function* entriesAt(
  { store, budget }: RangeContext,
  range: KeyRange,
  revision: number,
): Generator<Shown | null, void, undefined> {
  const { tree } = store
  const live = new SectionWalk(tree, SECTIONS.key, range)
  // A key that was deleted later existed at the older revision.
  const deleted = revision < store.revision ? new SectionWalk(tree, SECTIONS.deleted, range) : null
  for (;;) {
    const walk = nextOf(live, deleted)
    if (walk === null) return
    const item = shownAt(walk.cursor)
    budget.left -= goBack(store, item.entry, revision)
    if (budget.left < 0) {
      yield null
      return
    }
    yield item
    walk.cursor.next()
  }
}

/** Returns the walk with the smaller key. */
function nextOf(live: SectionWalk, deleted: SectionWalk | null): SectionWalk | null {
  if (deleted === null || deleted.isAtEnd) return live.isAtEnd ? null : live
  if (live.isAtEnd) return deleted
  return compareBytes(live.cursor.key.subarray(1), deleted.cursor.key.subarray(1)) < 0 ? live : deleted
}

class SectionWalk {
  readonly cursor: TreeCursor
  readonly #end: Uint8Array

  constructor(tree: Tree, section: number, range: KeyRange) {
    this.cursor = tree.cursor(sectionKey(section, range.key))
    this.#end = endOf(section, range)
  }

  get isAtEnd(): boolean {
    return this.cursor.isAtEnd || compareBytes(this.cursor.key, this.#end) >= 0
  }
}

/**
 * Moves from a key's entry back to its entry at a revision, which must not be below the floor. The version is 0 if the
 * key did not exist. Returns the number of entries examined.
 */
export function goBack({ records }: KeyValueStore, entry: EntryView, revision: number): number {
  const view = new ChangeView()
  for (let steps = 1; ; steps++) {
    if (entry.main <= revision) return steps
    const before = records.open(view, entry.back(revision)) ? view.before : null
    if (before === null) {
      entry.place(NO_ENTRY, 0, NO_ENTRY.length)
      return steps
    }
    entry.place(before.bytes, before.at, before.length)
  }
}

/** The entry of a key that does not exist. */
const NO_ENTRY = new Uint8Array(entryHeaderBytes(0))

function passes(query: RangeQuery, { main, createRevision }: EntryView): boolean {
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = query
  if (main < minModRevision || createRevision < minCreateRevision) return false
  if (maxModRevision > 0 && main > maxModRevision) return false
  return maxCreateRevision === 0 || createRevision <= maxCreateRevision
}

function candidateOf(item: Shown, target: SortTarget): Candidate {
  const { key, entry } = item
  switch (target) {
    case 'key':
      return { ...item, rank: 0, bytes: key }
    case 'value':
      return { ...item, rank: 0, bytes: entry.value }
    case 'version':
      return { ...item, rank: entry.version, bytes: NO_BYTES }
    case 'create':
      return { ...item, rank: entry.createRevision, bytes: NO_BYTES }
    case 'mod':
      return { ...item, rank: entry.main, bytes: NO_BYTES }
  }
}

/**
 * Sorts by merging runs of doubling length, so that it can pause anywhere. Equal entries stay in the order of their
 * keys.
 */
function* sort(
  found: Candidate[],
  { order }: RangeQuery,
  allowance: Allowance,
): Generator<undefined, Candidate[], undefined> {
  const sign = order === 'descending' ? -1 : 1
  let from = found
  for (let run = 1; run < found.length; run *= 2) {
    const to: Candidate[] = []
    for (let start = 0; start < from.length; start += 2 * run) {
      const middle = Math.min(start + run, from.length)
      const end = Math.min(middle + run, from.length)
      for (let left = start, right = middle; left < middle || right < end; ) {
        if (allowance.left <= 0) yield
        allowance.left -= 1 / 8
        const isLeft =
          right === end ||
          (left < middle && sign * compare(from[left] as Candidate, from[right] as Candidate) <= 0)
        to.push(from[isLeft ? left++ : right++] as Candidate)
      }
    }
    from = to
  }
  return from
}

const compare = (a: Candidate, b: Candidate): number => a.rank - b.rank || compareBytes(a.bytes, b.bytes)
