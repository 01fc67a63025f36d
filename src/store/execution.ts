/**
 * The execution of the operations of one request, in order and without others in between. Reads each operation in place
 * from the received bytes, and writes the results.
 *
 * The checks have a fixed order, the same on every replica: a fault of the operation itself; what its principal may not
 * do; an idempotency key under which
 * it was executed before; no room for its result; a lease that it may not name; a revision that has moved; no space.
 */
import { assertNever } from '../base/assert.ts'
import type { ClientId } from '../base/ids.ts'
import type { TreeCursor } from '../tree/search.ts'
import { executeOnAccess } from './access-execution.ts'
import { isPermitted, principalFor } from './access-judgement.ts'
import type { AccessRecords } from './access-records.ts'
import { executeChanges } from './changes-execution.ts'
import { type ClientIdempotencyKeys, idempotencyKeyFor, type KeptWrite } from './idempotency-keys.ts'
import { EntryView } from './key-entry.ts'
import { entryKeyOf } from './key-value-store.ts'
import {
  executeGrant,
  executeKeepAlive,
  executeLeases,
  executeRevoke,
  executeTimeToLive,
  isLeaseRefused,
} from './lease-execution.ts'
import {
  actAsOf,
  idempotencyKeyOf,
  isOnAccess,
  KEY_BYTES_MAX,
  leaseOf,
  nextOperation,
  OPERATION_CODES,
  type OperationCursor,
  openOperations,
} from './operations.ts'
import { executePutWithOptions } from './put-execution.ts'
import { executeCompact, executeDeleteRange, executeRange, type RangeTarget } from './range-execution.ts'
import { RESULT_HEADER_BYTES } from './result-fields.ts'
import { FIELD_BYTES, RESULTS_BYTES_MAX, RESULTS_HEADER_BYTES } from './results.ts'
import { executeTransaction } from './transaction-execution.ts'

/**
 * The maximum bytes of a list's fields before its cursor. A longer page ends early with a cursor, so that a list alone
 * in its request always fits the budget and returns at least one item.
 */
const LIST_BYTES_MAX = RESULTS_BYTES_MAX - RESULTS_HEADER_BYTES - RESULT_HEADER_BYTES - KEY_BYTES_MAX

/**
 * The costs in units of the allowance: of any operation, in addition of a list, of each item, and of a number of bytes.
 */
const OPERATION_WORK = 4
const LIST_WORK = 4
const ITEM_WORK = 1
/** The cost of an idempotency key in addition. */
const KEY_WORK = 12
/**
 * The bytes of a key per unit of work. Few long keys fit in a page, so pages are divided and copied for each of them.
 */
const KEY_BYTES_PER_WORK = 32
const VALUE_BYTES_PER_WORK = 256

/** The parts of the store on which the operations of one request are executed. */
export interface RequestTarget extends RangeTarget {
  readonly access: AccessRecords
  /** The client that signed the request. */
  readonly client: ClientId
  /** The idempotency keys of the client that sends the request; null if it only reads. */
  readonly idempotencyKeys: ClientIdempotencyKeys | null
}

interface Execution extends RequestTarget {
  readonly cursor: OperationCursor
  readonly entry: EntryView
  /**
   * True after a list of this request did not fit. Later lists are not tried, because walking a range only to discard
   * the result takes time.
   */
  listRefused: boolean
  /** The principal by whose rights the operation was judged; null if it was not judged. */
  principal: ClientId | null
}

/**
 * Executes a request's operations. Returns their results, at most `RESULTS_BYTES_MAX` bytes and, apart from a status
 * for each, at most `budgetBytes`. Pauses when the allowance is used up; until it continues, nothing else may change
 * the store. Never throws.
 */
export function* executeOperations(
  target: RequestTarget,
  operations: Uint8Array,
  budgetBytes: number,
): Generator<undefined, Uint8Array, undefined> {
  const { results, allowance } = target
  const cursor = openOperations(operations, target.access.isThere)
  results.begin(cursor?.count ?? 1, budgetBytes)
  if (cursor === null) {
    results.result('bad-operation', 0)
    return results.finish()
  }
  const execution: Execution = {
    ...target,
    cursor,
    entry: new EntryView(),
    listRefused: false,
    principal: null,
  }
  for (let index = 0; index < cursor.count; index++) {
    if (allowance.left <= 0) yield
    const start = cursor.next
    const fault = nextOperation(cursor)
    allowance.left -= workOf(cursor)
    execution.store.begin()
    if (fault !== null) results.result(fault, 0)
    else if ((target.access.isOn || isOnAccess(cursor)) && !(yield* isAllowed(execution))) {
      results.result('denied', 0)
    } else if (cursor.idempotencyKeyAt >= 0) yield* executeWithKey(execution, start)
    else if (!executeAtOnce(execution, cursor.code)) {
      yield* executeInSteps(execution, cursor.code as StoppingCode)
    }
  }
  return results.finish()
}

/** Judges the operation at the cursor. Returns true if its client, or the one it acts for, may do this. */
function* isAllowed(execution: Execution): Generator<undefined, boolean, undefined> {
  const { access, client, cursor } = execution
  execution.principal = principalFor(access, client, actAsOf(cursor))
  return execution.principal !== null && (yield* isPermitted(execution, execution.principal, cursor))
}

/** Executes the operation that begins at an offset, unless it was executed under its idempotency key before. */
function* executeWithKey(execution: Execution, start: number): Generator<undefined, void, undefined> {
  const { cursor, results, allowance, idempotencyKeys } = execution
  const named = idempotencyKeyOf(cursor)
  if (named === null || idempotencyKeys === null) return results.result('bad-operation', 0)
  const key = idempotencyKeyFor(named, actAsOf(cursor))
  const operation = cursor.bytes.subarray(start, cursor.next)
  allowance.left -= KEY_WORK + Math.floor(operation.length / VALUE_BYTES_PER_WORK)
  const kept = idempotencyKeys.find(key, operation)
  if (kept !== null) return writeKept(execution, kept)
  const mark = results.mark()
  if (!executeAtOnce(execution, cursor.code)) {
    yield* executeInSteps(execution, cursor.code as StoppingCode)
  }
  const fields = results.fieldsSince(mark)
  if (fields !== null) idempotencyKeys.keep(key, operation, fields)
}

/** Writes the result of a write that was executed before. */
function writeKept({ results }: Execution, { isSame, fields }: KeptWrite): void {
  if (!isSame) return results.result('idempotency-key-reused', 0)
  if (fields === null) return results.result('already-done', 0)
  if (!results.fits(fields.length)) return results.result('result-budget', 0)
  results.result('ok', fields.length)
  results.bytes(fields.length, (target, at) => target.set(fields, at))
}

const workOf = ({ keyStart, keyEnd, valueStart, valueEnd }: OperationCursor): number =>
  OPERATION_WORK +
  Math.floor((keyEnd - keyStart) / KEY_BYTES_PER_WORK) +
  Math.floor((valueEnd - valueStart) / VALUE_BYTES_PER_WORK)

/** Executes an operation on one key without a pause. Returns false for an operation that may pause. */
function executeAtOnce(execution: Execution, code: number): boolean {
  switch (code) {
    case OPERATION_CODES.put:
      executePut(execution)
      return true
    case OPERATION_CODES['put-with-options']:
      executeRichPut(execution)
      return true
    case OPERATION_CODES.get:
      executeGet(execution)
      return true
    case OPERATION_CODES.delete:
      executeDelete(execution)
      return true
    case OPERATION_CODES.compact:
      executeCompact(execution, fieldsOf(execution))
      return true
    case OPERATION_CODES['lease-grant']:
      grantLease(execution)
      return true
    case OPERATION_CODES['lease-keep-alive']:
      executeKeepAlive(execution, fieldsOf(execution))
      return true
    default:
      return false
  }
}

function* executeInSteps(execution: Execution, code: StoppingCode): Generator<undefined, void, undefined> {
  switch (code) {
    case OPERATION_CODES.list:
      return yield* executeList(execution)
    case OPERATION_CODES.range:
      return yield* executeRange(execution, fieldsOf(execution))
    case OPERATION_CODES['delete-range']:
      return yield* executeDeleteRange(execution, fieldsOf(execution))
    case OPERATION_CODES['lease-revoke']:
      return yield* executeRevoke(execution, fieldsOf(execution))
    case OPERATION_CODES['lease-time-to-live']:
      return yield* executeTimeToLive(execution, fieldsOf(execution))
    case OPERATION_CODES.leases:
      if (fieldsOf(execution).length > 0) return execution.results.result('bad-operation', 0)
      return yield* executeLeases(execution)
    case OPERATION_CODES.changes:
      return yield* executeChanges(execution, fieldsOf(execution))
    case OPERATION_CODES['access-switch']:
    case OPERATION_CODES['access-principal']:
    case OPERATION_CODES['access-remove']:
    case OPERATION_CODES['access-grant']:
    case OPERATION_CODES['access-revoke']:
    case OPERATION_CODES['access-list']:
      return yield* executeOnAccess(execution, code, fieldsOf(execution))
    case OPERATION_CODES.transaction:
      return yield* executeTransaction({ ...execution, execute: executeMember })
    default:
      assertNever(code)
  }
}

/** The ways in which an operation of a transaction differs from one of a request. */
const MEMBER = { listRefused: true, mayCut: false, idempotencyKeys: null }

/** Executes the operation at the cursor's next place, which is known to be without faults, for its transaction. */
function* executeMember(target: RangeTarget, cursor: OperationCursor): Generator<undefined, void, undefined> {
  const { allowance } = target
  if (allowance.left <= 0) yield
  nextOperation(cursor)
  allowance.left -= workOf(cursor)
  const execution = { ...(target as Execution), ...MEMBER, cursor, entry: new EntryView() }
  if (!executeAtOnce(execution, cursor.code)) yield* executeInSteps(execution, cursor.code as StoppingCode)
}

type StoppingCode = (typeof OPERATION_CODES)[
  | 'list'
  | 'range'
  | 'delete-range'
  | 'lease-revoke'
  | 'lease-time-to-live'
  | 'leases'
  | 'transaction'
  | 'changes'
  | 'access-switch'
  | 'access-principal'
  | 'access-remove'
  | 'access-grant'
  | 'access-revoke'
  | 'access-list']

const fieldsOf = ({ cursor }: Execution): Uint8Array => cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd)

function find({ store, cursor }: Execution): boolean {
  return store.find(cursor.bytes, cursor.keyStart, cursor.keyEnd)
}

/** Grants a lease. It belongs to the principal that asked for it. */
function grantLease(execution: Execution): void {
  const { access, principal } = execution
  const lease = executeGrant(execution, fieldsOf(execution))
  if (lease !== null && principal !== null) access.setHolder(lease, principal)
}

function executePut(execution: Execution): void {
  const { store, results, cursor } = execution
  if (!results.fits(FIELD_BYTES.put)) return results.result('result-budget', 0)
  const lease = leaseOf(cursor)
  if (lease !== null && isLeaseRefused(execution, cursor, lease)) return
  find(execution)
  if (revisionMoved(execution)) return
  const isPut = store.put(cursor.bytes, cursor.valueStart, cursor.valueEnd, lease)
  if (!isPut) return results.result('no-space', 0)
  results.result('ok', FIELD_BYTES.put)
  results.u64(store.revision)
  results.revisions(store)
}

function executeRichPut(execution: Execution): void {
  if (!execution.results.fits(FIELD_BYTES.put)) return execution.results.result('result-budget', 0)
  find(execution)
  if (!revisionMoved(execution)) executePutWithOptions(execution, execution.cursor)
}

function executeGet(execution: Execution): void {
  const { store, results } = execution
  const isFound = find(execution)
  const { entry } = store
  const valueLength = isFound ? entry.valueLength : 0
  const fieldBytes = isFound ? FIELD_BYTES.get + valueLength : FIELD_BYTES.notFound
  if (!results.fits(fieldBytes)) return results.result('result-budget', 0)
  results.result(isFound ? 'ok' : 'not-found', fieldBytes)
  results.u64(store.revision)
  if (!isFound) return
  results.revisions(entry)
  results.bytes(valueLength, (target, at) => target.set(entry.value, at))
}

function executeDelete(execution: Execution): void {
  const { store, results } = execution
  if (!results.fits(FIELD_BYTES.moved)) return results.result('result-budget', 0)
  const isFound = find(execution)
  if (revisionMoved(execution)) return
  if (isFound) store.delete()
  results.result('ok', FIELD_BYTES.delete)
  results.u64(store.revision)
  results.u8(isFound ? 1 : 0)
}

/** True if the operation requires another modification revision than the key has. Writes the result in this case. */
function revisionMoved({ store, results, cursor }: Execution): boolean {
  if (cursor.ifRevision < 0 || cursor.ifRevision === store.modRevision) return false
  results.result('revision-moved', FIELD_BYTES.moved)
  results.u64(store.revision)
  results.u64(store.modRevision)
  return true
}

function* executeList(execution: Execution): Generator<undefined, void, undefined> {
  const { store, results, cursor, allowance } = execution
  allowance.left -= LIST_WORK
  const prefix = cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd)
  const after = cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd)
  const page = execution.listRefused ? null : yield* measurePage(execution, prefix, after)
  if (page === null) {
    execution.listRefused = true
    results.result('result-budget', 0)
    return
  }
  results.result('ok', page.fieldBytes)
  results.u64(store.revision)
  results.u64(store.count(prefix))
  results.u32(page.count)
  const entries = store.seek(prefix, after)
  for (let index = 0; index < page.count; index++) {
    if (allowance.left <= 0) yield
    allowance.left -= ITEM_WORK + Math.floor(entries.valueLength / VALUE_BYTES_PER_WORK)
    writeItem(execution, entries)
    entries.next()
  }
  results.bytes(page.cursor.length, (target, at) => target.set(page.cursor, at))
}

interface Page {
  readonly count: number
  /** The last key, if more follow; else empty. */
  readonly cursor: Uint8Array
  readonly fieldBytes: number
}

const NO_KEY = new Uint8Array(0)

/** Returns the number of keys that a list returns; null if they do not fit into the rest of the budget. */
function* measurePage(
  { store, results, cursor, entry, allowance }: Execution,
  prefix: Uint8Array,
  after: Uint8Array,
): Generator<undefined, Page | null, undefined> {
  let count = 0
  let fieldBytes: number = FIELD_BYTES.list
  let last: Uint8Array = NO_KEY
  let more = false
  const section = entryKeyOf(prefix, 0)
  const entries = store.seek(prefix, after)
  for (; cursor.limit > 0 && !entries.isAtEnd && entries.startsWith(section); entries.next()) {
    const { valueLength } = entry.place(entries.value, 0, entries.valueLength)
    const bytes = fieldBytes + FIELD_BYTES.listItem + entries.keyLength - 1 + valueLength
    more = count === cursor.limit || bytes > LIST_BYTES_MAX
    if (more) break
    if (!results.fits(bytes)) return null
    if (allowance.left <= 0) yield
    allowance.left -= ITEM_WORK
    count++
    fieldBytes = bytes
    last = entries.key
  }
  if (!more) return results.fits(fieldBytes) ? { count, cursor: NO_KEY, fieldBytes } : null
  fieldBytes += last.length - 1
  return results.fits(fieldBytes) ? { count, cursor: last.subarray(1), fieldBytes } : null
}

function writeItem({ results, entry }: Execution, { key, value }: TreeCursor): void {
  entry.place(value, 0, value.length)
  results.u16(key.length - 1)
  results.bytes(key.length - 1, (target, at) => target.set(key.subarray(1), at))
  results.revisions(entry)
  results.u32(entry.valueLength)
  results.bytes(entry.valueLength, (target, at) => target.set(entry.value, at))
}
