/** The writer of a transaction's fields. The layout is in `transaction.ts`. */
import { assert } from '../base/assert.ts'
import { writeU16, writeU32 } from '../base/bytes.ts'
import type { KeyRange } from './key-range.ts'
import type { Operation } from './operations-writer.ts'
import {
  COMPARE_BYTES,
  COMPARE_RELATIONS,
  COMPARE_TARGETS,
  COUNT_BYTES,
  type CompareRelation,
  INTEGER_BYTES,
} from './transaction.ts'

/** A comparison. It holds if every key of the range has this relation to the operand. */
export type Compare = KeyRange & { readonly relation: CompareRelation } & (
    | { readonly target: 'value'; readonly value: Uint8Array }
    | { readonly target: 'version' | 'create' | 'mod'; readonly number: number }
    | { readonly target: 'lease'; readonly lease: bigint }
  )

/** Several operations in one, which all happen or none. */
export interface TransactionOperation {
  readonly kind: 'transaction'
  readonly compares: readonly Compare[]
  /** Executed if all comparisons hold. */
  readonly success: readonly Operation[]
  /** Executed if a comparison does not hold. */
  readonly failure: readonly Operation[]
}

/** Writes the operations of a transaction, in which there may be transactions. */
export interface MemberWriter {
  bytesOf(operation: Operation): number
  /** Writes an operation at an offset. Returns the offset after it. */
  write(bytes: Uint8Array, at: number, operation: Operation): number
}

/** Returns the bytes of a transaction's fields. */
export function transactionBytes(transaction: TransactionOperation, members: MemberWriter): number {
  const { compares, success, failure } = transaction
  let bytes = 3 * COUNT_BYTES
  for (const compare of compares) bytes += compareBytesOf(compare)
  for (const operation of [...success, ...failure]) bytes += members.bytesOf(operation)
  return bytes
}

export function writeTransaction(
  bytes: Uint8Array,
  from: number,
  transaction: TransactionOperation,
  members: MemberWriter,
): void {
  const { compares, success, failure } = transaction
  let at = writeCount(bytes, from, compares.length)
  for (const compare of compares) at = writeCompare(bytes, at, compare)
  for (const operations of [success, failure]) {
    at = writeCount(bytes, at, operations.length)
    for (const operation of operations) at = members.write(bytes, at, operation)
  }
}

const operandBytes = (compare: Compare): number =>
  compare.target === 'value' ? compare.value.length : INTEGER_BYTES

const compareBytesOf = (compare: Compare): number =>
  COMPARE_BYTES + compare.key.length + compare.end.length + operandBytes(compare)

function writeCount(bytes: Uint8Array, at: number, count: number): number {
  assert(count <= 0xffff, 'a transaction counts its operations in two bytes')
  writeU16(bytes, at, count)
  return at + COUNT_BYTES
}

function writeCompare(bytes: Uint8Array, from: number, compare: Compare): number {
  bytes[from] = COMPARE_TARGETS[compare.target]
  bytes[from + 1] = COMPARE_RELATIONS[compare.relation]
  let at = from + 2
  for (const part of [compare.key, compare.end]) {
    assert(part.length <= 0xffff, 'a key length has two bytes')
    writeU16(bytes, at, part.length)
    bytes.set(part, at + 2)
    at += 2 + part.length
  }
  const length = operandBytes(compare)
  writeU32(bytes, at, length)
  at += 4
  if (compare.target === 'value') bytes.set(compare.value, at)
  else {
    const number = compare.target === 'lease' ? compare.lease : BigInt(compare.number)
    new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(at, number)
  }
  return at + length
}
