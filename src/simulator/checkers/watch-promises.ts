/**
 * The checker of watches: the nine promises of etcd's watches, under the names of etcd's own validator. It compares
 * the steps that a reader received with the list of all changes of the store.
 */
import { equalBytes, toHex } from '../../base/bytes.ts'
import type { Change, ChangedEntry } from '../../store/changes-result.ts'
import { includes, type KeyRange } from '../../store/key-range.ts'

export type WatchPromise =
  | 'ordered'
  | 'unique'
  | 'reliable'
  | 'atomic'
  | 'resumable'
  | 'bookmarkable'
  | 'prevKV'
  | 'isCreate'
  | 'filter'

/** A step as the reader received it. */
export type GivenStep =
  | {
      readonly kind: 'changes'
      readonly revision: number
      readonly changes: readonly Change[]
      readonly isWhole: boolean
    }
  | { readonly kind: 'progress'; readonly revision: number }

/** All steps that a reader received, possibly over several consecutive watches. */
export interface WatchRecord {
  readonly range: KeyRange
  /** The revision after which the changes start. */
  readonly after: number
  readonly previous?: boolean
  readonly only?: 'put' | 'delete'
  readonly steps: readonly GivenStep[]
  /** The revision up to which the reader must have received everything; by default the revision of its last step. */
  readonly through?: number
}

export interface BrokenPromise {
  readonly promise: WatchPromise
  readonly sentence: string
}

const placeOf = ({ main, sub, key }: Change): string => `${main}.${sub} of ${toHex(key)}`

/** Returns the broken promises. `truth` lists all changes of the store, with the previous entries. */
export function brokenPromises(truth: readonly Change[], record: WatchRecord): readonly BrokenPromise[] {
  const broken: BrokenPromise[] = []
  const report = (promise: WatchPromise, sentence: string): void => void broken.push({ promise, sentence })
  const given = record.steps.flatMap((step) => (step.kind === 'changes' ? step.changes : []))
  checkOrder(given, report)
  checkSteps(record, report)
  checkContents(new Map(truth.map((change) => [placeOf(change), change])), { record, given }, report)
  checkCompleteness(truth, { record, given }, report)
  return broken
}

type Report = (promise: WatchPromise, sentence: string) => void

interface Given {
  readonly record: WatchRecord
  readonly given: readonly Change[]
}

/** Checks that changes are in ascending order, and that none is repeated. */
function checkOrder(given: readonly Change[], report: Report): void {
  const seen = new Set<string>()
  let before: Change | null = null
  for (const change of given) {
    const place = placeOf(change)
    if (seen.has(place)) report('unique', `the change ${place} came twice`)
    else if (before !== null && (change.main - before.main || change.sub - before.sub) < 0)
      report('ordered', `the change ${place} came behind ${placeOf(before)}`)
    seen.add(place)
    before = change
  }
}

/** Checks that a revision arrives complete, and that no change arrives after a mark that covers it. */
function checkSteps({ steps, after }: WatchRecord, report: Report): void {
  let ended = 0
  let open = 0
  let marked = 0
  for (const step of steps) {
    const { revision } = step
    if (step.kind === 'progress') {
      if (open !== 0) report('atomic', `a mark came within revision ${open}`)
      if (revision < after) report('bookmarkable', `a mark of ${revision} came to a reader from ${after}`)
      marked = Math.max(marked, revision)
      continue
    }
    if (step.changes.some(({ main }) => main !== revision))
      report('atomic', `a step of revision ${revision} has changes of another one`)
    if (open !== 0 && open !== revision) report('atomic', `revision ${open} was never completed`)
    if (revision === ended) report('atomic', `revision ${revision} came in two steps`)
    if (revision <= marked) report('bookmarkable', `revision ${revision} came behind a mark of ${marked}`)
    open = step.isWhole ? 0 : revision
    if (step.isWhole) ended = revision
  }
}

/** Checks each change against the one that the store made. */
function checkContents(truth: ReadonlyMap<string, Change>, { record, given }: Given, report: Report): void {
  for (const change of given) {
    const place = placeOf(change)
    const real = truth.get(place)
    if (real === undefined || !equalValues(change.put, real.put)) {
      report('reliable', `the store made no such change as ${place}`)
      continue
    }
    const { main } = change
    if (!equalEntries(change.put, real.put))
      report('isCreate', `the change ${place} has another creation or version than the store gave it`)
    if (main <= record.after) report('resumable', `the change ${place} came to a reader from ${record.after}`)
    if (!isWanted(record, change)) report('filter', `the change ${place} was not asked for`)
    const previous = record.previous === true ? real.previous : null
    if (change.previous === 'omitted' || previous === 'omitted') continue
    if (!equalEntries(change.previous, previous))
      report('prevKV', `before the change ${place} was something else`)
  }
}

/** Checks that no change is missing: after the beginning, between two steps, and before a mark. */
function checkCompleteness(truth: readonly Change[], { record, given }: Given, report: Report): void {
  const { after, steps } = record
  const places = new Set(given.map(placeOf))
  const first = given[0]?.main ?? Number.POSITIVE_INFINITY
  const marked = Math.max(0, ...steps.map((step) => (step.kind === 'progress' ? step.revision : 0)))
  const last = steps.at(-1)?.revision ?? after
  const through = Math.max(last, record.through ?? 0)
  for (const change of truth) {
    const { main } = change
    if (main <= after || main > through || !isWanted(record, change) || places.has(placeOf(change))) continue
    const sentence = `the change ${placeOf(change)} never came`
    if (main < first && first <= through) report('resumable', sentence)
    else if (main <= marked) report('bookmarkable', sentence)
    else report('reliable', sentence)
  }
}

/** True if a reader selected the change. */
export const isWanted = ({ range, only }: WatchRecord, { key, put }: Change): boolean =>
  (only === undefined || (only === 'put') === (put !== null)) && includes(range, key)

/** True if two entries are equal, apart from the creation of the key and its version. */
function equalValues(one: ChangedEntry | null, other: ChangedEntry | null): boolean {
  if (one === null || other === null) return one === other
  const isSameRevision = one.modRevision === other.modRevision
  return isSameRevision && equalBytes(one.lease, other.lease) && equalBytes(one.value, other.value)
}

function equalEntries(one: ChangedEntry | null, other: ChangedEntry | null): boolean {
  if (one === null || other === null) return one === other
  const isSameLife = one.createRevision === other.createRevision && one.version === other.version
  return isSameLife && equalValues(one, other)
}
