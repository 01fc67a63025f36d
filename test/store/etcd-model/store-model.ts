/**
 * This project's store as a data model, as far as it goes: puts, ranges, deletions,
 * transactions, compaction and leases. One request is one batch, and time passes in batches without requests. Its numbers have no sign, so a request with a negative one cannot be put to it.
 */

import type { KeyRange as StoreRange } from '../../../src/store/key-range.ts'
import { readLeaseId } from '../../../src/store/lease-id.ts'
import type { Operation } from '../../../src/store/operations-writer.ts'
import type { RangeItem } from '../../../src/store/range-results.ts'
import type { Result } from '../../../src/store/results.ts'
import type { Compare as StoreCompare } from '../../../src/store/transaction-writer.ts'
import { Driver } from '../harness.ts'
import {
  type Answer,
  type Compare,
  type KeyRange,
  type LeaseKeepAlive,
  type LeaseTimeToLive,
  type OperationAnswer,
  type Pair,
  type Range,
  REFUSALS,
  type Request,
  type Txn,
} from './requests.ts'

const FOREVER = { revisionsMax: 0, ageMs: 0, bytesMax: 0 }
const NOTHING = new Uint8Array(0)

type TxnMember = NonNullable<Txn['success']>[number]

/** True if the store has the request's kind and all of its options. */
export function isSupported(request: Request): boolean {
  switch (request.kind) {
    case 'range':
      return Object.values(request).every((value) => typeof value !== 'number' || value >= 0)
    case 'put':
    case 'deleteRange':
      return true
    case 'txn': {
      const { success = [], failure = [] } = request
      // The store's layout has no operation with nothing set.
      return [...success, ...failure].every((each) => each.kind !== 'nothing' && isSupported(each))
    }
    case 'compact':
      // etcd compacts at 0 once; here the floor is there from the beginning.
      return request.revision > 0
    case 'leaseGrant':
    case 'leaseRevoke':
    case 'leaseKeepAlive':
    case 'leaseTimeToLive':
    case 'leaseLeases':
    case 'tick':
      return true
    default:
      return false
  }
}

export class StoreModel {
  readonly #driver = new Driver({ history: FOREVER })

  apply(request: Request): Answer {
    const driver = this.#driver
    if (request.kind === 'tick') {
      driver.now += 1_000 * request.seconds
      driver.batch([])
      return { kind: 'tick', revision: driver.store.revision }
    }
    const [result] = driver.run(operationOf(request))
    if (result === undefined) throw new Error('no result')
    return isLeaseRead(request) ? leaseAnswerOf(request, result) : answerOf(result)
  }
}

const rangeOf = ({ key, rangeEnd = NOTHING }: KeyRange): StoreRange => ({ key, end: rangeEnd })

/** Returns the request as an operation of the store. */
export function operationOf(request: Request | TxnMember): Operation {
  switch (request.kind) {
    case 'put': {
      const { key, value = NOTHING, lease = 0n } = request
      const { prevKv = false, ignoreValue = false, ignoreLease = false } = request
      const put = lease === 0n ? { key, value } : { key, value, lease }
      if (!prevKv && !ignoreValue && !ignoreLease) return { kind: 'put', ...put }
      const options = { previous: prevKv, keepValue: ignoreValue, keepLease: ignoreLease }
      return { kind: 'put-with-options', ...put, ...options }
    }
    case 'range':
      return queryOf(request)
    case 'deleteRange':
      return { kind: 'delete-range', ...rangeOf(request), previous: request.prevKv === true }
    case 'txn': {
      const { compare = [], success = [], failure = [] } = request
      return {
        kind: 'transaction',
        compares: compare.map(compareOf),
        success: success.map(operationOf),
        failure: failure.map(operationOf),
      }
    }
    case 'compact':
      return { kind: 'compact', revision: request.revision }
    case 'leaseGrant':
      return { kind: 'lease-grant', id: request.id, ttl: request.ttl }
    case 'leaseRevoke':
      return { kind: 'lease-revoke', id: request.id }
    case 'leaseKeepAlive':
      return { kind: 'lease-keep-alive', id: request.id }
    case 'leaseTimeToLive':
      return { kind: 'lease-time-to-live', id: request.id, keys: request.keys === true }
    case 'leaseLeases':
      return { kind: 'leases' }
    default:
      throw new Error(`the store has no ${request.kind}`)
  }
}

const RELATIONS = { equal: 'equal', notEqual: 'not-equal', greater: 'greater', less: 'less' } as const

function compareOf({ rangeEnd: end = NOTHING, result, ...compare }: Compare): StoreCompare {
  return { ...compare, end, relation: RELATIONS[result] }
}

const ORDERS = { none: 'none', ascend: 'ascending', descend: 'descending' } as const

function queryOf({
  kind: _,
  key,
  rangeEnd,
  sortOrder = 'none',
  sortTarget = 'key',
  ...rest
}: Range): Operation {
  const range = rangeOf(rangeEnd === undefined ? { key } : { key, rangeEnd })
  return { kind: 'range', ...range, ...rest, order: ORDERS[sortOrder], target: sortTarget }
}

function answerOf(result: Result): Answer {
  switch (result.status) {
    case 'bad-key':
      return { kind: 'refusal', ...REFUSALS.emptyKey }
    case 'compacted':
      return { kind: 'refusal', ...REFUSALS.compacted }
    case 'future':
      return { kind: 'refusal', ...REFUSALS.futureRevision }
    case 'too-many-operations':
      return { kind: 'refusal', ...REFUSALS.tooManyOperations }
    case 'duplicate-key':
      return { kind: 'refusal', ...REFUSALS.duplicateKey }
    case 'value-provided':
      return { kind: 'refusal', ...REFUSALS.valueProvided }
    case 'lease-provided':
      return { kind: 'refusal', ...REFUSALS.leaseProvided }
    case 'not-found':
      return { kind: 'refusal', ...REFUSALS.keyNotFound }
    case 'lease-not-found':
      return { kind: 'refusal', ...REFUSALS.leaseNotFound }
    case 'lease-exists':
      return { kind: 'refusal', ...REFUSALS.leaseExists }
    case 'lease-too-long':
      return { kind: 'refusal', ...REFUSALS.leaseTooLong }
    case 'ok':
      break
    default:
      throw new Error(`the store answered ${result.status}`)
  }
  const { kind, revision } = result
  switch (kind) {
    case 'put':
      return { kind, revision, prevKv: null }
    case 'put-with-options': {
      const { previous } = result
      return { kind: 'put', revision, prevKv: previous === null ? null : pairOf(previous) }
    }
    case 'range': {
      const { count, more, items } = result
      return { kind, revision, count, more: more !== null, kvs: items.map(pairOf) }
    }
    case 'delete-range':
      return { kind: 'deleteRange', revision, deleted: result.deleted, prevKvs: result.items.map(pairOf) }
    case 'compact':
      return { kind, revision }
    case 'transaction': {
      const responses = result.results.map(answerOf).map(memberAnswer)
      return { kind: 'txn', revision, succeeded: result.succeeded, responses }
    }
    case 'lease-grant':
      return { kind: 'leaseGrant', revision, id: result.id, ttl: result.ttl }
    case 'lease-revoke':
      return { kind: 'leaseRevoke', revision }
    case 'leases': {
      const leases = [...result.leases].sort((a, b) => (a < b ? -1 : 1))
      return { kind: 'leaseLeases', revision, leases }
    }
    default:
      throw new Error(`the store answered as to a ${kind}`)
  }
}

/** (3) The header of a nested transaction is empty. */
function memberAnswer(answer: Answer): OperationAnswer {
  if (answer.kind === 'txn') return { ...answer, revision: 0 }
  if (answer.kind !== 'put' && answer.kind !== 'range' && answer.kind !== 'deleteRange') {
    throw new Error(`a transaction answered as to a ${answer.kind}`)
  }
  return answer
}

function pairOf({ lease, ...item }: RangeItem): Pair {
  return { ...item, lease: readLeaseId(lease, 0) }
}

type LeaseRead = LeaseKeepAlive | LeaseTimeToLive

const isLeaseRead = (request: Request): request is LeaseRead =>
  request.kind === 'leaseKeepAlive' || request.kind === 'leaseTimeToLive'

/** The answer to a request to which a lease that does not exist is no error. */
function leaseAnswerOf({ kind, id }: LeaseRead, result: Result): Answer {
  if (result.status === 'lease-not-found') {
    const { revision } = result
    if (kind === 'leaseKeepAlive') return { kind, revision, id, ttl: 0 }
    return { kind, revision, id, ttl: -1, grantedTtl: 0, keys: [] }
  }
  if (result.status !== 'ok') throw new Error(`the store answered ${result.status}`)
  if (result.kind === 'lease-keep-alive') {
    return { kind: 'leaseKeepAlive', revision: result.revision, id, ttl: result.ttl }
  }
  if (result.kind !== 'lease-time-to-live') throw new Error(`the store answered as to a ${result.kind}`)
  const { revision, leftMs, ttl, keys } = result
  return { kind: 'leaseTimeToLive', revision, id, ttl: Math.floor(leftMs / 1_000), grantedTtl: ttl, keys }
}
