/**
 * The results of one request, one for each of its operations in their order. Big-endian.
 *
 *   results = count u16 | result *
 *   result  = status u8 | length u32 | fields                                    length = bytes of the fields
 *   ok, put           revision u64 | createRevision u64 | modRevision u64 | version u64
 *   ok, get           the same four | value (the rest)
 *   ok, delete        revision u64 | deleted u8 (0 when there was no such key)
 *   ok, list          revision u64 | count u64 | item count u32
 *                     | (key length u16 | key | createRevision u64 | modRevision u64 | version u64
 *                        | value length u32 | value) *
 *                     | cursor (the rest)
 *   ok, range, delete-range, compact                        see `range-results.ts`
 *   ok, lease-grant and the other operations on leases      see `lease-results.ts`
 *   ok, changes                                             see `changes-result.ts`
 *   ok, put-with-options                                    see `put-options.ts`
 *   ok, access-switch and the other operations on access    see `access-results.ts`
 *   ok, transaction                                         see `transaction-results.ts`
 *   not-found         revision u64
 *   compacted         revision u64 | floor u64              the revision asked for is below the floor
 *   future            revision u64                          the revision asked for is above the store's
 *   lease-not-found   revision u64
 *   revision-moved    revision u64 | modRevision u64 (0 when there is no such key)
 *   any other status  no fields
 *
 * A write that comes again with its idempotency key has the result of the first time; `already-done` if that was too large
 * to be kept, and `idempotency-key-reused` if it is another write.
 *
 * `revision` is the store's revision after the operation. A list's `count` counts all keys with the prefix; its cursor
 * is the last returned key, or empty if none is left. A request with wrong framing has one `bad-operation` result.
 *
 * The reader is for clients: results come from replicas that may lie, so malformed ones read as null.
 */
import { readU16, readU32 } from '../base/bytes.ts'
import { type AccessResult, interpretAccessResult } from './access-results.ts'
import { type ChangesResult, interpretChangesResult } from './changes-result.ts'
import { interpretLeaseResult, type LeaseResult } from './lease-results.ts'
import {
  OPERATION_CODES,
  OPERATIONS_MAX,
  type OperationCode,
  TRANSACTION_OPERATIONS_MAX,
} from './operations.ts'
import { interpretPutWithOptions, type PutWithOptionsResult } from './put-options.ts'
import { interpretRangeResult, type RangeResult } from './range-results.ts'
import { type KeyRevisions, RESULT_HEADER_BYTES, readRevisions, safeU64 } from './result-fields.ts'
import { interpretTransaction, type TransactionResult } from './transaction-results.ts'

/** The maximum bytes of the results of one request. The same limit as in `messages/limits.ts`. */
export const RESULTS_BYTES_MAX = 2 * 1024 * 1024
/** The bytes of the count before the results. */
export const RESULTS_HEADER_BYTES = 2

export const STATUSES = {
  ok: 0,
  'not-found': 1,
  'revision-moved': 2,
  'bad-operation': 3,
  unsupported: 4,
  denied: 5,
  'no-space': 6,
  'result-budget': 7,
  'bad-key': 8,
  'too-large': 9,
  compacted: 10,
  future: 11,
  'work-budget': 12,
  'too-many-operations': 13,
  'duplicate-key': 14,
  'lease-not-found': 15,
  'lease-exists': 16,
  'lease-too-long': 17,
  'too-many-leases': 18,
  'too-many-lease-keys': 19,
  'value-provided': 20,
  'lease-provided': 21,
  'idempotency-key-reused': 22,
  'already-done': 23,
  'no-principal': 24,
  'name-taken': 25,
  'too-many-principals': 26,
  'too-many-rights': 27,
} as const
export type Status = keyof typeof STATUSES

/** The bytes of the fields of each kind; for a get and a list, those before the variable part. */
export const FIELD_BYTES = {
  put: 32,
  get: 32,
  delete: 9,
  list: 20,
  listItem: 30,
  notFound: 8,
  moved: 16,
  compacted: 16,
  future: 8,
} as const

/** A result in its frame. `fields` is a view of the received bytes. */
export interface FramedResult {
  readonly status: Status
  readonly fields: Uint8Array
}

export interface ListItem extends KeyRevisions {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** The result of an operation. Keys and values are views of the bytes read. */
export type Result =
  | ({ readonly status: 'ok'; readonly kind: 'put'; readonly revision: number } & KeyRevisions)
  | ({
      readonly status: 'ok'
      readonly kind: 'get'
      readonly revision: number
      readonly value: Uint8Array
    } & KeyRevisions)
  | { readonly status: 'ok'; readonly kind: 'delete'; readonly revision: number; readonly deleted: boolean }
  | {
      readonly status: 'ok'
      readonly kind: 'list'
      readonly revision: number
      /** The number of all keys with the prefix. */
      readonly count: number
      readonly items: readonly ListItem[]
      readonly cursor: Uint8Array
    }
  | { readonly status: 'not-found' | 'lease-not-found'; readonly revision: number }
  | { readonly status: 'revision-moved'; readonly revision: number; readonly modRevision: number }
  | RangeResult
  | LeaseResult
  | AccessResult
  | ChangesResult
  | TransactionResult
  | PutWithOptionsResult
  | { readonly status: 'compacted'; readonly revision: number; readonly floor: number }
  | { readonly status: 'future'; readonly revision: number }
  | { readonly status: Exclude<Status, StatusWithFields> }

type StatusWithFields = 'ok' | 'not-found' | 'lease-not-found' | 'revision-moved' | 'compacted' | 'future'

const STATUS_NAMES = Object.keys(STATUSES) as readonly Status[]

/** The maximum depth of results: that of transactions in each other. */
const DEPTH_MAX = TRANSACTION_OPERATIONS_MAX + 1

/** Splits results into their frames; null if they are malformed. */
export function readResults(bytes: Uint8Array): readonly FramedResult[] | null {
  if (bytes.length < RESULTS_HEADER_BYTES) return null
  const count = readU16(bytes, 0)
  if (count === 0 || count > OPERATIONS_MAX) return null
  const results: FramedResult[] = []
  let at = RESULTS_HEADER_BYTES
  for (let index = 0; index < count; index++) {
    if (at + RESULT_HEADER_BYTES > bytes.length) return null
    const status = STATUS_NAMES[bytes[at] as number]
    const from = at + RESULT_HEADER_BYTES
    at = from + readU32(bytes, at + 1)
    if (status === undefined || at > bytes.length) return null
    results.push({ status, fields: bytes.subarray(from, at) })
  }
  return at === bytes.length ? results : null
}

/** Reads a framed result of an operation with this code; null if it is malformed. */
export function interpretResult(code: OperationCode, framed: FramedResult): Result | null {
  return interpretWithin(DEPTH_MAX, code, framed)
}

function interpretWithin(depthMax: number, code: OperationCode, framed: FramedResult): Result | null {
  const { status, fields } = framed
  switch (status) {
    case 'ok':
      return interpretOk(depthMax, code, fields)
    case 'not-found':
    case 'lease-not-found':
    case 'future': {
      const revision = safeU64(fields, 0)
      if (fields.length !== FIELD_BYTES.notFound || revision === null) return null
      return { status, revision }
    }
    case 'revision-moved': {
      const revision = safeU64(fields, 0)
      const modRevision = safeU64(fields, 8)
      if (fields.length !== FIELD_BYTES.moved || revision === null || modRevision === null) return null
      return { status, revision, modRevision }
    }
    case 'compacted': {
      const revision = safeU64(fields, 0)
      const floor = safeU64(fields, 8)
      if (fields.length !== FIELD_BYTES.compacted || revision === null || floor === null) return null
      return { status, revision, floor }
    }
    default:
      return fields.length === 0 ? { status } : null
  }
}

function interpretOk(depthMax: number, code: OperationCode, fields: Uint8Array): Result | null {
  const revision = safeU64(fields, 0)
  if (revision === null) return null
  switch (code) {
    case OPERATION_CODES.put: {
      const revisions = readRevisions(fields, 8)
      if (revisions === null || fields.length !== FIELD_BYTES.put) return null
      return { status: 'ok', kind: 'put', revision, ...revisions }
    }
    case OPERATION_CODES.get: {
      const revisions = readRevisions(fields, 8)
      if (revisions === null) return null
      return { status: 'ok', kind: 'get', revision, ...revisions, value: fields.subarray(FIELD_BYTES.get) }
    }
    case OPERATION_CODES.delete: {
      const deleted = fields[8]
      if (fields.length !== FIELD_BYTES.delete || deleted === undefined || deleted > 1) return null
      return { status: 'ok', kind: 'delete', revision, deleted: deleted === 1 }
    }
    case OPERATION_CODES.list:
      return interpretList(revision, fields)
    case OPERATION_CODES.range:
    case OPERATION_CODES['delete-range']:
    case OPERATION_CODES.compact:
      return interpretRangeResult(code, fields)
    case OPERATION_CODES['lease-grant']:
    case OPERATION_CODES['lease-revoke']:
    case OPERATION_CODES['lease-keep-alive']:
    case OPERATION_CODES['lease-time-to-live']:
    case OPERATION_CODES.leases:
      return interpretLeaseResult(code, fields)
    case OPERATION_CODES.changes:
      return interpretChangesResult(fields)
    case OPERATION_CODES['put-with-options']:
      return interpretPutWithOptions(fields)
    case OPERATION_CODES['access-switch']:
    case OPERATION_CODES['access-principal']:
    case OPERATION_CODES['access-remove']:
    case OPERATION_CODES['access-grant']:
    case OPERATION_CODES['access-revoke']:
    case OPERATION_CODES['access-list']:
      return interpretAccessResult(code, fields)
    case OPERATION_CODES.transaction:
      if (depthMax === 0) return null
      return interpretTransaction(fields, (inner, statusNumber, innerFields) => {
        const status = STATUS_NAMES[statusNumber]
        return status === undefined
          ? null
          : interpretWithin(depthMax - 1, inner, { status, fields: innerFields })
      })
  }
}

function interpretList(revision: number, fields: Uint8Array): Result | null {
  const count = safeU64(fields, 8)
  if (count === null || fields.length < FIELD_BYTES.list) return null
  const itemCount = readU32(fields, 16)
  const items: ListItem[] = []
  let at: number = FIELD_BYTES.list
  for (let index = 0; index < itemCount; index++) {
    if (at + FIELD_BYTES.listItem > fields.length) return null
    const keyEnd = at + 2 + readU16(fields, at)
    const revisions = readRevisions(fields, keyEnd)
    const valueStart = keyEnd + FIELD_BYTES.listItem - 2
    if (revisions === null || valueStart > fields.length) return null
    const valueEnd = valueStart + readU32(fields, valueStart - 4)
    if (valueEnd > fields.length) return null
    const key = fields.subarray(at + 2, keyEnd)
    items.push({ key, ...revisions, value: fields.subarray(valueStart, valueEnd) })
    at = valueEnd
  }
  return { status: 'ok', kind: 'list', revision, count, items, cursor: fields.subarray(at) }
}
