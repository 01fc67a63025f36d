/**
 * A `DataModel` as if it were empty at revision 1 when this was made, and named the leases that it chooses itself 1000001,
 * 1000002, ... in their order: answers of two are then equal whatever stood in them before. What has been compacted stays so.
 */
import type { Answer, Compare, DataModel, Operation, OperationAnswer, Pair, Request } from './requests.ts'

const EVERYTHING = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }

/** Deletes all keys and leases of a model, and gives it as one that is empty. */
export async function emptied(model: DataModel): Promise<RelativeModel> {
  const listed = await model.apply({ kind: 'leaseLeases' })
  if (listed.kind !== 'leaseLeases') throw new Error(`leases are not listed: ${JSON.stringify(listed)}`)
  for (const id of listed.leases) await model.apply({ kind: 'leaseRevoke', id })
  const { revision = 0 } = (await model.apply({ kind: 'deleteRange', ...EVERYTHING })) as {
    revision?: number
  }
  if (revision === 0) throw new Error('the keys are not deleted')
  return new RelativeModel(model, revision - 1)
}

export class RelativeModel implements DataModel {
  readonly #model: DataModel
  /** The revision before its first. */
  readonly #offset: number
  #lastName = 1_000_000n
  readonly #names = new Map<bigint, bigint>()
  readonly #ids = new Map<bigint, bigint>()

  constructor(model: DataModel, offset = 0) {
    this.#model = model
    this.#offset = offset
  }

  async apply(request: Request): Promise<Answer> {
    const answer = await this.#model.apply(this.#request(request))
    if (request.kind === 'leaseGrant' && request.id === 0n && answer.kind === 'leaseGrant') {
      const name = ++this.#lastName
      this.#names.set(answer.id, name)
      this.#ids.set(name, answer.id)
    }
    return this.#answer(answer)
  }

  readonly #idOf = (name: bigint): bigint => this.#ids.get(name) ?? name
  readonly #nameOf = (id: bigint): bigint => this.#names.get(id) ?? id
  /** 0 is none, and what is below stays what it is. */
  readonly #outward = (revision: number): number => (revision > 0 ? revision + this.#offset : revision)
  readonly #inward = (revision: number): number => (revision > 0 ? revision - this.#offset : revision)

  #request(request: Request): Request {
    switch (request.kind) {
      case 'put':
      case 'range':
      case 'deleteRange':
      case 'txn':
        return this.#operation(request) as Request
      case 'compact':
        return { ...request, revision: this.#outward(request.revision) }
      case 'leaseGrant':
      case 'leaseRevoke':
      case 'leaseKeepAlive':
      case 'leaseTimeToLive':
        return { ...request, id: this.#idOf(request.id) }
      case 'leaseLeases':
      case 'tick':
        return request
    }
  }

  #operation(operation: Operation): Operation {
    if (operation.kind === 'put') return { ...operation, lease: this.#idOf(operation.lease ?? 0n) }
    if (operation.kind === 'range') {
      const { revision = 0, minModRevision = 0, maxModRevision = 0 } = operation
      const { minCreateRevision = 0, maxCreateRevision = 0 } = operation
      return {
        ...operation,
        revision: this.#outward(revision),
        minModRevision: this.#outward(minModRevision),
        maxModRevision: this.#outward(maxModRevision),
        minCreateRevision: this.#outward(minCreateRevision),
        maxCreateRevision: this.#outward(maxCreateRevision),
      }
    }
    if (operation.kind !== 'txn') return operation
    const { compare = [], success = [], failure = [] } = operation
    return {
      kind: 'txn',
      compare: compare.map((each) => this.#compare(each)),
      success: success.map((each) => this.#operation(each)),
      failure: failure.map((each) => this.#operation(each)),
    }
  }

  #compare(compare: Compare): Compare {
    if (compare.target === 'lease') return { ...compare, lease: this.#idOf(compare.lease) }
    if (compare.target === 'value' || compare.target === 'version') return compare
    return { ...compare, number: this.#outward(compare.number) }
  }

  #answer(answer: Answer): Answer {
    switch (answer.kind) {
      case 'refusal':
        return answer
      case 'put':
      case 'range':
      case 'deleteRange':
      case 'txn':
        return this.#operationAnswer(answer)
      case 'leaseGrant':
      case 'leaseKeepAlive':
      case 'leaseTimeToLive':
        return { ...answer, revision: this.#inward(answer.revision), id: this.#nameOf(answer.id) }
      case 'leaseLeases': {
        const leases = answer.leases.map(this.#nameOf).sort((a, b) => (a < b ? -1 : 1))
        return { ...answer, revision: this.#inward(answer.revision), leases }
      }
      case 'compact':
      case 'leaseRevoke':
      case 'tick':
        return { ...answer, revision: this.#inward(answer.revision) }
    }
  }

  #operationAnswer(answer: OperationAnswer): OperationAnswer {
    const revision = this.#inward(answer.revision)
    switch (answer.kind) {
      case 'put':
        return { ...answer, revision, prevKv: answer.prevKv === null ? null : this.#pair(answer.prevKv) }
      case 'range':
        return { ...answer, revision, kvs: answer.kvs.map(this.#pair) }
      case 'deleteRange':
        return { ...answer, revision, prevKvs: answer.prevKvs.map(this.#pair) }
      case 'txn':
        return { ...answer, revision, responses: answer.responses.map((each) => this.#operationAnswer(each)) }
    }
  }

  readonly #pair = (pair: Pair): Pair => ({
    ...pair,
    createRevision: this.#inward(pair.createRevision),
    modRevision: this.#inward(pair.modRevision),
    lease: this.#nameOf(pair.lease),
  })
}
