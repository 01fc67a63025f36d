/** Answers of the HTTP API as results of the store. */
import { isOneKey } from '../../src/store/key-range.ts'
import { leaseIdBytes, leaseIdOf, NO_LEASE } from '../../src/store/lease-id.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { RangeItem } from '../../src/store/range-results.ts'
import type { Result } from '../../src/store/results.ts'
import type { TransactionOperation } from '../../src/store/transaction-writer.ts'
import type { CompactedAnswer } from '../api/compaction.ts'
import { keyOfName } from '../api/key-name.ts'
import type {
  KeyDeletedAnswer,
  KeyReadAnswer,
  KeySetAnswer,
  PageAnswer,
  RangeDeletedAnswer,
} from '../api/keys.ts'
import type {
  LeaseGrantedAnswer,
  LeaseRevokedAnswer,
  LeaseShownAnswer,
  LeasesListedAnswer,
} from '../api/leases.ts'
import type { StepAnswer, TransactionAnswer } from '../api/transaction.ts'
import { answerReader } from './answer-reader.ts'
import { GatewayError } from './store-errors.ts'

const revisions = { version: 'number', createRevision: 'number', modRevision: 'number' } as const
const forms = {
  text: { ifThere: 'string' },
  value: { ifThere: 'string' },
  lease: { ifThere: 'string' },
} as const
const item = { key: 'string', ...revisions, ...forms } as const

const readSet = answerReader<KeySetAnswer>()({ revision: 'number', ...revisions })
const readDeleted = answerReader<KeyDeletedAnswer>()({ revision: 'number', deleted: 'boolean' })
const readKey = answerReader<KeyReadAnswer>()({ revision: 'number', ...item })
const readPage = answerReader<PageAnswer>()({
  items: [item],
  count: 'number',
  revision: 'number',
  more: 'boolean',
})
const readRangeDeleted = answerReader<RangeDeletedAnswer>()({
  revision: 'number',
  deleted: 'number',
  items: { ifThere: [item] },
})
const readCompacted = answerReader<CompactedAnswer>()({ revision: 'number' })
const readGranted = answerReader<LeaseGrantedAnswer>()({ id: 'string', ttl: 'number', revision: 'number' })
const readShown = answerReader<LeaseShownAnswer>()({
  ttl: 'number',
  left: 'number',
  keys: ['string'],
  more: 'boolean',
  revision: 'number',
})
const readListed = answerReader<LeasesListedAnswer>()({ leases: ['string'], revision: 'number' })
const readRevoked = answerReader<LeaseRevokedAnswer>()({ deleted: 'number', revision: 'number' })
const readTransaction = answerReader<TransactionAnswer>()({
  revision: 'number',
  succeeded: 'boolean',
  results: [{}],
})

/** Returns the result that an answer means; throws for what is no answer to this operation. */
export function resultOf(operation: Operation, body: Uint8Array): Result {
  const status = 'ok'
  switch (operation.kind) {
    case 'put':
      return { status, kind: 'put', ...readSet(body) }
    case 'delete':
      return { status, kind: 'delete', ...readDeleted(body) }
    case 'range': {
      if (isOneKey(operation) && operation.countOnly !== true) {
        const read = readKey(body)
        return { status, kind: 'range', revision: read.revision, count: 1, more: null, items: [itemOf(read)] }
      }
      const { items, count, revision, more } = readPage(body)
      return { status, kind: 'range', revision, count, more: more ? 'limit' : null, items: items.map(itemOf) }
    }
    case 'delete-range':
      return isOneKey(operation) ? onlyResultOf(operation, body) : deletionOf(readRangeDeleted(body))
    case 'transaction':
      return transactionOf(operation, readTransaction(body))
    case 'compact':
      return { status, kind: 'compact', revision: readCompacted(body).revision }
    case 'lease-grant': {
      const { id, ttl, revision } = readGranted(body)
      return { status, kind: 'lease-grant', revision, id: leaseOf(id), ttl }
    }
    case 'lease-keep-alive':
      return { status, kind: 'lease-keep-alive', ...readGranted(body) }
    case 'lease-revoke':
      return { status, kind: 'lease-revoke', ...readRevoked(body) }
    case 'lease-time-to-live': {
      const { left, ttl, keys, more, revision } = readShown(body)
      const leftMs = Math.round(left * 1_000)
      return { status, kind: 'lease-time-to-live', revision, leftMs, ttl, more, keys: keys.map(keyOf) }
    }
    case 'leases': {
      const { leases, revision } = readListed(body)
      return { status, kind: 'leases', revision, leases: leases.map(leaseOf) }
    }
    default:
      throw new GatewayError(`no gateway answers a ${operation.kind}`)
  }
}

/** The result of the one step of a transaction. */
function onlyResultOf(operation: Operation, body: Uint8Array): Result {
  const whole = { kind: 'transaction', compares: [], success: [operation], failure: [] } as const
  const result = transactionOf(whole, readTransaction(body))
  const [only] = result.status === 'ok' && result.kind === 'transaction' ? result.results : []
  return only ?? notAnAnswer('a transaction of one step has no result')
}

function transactionOf(operation: TransactionOperation, answer: TransactionAnswer): Result {
  const { revision, succeeded, results } = answer
  const steps = succeeded ? operation.success : operation.failure
  if (steps.length !== results.length)
    return notAnAnswer('a transaction has another number of results than of steps')
  return {
    status: 'ok',
    kind: 'transaction',
    revision,
    succeeded,
    results: steps.map((step, index) => stepResult(step, results[index] ?? {}, revision)),
  }
}

function stepResult(operation: Operation, answer: StepAnswer, revision: number): Result {
  const { put, get, range, delete: deleted, txn } = answer
  if (operation.kind === 'put' && put !== undefined)
    return { status: 'ok', kind: 'put', ...readSet(bytesOf(put)) }
  if (operation.kind === 'range' && get !== undefined) {
    const items = get === null ? [] : [itemOf(readKey(bytesOf(get)))]
    return {
      status: 'ok',
      kind: 'range',
      revision: get?.revision ?? revision,
      count: items.length,
      more: null,
      items,
    }
  }
  if (operation.kind === 'range' && range !== undefined) {
    const { items, more, ...rest } = readPage(bytesOf(range))
    return { status: 'ok', kind: 'range', ...rest, more: more ? 'limit' : null, items: items.map(itemOf) }
  }
  if (operation.kind === 'delete-range' && deleted !== undefined)
    return deletionOf(readRangeDeleted(bytesOf(deleted)))
  if (operation.kind === 'transaction' && txn !== undefined)
    return transactionOf(operation, readTransaction(bytesOf(txn)))
  return notAnAnswer(`a step of a transaction has no result of a ${operation.kind}`)
}

/** The reader of answers reads bytes; steps are small parts of an answer that was read. */
const bytesOf = (part: unknown): Uint8Array => Buffer.from(JSON.stringify(part))

function deletionOf({ revision, deleted, items = [] }: ReturnType<typeof readRangeDeleted>): Result {
  return { status: 'ok', kind: 'delete-range', revision, deleted, items: items.map(itemOf) }
}

interface ItemDocument {
  readonly key: string
  readonly version: number
  readonly createRevision: number
  readonly modRevision: number
  readonly text?: string | undefined
  readonly value?: string | undefined
  readonly lease?: string | undefined
}

const itemOf = (document: ItemDocument): RangeItem => ({ key: keyOf(document.key), ...entryOf(document) })

/** Returns the entry that a document describes. */
export function entryOf({
  version,
  createRevision,
  modRevision,
  text,
  value,
  lease,
}: Omit<ItemDocument, 'key'>): Omit<RangeItem, 'key'> {
  return {
    version,
    createRevision,
    modRevision,
    value: Uint8Array.from(text === undefined ? Buffer.from(value ?? '', 'base64') : Buffer.from(text)),
    lease: leaseIdBytes(lease === undefined ? NO_LEASE : leaseOf(lease)),
  }
}

/** Returns the bytes of a key's name. */
export const keyOf = (name: string): Uint8Array =>
  keyOfName(name) ?? notAnAnswer(`"${name}" is not the name of a key`)

const leaseOf = (text: string): bigint => leaseIdOf(text) ?? notAnAnswer(`"${text}" is not the id of a lease`)

function notAnAnswer(why: string): never {
  throw new GatewayError(`What answers there is not a gateway of strategos: ${why}.`)
}
