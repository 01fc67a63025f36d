/**
 * The result of a transaction that was executed. Big-endian.
 *
 *   transaction  revision u64 | succeeded u8 | count u16 | (operation code u8 | result) *
 *
 * `succeeded` is 1 if all comparisons held. There is a result for each operation that was executed, in their order; that
 * of an inner transaction contains others. A transaction that was refused has a result without others, and has changed
 * nothing.
 */
import { readU16, readU32 } from '../base/bytes.ts'
import { OPERATION_CODES, type OperationCode, TRANSACTION_OPERATIONS_MAX } from './operations.ts'
import { RESULT_HEADER_BYTES, safeU64 } from './result-fields.ts'
import type { Result } from './results.ts'

/** The bytes before the results of the operations. */
export const TRANSACTION_HEADER_BYTES = 11
/** The bytes before the fields of each of them. */
export const NESTED_HEADER_BYTES = 1 + RESULT_HEADER_BYTES

export interface TransactionResult {
  readonly status: 'ok'
  readonly kind: 'transaction'
  readonly revision: number
  /** True if all comparisons held. */
  readonly succeeded: boolean
  readonly results: readonly Result[]
}

/** Reads a result from its operation's code, its status and its fields; null if it is malformed. */
type Interpreter = (code: OperationCode, status: number, fields: Uint8Array) => Result | null

const CODES: ReadonlySet<number> = new Set(Object.values(OPERATION_CODES))

/** Reads the fields of a transaction's result; null if they are malformed. */
export function interpretTransaction(fields: Uint8Array, interpret: Interpreter): TransactionResult | null {
  const revision = safeU64(fields, 0)
  const succeeded = fields[8]
  if (revision === null || fields.length < TRANSACTION_HEADER_BYTES) return null
  if (succeeded === undefined || succeeded > 1) return null
  const count = readU16(fields, 9)
  if (count > TRANSACTION_OPERATIONS_MAX) return null
  const results: Result[] = []
  let at = TRANSACTION_HEADER_BYTES
  for (let index = 0; index < count; index++) {
    const from = at + NESTED_HEADER_BYTES
    if (from > fields.length) return null
    const code = fields[at] as number
    const end = from + readU32(fields, at + 2)
    if (!CODES.has(code) || end > fields.length) return null
    const inner = fields.subarray(from, end)
    const result = interpret(code as OperationCode, fields[at + 1] as number, inner)
    if (result === null) return null
    results.push(result)
    at = end
  }
  if (at !== fields.length) return null
  return { status: 'ok', kind: 'transaction', revision, succeeded: succeeded === 1, results }
}
