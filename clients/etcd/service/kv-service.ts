/** etcd's KV service. */
import { given } from '../../../src/base/given.ts'
import { errorOf, executeAny, executeOk, headerOf, keyValueOf, type ServiceStore } from './answers.ts'
import { etcdError } from './errors.ts'
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
import { checkPut, previousOf, putOperation } from './puts.ts'
import { readRange, safeNumber } from './range-reading.ts'
import { checkTransaction, deleteOperation, transactionAnswer, transactionOperation } from './transactions.ts'

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
    const result = await executeAny(this.#store, putOperation(request))
    if (result.status !== 'ok') throw errorOf(result)
    if (result.kind !== 'put' && result.kind !== 'put-with-options') throw errorOf(result)
    return { header: headerOf(this.#store, result.revision), ...given({ prevKv: previousOf(result) }) }
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
}
