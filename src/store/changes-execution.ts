/**
 * The execution of a read of changes: a walk over the records of changes, which are kept in the order of their
 * revisions. The answer ends with a whole revision if any one fits, so that its reader sees a request's changes
 * together or not at all.
 */
import { readU32, readU64 } from '../base/bytes.ts'
import { CHANGE_KINDS, ChangeView, changeKey } from './change-record.ts'
import { type ChangesQuery, endOfRevision, readChangesQuery, WHOLE_REVISION } from './changes-operation.ts'
import {
  CHANGES_HEADER_BYTES,
  changeBytes,
  type FoundChange,
  isTooLarge,
  writeChange,
} from './changes-result.ts'
import { type ChangeRevision, EntryView } from './key-entry.ts'
import { includes } from './key-range.ts'
import { goBack } from './range.ts'
import { FIELDS_BYTES_MAX, type RangeTarget, writeCompacted } from './range-execution.ts'
import { FIELD_BYTES } from './results.ts'
import { SECTIONS, sectionKey } from './state-keys.ts'

/** The maximum number of changes that one operation examines, so that a rare change does not cost a whole history. */
export const EXAMINED_MAX = 16_384
/** The bytes of a change per unit of the allowance. */
const BYTES_PER_WORK = 256

interface Answered extends FoundChange {
  readonly isOmitted: boolean
}

interface Portion {
  readonly changes: readonly Answered[]
  readonly through: ChangeRevision
  readonly fieldBytes: number
}

/** Executes a read of the changes in a range after a revision. */
export function* executeChanges(
  target: RangeTarget,
  fields: Uint8Array,
): Generator<undefined, void, undefined> {
  const { store, results, allowance, compaction } = target
  const query = readChangesQuery(fields)
  if (typeof query === 'string') return results.result(query, 0)
  const { after } = query
  if (after.main > store.revision) {
    results.result('future', FIELD_BYTES.future)
    results.u64(store.revision)
    return
  }
  if (firstOf(after).main < compaction.floor) return writeCompacted(target)
  const portion = yield* portionOf(target, query)
  if (portion === null) return results.result('work-budget', 0)
  const { changes, through, fieldBytes } = portion
  if (!results.fits(fieldBytes)) return results.result('result-budget', 0)
  results.result('ok', fieldBytes)
  results.u64(store.revision)
  results.u64(through.main)
  results.u32(through.sub)
  results.u32(changes.length)
  for (const change of changes) {
    if (allowance.left <= 0) yield
    allowance.left -= 1 + Math.floor(changeBytes(change) / BYTES_PER_WORK)
    writeChange(results, change, change.isOmitted)
  }
}

/** Returns the place of the first change that may follow. */
const firstOf = ({ main, sub }: ChangeRevision): ChangeRevision =>
  sub === WHOLE_REVISION ? { main: main + 1, sub: 0 } : { main, sub: sub + 1 }

/** Returns the changes of an answer and the place up to which it goes; null if the budget was used up before. */
function* portionOf(
  target: RangeTarget,
  query: ChangesQuery,
): Generator<undefined, Portion | null, undefined> {
  const { store, allowance, budget, compaction } = target
  const changes: Answered[] = []
  /** The last whole revision that was examined, and the number of changes and bytes up to its end. */
  let whole: { readonly main: number; readonly count: number; readonly fieldBytes: number } | null = null
  let last: ChangeRevision | null = null
  let fieldBytes = CHANGES_HEADER_BYTES
  let examined = 0
  const cursor = store.tree.cursor(changeKey(firstOf(query.after)))
  for (; !cursor.isAtEnd; cursor.next()) {
    const main = readU64(cursor.key, 1)
    if (last !== null && main !== last.main) {
      whole = { main: last.main, count: changes.length, fieldBytes }
      if (query.limit > 0 && changes.length >= query.limit) break
    }
    if (budget.left <= 0 || examined === EXAMINED_MAX) break
    if (allowance.left <= 0) yield
    allowance.left--
    budget.left--
    examined++
    const view = new ChangeView().place(cursor.value, 0, cursor.value.length)
    const found = includes(query, view.key)
      ? readFound(target, {
          view,
          main,
          sub: readU32(cursor.key, 9),
          isPrevious: query.previous && main > compaction.floor,
        })
      : null
    const bytes = found === null ? 0 : changeBytes(found)
    if (fieldBytes + bytes > FIELDS_BYTES_MAX) break
    fieldBytes += bytes
    if (found !== null) changes.push(found)
    last = { main, sub: readU32(cursor.key, 9) }
  }
  if (cursor.isAtEnd) return { changes, through: endOfRevision(store.revision), fieldBytes }
  if (whole !== null) {
    return {
      changes: changes.slice(0, whole.count),
      through: endOfRevision(whole.main),
      fieldBytes: whole.fieldBytes,
    }
  }
  return last === null ? null : { changes, through: last, fieldBytes }
}

interface Examined extends ChangeRevision {
  readonly view: ChangeView
  readonly isPrevious: boolean
}

/** Reads a change. Its previous entry is left out if the change would not fit into any answer with it. */
function readFound(target: RangeTarget, { view, main, sub, isPrevious }: Examined): Answered {
  const { key, before } = view
  const put = view.kind === CHANGE_KINDS.put ? entryOf(target, key, { main, sub }) : null
  const previous = isPrevious && before !== null && before.version > 0 ? before : null
  const found = { main, sub, key, put, previous }
  return isTooLarge(found, FIELDS_BYTES_MAX)
    ? { ...found, previous: null, isOmitted: true }
    : { ...found, isOmitted: false }
}

/** Returns the entry that one of the changes of a key left. */
function entryOf({ store, budget }: RangeTarget, key: Uint8Array, { main, sub }: ChangeRevision): EntryView {
  const { tree } = store
  const entry = new EntryView()
  const stateKey = sectionKey(SECTIONS.key, key)
  if (!tree.find(stateKey, 0, stateKey.length)) {
    // The key was deleted later.
    stateKey[0] = SECTIONS.deleted
    tree.find(stateKey, 0, stateKey.length)
  }
  entry.place(tree.valueBuffer, tree.valueAt, tree.valueLength)
  budget.left -= goBack(store, entry, main)
  // A transaction may delete, to the end of all keys, what it has put: a revision then has two changes of the key.
  const later = new ChangeView()
  while (
    entry.main === main &&
    entry.sub > sub &&
    store.records.open(later, entry) &&
    later.before !== null
  ) {
    budget.left--
    const { bytes, at, length } = later.before
    entry.place(bytes, at, length)
  }
  return entry
}
