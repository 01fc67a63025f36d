/** The execution of a put with options. See `put-options.ts`. */
import { isLeaseRefused } from './lease-execution.ts'
import { leaseOf, type OperationCursor, PUT_OPTIONS } from './operations.ts'
import type { RangeTarget } from './range-execution.ts'
import { itemBytes, writeRangeItem } from './range-results.ts'
import { FIELD_BYTES } from './results.ts'

/** Executes the put at the cursor, whose condition on the revision holds. */
export function executePutWithOptions(target: RangeTarget, cursor: OperationCursor): void {
  const { store, results } = target
  const { bytes, options, keyStart, keyEnd, valueStart, valueEnd } = cursor
  const has = (option: number): boolean => (options & option) !== 0
  const named = leaseOf(cursor)
  if (named !== null && isLeaseRefused(target, cursor, named)) return
  const isFound = store.find(bytes, keyStart, keyEnd)
  if (!isFound && has(PUT_OPTIONS.keepValue | PUT_OPTIONS.keepLease)) {
    if (!results.fits(FIELD_BYTES.notFound)) return results.result('result-budget', 0)
    results.result('not-found', FIELD_BYTES.notFound)
    return results.u64(store.revision)
  }
  // Copies, because the put changes the bytes of the entry.
  const { entry } = store
  const value = isFound && has(PUT_OPTIONS.keepValue) ? entry.value.slice() : null
  const keptLease = isFound && has(PUT_OPTIONS.keepLease) && entry.hasLease ? entry.lease.slice() : null
  const isShown = isFound && has(PUT_OPTIONS.previous)
  const key = bytes.subarray(keyStart, keyEnd)
  const fieldBytes = FIELD_BYTES.put + 4 + (isShown ? itemBytes({ key, entry }, false) : 0)
  if (!results.fits(fieldBytes)) return results.result('result-budget', 0)
  const lease = keptLease ?? named
  const isPut =
    value === null ? store.put(bytes, valueStart, valueEnd, lease) : store.put(value, 0, value.length, lease)
  if (!isPut) return results.result('no-space', 0)
  results.result('ok', fieldBytes)
  results.u64(store.revision)
  results.revisions(store)
  results.u32(isShown ? 1 : 0)
  if (isShown) writeRangeItem(results, { key, entry: store.before }, false)
}
