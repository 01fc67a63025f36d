/** The transactions of the model: comparisons first, then what must exist, then one operation after another, or nothing. */
import { compareBytes } from '../../base/bytes.ts'
import type { KeyRange } from '../../store/key-range.ts'
import { includes, isOneKey, isOpenEnded } from '../../store/key-range.ts'
import { nextOperation, type OperationCursor } from '../../store/operations.ts'
import type { RangeItem } from '../../store/range-results.ts'
import type { Result } from '../../store/results.ts'
import {
  type Member,
  type MemberOperation,
  type ReadCompare,
  type ReadTransaction,
  readTransaction,
} from '../../store/transaction.ts'
import type { TransactionResult } from '../../store/transaction-results.ts'
import { NO_LEASE } from './lease-model.ts'
import type { StoreModel } from './store-model.ts'

/** A transaction whose comparisons have been evaluated. */
interface Decided {
  readonly succeeded: boolean
  readonly members: readonly (MemberOperation | Decided)[]
}

/** An operation in the middle of a transaction was refused. */
class Failed extends Error {
  readonly result: Result

  constructor(result: Result) {
    super()
    this.result = result
  }
}

/** Executes the transaction at the cursor. */
export function transactionOf(model: StoreModel, cursor: OperationCursor): Result {
  const transaction = readTransaction(cursor, cursor.keyStart, cursor.keyEnd)
  if (typeof transaction === 'string') return { status: transaction }
  if (writtenBy(transaction.success) === null || writtenBy(transaction.failure) === null)
    return { status: 'duplicate-key' }
  const decided = decide(model, transaction)
  const refusal = refusalOf(model, operationsOf(decided))
  if (refusal !== null) return refusal
  const saved = model.keys.save()
  try {
    return run(model, cursor, decided)
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    model.keys.restore(saved)
    const { result } = error
    // It says at which revision nothing was changed.
    return 'revision' in result ? { ...result, revision: model.revision } : result
  }
}

function decide(model: StoreModel, { compares, success, failure }: ReadTransaction): Decided {
  const succeeded = compares.every((compare) => holds(model, compare))
  const members = (succeeded ? success : failure).map((member) =>
    member.kind === 'transaction' ? decide(model, member.transaction) : member,
  )
  return { succeeded, members }
}

/** A comparison with a range holds if it does for each key; of a range without keys, if it does for a missing key. */
function holds({ keys }: StoreModel, compare: ReadCompare): boolean {
  const items = keys.within(compare)
  if (items.length > 0) return items.every((item) => isAsCompared(item, compare))
  // Of a missing key no value is as compared, and each number is 0.
  return compare.target !== 'value' && isAsCompared(MISSING, compare)
}

const NOTHING = new Uint8Array(0)
const MISSING: RangeItem = {
  key: NOTHING,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  lease: NO_LEASE,
  value: NOTHING,
}

function isAsCompared(item: RangeItem, compare: ReadCompare): boolean {
  const order = orderOf(item, compare)
  switch (compare.relation) {
    case 'equal':
      return order === 0
    case 'not-equal':
      return order !== 0
    case 'greater':
      return order > 0
    case 'less':
      return order < 0
  }
}

function orderOf(item: RangeItem, { target, operand }: ReadCompare): number {
  if (target === 'value') return compareBytes(item.value, operand)
  const numbers = {
    version: BigInt(item.version),
    create: BigInt(item.createRevision),
    mod: BigInt(item.modRevision),
    lease: signedOf(item.lease),
  }
  const difference = numbers[target] - signedOf(operand)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

const operationsOf = ({ members }: Decided): readonly MemberOperation[] =>
  members.flatMap((member) => ('kind' in member ? [member] : operationsOf(member)))

/** All puts are looked at first, then all reads. */
function refusalOf(model: StoreModel, taken: readonly MemberOperation[]): Result | null {
  const { revision, keys, leases } = model
  for (const member of taken) {
    if (member.kind !== 'put') continue
    if (member.mustExist && keys.find(member.key) === null) return { status: 'not-found', revision }
    if (member.lease !== null && !leases.has(member.lease)) return { status: 'lease-not-found', revision }
  }
  for (const member of taken) {
    if (member.kind !== 'read' || member.revision === 0) continue
    if (member.revision > revision) return { status: 'future', revision }
    if (member.revision < keys.floor) return { status: 'compacted', revision, floor: keys.floor }
  }
  return null
}

function run(model: StoreModel, cursor: OperationCursor, { succeeded, members }: Decided): TransactionResult {
  const results = members.map((member) => {
    if (!('kind' in member)) return run(model, cursor, member)
    const result = model.executeMember(cursorAt(cursor, member.at))
    if (result === null) throw new Error('a transaction has only operations that are known')
    const isMissing = result.status === 'not-found' && member.kind === 'read'
    if (result.status !== 'ok' && !isMissing) throw new Failed(result)
    return result
  })
  return { status: 'ok', kind: 'transaction', revision: model.revision, succeeded, results }
}

interface Written {
  readonly puts: readonly Uint8Array[]
  readonly deletions: readonly KeyRange[]
}

/** Returns what members write; null if a key is put twice, or put and deleted. etcd's order of checks. */
function writtenBy(members: readonly Member[]): Written | null {
  const puts: Uint8Array[] = []
  const deletions = members.flatMap((member) => (member.kind === 'delete' ? [member.range] : []))
  const add = (key: Uint8Array): boolean => {
    const isTwice = puts.some((other) => isSame(other, key)) || deletions.some((range) => covers(range, key))
    puts.push(key)
    return !isTwice
  }
  for (const member of members) {
    if (member.kind !== 'transaction') continue
    const success = writtenBy(member.transaction.success)
    const failure = writtenBy(member.transaction.failure)
    if (success === null || failure === null) return null
    const others = failure.puts.filter((key) => !success.puts.some((one) => isSame(one, key)))
    if (![...success.puts, ...others].every(add)) return null
    deletions.push(...success.deletions, ...failure.deletions)
  }
  const isOnce = members.every((member) => member.kind !== 'put' || add(member.key))
  return isOnce ? { puts, deletions } : null
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => compareBytes(one, other) === 0

/** As in etcd, a deletion to the end of all keys counts as covering nothing here. */
const covers = (range: KeyRange, key: Uint8Array): boolean =>
  (isOneKey(range) || !isOpenEnded(range)) && includes(range, key)

/** Returns a cursor at the operation that begins at an offset. */
function cursorAt(cursor: OperationCursor, at: number): OperationCursor {
  const its = { ...cursor, next: at }
  nextOperation(its)
  return its
}

/** Reads a signed number. */
const signedOf = (bytes: Uint8Array): bigint =>
  BigInt.asIntN(
    64,
    bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
  )
