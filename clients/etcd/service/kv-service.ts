/** etcd's KV service. */
import { given } from '../../../src/base/given.ts'
import { readLeaseId } from '../../../src/store/lease-id.ts'
import type { RangeItem } from '../../../src/store/range-results.ts'
import { errorOf, executeAny, executeOk, headerOf, keyValueOf, type ServiceStore } from './answers.ts'
import { EtcdError, etcdError } from './errors.ts'
import type {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from './messages.ts'
import { checkPut } from './put-check.ts'
import { readOfKey, readRange, safeNumber } from './range-reading.ts'
import { checkTransaction, deleteOperation, transactionAnswer, transactionOperation } from './transactions.ts'

/** The number of times that a put is tried again because its key changed after it was read. */
const TRIES_MAX = 32

export class KvService {
  readonly #store: ServiceStore

  constructor(store: ServiceStore) {
    this.#store = store
  }

  range(request: RangeRequest): Promise<RangeResponse> {
    return readRange(this.#store, request)
  }

  async put(request: PutRequest): Promise<PutResponse> {
    checkPut(request)
    if (request.prevKv || request.ignoreValue || request.ignoreLease) return this.#putAfterReading(request)
    const { key, value, lease } = request
    const { revision } = await executeOk(this.#store, { kind: 'put', key, value, lease })
    return { header: headerOf(this.#store, revision) }
  }

  async deleteRange(request: DeleteRangeRequest): Promise<DeleteRangeResponse> {
    const { key, prevKv } = request
    if (key.length === 0) throw etcdError('noKey')
    const { revision, deleted, items } = await executeOk(this.#store, deleteOperation(request))
    return {
      header: headerOf(this.#store, revision),
      deleted: BigInt(deleted),
      prevKvs: prevKv ? items.map(keyValueOf) : [],
    }
  }

  async txn(request: TxnRequest): Promise<TxnResponse> {
    checkTransaction(request)
    const result = await executeOk(this.#store, transactionOperation(request))
    return transactionAnswer(request, result, headerOf(this.#store, result.revision))
  }

  async compact({ revision }: CompactionRequest): Promise<CompactionResponse> {
    const operation = { kind: 'compact', revision: safeNumber(revision) } as const
    const result = await executeOk(this.#store, operation)
    return { header: headerOf(this.#store, result.revision) }
  }

  /** Writes at the revision at which the key was read, so that nothing changes it in between. */
  async #putAfterReading({ key, value, prevKv, ...request }: PutRequest): Promise<PutResponse> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { items } = await executeOk(this.#store, readOfKey(key))
      const before: RangeItem | undefined = items[0]
      if (before === undefined && (request.ignoreValue || request.ignoreLease)) throw etcdError('keyNotFound')
      const result = await executeAny(this.#store, {
        kind: 'put',
        key,
        value: request.ignoreValue && before !== undefined ? before.value : value,
        lease: request.ignoreLease && before !== undefined ? readLeaseId(before.lease, 0) : request.lease,
        ifRevision: before?.modRevision ?? 0,
      })
      if (result.status === 'revision-moved') continue
      if (result.status !== 'ok' || result.kind !== 'put') throw errorOf(result)
      const previous = prevKv && before !== undefined ? keyValueOf(before) : null
      return { header: headerOf(this.#store, result.revision), ...given({ prevKv: previous }) }
    }
    throw new EtcdError('resource-exhausted', 'etcdserver: too many requests')
  }
}
