/** Operations of the store as requests of the HTTP API. Keys stand in the query or in the body: nothing resolves them there. */
import { isOneKey, isOpenEnded, type KeyRange } from '../../src/store/key-range.ts'
import { leaseIdText, NO_LEASE } from '../../src/store/lease-id.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { RangeOperation } from '../../src/store/range-operations.ts'
import type { CompareRelation } from '../../src/store/transaction.ts'
import type { Compare, TransactionOperation } from '../../src/store/transaction-writer.ts'
import type { ShownRelation } from '../api/compare-relations.ts'
import { keyName } from '../api/key-name.ts'
import { encodeKey } from '../api/key-path.ts'
import { BadRequestError } from './store-errors.ts'

export interface GatewayRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  /** Values are percent-encoded. */
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

/** Returns the request of an operation. */
export function requestOf(operation: Operation): GatewayRequest {
  const { idempotencyKey } = operation
  const request = requestWithoutHeaders(operation)
  if (idempotencyKey === undefined) return request
  return { ...request, headers: { 'idempotency-key': Buffer.from(idempotencyKey).toString('latin1') } }
}

function requestWithoutHeaders(operation: Operation): GatewayRequest {
  switch (operation.kind) {
    case 'put': {
      const { key, value, ifRevision, lease = NO_LEASE } = operation
      const query = { key: encodeKey(key), ifRevision: numberText(ifRevision), lease: leaseText(lease) }
      return { method: 'PUT', path: '/v1/kv', query, body: value }
    }
    case 'delete': {
      const query = { key: encodeKey(operation.key), ifRevision: numberText(operation.ifRevision) }
      return { method: 'DELETE', path: '/v1/kv', query }
    }
    case 'range':
      return { method: 'GET', path: '/v1/kv', query: rangeQuery(operation) }
    case 'delete-range': {
      if (isOneKey(operation)) {
        return transactionRequest({ kind: 'transaction', compares: [], success: [operation], failure: [] })
      }
      const query = { ...boundsQuery(operation), previous: flagText(operation.previous) }
      return { method: 'DELETE', path: '/v1/kv', query }
    }
    case 'transaction':
      return transactionRequest(operation)
    case 'compact':
      return post('/v1/compact', { revision: operation.revision })
    case 'lease-grant':
      return post('/v1/leases', { ttl: operation.ttl, id: leaseText(operation.id) })
    case 'lease-revoke':
      return { method: 'DELETE', path: leasePath(operation.id) }
    case 'lease-keep-alive':
      return { method: 'POST', path: `${leasePath(operation.id)}/keep-alive` }
    case 'lease-time-to-live': {
      const after = operation.after?.length ? encodeKey(operation.after) : undefined
      return { method: 'GET', path: leasePath(operation.id), query: { after } }
    }
    case 'leases':
      return { method: 'GET', path: '/v1/leases' }
    default:
      throw new BadRequestError(`the operation ${operation.kind} does not go through a gateway`)
  }
}

const post = (path: string, document: unknown): GatewayRequest => ({
  method: 'POST',
  path,
  body: JSON.stringify(document),
})

const leasePath = (id: bigint): string => `/v1/leases/${leaseIdText(id)}`
const leaseText = (id: bigint): string | undefined => (id === NO_LEASE ? undefined : leaseIdText(id))
const numberText = (number: number | undefined): string | undefined => number?.toString()
const flagText = (flag: boolean | undefined): string | undefined => (flag === true ? 'true' : undefined)

function rangeQuery(operation: RangeOperation): Readonly<Record<string, string | undefined>> {
  const { revision, limit, keysOnly, countOnly, target, order } = operation
  if (isOneKey(operation) && countOnly !== true) {
    return { key: encodeKey(operation.key), revision: numberText(revision) }
  }
  return {
    // A key alone is a range here, of that key up to the next one.
    ...(isOneKey(operation) ? COUNT_OF_NONE : boundsQuery(operation)),
    revision: numberText(revision),
    limit: numberText(limit === 0 || limit === undefined ? LIMIT_MAX : Math.min(limit, LIMIT_MAX)),
    keysOnly: flagText(keysOnly),
    countOnly: flagText(countOnly),
    sort: target === 'key' ? undefined : target,
    order: order === 'descending' ? 'desc' : undefined,
    minModRevision: numberText(operation.minModRevision),
    maxModRevision: numberText(operation.maxModRevision),
    minCreateRevision: numberText(operation.minCreateRevision),
    maxCreateRevision: numberText(operation.maxCreateRevision),
  }
}

/** The limit of a page. */
const LIMIT_MAX = 1_000
/** The least key alone, whose count is asked for to learn the revision. */
const COUNT_OF_NONE = { start: '%00', end: '%00%00' }

/** Returns the parameters of a range. */
export const boundsQuery = (range: KeyRange): Readonly<Record<string, string | undefined>> => ({
  start: encodeKey(range.key),
  end: isOpenEnded(range) ? undefined : encodeKey(range.end),
})

const transactionRequest = (operation: TransactionOperation): GatewayRequest =>
  post('/v1/txn', transactionDocument(operation))

const transactionDocument = ({ compares, success, failure }: TransactionOperation): unknown => ({
  compare: compares.map(compareDocument),
  success: success.map(stepDocument),
  failure: failure.map(stepDocument),
})

const SHOWN: Readonly<Record<CompareRelation, ShownRelation>> = {
  equal: '=',
  'not-equal': '!=',
  less: '<',
  greater: '>',
}

function compareDocument(compare: Compare): unknown {
  const common = { ...keysDocument(compare), relation: SHOWN[compare.relation] }
  switch (compare.target) {
    case 'value':
      return { ...common, value: base64(compare.value) }
    case 'lease':
      return { ...common, lease: leaseIdText(compare.lease) }
    case 'version':
      return { ...common, version: compare.number }
    case 'create':
      return { ...common, createRevision: compare.number }
    case 'mod':
      return { ...common, modRevision: compare.number }
  }
}

function stepDocument(operation: Operation): unknown {
  switch (operation.kind) {
    case 'put': {
      const { key, value, lease = NO_LEASE } = operation
      return { put: { key: keyName(key), value: base64(value), lease: leaseText(lease) } }
    }
    case 'range': {
      if (isOneKey(operation)) return { get: { key: keyName(operation.key) } }
      const { limit, revision, keysOnly } = operation
      return { range: { ...keysDocument(operation), limit, revision, keysOnly } }
    }
    case 'delete-range':
      return { delete: { ...keysDocument(operation), previous: operation.previous } }
    case 'transaction':
      return { txn: transactionDocument(operation) }
    default:
      throw new BadRequestError(`the operation ${operation.kind} is no step of a transaction`)
  }
}

const keysDocument = (range: KeyRange) =>
  isOneKey(range)
    ? { key: keyName(range.key) }
    : { start: keyName(range.key), end: isOpenEnded(range) ? undefined : keyName(range.end) }

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
