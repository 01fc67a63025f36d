/**
 * The execution of operations on ranges of keys, and of compaction. Each operation is executed completely or not at
 * all, and then its result gives the reason.
 */
import type { Allowance } from '../base/allowance.ts'
import type { Compaction } from './compaction.ts'
import type { KeyValueStore } from './key-value-store.ts'
import type { Leases } from './leases.ts'
import { isKeyOrder, type RangeQuery, type ReadBudget, type Shown, select } from './range.ts'
import { readCompaction, readDeletion, readQuery } from './range-operations.ts'
import {
  COMPACTION_BYTES,
  DELETION_HEADER_BYTES,
  itemBytes,
  MORE_CODES,
  RANGE_HEADER_BYTES,
  writeRangeItem,
} from './range-results.ts'
import { RESULT_HEADER_BYTES } from './result-fields.ts'
import { FIELD_BYTES, RESULTS_BYTES_MAX, RESULTS_HEADER_BYTES } from './results.ts'
import type { ResultsWriter } from './results-writer.ts'

/** The maximum bytes of a result that is alone in its request. */
export const FIELDS_BYTES_MAX = RESULTS_BYTES_MAX - RESULTS_HEADER_BYTES - RESULT_HEADER_BYTES
/** The cost of a deletion in units of the allowance, and the bytes of an item per unit. */
const DELETION_WORK = 5
const BYTES_PER_WORK = 256

export interface RangeTarget {
  readonly store: KeyValueStore
  readonly compaction: Compaction
  readonly leases: Leases
  readonly results: ResultsWriter
  readonly allowance: Allowance
  readonly budget: ReadBudget
  /** False if an answer that is too long is refused rather than cut. */
  readonly mayCut: boolean
}

type Work = Generator<undefined, void, undefined>

/** Executes a read of a range. */
export function* executeRange(target: RangeTarget, fields: Uint8Array): Work {
  const { store, results, allowance } = target
  const query = readQuery(fields)
  if (typeof query === 'string') return results.result(query, 0)
  if (isOutOfReach(target, query.revision)) return
  const selection = yield* select({ ...target, bytesMax: FIELDS_BYTES_MAX }, query)
  if (selection === null) return results.result('work-budget', 0)
  const page = pageOf(target, selection.shown, query)
  if (page === null) return results.result('result-budget', 0)
  const more = page.isCut ? MORE_CODES.bytes : selection.more ? MORE_CODES.limit : MORE_CODES.none
  results.result('ok', page.fieldBytes)
  results.u64(store.revision)
  results.u64(selection.count)
  results.u8(more)
  results.u32(page.items.length)
  for (const item of page.items) {
    if (allowance.left <= 0) yield
    allowance.left -= 1 + Math.floor(item.entry.length / BYTES_PER_WORK)
    writeRangeItem(results, item, query.keysOnly)
  }
}

/** True if a revision cannot be read. Writes the result in this case. */
function isOutOfReach({ store, compaction, results }: RangeTarget, revision: number): boolean {
  if (revision > store.revision) {
    results.result('future', FIELD_BYTES.future)
    results.u64(store.revision)
    return true
  }
  if (revision === 0 || revision >= compaction.floor) return false
  writeCompacted({ results, store, compaction })
  return true
}

/** Writes the result of a read below the floor. */
export function writeCompacted({
  results,
  store,
  compaction: { floor },
}: Pick<RangeTarget, 'results' | 'store' | 'compaction'>): void {
  results.result('compacted', FIELD_BYTES.compacted)
  results.u64(store.revision)
  results.u64(floor)
}

interface Page {
  readonly items: readonly Shown[]
  readonly isCut: boolean
  readonly fieldBytes: number
}

/**
 * Returns the part of a selection that the answer contains: all of it or, if it is in the order of keys, too long for
 * any answer and may be cut, as much as fits. Returns null if that does not fit into the rest of the budget.
 */
function pageOf({ results, mayCut }: RangeTarget, shown: readonly Shown[], query: RangeQuery): Page | null {
  let fieldBytes: number = RANGE_HEADER_BYTES
  let count = 0
  for (const item of shown) {
    const bytes = itemBytes(item, query.keysOnly)
    if (fieldBytes + bytes > FIELDS_BYTES_MAX) break
    fieldBytes += bytes
    count++
  }
  const isCut = count < shown.length
  if ((isCut && !(mayCut && isKeyOrder(query))) || !results.fits(fieldBytes)) return null
  return { items: isCut ? shown.slice(0, count) : shown, isCut, fieldBytes }
}

/** Deletes the keys of a range, all in one revision. */
export function* executeDeleteRange(target: RangeTarget, fields: Uint8Array): Work {
  const { store, results, allowance } = target
  const deletion = readDeletion(fields)
  if (typeof deletion === 'string') return results.result(deletion, 0)
  const query: RangeQuery = { ...WHOLE_RANGE, ...deletion, keysOnly: !deletion.previous }
  const bytesMax = deletion.previous ? FIELDS_BYTES_MAX : Number.POSITIVE_INFINITY
  const selection = yield* select({ ...target, bytesMax }, query)
  if (selection === null) return results.result('work-budget', 0)
  const { shown, count } = selection
  const items = deletion.previous ? shown : []
  const fieldBytes = items.reduce((sum, item) => sum + itemBytes(item, false), DELETION_HEADER_BYTES)
  if (shown.length < count || !results.fits(fieldBytes)) return results.result('result-budget', 0)
  results.result('ok', fieldBytes)
  results.u64(store.revision + (count > 0 && !store.hasChanged ? 1 : 0))
  results.u64(count)
  results.u32(items.length)
  for (const item of items) writeRangeItem(results, item, false)
  for (const key of shown.map((item) => item.key.slice())) {
    if (allowance.left <= 0) yield
    allowance.left -= DELETION_WORK
    if (store.find(key, 0, key.length)) store.delete()
  }
}

const WHOLE_RANGE = {
  revision: 0,
  limit: 0,
  order: 'none',
  target: 'key',
  countOnly: false,
  minModRevision: 0,
  maxModRevision: 0,
  minCreateRevision: 0,
  maxCreateRevision: 0,
} as const

/** Moves the floor of the history. A revision at or below the floor answers that it was compacted already. */
export function executeCompact(target: RangeTarget, fields: Uint8Array): void {
  const { store, compaction, results } = target
  const revision = readCompaction(fields)
  if (revision === null) return results.result('bad-operation', 0)
  if (revision > store.revision) {
    results.result('future', FIELD_BYTES.future)
    results.u64(store.revision)
  } else if (revision <= compaction.floor) {
    writeCompacted(target)
  } else {
    compaction.moveTo(revision)
    results.result('ok', COMPACTION_BYTES)
    results.u64(store.revision)
  }
}
