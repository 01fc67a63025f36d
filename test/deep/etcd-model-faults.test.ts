/** Models with one mistake each: the cases and the drawn requests both notice every one of them. */
import { describe, expect, test } from 'vitest'
import { CASES, playCase } from '../store/etcd-model/cases.ts'
import { compareModels, show } from '../store/etcd-model/comparison.ts'
import { EtcdModel } from '../store/etcd-model/model.ts'
import type { Answer, DataModel, Operation, OperationAnswer, Request } from '../store/etcd-model/requests.ts'

/** Of the 10,000 that are compared in the deep run. */
const REQUESTS = 3_000

/** The model, asked something else than it was, or heard to say something else. */
interface Fault {
  readonly operation?: (operation: Operation, isInTxn: boolean) => Operation
  readonly request?: (request: Request) => Request
  readonly answer?: (answer: OperationAnswer, request: Operation | undefined) => OperationAnswer
}

const isOpen = (end: Uint8Array | undefined): boolean => end?.length === 1 && end[0] === 0

const FAULTS: Readonly<Record<string, Fault>> = {
  '2: a read of an older revision has it in its header': {
    answer: (answer, request) =>
      request?.kind === 'range' && (request.revision ?? 0) > 0
        ? { ...answer, revision: request.revision ?? 0 }
        : answer,
  },
  '3: a nested transaction has the revision in its header': {
    answer: (answer) =>
      answer.kind === 'txn'
        ? { ...answer, responses: answer.responses.map((each) => ({ ...each, revision: answer.revision })) }
        : answer,
  },
  '7: the count is that of the pairs given': {
    answer: (answer) => (answer.kind === 'range' ? { ...answer, count: answer.kvs.length } : answer),
  },
  '7a: a sort target alone sorts before the limit': {
    operation: (each) =>
      each.kind === 'range' && each.sortTarget !== undefined && each.sortOrder !== 'descend'
        ? { ...each, sortOrder: 'ascend' }
        : each,
  },
  '9: keys only gives the values': {
    operation: (each) => (each.kind === 'range' ? { ...each, keysOnly: false } : each),
  },
  '10: compacts one revision less': {
    request: (each) => (each.kind === 'compact' ? { ...each, revision: each.revision - 1 } : each),
  },
  '10b: a negative revision is the newest in a transaction, too': {
    operation: (each, isInTxn) =>
      isInTxn && each.kind === 'range' && (each.revision ?? 0) < 0 ? { ...each, revision: 0 } : each,
  },
  '13: ignore_value puts an empty value': {
    operation: (each) => (each.kind === 'put' ? { ...each, ignoreValue: false } : each),
  },
  '14: a put never has a lease': {
    operation: (each) => (each.kind === 'put' ? { ...each, lease: 0n } : each),
  },
  '16a: a deletion to the end of all keys is checked like others': {
    operation: (each, isInTxn) =>
      isInTxn && each.kind === 'deleteRange' && isOpen(each.rangeEnd)
        ? { ...each, rangeEnd: Uint8Array.of(255, 255, 255) }
        : each,
  },
  '18: a compare with a range looks at its first key': {
    operation: (each) =>
      each.kind === 'txn'
        ? {
            ...each,
            compare: (each.compare ?? []).map((compare) => ({ ...compare, rangeEnd: new Uint8Array(0) })),
          }
        : each,
  },
  '20: there is never a previous pair': {
    operation: (each) =>
      each.kind === 'put' || each.kind === 'deleteRange' ? { ...each, prevKv: false } : each,
  },
  '22: a lease is kept by asking for it': {
    request: (each) => (each.kind === 'leaseKeepAlive' ? { kind: 'leaseTimeToLive', id: each.id } : each),
  },
}

class FaultyModel implements DataModel {
  readonly #model = new EtcdModel()
  readonly #fault: Fault

  constructor(fault: Fault) {
    this.#fault = fault
  }

  apply(request: Request): Answer {
    const { answer: heard = (each: OperationAnswer) => each, request: asked = (each: Request) => each } =
      this.#fault
    switch (request.kind) {
      case 'put':
      case 'range':
      case 'deleteRange':
      case 'txn': {
        const answer = this.#model.apply(this.#operation(request, false) as Request) as OperationAnswer
        return 'revision' in answer ? heard(answer, request) : answer
      }
      default:
        return this.#model.apply(asked(request))
    }
  }

  #operation(operation: Operation, isInTxn: boolean): Operation {
    const changed = this.#fault.operation?.(operation, isInTxn) ?? operation
    if (changed.kind !== 'txn') return changed
    const inside = (each: Operation): Operation => this.#operation(each, true)
    const { success = [], failure = [] } = changed
    return { ...changed, success: success.map(inside), failure: failure.map(inside) }
  }
}

async function casesThatNotice(fault: Fault): Promise<readonly string[]> {
  const noticed: string[] = []
  for (const each of CASES) {
    const steps = await playCase(each, new FaultyModel(fault))
    if (steps.some(({ answered, expected }) => show(answered) !== show(expected))) noticed.push(each.name)
  }
  return noticed
}

describe.each(Object.entries(FAULTS))('%s', (name, fault) => {
  test('a case of that rule notices', async () => {
    const [rule = ''] = name.split(':')
    expect((await casesThatNotice(fault)).map((each) => each.split(':')[0])).toContain(rule)
  })

  test('drawn requests notice', async () => {
    const asked = { seed: 1, requests: REQUESTS }
    expect((await compareModels(new EtcdModel(), new FaultyModel(fault), asked)).difference).not.toBe(null)
  })
})

test('an unchanged model agrees with the model', async () => {
  expect(await casesThatNotice({})).toEqual([])
  const asked = { seed: 1, requests: REQUESTS }
  expect((await compareModels(new EtcdModel(), new FaultyModel({}), asked)).difference).toBe(null)
})
