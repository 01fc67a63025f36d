/** The model of the store in the simulator, against the store: any operations that the load draws, and what it must refuse. */
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toMilliseconds } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import type { SeenExecution } from '../../src/simulator/checkers/checker.ts'
import { ModelledStore } from '../../src/simulator/model/modelled-store.ts'
import { drawPlan } from '../../src/simulator/plan/draw-plan.ts'
import { Workload } from '../../src/simulator/world/workload.ts'
import type { ExecutableRequest } from '../../src/store/application.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { deeper, upTo } from '../kit/depth.ts'
import { alice, Driver, put, request } from '../store/harness.ts'

/** A store beside its model: each batch goes to both. */
class Pair {
  readonly driver = new Driver()
  readonly modelled = new ModelledStore()
  #timestamp = 0

  batch(requests: readonly (readonly Operation[])[]): {
    readonly fault: string | null
    readonly results: readonly Uint8Array[]
  } {
    const asked = requests.map((operations) =>
      request(alice, ++this.#timestamp, encodeOperations(operations)),
    )
    return this.execute(asked)
  }

  execute(requests: readonly ExecutableRequest[]) {
    const { store, now } = this.driver
    const outcomes = this.driver.batch(requests)
    const seen = {
      ...{ replica: 0, incarnation: 1, isRestored: false, sequence: store.lastSequence },
      ...{ batch: { time: toMilliseconds(now), requests }, outcomes, application: store },
    }
    const batch = this.modelled.onExecuted(seen as unknown as SeenExecution)
    return {
      fault: batch === null ? 'the model has lost its way' : batch.fault,
      results: outcomes.map(({ results }) => results ?? new Uint8Array(0)),
    }
  }
}

describe('the model of the store', () => {
  test('PBFT-7.16 gives what the store gives, whatever clients ask for', () => {
    for (const seed of upTo(deeper(6, 200))) {
      const { workload } = drawPlan(seed, 4)
      const random = createRandom(seed)
      const pair = new Pair()
      const client = new Workload(0, random.fork(), { ...workload, operationsMax: 8, isWhole: true })
      for (let batch = 0; batch < 40; batch++) {
        pair.driver.now += random.pick([0, 10, 400, 3_000])
        const requests = Array.from({ length: random.between(0, 4) }, (_, index) =>
          client.draw(10 * batch + index),
        )
        const { fault, results } = pair.batch(requests)
        expect(fault, `seed ${seed}, batch ${batch}`).toBeNull()
        for (const [index, each] of results.entries()) client.learn(requests[index] ?? [], each)
      }
    }
  })

  test('follows a clock that jumps by hours: the history is compacted by its age', () => {
    const pair = new Pair()
    for (let hour = 0; hour < 5; hour++) {
      pair.driver.now += 3_600_000
      expect(pair.batch([[put('key', `${hour}`)]]).fault).toBeNull()
      const read = { kind: 'range', key: utf8('key'), end: new Uint8Array(0), revision: 2 } as const
      expect(pair.batch([[read]]).fault).toBeNull()
    }
  })

  test('sees a batch that was executed without its leases ending', () => {
    const pair = new Pair()
    pair.batch([[{ kind: 'lease-grant', id: 7n, ttl: 2 }], [put('key', 'value', { lease: 7n })]])
    // The store is given less time than the batch has.
    const { store } = pair.driver
    const outcomes = pair.driver.batch([])
    const seen = {
      replica: 0,
      sequence: store.lastSequence,
      batch: { time: 5_000, requests: [] },
      outcomes,
      application: store,
    }
    const { fault } = pair.modelled.onExecuted(seen as unknown as SeenExecution) ?? {}
    expect(fault).toBe('the store is at revision 2, and must be at 3')
  })
})
