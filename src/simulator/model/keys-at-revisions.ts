/**
 * The keys of the model at every revision, as a list of changes that every read scans. It is slow, and obviously
 * correct.
 */
import { compareBytes, toHex } from '../../base/bytes.ts'
import { type ChangesQuery, endOfRevision, WHOLE_REVISION } from '../../store/changes-operation.ts'
import type { Change, ChangedEntry, ChangesResult } from '../../store/changes-result.ts'
import { includes, type KeyRange } from '../../store/key-range.ts'
import type { RangeQuery, SortTarget } from '../../store/range.ts'
import type { RangeItem } from '../../store/range-results.ts'
import type { Result } from '../../store/results.ts'

/** A change, and the entry of its key before it. */
export interface ModelChange {
  readonly main: number
  readonly sub: number
  readonly key: Uint8Array
  readonly put: RangeItem | null
  readonly previous: RangeItem | null
}

const FIRST_REVISION = 1

export class KeysAtRevisions {
  revision = FIRST_REVISION
  /** The lowest revision that can be read. */
  floor = 0
  /** All changes since the store was empty. */
  changes: ModelChange[] = []
  readonly #entries = new Map<string, RangeItem>()
  /** True once the operation that is being executed has changed something. */
  #hasChanged = false

  /** Begins an operation: its changes get one main revision. */
  begin(): void {
    this.#hasChanged = false
  }

  find(key: Uint8Array): RangeItem | null {
    return this.#entries.get(toHex(key)) ?? null
  }

  put(key: Uint8Array, value: Uint8Array, lease: Uint8Array): RangeItem {
    const before = this.find(key)
    const main = this.#nextMain()
    const { createRevision = main, version = 0 } = before ?? {}
    const item = { key, createRevision, modRevision: main, version: version + 1, lease, value }
    this.#add(main, key, item)
    return item
  }

  delete(key: Uint8Array): void {
    this.#add(this.#nextMain(), key, null)
  }

  /** The entries of a range at a revision, in the order of their keys. */
  within(range: KeyRange, revision = this.revision): readonly RangeItem[] {
    const entries = new Map(this.#entries)
    for (const { main, key, previous } of this.changes.toReversed()) {
      if (main <= revision) break
      if (previous === null) entries.delete(toHex(key))
      else entries.set(toHex(key), previous)
    }
    const items = [...entries.values()].filter(({ key }) => includes(range, key))
    return items.sort((a, b) => compareBytes(a.key, b.key))
  }

  /** Returns a copy for `restore`, which undoes an operation that fails in the middle. */
  save(): KeysAtRevisions {
    const saved = new KeysAtRevisions()
    saved.restore(this)
    return saved
  }

  restore(saved: KeysAtRevisions): void {
    this.revision = saved.revision
    this.floor = saved.floor
    this.changes = [...saved.changes]
    this.#entries.clear()
    for (const [name, item] of saved.#entries) this.#entries.set(name, item)
    this.#hasChanged = saved.#hasChanged
  }

  #nextMain(): number {
    if (!this.#hasChanged) this.revision++
    this.#hasChanged = true
    return this.revision
  }

  #add(main: number, key: Uint8Array, put: RangeItem | null): void {
    const last = this.changes.at(-1)
    const sub = last?.main === main ? last.sub + 1 : 0
    this.changes.push({ main, sub, key, put, previous: this.find(key) })
    if (put === null) this.#entries.delete(toHex(key))
    else this.#entries.set(toHex(key), put)
  }
}

/** Returns the answer to a read of a range. */
export function rangeOf(keys: KeysAtRevisions, query: RangeQuery): Result {
  const { revision, floor } = keys
  if (query.revision > revision) return { status: 'future', revision }
  if (query.revision !== 0 && query.revision < floor) return { status: 'compacted', revision, floor }
  const all = keys.within(query, query.revision === 0 ? revision : query.revision)
  const head = { status: 'ok', kind: 'range', revision, count: all.length } as const
  if (query.countOnly) return { ...head, more: null, items: [] }
  const { limit, order, target } = query
  const bounds = [
    query.minModRevision,
    query.maxModRevision,
    query.minCreateRevision,
    query.maxCreateRevision,
  ]
  const isFiltered = bounds.some((each) => each > 0)
  let items = [...all]
  // As in etcd, the limit comes first where a target is named without an order.
  if (limit > 0 && order === 'none' && !isFiltered) items = items.slice(0, limit + 1)
  items = items.filter((item) => passes(item, query))
  const sign = order === 'descending' ? -1 : 1
  if (order !== 'none' || target !== 'key') items.sort((a, b) => sign * compareBy(target, a, b))
  const isCut = limit > 0 && items.length > limit
  if (isCut) items = items.slice(0, limit)
  if (query.keysOnly) items = items.map((item) => ({ ...item, value: NOTHING }))
  return { ...head, more: isCut ? 'limit' : null, items }
}

const NOTHING = new Uint8Array(0)

const passes = ({ modRevision, createRevision }: RangeItem, query: RangeQuery): boolean =>
  modRevision >= query.minModRevision &&
  createRevision >= query.minCreateRevision &&
  (query.maxModRevision === 0 || modRevision <= query.maxModRevision) &&
  (query.maxCreateRevision === 0 || createRevision <= query.maxCreateRevision)

function compareBy(target: SortTarget, a: RangeItem, b: RangeItem): number {
  switch (target) {
    case 'key':
      return compareBytes(a.key, b.key)
    case 'value':
      return compareBytes(a.value, b.value)
    case 'version':
      return a.version - b.version
    case 'create':
      return a.createRevision - b.createRevision
    case 'mod':
      return a.modRevision - b.modRevision
  }
}

/** Returns the answer to a read of changes: whole revisions, until the limit is reached. */
export function changesOf(keys: KeysAtRevisions, query: ChangesQuery): Result {
  const { revision, floor } = keys
  const { main, sub } = query.after
  if (main > revision) return { status: 'future', revision }
  if ((sub === WHOLE_REVISION ? main + 1 : main) < floor) return { status: 'compacted', revision, floor }
  const changes: Change[] = []
  let last = 0
  for (const change of keys.changes) {
    if (change.main < main || (change.main === main && (sub === WHOLE_REVISION || change.sub <= sub)))
      continue
    if (last !== 0 && change.main !== last && query.limit > 0 && changes.length >= query.limit)
      return answerOf(revision, last, changes)
    last = change.main
    if (includes(query, change.key)) changes.push(shown(change, query.previous && change.main > floor))
  }
  return answerOf(revision, revision, changes)
}

const answerOf = (revision: number, through: number, changes: readonly Change[]): ChangesResult => ({
  status: 'ok',
  kind: 'changes',
  revision,
  through: endOfRevision(through),
  changes,
})

function shown({ main, sub, key, put, previous }: ModelChange, showsPrevious: boolean): Change {
  return { main, sub, key, put: entryOf(put), previous: showsPrevious ? entryOf(previous) : null }
}

function entryOf(item: RangeItem | null): ChangedEntry | null {
  if (item === null) return null
  const { key: _, ...entry } = item
  return entry
}
