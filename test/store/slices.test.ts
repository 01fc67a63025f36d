/** A batch that is executed some of it at a time: where it stops changes nothing, and nobody sees it half done. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Allowance } from '../../src/base/allowance.ts'
import { type ClientId, toMilliseconds, toSequence } from '../../src/base/ids.ts'
import type { BatchExecution, RequestOutcome } from '../../src/base/request-outcome.ts'
import type { ExecutableRequest, Store } from '../../src/store/application.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { deeper } from '../kit/depth.ts'
import { alice, bob, Driver, get, list, put, remove, request, stranger } from './harness.ts'

const SLICES = [1, 2, 3, 5, 8, 13, 40, 200, 1_000, 10_000]
const retention = { retainedBytesMax: 2_000, clientRetainedBytesMax: 1_500 }
const replica = 'd4'.repeat(32) as ClientId
const options = { retention, storeBytesMax: 3_000, replicas: [replica], recoveryDistance: 3 }

const key = fc.integer({ min: 0, max: 25 }).map((number) => 'k'.repeat(1 + (number % 5)) + number)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(key, fc.nat(400)).map(([at, length]) => put(at, 'v'.repeat(length))),
  key.map(get),
  key.map((at) => remove(at)),
  fc.tuple(key, fc.nat(40)).map(([at, revision]) => put(at, 'x', { ifRevision: revision })),
  fc.tuple(fc.constantFrom('', 'k', 'kk'), fc.nat(20)).map(([prefix, limit]) => list(prefix, limit)),
)
const body = fc.oneof(
  { weight: 5, arbitrary: fc.array(operation, { minLength: 1, maxLength: 12 }).map(encodeOperations) },
  fc.uint8Array({ maxLength: 40 }),
)
const oneRequest = fc
  .record({
    client: fc.constantFrom(alice, bob, replica, stranger),
    timestamp: fc.integer({ min: 0, max: 150 }),
    body,
  })
  .map(({ client, timestamp, body }) => request(client, client === replica ? 0 : timestamp, body))
const batches = fc.array(
  fc.array(oneRequest, { maxLength: 8 }).map((requests) => [...requests, ...requests.slice(0, 2)]),
  { maxLength: 6 },
)

const slicesFrom = (sizes: readonly number[]) =>
  fc.array(fc.constantFrom(...sizes), { minLength: 1, maxLength: 4 })

const begin = (store: Store, requests: readonly ExecutableRequest[], allowance: Allowance): BatchExecution =>
  store.begin(toSequence(store.lastSequence + 1), { time: toMilliseconds(7), requests }, allowance)

/** Executes a batch so much at a time, one slice after another and then from the first again, looking at each pause. */
function inSlices(
  store: Store,
  requests: readonly ExecutableRequest[],
  slice: { readonly units: readonly number[]; readonly onPause: (left: number) => void },
): readonly RequestOutcome[] {
  const unitsOf = (turn: number): number => slice.units[turn % slice.units.length] as number
  const allowance = { left: unitsOf(0) }
  const execution = begin(store, requests, allowance)
  for (let turn = 1; ; turn++) {
    const step = execution.next()
    if (step.done === true) return step.value
    slice.onPause(allowance.left)
    allowance.left = unitsOf(turn)
  }
}

const shown = ({ revision, lastSequence, executedTime }: Store, standings: readonly string[]) => ({
  revision,
  lastSequence,
  executedTime,
  standings,
})

describe('a batch in slices', () => {
  test('gives the outcomes and the state of one that is executed at once, whatever the slice', () => {
    fc.assert(
      fc.property(batches, slicesFrom(SLICES), (all, units) => {
        const [whole, sliced] = [new Driver(options), new Driver(options)]
        for (const requests of all) {
          const outcomes = inSlices(sliced.store, requests, { units, onPause: () => {} })
          expect(outcomes).toEqual(whole.batch(requests, 7))
          expect(sliced.fingerprint()).toBe(whole.fingerprint())
          expect(sliced.store.revision).toBe(whole.store.revision)
        }
      }),
      { numRuns: deeper(50, 150) },
    )
  })

  test('is not visible before it ends', () => {
    fc.assert(
      fc.property(batches, slicesFrom(SLICES.slice(0, 6)), (all, units) => {
        const { store } = new Driver(options)
        const asked = all.flat()
        const standingsNow = () => asked.map((each) => store.standing(each))
        const resultsNow = () => asked.map(({ client, timestamp }) => store.results(client, timestamp))
        for (const requests of all) {
          const before = shown(store, standingsNow())
          const resultsBefore = resultsNow()
          const onPause = () => {
            expect(shown(store, standingsNow())).toEqual(before)
            // What the batch makes it let go of is gone at once, and never another's in its place.
            for (const [index, results] of resultsNow().entries()) {
              if (results !== null) expect(results).toEqual(resultsBefore[index])
            }
          }
          inSlices(store, requests, { units, onPause })
        }
      }),
      { numRuns: deeper(20, 60) },
    )
  })

  test('stops before each operation and each item of a list when it must', () => {
    const driver = new Driver()
    driver.run(...Array.from({ length: 3_000 }, (_, index) => put(`${index}`, '')))
    const requests = [request(bob, 1, encodeOperations([list('', 2_000), list('', 5_000), get('1')]))]
    const lefts: number[] = []
    inSlices(driver.store, requests, { units: [10], onPause: (left) => lefts.push(left) })
    // Two thousand and three thousand items are gone through twice each.
    expect(lefts.length).toBeGreaterThan(900)
    expect(Math.min(...lefts)).toBeGreaterThan(-20)
  })

  test('takes more of the allowance for long keys, values and results', () => {
    const workOf = (...operations: readonly Operation[]): number => {
      const allowance = { left: 1e9 }
      const { store } = new Driver()
      begin(store, [request(bob, 1, encodeOperations(operations))], allowance).next()
      return 1e9 - allowance.left
    }
    expect(workOf(put('k', ''))).toBeLessThan(25)
    expect(workOf(put('k'.repeat(4_000), ''))).toBeGreaterThan(120)
    expect(workOf(put('k', 'v'.repeat(1_000_000)))).toBeGreaterThan(3_000)
    expect(workOf(put('k', 'v'.repeat(1_000_000)), get('k'), get('k'))).toBeGreaterThan(4_800)
  })

  test('that repeats what was executed holds no more than one batch of its results', () => {
    const driver = new Driver()
    const large = 'v'.repeat(1_000_000)
    driver.run(put('large', large))
    const reading = request(bob, 1, encodeOperations([get('large'), get('large')]))
    driver.batch([reading])
    const outcomes = driver.batch(new Array(64).fill(reading))
    const bytes = outcomes.reduce((sum, { results }) => sum + (results?.length ?? 0), 0)
    expect(bytes).toBeGreaterThan(2_000_000)
    expect(bytes).toBeLessThan(20 * 1024 * 1024)
    expect(outcomes.every(({ standing }) => standing === 'executed')).toBe(true)
  })
})

describe('in the middle of a batch', () => {
  const requests = [1, 2, 3].map((timestamp) =>
    request(bob, timestamp, encodeOperations([put(`k${timestamp}`, 'v'), remove('a')])),
  )
  /** The first request is executed, and the second not yet. */
  const halfDone = (driver: Driver): BatchExecution => {
    driver.run(put('a', '1'))
    const execution = begin(driver.store, requests, { left: 20 })
    expect(execution.next().done).toBe(false)
    return execution
  }

  test('no state is frozen, and no other batch is begun', () => {
    const driver = new Driver()
    const execution = halfDone(driver)
    expect(() => driver.store.snapshot()).toThrow('between two batches')
    expect(() => driver.store.assemble(new Uint8Array(32))).toThrow('between two batches')
    expect(() => driver.fingerprint()).toThrow('between two batches')
    expect(() => driver.batch([])).toThrow('before the batch in front of it was')
    for (let step = execution.next(); step.done !== true; step = execution.next()) {}
    expect(driver.fingerprint()).toMatch(/^[0-9a-f]{64}$/)
  })

  test('another state takes its place, and nothing of the batch is left', () => {
    const [driver, other] = [new Driver(), new Driver()]
    other.run(put('a', '1'))
    const before = other.fingerprint()
    halfDone(driver)
    driver.store.restore(other.store.snapshot())
    expect(driver.fingerprint()).toBe(before)
    expect(driver.store.standing({ ...(requests[0] as ExecutableRequest), client: bob })).toBe('new')
    expect(driver.batch(requests)).toEqual(other.batch(requests))
    expect(driver.fingerprint()).toBe(other.fingerprint())
  })
})
