/** The writer of one request's operations. The layout is in `operations.ts`. */
import { assert } from '../base/assert.ts'
import { writeU16, writeU32, writeU64 } from '../base/bytes.ts'
import { type AccessOperation, encodeAccessFields } from './access-operations.ts'
import { type ChangesOperation, changesFieldsBytes, encodeChangesFields } from './changes-operation.ts'
import { LEASE_BYTES } from './key-entry.ts'
import { writeLeaseId } from './lease-id.ts'
import { type LeaseOperation, leaseFieldsBytes, writeLeaseFields } from './lease-operations.ts'
import {
  ACT_AS_BYTES,
  IDEMPOTENCY_KEY_BYTES_MAX,
  LIST_HEADER_BYTES,
  OPERATION_CODES,
  OPERATION_HEADER_BYTES,
  OPERATIONS_HEADER_BYTES,
  OPERATIONS_MAX,
  OPTION_FLAGS,
} from './operations.ts'
import { type PutWithOptions, putOptionsOf } from './put-options.ts'
import {
  type CompactOperation,
  type DeleteRangeOperation,
  encodeRangeFields,
  type RangeOperation,
  rangeFieldsBytes,
} from './range-operations.ts'
import {
  type MemberWriter,
  type TransactionOperation,
  transactionBytes,
  writeTransaction,
} from './transaction-writer.ts'

export interface OperationOptions {
  /** The client key that the operation acts for, 32 bytes. */
  readonly actAs?: Uint8Array
  /** The idempotency key, 1 to 64 bytes. */
  readonly idempotencyKey?: Uint8Array
  /** The modification revision that the key must have, in put and delete; 0 if it must not exist. */
  readonly ifRevision?: number
  /** The id of the lease to which a put attaches the key; 0 and no id mean none. */
  readonly lease?: bigint
}

/** An operation. Keys are 1 to 4,096 bytes; the store answers others with `bad-key`. */
export type Operation = OperationOptions &
  (
    | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
    | { readonly kind: 'get'; readonly key: Uint8Array }
    | { readonly kind: 'delete'; readonly key: Uint8Array }
    | {
        readonly kind: 'list'
        /** The prefix of the keys; empty for all keys. */
        readonly prefix: Uint8Array
        /** The maximum number of items; 0 asks for the count only. */
        readonly limit: number
        /** The key after which the list begins; empty for the beginning. */
        readonly cursor: Uint8Array
      }
    | RangeOperation
    | DeleteRangeOperation
    | CompactOperation
    | LeaseOperation
    | ChangesOperation
    | TransactionOperation
    | PutWithOptions
    | AccessOperation
  )

const START_BYTES = 16 * 1024

/** Collects operations for one request. Its buffer grows as needed and is reused after `reset`. */
export class OperationsWriter {
  #bytes = new Uint8Array(START_BYTES)
  #length = OPERATIONS_HEADER_BYTES
  #count = 0

  get count(): number {
    return this.#count
  }

  /** The number of bytes that `finish` would return. */
  get byteLength(): number {
    return this.#length
  }

  /** Appends an operation, up to `OPERATIONS_MAX`. */
  add(operation: Operation): void {
    assert(this.#count < OPERATIONS_MAX, 'a request holds no more operations')
    const length = operationBytes(operation)
    this.#reserve(length)
    this.#length = writeOperation(this.#bytes, this.#length, operation, length)
    this.#count++
  }

  /** Returns a copy of the operations in the form that a request carries. */
  finish(): Uint8Array {
    writeU16(this.#bytes, 0, this.#count)
    return this.#bytes.slice(0, this.#length)
  }

  reset(): void {
    this.#length = OPERATIONS_HEADER_BYTES
    this.#count = 0
  }

  #reserve(length: number): void {
    const needed = this.#length + length
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

export function encodeOperations(operations: readonly Operation[]): Uint8Array {
  const writer = new OperationsWriter()
  for (const operation of operations) writer.add(operation)
  return writer.finish()
}

/** Writes an operation of `length` bytes at an offset. Returns the offset after it. */
function writeOperation(bytes: Uint8Array, start: number, operation: Operation, length: number): number {
  bytes[start] = OPERATION_CODES[operation.kind]
  bytes[start + 1] = optionFlags(operation)
  writeU32(bytes, start + 2, length - OPERATION_HEADER_BYTES)
  const at = writeOptions(bytes, start + OPERATION_HEADER_BYTES, operation)
  writeFields(bytes, at, operation)
  return start + length
}

/** Returns the bytes that one operation takes in a request. */
export function operationBytes(operation: Operation): number {
  const { actAs, idempotencyKey, ifRevision, lease } = operation
  let length = OPERATION_HEADER_BYTES
  if (actAs !== undefined) length += ACT_AS_BYTES
  if (idempotencyKey !== undefined) length += 1 + idempotencyKey.length
  if (ifRevision !== undefined) length += 8
  if (lease !== undefined) length += LEASE_BYTES
  switch (operation.kind) {
    case 'put-with-options':
      return length + 3 + operation.key.length + operation.value.length
    case 'put':
      return length + 2 + operation.key.length + operation.value.length
    case 'list':
      return length + LIST_HEADER_BYTES + operation.prefix.length + operation.cursor.length
    case 'range':
    case 'delete-range':
    case 'compact':
      return length + rangeFieldsBytes(operation)
    case 'lease-grant':
    case 'lease-revoke':
    case 'lease-keep-alive':
    case 'lease-time-to-live':
    case 'leases':
      return length + leaseFieldsBytes(operation)
    case 'changes':
      return length + changesFieldsBytes(operation)
    case 'access-switch':
    case 'access-principal':
    case 'access-remove':
    case 'access-grant':
    case 'access-revoke':
    case 'access-list':
      return length + encodeAccessFields(operation).length
    case 'transaction':
      return length + transactionBytes(operation, MEMBERS)
    default:
      return length + operation.key.length
  }
}

const MEMBERS: MemberWriter = {
  bytesOf: operationBytes,
  write: (bytes, at, operation) => writeOperation(bytes, at, operation, operationBytes(operation)),
}

function optionFlags({ actAs, idempotencyKey, ifRevision, lease }: OperationOptions): number {
  return (
    (actAs === undefined ? 0 : OPTION_FLAGS.actAs) |
    (idempotencyKey === undefined ? 0 : OPTION_FLAGS.idempotencyKey) |
    (ifRevision === undefined ? 0 : OPTION_FLAGS.ifRevision) |
    (lease === undefined ? 0 : OPTION_FLAGS.lease)
  )
}

/** Writes the options. Returns the offset after them. */
function writeOptions(bytes: Uint8Array, from: number, options: OperationOptions): number {
  const { actAs, idempotencyKey, ifRevision, lease } = options
  let at = from
  if (actAs !== undefined) {
    assert(actAs.length === ACT_AS_BYTES, 'an operation acts for a key of 32 bytes')
    bytes.set(actAs, at)
    at += ACT_AS_BYTES
  }
  if (idempotencyKey !== undefined) {
    const { length } = idempotencyKey
    assert(length >= 1 && length <= IDEMPOTENCY_KEY_BYTES_MAX, 'an idempotency key has 1 to 64 bytes')
    bytes[at] = length
    bytes.set(idempotencyKey, at + 1)
    at += 1 + length
  }
  if (ifRevision !== undefined) {
    writeU64(bytes, at, ifRevision)
    at += 8
  }
  if (lease === undefined) return at
  writeLeaseId(bytes, at, lease)
  return at + LEASE_BYTES
}

function writeFields(bytes: Uint8Array, at: number, operation: Operation): void {
  switch (operation.kind) {
    case 'put-with-options':
      bytes[at] = putOptionsOf(operation)
      return writeKeyAndRest(bytes, at + 1, operation.key, operation.value)
    case 'put':
      return writeKeyAndRest(bytes, at, operation.key, operation.value)
    case 'list':
      assert(operation.limit >= 0 && operation.limit <= 0xffff_ffff, 'a limit has four bytes')
      writeU32(bytes, at, operation.limit)
      return writeKeyAndRest(bytes, at + 4, operation.prefix, operation.cursor)
    case 'range':
    case 'delete-range':
    case 'compact':
      return bytes.set(encodeRangeFields(operation), at)
    case 'lease-grant':
    case 'lease-revoke':
    case 'lease-keep-alive':
    case 'lease-time-to-live':
    case 'leases':
      return writeLeaseFields(bytes, at, operation)
    case 'changes':
      return bytes.set(encodeChangesFields(operation), at)
    case 'access-switch':
    case 'access-principal':
    case 'access-remove':
    case 'access-grant':
    case 'access-revoke':
    case 'access-list':
      return bytes.set(encodeAccessFields(operation), at)
    case 'transaction':
      return writeTransaction(bytes, at, operation, MEMBERS)
    default:
      bytes.set(operation.key, at)
  }
}

function writeKeyAndRest(bytes: Uint8Array, at: number, key: Uint8Array, rest: Uint8Array): void {
  assert(key.length <= 0xffff, 'a key length has two bytes')
  writeU16(bytes, at, key.length)
  bytes.set(key, at + 2)
  bytes.set(rest, at + 2 + key.length)
}
