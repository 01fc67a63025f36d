/** The operations that a transaction executed according to its result, each with its own result. */
import {
  nextOperation,
  OPERATION_CODES,
  type OperationCode,
  type OperationCursor,
} from '../../store/operations.ts'
import type { Result } from '../../store/results.ts'
import { type ReadCompare, type ReadTransaction, readTransaction } from '../../store/transaction.ts'
import type { TransactionResult } from '../../store/transaction-results.ts'

export interface TakenMember {
  /** A cursor at the operation. */
  readonly cursor: OperationCursor
  readonly result: Result
}

export interface Taken {
  /** The comparisons that held, all of them before the first operation. */
  readonly held: readonly ReadCompare[]
  readonly members: readonly TakenMember[]
}

/** Returns the executed operations of the transaction at the cursor; null if the result does not match it. */
export function takenOf(cursor: OperationCursor, result: TransactionResult): Taken | null {
  const transaction = readTransaction(cursor, cursor.keyStart, cursor.keyEnd)
  const held: ReadCompare[] = []
  const members: TakenMember[] = []
  const collect = (each: ReadTransaction, { succeeded, results }: TransactionResult): boolean => {
    const taken = succeeded ? each.success : each.failure
    if (taken.length !== results.length) return false
    if (succeeded) held.push(...each.compares)
    return taken.every((member, index) => {
      const its = results[index]
      if (its === undefined) return false
      if (member.kind === 'transaction') {
        return its.status === 'ok' && its.kind === 'transaction' && collect(member.transaction, its)
      }
      if (its.status !== 'ok' && its.status !== 'not-found') return false
      if (its.status === 'ok' && OPERATION_CODES[its.kind] !== (member.code as OperationCode)) return false
      members.push({ cursor: cursorAt(cursor, member.at), result: its })
      return true
    })
  }
  if (typeof transaction === 'string' || !collect(transaction, result)) return null
  return { held, members }
}

/** Returns a cursor at the operation that begins at an offset. */
function cursorAt(cursor: OperationCursor, at: number): OperationCursor {
  const its = { ...cursor, next: at }
  nextOperation(its)
  return its
}

/** Returns cursors at all operations of the transaction at the cursor, executed or not. */
export function allMembers(cursor: OperationCursor): readonly OperationCursor[] {
  const transaction = readTransaction(cursor, cursor.keyStart, cursor.keyEnd)
  if (typeof transaction === 'string') return []
  const all = ({ success, failure }: ReadTransaction): readonly OperationCursor[] =>
    [...success, ...failure].flatMap((member) =>
      member.kind === 'transaction' ? all(member.transaction) : [cursorAt(cursor, member.at)],
    )
  return all(transaction)
}
