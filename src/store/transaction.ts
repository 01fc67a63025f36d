/**
 * The fields of a transaction: comparisons, the operations to execute if all of them hold, and those to execute if one
 * does not. Big-endian.
 *
 *   transaction  compare count u16 | compare * | success | failure
 *   compare      target u8 | relation u8 | key length u16 | key | end length u16 | end | operand length u32 | operand
 *   success, failure
 *                count u16 | operation *       the layout of `operations.ts`; the operations that have no members, get,
 *                                              put, delete, range and delete-range, and transactions
 *   operand      the value, or 8 bytes of a signed integer
 *
 * An operation of a transaction has no options apart from a lease. A transaction has at most 128 comparisons, 128
 * operations in `success` and 128 in `failure`. One inside it has at most 128 less the largest of these three numbers,
 * and so on. Transactions therefore are at most 128 deep, and the reader may recurse.
 */
import { readU16, readU32 } from '../base/bytes.ts'
import { type KeyRange, oneKey } from './key-range.ts'
import {
  KEY_BYTES_MAX,
  leaseOf,
  nextOperation,
  OPERATION_CODES,
  OPERATION_HEADER_BYTES,
  OPERATIONS_MAX,
  OPTION_FLAGS,
  type OperationCursor,
  type OperationFault,
  PUT_OPTIONS,
  TRANSACTION_OPERATIONS_MAX,
} from './operations.ts'
import { readDeletion, readQuery } from './range-operations.ts'

export const COMPARE_TARGETS = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const
export type CompareTarget = keyof typeof COMPARE_TARGETS
export const COMPARE_RELATIONS = { equal: 0, greater: 1, less: 2, 'not-equal': 3 } as const
export type CompareRelation = keyof typeof COMPARE_RELATIONS

const TARGETS = Object.keys(COMPARE_TARGETS) as readonly CompareTarget[]
const RELATIONS = Object.keys(COMPARE_RELATIONS) as readonly CompareRelation[]

/** The bytes of an operand that is no value. */
export const INTEGER_BYTES = 8
export const COUNT_BYTES = 2
/** The bytes of a comparison in addition to its keys and its operand. */
export const COMPARE_BYTES = 2 + 2 + 2 + 4

/** A comparison in its bytes. Its keys and operand are views of them. */
export interface ReadCompare extends KeyRange {
  readonly target: CompareTarget
  readonly relation: CompareRelation
  readonly operand: Uint8Array
}

/** A transaction in its bytes, with all that is looked at before any of it is executed. */
export interface ReadTransaction {
  readonly compares: readonly ReadCompare[]
  readonly success: readonly Member[]
  readonly failure: readonly Member[]
}

/** An operation in a transaction, which begins at the offset `at`. */
export type Member = MemberOperation | MemberTransaction

export type MemberOperation = {
  readonly at: number
  readonly code: number
} & (
  | {
      readonly kind: 'put'
      readonly key: Uint8Array
      /** The bytes of key and value. */
      readonly bytes: number
      /** The id of the lease that it names; null for none. */
      readonly lease: Uint8Array | null
      /** True if the key must exist, because its value or lease is kept. */
      readonly mustExist: boolean
      /** True if its result has no variable part. */
      readonly isPlain: boolean
    }
  | { readonly kind: 'delete'; readonly range: KeyRange; readonly isPlain: boolean }
  | { readonly kind: 'read'; readonly revision: number }
)

export interface MemberTransaction {
  readonly kind: 'transaction'
  readonly transaction: ReadTransaction
}

/** The number of operations that may still be read, and the cursor that reads each. */
interface Reader {
  readonly cursor: OperationCursor
  left: number
}

/** Reads the transaction in the bytes from..end. Returns its first fault if it cannot be executed in any state. */
export function readTransaction(
  source: OperationCursor,
  from: number,
  end: number,
): ReadTransaction | OperationFault {
  return readOne({ cursor: { ...source }, left: OPERATIONS_MAX }, from, end, TRANSACTION_OPERATIONS_MAX)
}

function readOne(
  reader: Reader,
  from: number,
  end: number,
  operationsMax: number,
): ReadTransaction | OperationFault {
  const { bytes } = reader.cursor
  const comparesEnd = skipCompares(bytes, from, end)
  const successEnd = skipOperations(bytes, comparesEnd, end)
  if (skipOperations(bytes, successEnd, end) !== end) return 'bad-operation'
  const counts = [from, comparesEnd, successEnd].map((at) => readU16(bytes, at))
  const largest = Math.max(...counts)
  reader.left -= (counts[1] ?? 0) + (counts[2] ?? 0)
  if (largest > operationsMax || reader.left < 0) return 'too-many-operations'
  const compares = readCompares(bytes, from)
  if (typeof compares === 'string') return compares
  const success = readMembers(reader, comparesEnd, operationsMax - largest)
  if (typeof success === 'string') return success
  const failure = readMembers(reader, successEnd, operationsMax - largest)
  return typeof failure === 'string' ? failure : { compares, success, failure }
}

/** Returned for an offset beyond the end: no bytes follow it. */
const NOWHERE = Number.POSITIVE_INFINITY

/** Returns the offset after the comparisons, however malformed their contents are. */
function skipCompares(bytes: Uint8Array, from: number, end: number): number {
  if (from + COUNT_BYTES > end) return NOWHERE
  let at = from + COUNT_BYTES
  for (let left = readU16(bytes, from); left > 0; left--) {
    at += 2
    for (let keys = 2; keys > 0; keys--) {
      if (at + 2 > end) return NOWHERE
      at += 2 + readU16(bytes, at)
    }
    if (at + 4 > end) return NOWHERE
    at += 4 + readU32(bytes, at)
  }
  return at
}

/** Returns the offset after some operations, however malformed their fields are. */
function skipOperations(bytes: Uint8Array, from: number, end: number): number {
  if (from + COUNT_BYTES > end) return NOWHERE
  let at = from + COUNT_BYTES
  for (let left = readU16(bytes, from); left > 0; left--) {
    if (at + OPERATION_HEADER_BYTES > end) return NOWHERE
    at += OPERATION_HEADER_BYTES + readU32(bytes, at + 2)
  }
  return at
}

function readCompares(bytes: Uint8Array, from: number): readonly ReadCompare[] | OperationFault {
  const compares: ReadCompare[] = []
  let at = from + COUNT_BYTES
  for (let left = readU16(bytes, from); left > 0; left--) {
    const target = TARGETS[bytes[at] as number]
    const relation = RELATIONS[bytes[at + 1] as number]
    const keyEnd = at + 4 + readU16(bytes, at + 2)
    const endEnd = keyEnd + 2 + readU16(bytes, keyEnd)
    const operandEnd = endEnd + 4 + readU32(bytes, endEnd)
    const key = bytes.subarray(at + 4, keyEnd)
    const end = bytes.subarray(keyEnd + 2, endEnd)
    const operand = bytes.subarray(endEnd + 4, operandEnd)
    if (target === undefined || relation === undefined) return 'bad-operation'
    if (target !== 'value' && operand.length !== INTEGER_BYTES) return 'bad-operation'
    if (key.length === 0 || key.length > KEY_BYTES_MAX || end.length > KEY_BYTES_MAX) return 'bad-key'
    compares.push({ target, relation, key, end, operand })
    at = operandEnd
  }
  return compares
}

function readMembers(
  reader: Reader,
  from: number,
  operationsMax: number,
): readonly Member[] | OperationFault {
  const { bytes } = reader.cursor
  const members: Member[] = []
  let at = from + COUNT_BYTES
  for (let left = readU16(bytes, from); left > 0; left--) {
    const member = readMember(reader, at, operationsMax)
    if (typeof member === 'string') return member
    members.push(member)
    at += OPERATION_HEADER_BYTES + readU32(bytes, at + 2)
  }
  return members
}

const OPTIONS_ELSEWHERE = OPTION_FLAGS.actAs | OPTION_FLAGS.idempotencyKey | OPTION_FLAGS.ifRevision

function readMember(reader: Reader, at: number, operationsMax: number): Member | OperationFault {
  const { cursor } = reader
  cursor.next = at
  const fault = nextOperation(cursor)
  if (fault !== null) return fault
  if ((cursor.flags & OPTIONS_ELSEWHERE) !== 0) return 'bad-operation'
  const { bytes, code, keyStart, keyEnd, valueStart, valueEnd } = cursor
  const key = bytes.subarray(keyStart, keyEnd)
  const isPlain = code === OPERATION_CODES.put
  switch (code) {
    case OPERATION_CODES.put:
    case OPERATION_CODES['put-with-options']:
      return {
        kind: 'put',
        at,
        code,
        key,
        bytes: key.length + valueEnd - valueStart,
        lease: leaseOf(cursor),
        mustExist: !isPlain && (cursor.options & (PUT_OPTIONS.keepValue | PUT_OPTIONS.keepLease)) !== 0,
        isPlain: isPlain && cursor.flags === 0,
      }
    case OPERATION_CODES.get:
      return { kind: 'read', at, code, revision: 0 }
    case OPERATION_CODES.delete:
      return { kind: 'delete', at, code, range: oneKey(key), isPlain: true }
    case OPERATION_CODES.range: {
      const query = readQuery(key)
      return typeof query === 'string' ? query : { kind: 'read', at, code, revision: query.revision }
    }
    case OPERATION_CODES['delete-range']: {
      const range = readDeletion(key)
      return typeof range === 'string' ? range : { kind: 'delete', at, code, range, isPlain: false }
    }
    case OPERATION_CODES.transaction: {
      const transaction = readOne(reader, keyStart, keyEnd, operationsMax)
      return typeof transaction === 'string' ? transaction : { kind: 'transaction', transaction }
    }
    default:
      return 'bad-operation'
  }
}
