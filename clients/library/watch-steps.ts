/** The steps of a watch, made from the parts of an answer. */
import { compareBytes } from '../../src/base/bytes.ts'
import { endOfRevision, WHOLE_REVISION } from '../../src/store/changes-operation.ts'
import type { Change, ChangedEntry } from '../../src/store/changes-result.ts'
import type { ChangeRevision } from '../../src/store/key-entry.ts'
import { includes, isOneKey, isOpenEnded, type KeyRange, keysFrom } from '../../src/store/key-range.ts'
import { KEY_BYTES_MAX } from '../../src/store/operations.ts'

/**
 * The changes of one revision in the order of their sub-revisions, or a mark: everything up to its revision was
 * delivered.
 */
export type WatchStep =
  | {
      readonly kind: 'changes'
      readonly revision: number
      readonly changes: readonly Change[]
      /** False if further changes of this revision follow in the next step: it is too large for one answer. */
      readonly isWhole: boolean
    }
  | { readonly kind: 'progress'; readonly revision: number }

/** The changes that a watch selects. */
export interface WatchQuery {
  readonly range: KeyRange
  /** The revision after which the changes start; the current revision by default. */
  readonly after?: number
  /** True to get the entry before each change. */
  readonly previous?: boolean
  /** Selects only puts, or only deletions. */
  readonly only?: 'put' | 'delete'
  /** True to also get marks of progress. */
  readonly progress?: boolean
}

/** Compares two places in the order of changes. */
export const comparePlaces = (a: ChangeRevision, b: ChangeRevision): number =>
  a.main - b.main || a.sub - b.sub

/** The changes of one revision in an answer, and the place at which they end. */
export interface Group {
  readonly through: ChangeRevision
  readonly changes: readonly Change[]
}

/** Returns the changes of an answer by revision; the last group goes up to the place where the answer ends. */
export function groupsOf(changes: readonly Change[], through: ChangeRevision): readonly Group[] {
  const groups: { through: ChangeRevision; changes: Change[] }[] = []
  for (const change of changes) {
    const last = groups.at(-1)
    if (last?.through.main === change.main) last.changes.push(change)
    else groups.push({ through: endOfRevision(change.main), changes: [change] })
  }
  const last = groups.at(-1)
  if (last?.through.main === through.main) last.through = through
  else groups.push({ through, changes: [] })
  return groups
}

export const isWhole = ({ sub }: ChangeRevision): boolean => sub === WHOLE_REVISION

/** True if a watch selects the change. */
export const wants = ({ range, only }: WatchQuery, { key, put }: Change): boolean =>
  (only === undefined || (only === 'put') === (put !== null)) && includes(range, key)

/** Returns a copy of a change that holds no reference to the answer's buffer. */
export function ownCopy({ main, sub, key, put, previous }: Change): Change {
  const before = previous === 'omitted' || previous === null ? previous : ownEntry(previous)
  return { main, sub, key: key.slice(), put: put === null ? null : ownEntry(put), previous: before }
}

const ownEntry = (entry: ChangedEntry): ChangedEntry => ({
  ...entry,
  lease: entry.lease.slice(),
  value: entry.value.slice(),
})

/** The bytes that a change counts for in addition to its key and values. */
const CHANGE_OVERHEAD_BYTES = 256

export function heldBytes(step: WatchStep): number {
  if (step.kind === 'progress') return CHANGE_OVERHEAD_BYTES
  let bytes = CHANGE_OVERHEAD_BYTES
  for (const { key, put, previous } of step.changes) {
    const before = previous === null || previous === 'omitted' ? 0 : previous.value.length
    bytes += CHANGE_OVERHEAD_BYTES + key.length + (put?.value.length ?? 0) + before
  }
  return bytes
}

/** Returns the smallest range that contains all of them; there is at least one. */
export function hullOf(ranges: readonly KeyRange[]): KeyRange {
  const [first, ...others] = ranges as readonly [KeyRange, ...KeyRange[]]
  return others.reduce(joined, first)
}

function joined(a: KeyRange, b: KeyRange): KeyRange {
  if (isOneKey(a) && isOneKey(b) && compareBytes(a.key, b.key) === 0) return a
  const key = compareBytes(a.key, b.key) <= 0 ? a.key : b.key
  if (isOpenEnded(a) || isOpenEnded(b)) return keysFrom(key)
  const [endOfA, endOfB] = [endAfter(a), endAfter(b)]
  if (endOfA === null || endOfB === null) return keysFrom(key)
  return { key, end: compareBytes(endOfA, endOfB) >= 0 ? endOfA : endOfB }
}

/** Returns the exclusive end of a range with an end; null if it would be too long for a key. */
function endAfter(range: KeyRange): Uint8Array | null {
  if (!isOneKey(range)) return range.end
  if (range.key.length === KEY_BYTES_MAX) return null
  const end = new Uint8Array(range.key.length + 1)
  end.set(range.key)
  return end
}
