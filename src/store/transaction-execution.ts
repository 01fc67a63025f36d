/**
 * The execution of a transaction: completely, in one revision, or not at all. The steps have a fixed order, the same on
 * every replica:
 *
 *   1. faults that need no more than the transaction: malformed operations, too many, a key written twice
 *   2. all comparisons, those of the inner transactions that are executed too, before anything is written
 *   3. what is known to fail in the operations that the comparisons chose: puts first, then ranges
 *   4. these operations, in order; each sees what those before it wrote
 *
 * If an operation fails in the last step, which takes an answer too long or a full store, all is undone.
 */
import { holds } from './comparison.ts'
import { writesTwice } from './duplicate-keys.ts'
import type { SavedState } from './key-value-store.ts'
import { OPERATION_CODES, type OperationCursor } from './operations.ts'
import type { RangeTarget } from './range-execution.ts'
import { FIELD_BYTES, type Status } from './results.ts'
import { type MemberOperation, type ReadTransaction, readTransaction } from './transaction.ts'
import { NESTED_HEADER_BYTES, TRANSACTION_HEADER_BYTES } from './transaction-results.ts'

type Work<T = void> = Generator<undefined, T, undefined>

export interface TransactionTarget extends RangeTarget {
  readonly cursor: OperationCursor
  /** Executes the operation at the cursor's next place. */
  readonly execute: (target: RangeTarget, cursor: OperationCursor) => Work
}

/** A transaction after its comparisons. */
interface Decided {
  readonly succeeded: boolean
  readonly members: readonly (MemberOperation | Decided)[]
}

/** Executes the transaction at the cursor. */
export function* executeTransaction(target: TransactionTarget): Work {
  const { store, compaction, results } = target
  const mark = results.mark()
  const refusal = yield* tryTransaction(target)
  if (refusal === null) return
  results.rewind(mark)
  switch (refusal) {
    case 'compacted':
      results.result(refusal, FIELD_BYTES.compacted)
      results.u64(store.revision)
      return results.u64(compaction.floor)
    case 'future':
    case 'not-found':
    case 'lease-not-found':
      results.result(refusal, FIELD_BYTES.future)
      return results.u64(store.revision)
    default:
      results.result(refusal, 0)
  }
}

/** Returns null, or the reason why nothing was changed. */
function* tryTransaction(target: TransactionTarget): Work<Status | null> {
  const { store, cursor, allowance } = target
  const transaction = readTransaction(cursor, cursor.keyStart, cursor.keyEnd)
  if (typeof transaction === 'string') return transaction
  if (yield* writesTwice(transaction, allowance)) return 'duplicate-key'
  const decided = yield* decide(target, transaction)
  if (decided === null) return 'work-budget'
  const taken = [...operationsOf(decided)]
  const refusal = refusalOf(target, taken)
  if (refusal !== null) return refusal
  const saved = isSure(target, taken, decided) ? null : store.save()
  const failure = yield* run(target, { ...cursor }, decided)
  if (saved !== null) leave(target, saved, failure !== null)
  return failure
}

/** Evaluates the comparisons. Returns null if the budget for reading does not suffice. */
function* decide(target: TransactionTarget, transaction: ReadTransaction): Work<Decided | null> {
  let succeeded = true
  for (const compare of transaction.compares) {
    const isHeld = yield* holds(target, compare)
    if (isHeld === null) return null
    succeeded = isHeld
    if (!succeeded) break
  }
  const members: (MemberOperation | Decided)[] = []
  for (const member of succeeded ? transaction.success : transaction.failure) {
    const decided: MemberOperation | Decided | null =
      member.kind === 'transaction' ? yield* decide(target, member.transaction) : member
    if (decided === null) return null
    members.push(decided)
  }
  return { succeeded, members }
}

/** Yields the operations of inner transactions in their place. */
function* operationsOf({ members }: Decided): Generator<MemberOperation> {
  for (const member of members) {
    if ('kind' in member) yield member
    else yield* operationsOf(member)
  }
}

function refusalOf(
  { store, compaction, leases }: TransactionTarget,
  taken: readonly MemberOperation[],
): Status | null {
  for (const member of taken) {
    if (member.kind !== 'put') continue
    if (member.mustExist && !store.find(member.key, 0, member.key.length)) return 'not-found'
    if (member.lease !== null && leases.find(member.lease) === null) return 'lease-not-found'
  }
  for (const member of taken) {
    if (member.kind !== 'read' || member.revision === 0) continue
    if (member.revision > store.revision) return 'future'
    if (member.revision < compaction.floor) return 'compacted'
  }
  return null
}

/** True if no operation can fail, so that nothing need be saved. */
function isSure(
  { store, results }: TransactionTarget,
  taken: readonly MemberOperation[],
  decided: Decided,
): boolean {
  if (taken.every(({ kind }) => kind === 'read')) return true
  let keys = 0
  let bytes = 0
  for (const member of taken) {
    if (member.kind === 'read' || !member.isPlain) return false
    if (member.kind === 'delete') continue
    keys++
    bytes += member.bytes
  }
  return store.hasRoomFor(keys, bytes) && results.fits(plainBytesOf(decided))
}

/** Returns the bytes that the results of puts and deletions have at most. */
function plainBytesOf({ members }: Decided): number {
  let bytes = TRANSACTION_HEADER_BYTES
  for (const member of members) {
    bytes += NESTED_HEADER_BYTES + ('kind' in member ? FIELD_BYTES.put : plainBytesOf(member))
  }
  return bytes
}

/** Ends the time in which changes could be undone. */
function leave({ store }: TransactionTarget, saved: SavedState, isUndone: boolean): void {
  // Pages of an undone state are in use again, so the snapshot keeps them.
  if (isUndone) store.undo(saved)
  else saved.snapshot.release()
}

/** Executes what was decided. Returns the status of the first operation that failed; null if all is done. */
function* run(
  target: TransactionTarget,
  cursor: OperationCursor,
  { succeeded, members }: Decided,
): Work<Status | null> {
  const { store, results } = target
  const headerBytes = TRANSACTION_HEADER_BYTES
  if (!results.fits(headerBytes + members.length * NESTED_HEADER_BYTES)) return 'result-budget'
  const fieldsAt = results.beginNested(headerBytes, members.length)
  results.u64(0)
  results.u8(succeeded ? 1 : 0)
  results.u16(members.length)
  for (const member of members) {
    if ('kind' in member) {
      results.operationCode(member.code)
      cursor.next = member.at
      yield* target.execute(target, cursor)
      const { lastStatus } = results
      const isMissing = lastStatus === 'not-found' && member.kind === 'read'
      if (lastStatus !== 'ok' && !isMissing) return lastStatus
    } else {
      results.operationCode(OPERATION_CODES.transaction)
      const failure = yield* run(target, cursor, member)
      if (failure !== null) return failure
    }
  }
  results.endNested(fieldsAt, store.revision)
  return null
}
