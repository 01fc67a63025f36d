/**
 * Executes the operations of one request, in order and next to each other, and writes their results. An operation is
 * read from the received bytes in place; a put makes no object.
 *
 * Verdicts come in a fixed order, the same on every replica: what the operation itself has wrong; no room for its
 * result; a revision that moved; no space.
 */
import { assertNever } from '../base/assert.ts'
import { byteText, writeByteText } from './byte-text.ts'
import { type KeyValueStore, NO_SLOT, type Slot } from './key-value-store.ts'
import {
  KEY_BYTES_MAX,
  nextOperation,
  OPERATION_CODES,
  type OperationCode,
  type OperationCursor,
  openOperations,
} from './operations.ts'
import { FIELD_BYTES, RESULT_HEADER_BYTES, RESULTS_BYTES_MAX, RESULTS_HEADER_BYTES } from './results.ts'
import type { ResultsWriter } from './results-writer.ts'

/**
 * Bytes of a list's fields in front of its cursor. A longer page ends early and gives a cursor, so that a list that is
 * alone in its request always fits the budget, and gives at least one item.
 */
const LIST_BYTES_MAX = RESULTS_BYTES_MAX - RESULTS_HEADER_BYTES - RESULT_HEADER_BYTES - KEY_BYTES_MAX

interface Execution {
  readonly store: KeyValueStore
  readonly results: ResultsWriter
  readonly cursor: OperationCursor
  /** A list of this request did not fit. Later ones are not tried: walking a range only to discard it costs time. */
  listRefused: boolean
}

/**
 * Executes a request's operations and gives their results, at most `RESULTS_BYTES_MAX` bytes and, but for a status of
 * each, at most `budgetBytes`. Never throws.
 */
export function executeOperations(
  store: KeyValueStore,
  results: ResultsWriter,
  operations: Uint8Array,
  budgetBytes: number,
): Uint8Array {
  const cursor = openOperations(operations)
  results.begin(cursor?.count ?? 1, budgetBytes)
  if (cursor === null) {
    results.result('bad-operation', 0)
    return results.finish()
  }
  const execution: Execution = { store, results, cursor, listRefused: false }
  for (let index = 0; index < cursor.count; index++) {
    const fault = nextOperation(cursor)
    if (fault === null) executeOne(execution)
    else results.result(fault, 0)
  }
  return results.finish()
}

function executeOne(execution: Execution): void {
  const { cursor } = execution
  const code = cursor.code as OperationCode
  const key = byteText(cursor.bytes, cursor.keyStart, cursor.keyEnd)
  switch (code) {
    case OPERATION_CODES.put:
      return executePut(execution, key)
    case OPERATION_CODES.get:
      return executeGet(execution, key)
    case OPERATION_CODES.delete:
      return executeDelete(execution, key)
    case OPERATION_CODES.list:
      return executeList(execution, key)
    default:
      assertNever(code)
  }
}

function executePut(execution: Execution, key: string): void {
  const { store, results, cursor } = execution
  if (!results.fits(FIELD_BYTES.put)) return results.result('result-budget', 0)
  const found = store.find(key)
  if (revisionMoved(execution, found)) return
  const slot = store.put(key, found, cursor.bytes, cursor.valueStart, cursor.valueEnd)
  if (slot === NO_SLOT) return results.result('no-space', 0)
  results.result('ok', FIELD_BYTES.put)
  results.u64(store.revision)
  writeRevisions(execution, slot)
}

function executeGet(execution: Execution, key: string): void {
  const { store, results } = execution
  const slot = store.find(key)
  const valueLength = slot === NO_SLOT ? 0 : store.valueLength(slot)
  const fieldBytes = slot === NO_SLOT ? FIELD_BYTES.notFound : FIELD_BYTES.get + valueLength
  if (!results.fits(fieldBytes)) return results.result('result-budget', 0)
  results.result(slot === NO_SLOT ? 'not-found' : 'ok', fieldBytes)
  results.u64(store.revision)
  if (slot === NO_SLOT) return
  writeRevisions(execution, slot)
  results.bytes(valueLength, (target, at) => store.copyValue(slot, target, at))
}

function executeDelete(execution: Execution, key: string): void {
  const { store, results } = execution
  if (!results.fits(FIELD_BYTES.moved)) return results.result('result-budget', 0)
  const slot = store.find(key)
  if (revisionMoved(execution, slot)) return
  if (slot !== NO_SLOT) store.delete(key, slot)
  results.result('ok', FIELD_BYTES.delete)
  results.u64(store.revision)
  results.u8(slot === NO_SLOT ? 0 : 1)
}

/** Whether the operation asks for another modification revision than the key has; if so, it is answered. */
function revisionMoved({ store, results, cursor }: Execution, slot: Slot): boolean {
  if (cursor.ifRevision < 0 || cursor.ifRevision === store.modRevision(slot)) return false
  results.result('revision-moved', FIELD_BYTES.moved)
  results.u64(store.revision)
  results.u64(store.modRevision(slot))
  return true
}

function executeList(execution: Execution, prefix: string): void {
  const { store, results, cursor } = execution
  const after = byteText(cursor.bytes, cursor.valueStart, cursor.valueEnd)
  const page = execution.listRefused ? null : gatherPage(execution, prefix, after)
  if (page === null) {
    execution.listRefused = true
    return results.result('result-budget', 0)
  }
  results.result('ok', page.fieldBytes)
  results.u64(store.revision)
  results.u64(store.count(prefix))
  results.u32(page.keys.length)
  for (const key of page.keys) writeItem(execution, key)
  writeText(execution, page.cursor)
}

interface Page {
  readonly keys: readonly string[]
  /** The last key, when more follow; else empty. */
  readonly cursor: string
  readonly fieldBytes: number
}

/** The keys that a list gives out, or null when they do not fit what is left of the budget. */
function gatherPage({ store, results, cursor }: Execution, prefix: string, after: string): Page | null {
  const keys: string[] = []
  let fieldBytes: number = FIELD_BYTES.list
  let last = ''
  let more = false
  if (cursor.limit > 0) {
    for (const key of store.range(prefix, after)) {
      const bytes = fieldBytes + FIELD_BYTES.listItem + key.length + store.valueLength(store.find(key))
      more = keys.length === cursor.limit || bytes > LIST_BYTES_MAX
      if (more) break
      if (!results.fits(bytes)) return null
      keys.push(key)
      fieldBytes = bytes
      last = key
    }
  }
  if (more) fieldBytes += last.length
  return results.fits(fieldBytes) ? { keys, cursor: more ? last : '', fieldBytes } : null
}

function writeItem(execution: Execution, key: string): void {
  const { store, results } = execution
  const slot = store.find(key)
  const valueLength = store.valueLength(slot)
  results.u16(key.length)
  writeText(execution, key)
  writeRevisions(execution, slot)
  results.u32(valueLength)
  results.bytes(valueLength, (target, at) => store.copyValue(slot, target, at))
}

function writeText({ results }: Execution, text: string): void {
  results.bytes(text.length, (target, at) => writeByteText(target, at, text))
}

function writeRevisions({ store, results }: Execution, slot: Slot): void {
  results.u64(store.createRevision(slot))
  results.u64(store.modRevision(slot))
  results.u64(store.version(slot))
}
