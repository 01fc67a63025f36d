/**
 * The operations of one request: a fixed binary layout, read in place from the received frame. Big-endian.
 *
 *   operations = count u16 | operation *
 *   operation  = code u8 | flags u8 | length u32 | fields                        length = bytes of the fields
 *   fields     = options in the order of their flag bits, then by code:
 *     put      key length u16 | key | value (the rest)
 *     get      key (the rest)
 *     delete   key (the rest)
 *     list     limit u32 | prefix length u16 | prefix | cursor (the rest)
 *     range, delete-range, compact                            see `range-operations.ts`
 *     lease-grant, lease-revoke, lease-keep-alive, lease-time-to-live, leases    see `lease-operations.ts`
 *     put-with-options                                        see `put-options.ts`
 *     changes                                                 see `changes-operation.ts`
 *     transaction                                             see `transaction.ts`
 *     access-switch and the other operations on access        see `access-operations.ts`
 *   options    0x01 actAs 32 bytes · 0x02 idempotency key: length u8 (1 .. 64) | bytes · 0x04 ifRevision u64
 *              · 0x08 lease 8, in a put
 *
 * A body with wrong framing (count, lengths) is rejected before any of it is executed. A fault within one operation's
 * fields affects that operation only.
 */
import { readU16, readU32, readU64 } from '../base/bytes.ts'
import { LEASE_BYTES } from './key-entry.ts'
import { namesLease } from './lease-id.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** The maximum bytes of a key, which has at least 1. It limits a prefix and a cursor too, which may be empty. */
export const KEY_BYTES_MAX = 4 * KIB
/** The maximum bytes of a value. */
export const VALUE_BYTES_MAX = MIB
/** The maximum number of operations in one request, which has at least 1. */
export const OPERATIONS_MAX = 4096
/** The maximum number of comparisons and of operations in either part of a transaction. */
export const TRANSACTION_OPERATIONS_MAX = 128

/** The bytes of the count before the operations. */
export const OPERATIONS_HEADER_BYTES = 2
/** The bytes of code, flags and length before an operation's fields. */
export const OPERATION_HEADER_BYTES = 6
/** The bytes of limit and prefix length at the start of a list's own fields. */
export const LIST_HEADER_BYTES = 6

/** The codes of the operations. */
export const OPERATION_CODES = {
  put: 1,
  get: 2,
  delete: 3,
  list: 4,
  range: 5,
  'delete-range': 6,
  compact: 7,
  transaction: 8,
  'lease-grant': 9,
  'lease-revoke': 10,
  'lease-keep-alive': 11,
  'lease-time-to-live': 12,
  leases: 13,
  changes: 14,
  'put-with-options': 15,
  'access-switch': 18,
  'access-principal': 19,
  'access-remove': 20,
  'access-grant': 21,
  'access-revoke': 22,
  'access-list': 23,
} as const
export type OperationCode = (typeof OPERATION_CODES)[keyof typeof OPERATION_CODES]

export const OPTION_FLAGS = { actAs: 0x01, idempotencyKey: 0x02, ifRevision: 0x04, lease: 0x08 } as const
const FLAGS_KNOWN = 0x0f

/** The options of a put with options. */
export const PUT_OPTIONS = { previous: 1, keepValue: 2, keepLease: 4 } as const
const PUT_OPTIONS_ALL = 7

/** Bytes of the client key that an operation acts for. */
export const ACT_AS_BYTES = 32
export const IDEMPOTENCY_KEY_BYTES_MAX = 64

/**
 * The reason why an operation cannot be executed in any state of the store. `bad-operation`: its fields break the
 * layout, or an option has no meaning in it. `unsupported`: this version does not execute the code or an option.
 * `bad-key`: a key is empty or too long. `too-large`: a value is too long. `too-many-operations`: a transaction has more
 * than it may have. `value-provided`, `lease-provided`: a put gives what it keeps.
 */
export type OperationFault =
  | 'bad-operation'
  | 'unsupported'
  | 'bad-key'
  | 'too-large'
  | 'too-many-operations'
  | 'value-provided'
  | 'lease-provided'

/** The current position in a request's operations, and the parts of the current operation. Offsets are into `bytes`. */
export interface OperationCursor {
  readonly bytes: Uint8Array
  readonly count: number
  /** False for a store without principals, which supports neither their operations nor acting for one. */
  readonly knowsAccess: boolean
  /** The offset of the next operation. */
  next: number
  code: number
  flags: number
  /** The modification revision that the key must have; 0 for "must not exist"; -1 if the operation does not ask. */
  ifRevision: number
  /** The offset of the lease's id; -1 if the operation names none. */
  leaseAt: number
  /** The offset of the principal that the operation acts for; -1 if it names none. */
  actAsAt: number
  /** The offset of the idempotency key, behind the byte with its length; -1 if the operation has none. */
  idempotencyKeyAt: number
  /** The key; in a list, the prefix. */
  keyStart: number
  keyEnd: number
  /** The value; in a list, the cursor. */
  valueStart: number
  valueEnd: number
  /** The options of a put. */
  options: number
  /** The number of items that a list may return. */
  limit: number
}

/** Returns a cursor before the first operation, which `nextOperation` reads; null if the body's framing is wrong. */
export function openOperations(bytes: Uint8Array, knowsAccess = true): OperationCursor | null {
  const count = operationCount(bytes)
  if (count === null) return null
  return {
    bytes,
    count,
    knowsAccess,
    next: OPERATIONS_HEADER_BYTES,
    code: 0,
    flags: 0,
    ifRevision: -1,
    leaseAt: -1,
    actAsAt: -1,
    idempotencyKeyAt: -1,
    options: 0,
    keyStart: 0,
    keyEnd: 0,
    valueStart: 0,
    valueEnd: 0,
    limit: 0,
  }
}

/** Returns the number of operations in a body; null if its framing is wrong. */
export function operationCount(bytes: Uint8Array): number | null {
  if (bytes.length < OPERATIONS_HEADER_BYTES) return null
  const count = readU16(bytes, 0)
  if (count === 0 || count > OPERATIONS_MAX) return null
  let at = OPERATIONS_HEADER_BYTES
  for (let index = 0; index < count; index++) {
    if (at + OPERATION_HEADER_BYTES > bytes.length) return null
    at += OPERATION_HEADER_BYTES + readU32(bytes, at + 2)
    if (at > bytes.length) return null
  }
  return at === bytes.length ? count : null
}

/** The operations that change nothing and whose answers depend on the history of the keys only. */
const READ_KINDS = ['get', 'list', 'range', 'changes'] as const
const READ_CODES: ReadonlySet<number> = new Set(READ_KINDS.map((kind) => OPERATION_CODES[kind]))

/** True for an operation that may be answered without ordering. */
export const isRead = (kind: keyof typeof OPERATION_CODES): boolean => READ_CODES.has(OPERATION_CODES[kind])

/**
 * True if a body only reads, so that it may be answered without ordering (rule 5.1). Equal results from states of one
 * revision must then be the results of all states in between: an operation whose answer depends on anything but the
 * keys at that revision and the floor of the history, such as a lease's time, does not belong here.
 */
export function onlyReads(bytes: Uint8Array): boolean {
  const count = operationCount(bytes)
  let at = OPERATIONS_HEADER_BYTES
  for (let index = 0; index < (count ?? 0); index++) {
    if (!READ_CODES.has(bytes[at] as number)) return false
    at += OPERATION_HEADER_BYTES + readU32(bytes, at + 2)
  }
  return count !== null
}

/** Moves to the next operation, which must exist, and returns its fault or null. */
export function nextOperation(cursor: OperationCursor): OperationFault | null {
  const { bytes, next } = cursor
  cursor.code = bytes[next] as number
  cursor.flags = bytes[next + 1] as number
  cursor.ifRevision = -1
  cursor.leaseAt = -1
  cursor.actAsAt = -1
  cursor.idempotencyKeyAt = -1
  const from = next + OPERATION_HEADER_BYTES
  const end = from + readU32(bytes, next + 2)
  cursor.next = end
  if ((cursor.flags & ~FLAGS_KNOWN) !== 0) return 'bad-operation'
  const at = cursor.flags === 0 ? from : readOptions(cursor, from, end)
  if (at < 0 || (cursor.leaseAt >= 0 && !isPut(cursor.code))) return 'bad-operation'
  const fault = readFields(cursor, at, end)
  if (fault !== null) return fault
  if (cursor.actAsAt >= 0 && !cursor.knowsAccess) return 'unsupported'
  if (cursor.idempotencyKeyAt >= 0 && !WRITE_CODES.has(cursor.code)) return 'bad-operation'
  return lengthFault(cursor)
}

/** The operations that may have an idempotency key: those that change something. */
const WRITE_CODES: ReadonlySet<number> = new Set([
  ...[OPERATION_CODES.put, OPERATION_CODES['put-with-options'], OPERATION_CODES.delete],
  ...[OPERATION_CODES['delete-range'], OPERATION_CODES.compact, OPERATION_CODES.transaction],
  ...[OPERATION_CODES['lease-grant'], OPERATION_CODES['lease-revoke'], OPERATION_CODES['lease-keep-alive']],
  ...[
    OPERATION_CODES['access-switch'],
    OPERATION_CODES['access-principal'],
    OPERATION_CODES['access-remove'],
  ],
  ...[OPERATION_CODES['access-grant'], OPERATION_CODES['access-revoke']],
])

/** True for an operation on principals and rights. */
export const isOnAccess = ({ code }: Pick<OperationCursor, 'code'>): boolean =>
  code >= OPERATION_CODES['access-switch'] && code <= OPERATION_CODES['access-list']

/** Returns a view of the key of the principal that an operation acts for; null if it names none. */
export const actAsOf = ({ bytes, actAsAt: at }: OperationCursor): Uint8Array | null =>
  at < 0 ? null : bytes.subarray(at, at + ACT_AS_BYTES)

/** Returns a view of an operation's idempotency key; null if it has none. */
export function idempotencyKeyOf({ bytes, idempotencyKeyAt: at }: OperationCursor): Uint8Array | null {
  return at < 0 ? null : bytes.subarray(at, at + (bytes[at - 1] as number))
}

/** True for the code of a put, with options or without. */
const isPut = (code: number): boolean =>
  code === OPERATION_CODES.put || code === OPERATION_CODES['put-with-options']

/** Returns a view of the id of the lease that a put names; null if it names none. */
export const leaseOf = ({ bytes, leaseAt }: OperationCursor): Uint8Array | null =>
  leaseAt >= 0 && namesLease(bytes, leaseAt) ? bytes.subarray(leaseAt, leaseAt + LEASE_BYTES) : null

/** Reads the options. Returns the offset after them, or -1 if they are malformed. */
function readOptions(cursor: OperationCursor, from: number, end: number): number {
  const { bytes, flags } = cursor
  let at = from
  if (flags & OPTION_FLAGS.actAs) {
    cursor.actAsAt = at
    at += ACT_AS_BYTES
  }
  if (flags & OPTION_FLAGS.idempotencyKey) {
    const length = at < end ? (bytes[at] as number) : 0
    if (length < 1 || length > IDEMPOTENCY_KEY_BYTES_MAX) return -1
    cursor.idempotencyKeyAt = at + 1
    at += 1 + length
  }
  if (flags & OPTION_FLAGS.ifRevision) {
    if (at + 8 > end) return -1
    cursor.ifRevision = readU64(bytes, at)
    if (!Number.isSafeInteger(cursor.ifRevision)) return -1
    at += 8
  }
  if (flags & OPTION_FLAGS.lease) {
    cursor.leaseAt = at
    at += LEASE_BYTES
  }
  return at > end ? -1 : at
}

function readFields(cursor: OperationCursor, from: number, end: number): OperationFault | null {
  switch (cursor.code) {
    case OPERATION_CODES.put:
      return readKeyAndRest(cursor, from, end)
    case OPERATION_CODES['put-with-options']:
      cursor.options = cursor.bytes[from] as number
      if (from >= end || cursor.options > PUT_OPTIONS_ALL) return 'bad-operation'
      return readKeyAndRest(cursor, from + 1, end)
    case OPERATION_CODES.get:
      return cursor.ifRevision < 0 ? readKeyOnly(cursor, from, end) : 'bad-operation'
    case OPERATION_CODES.delete:
      return readKeyOnly(cursor, from, end)
    case OPERATION_CODES.list:
      if (cursor.ifRevision >= 0 || from + LIST_HEADER_BYTES > end) return 'bad-operation'
      cursor.limit = readU32(cursor.bytes, from)
      return readKeyAndRest(cursor, from + 4, end)
    case OPERATION_CODES.range:
    case OPERATION_CODES['delete-range']:
    case OPERATION_CODES.compact:
    case OPERATION_CODES['lease-grant']:
    case OPERATION_CODES['lease-revoke']:
    case OPERATION_CODES['lease-keep-alive']:
    case OPERATION_CODES['lease-time-to-live']:
    case OPERATION_CODES.leases:
    case OPERATION_CODES.changes:
    case OPERATION_CODES.transaction:
      // Their fields are read at execution.
      return cursor.ifRevision < 0 ? readKeyOnly(cursor, from, end) : 'bad-operation'
    case OPERATION_CODES['access-switch']:
    case OPERATION_CODES['access-principal']:
    case OPERATION_CODES['access-remove']:
    case OPERATION_CODES['access-grant']:
    case OPERATION_CODES['access-revoke']:
    case OPERATION_CODES['access-list']:
      if (!cursor.knowsAccess) return 'unsupported'
      return cursor.ifRevision < 0 ? readKeyOnly(cursor, from, end) : 'bad-operation'
    default:
      return 'unsupported'
  }
}

function readKeyOnly(cursor: OperationCursor, from: number, end: number): null {
  cursor.keyStart = from
  cursor.keyEnd = end
  cursor.valueStart = end
  cursor.valueEnd = end
  return null
}

function readKeyAndRest(cursor: OperationCursor, from: number, end: number): OperationFault | null {
  if (from + 2 > end) return 'bad-operation'
  const keyEnd = from + 2 + readU16(cursor.bytes, from)
  if (keyEnd > end) return 'bad-operation'
  cursor.keyStart = from + 2
  cursor.keyEnd = keyEnd
  cursor.valueStart = keyEnd
  cursor.valueEnd = end
  return null
}

/** Returns the fault of a put that gives what it keeps. */
function optionsFault(cursor: OperationCursor, valueLength: number): OperationFault | null {
  const { options } = cursor
  if ((options & PUT_OPTIONS.keepValue) !== 0 && valueLength > 0) return 'value-provided'
  return (options & PUT_OPTIONS.keepLease) !== 0 && leaseOf(cursor) !== null ? 'lease-provided' : null
}

function lengthFault(cursor: OperationCursor): OperationFault | null {
  const isWithOptions = cursor.code === OPERATION_CODES['put-with-options']
  if (cursor.code > OPERATION_CODES.list && !isWithOptions) return null
  const keyLength = cursor.keyEnd - cursor.keyStart
  if (keyLength > KEY_BYTES_MAX) return 'bad-key'
  const restLength = cursor.valueEnd - cursor.valueStart
  if (cursor.code === OPERATION_CODES.list) return restLength > KEY_BYTES_MAX ? 'bad-key' : null
  if (keyLength === 0) return 'bad-key'
  if (restLength > VALUE_BYTES_MAX) return 'too-large'
  return isWithOptions ? optionsFault(cursor, restLength) : null
}
