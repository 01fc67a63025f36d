/** Transactions: converts etcd's request into one operation of the store, and its result into etcd's answer. */
import { given } from '../../../src/base/given.ts'
import type { Operation } from '../../../src/store/operations-writer.ts'
import type { Result } from '../../../src/store/results.ts'
import type { CompareRelation } from '../../../src/store/transaction.ts'
import type { Compare as StoreCompare, TransactionOperation } from '../../../src/store/transaction-writer.ts'
import { errorOf, keyValueOf } from './answers.ts'
import { EtcdError, etcdError } from './errors.ts'
import type {
  Compare,
  DeleteRangeRequest,
  RequestOp,
  ResponseHeader,
  ResponseOp,
  TxnRequest,
  TxnResponse,
} from './messages.ts'
import { checkPut, previousOf, putOperation } from './puts.ts'
import { rangeOperation } from './range-reading.ts'

/** The maximum number of comparisons, and of operations in a branch. */
const OPERATIONS_MAX = 128
const RELATIONS: readonly CompareRelation[] = ['equal', 'greater', 'less', 'not-equal']
const NUMBER_TARGETS = [
  ['version', 'version'],
  ['create', 'createRevision'],
  ['mod', 'modRevision'],
] as const
const TARGETS = { value: 3, lease: 4 } as const
const NO_BYTES = new Uint8Array(0)

/** Throws etcd's error for a transaction that is invalid in every state of the store. */
export function checkTransaction(
  { compare, success, failure }: TxnRequest,
  operationsMax = OPERATIONS_MAX,
): void {
  const largest = Math.max(compare.length, success.length, failure.length)
  if (largest > operationsMax) throw etcdError('tooManyOperations')
  for (const { key } of compare) if (key.length === 0) throw etcdError('noKey')
  for (const operation of [...success, ...failure]) checkOperation(operation, operationsMax - largest)
}

function checkOperation(operation: RequestOp, operationsMax: number): void {
  const { requestRange, requestPut, requestDeleteRange, requestTxn } = operation
  if (requestPut) return checkPut(requestPut)
  if (requestTxn) return checkTransaction(requestTxn, operationsMax)
  const withKey = requestRange ?? requestDeleteRange
  if (!withKey) throw etcdError('keyNotFound')
  if (withKey.key.length === 0) throw etcdError('noKey')
}

/** Returns the operation of a checked request. */
export function transactionOperation({ compare, success, failure }: TxnRequest): TransactionOperation {
  return {
    kind: 'transaction',
    compares: compare.map(compareOf),
    success: success.map(memberOf),
    failure: failure.map(memberOf),
  }
}

function compareOf(compare: Compare): StoreCompare {
  const relation = RELATIONS[compare.result]
  if (relation === undefined)
    throw new EtcdError('invalid-argument', 'etcdserver: unknown result to compare for')
  const range = { key: compare.key, end: compare.rangeEnd, relation }
  if (compare.target === TARGETS.value) return { ...range, target: 'value', value: compare.value ?? NO_BYTES }
  if (compare.target === TARGETS.lease) return { ...range, target: 'lease', lease: compare.lease ?? 0n }
  const [target, field] = NUMBER_TARGETS[compare.target] ?? []
  if (target === undefined || field === undefined) {
    throw new EtcdError('invalid-argument', 'etcdserver: unknown target to compare')
  }
  return { ...range, target, number: comparable(compare[field] ?? 0n) }
}

/** Clamps an integer to a number that compares in the same way with every revision. */
function comparable(integer: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER)
  if (integer > most) return Number.MAX_SAFE_INTEGER
  return integer < -most ? -Number.MAX_SAFE_INTEGER : Number(integer)
}

function memberOf({ requestRange, requestPut, requestDeleteRange, requestTxn }: RequestOp): Operation {
  if (requestRange) return rangeOperation(requestRange)
  if (requestDeleteRange) return deleteOperation(requestDeleteRange)
  if (requestTxn) return transactionOperation(requestTxn)
  if (requestPut) return putOperation(requestPut)
  throw etcdError('keyNotFound')
}

export const deleteOperation = ({ key, rangeEnd, prevKv }: DeleteRangeRequest) =>
  ({ kind: 'delete-range', key, end: rangeEnd, previous: prevKv }) as const

type TransactionResult = Extract<Result, { readonly status: 'ok'; readonly kind: 'transaction' }>

/**
 * Returns the answer. As in etcd, the header of a part has only a revision, and the header of a nested transaction is
 * empty.
 */
export function transactionAnswer(
  request: TxnRequest,
  result: TransactionResult,
  header: ResponseHeader,
): TxnResponse {
  const operations = result.succeeded ? request.success : request.failure
  return {
    header,
    succeeded: result.succeeded,
    responses: operations.map((each, index) => responseOf(each, result.results[index])),
  }
}

function responseOf({ requestTxn }: RequestOp, result: Result | undefined): ResponseOp {
  if (result === undefined)
    throw new EtcdError('internal', 'etcdserver: the result of an operation is missing')
  if (result.status !== 'ok') throw errorOf(result)
  const header = { revision: BigInt(result.revision) }
  switch (result.kind) {
    case 'range': {
      const { items, more, count } = result
      return {
        responseRange: { header, kvs: items.map(keyValueOf), more: more !== null, count: BigInt(count) },
      }
    }
    case 'put':
    case 'put-with-options':
      return { responsePut: { header, ...given({ prevKv: previousOf(result) }) } }
    case 'delete-range': {
      const prevKvs = result.items.map(keyValueOf)
      return { responseDeleteRange: { header, deleted: BigInt(result.deleted), prevKvs } }
    }
    case 'transaction':
      if (requestTxn) return { responseTxn: transactionAnswer(requestTxn, result, {}) }
  }
  throw new EtcdError('internal', `etcdserver: the result of a ${result.kind} is where none was asked for`)
}
