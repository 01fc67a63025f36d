/** Replicas that execute the same batches agree, whatever the batches hold. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { readResults } from '../../src/store/results.ts'
import { deeper } from '../kit/depth.ts'
import { alice, bob, Driver, get, list, put, rawBody, rawOperation, remove, request } from './harness.ts'

const valid: readonly Operation[] = [
  put('a', '1'),
  put('b', 'long'.repeat(50), { ifRevision: 2 }),
  get('a'),
  remove('a'),
  list('', 3),
  put('c', '', { lease: 4n }),
]
const mutated = fc.tuple(fc.nat(), fc.nat(255)).map(([position, value]) => {
  const bytes = encodeOperations(valid)
  bytes[position % bytes.length] = value
  return bytes
})
const framed = fc
  .array(fc.tuple(fc.nat(6), fc.nat(31), fc.uint8Array({ maxLength: 60 })), { minLength: 1, maxLength: 8 })
  .map((parts) =>
    rawBody(parts.length, ...parts.map(([code, flags, fields]) => rawOperation(code, flags, fields))),
  )
const hostile = fc.oneof(mutated, framed, fc.uint8Array({ maxLength: 100 }))

describe('hostile operations', () => {
  test('never throw, give strict results, and the same on two replicas', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 20 }), (bodies) => {
        const one = new Driver({ storeBytesMax: 300 })
        const two = new Driver({ storeBytesMax: 300 })
        for (const body of bodies) {
          const results = one.bytes(body)
          // The other replica has the body at another place of a larger frame.
          const frame = new Uint8Array(body.length + 37)
          frame.set(body, 13)
          expect(two.bytes(frame.subarray(13, 13 + body.length))).toEqual(results)
          expect(readResults(results)).not.toBeNull()
        }
        expect(two.fingerprint()).toBe(one.fingerprint())
      }),
      { numRuns: deeper(133, 400) },
    )
  })

  test('any timestamps and repetitions leave two replicas equal', () => {
    const retention = { retainedBytesMax: 2_000, clientRetainedBytesMax: 1_500 }
    const one = fc.record({
      client: fc.constantFrom(alice, bob),
      timestamp: fc.integer({ min: 0, max: 200 }),
      body: hostile,
    })
    fc.assert(
      fc.property(fc.array(fc.array(one, { maxLength: 6 }), { maxLength: 15 }), (batches) => {
        const drivers = [new Driver({ retention }), new Driver({ retention })]
        for (const batch of batches) {
          const requests = batch.map(({ client, timestamp, body }) => request(client, timestamp, body))
          const [first, second] = drivers.map((driver) => driver.batch(requests))
          expect(second).toEqual(first)
          for (const driver of drivers) expect(driver.store.retainedBytes).toBeLessThanOrEqual(2_000)
        }
        expect(drivers[1]?.fingerprint()).toBe(drivers[0]?.fingerprint())
      }),
      { numRuns: deeper(66, 200) },
    )
  })
})

describe('the fingerprint covers', () => {
  const base = () => {
    const driver = new Driver()
    driver.batch([request(alice, 1, encodeOperations([put('a', '1'), put('b', '2')]))], 5)
    return driver
  }
  const of = (change: (driver: Driver) => void) => {
    const driver = base()
    change(driver)
    return driver.fingerprint()
  }
  const next = (driver: Driver, operation: Operation, options = { timestamp: 2, time: 5, client: alice }) =>
    driver.batch([request(options.client, options.timestamp, encodeOperations([operation]))], options.time)

  test('32 bytes, the same until something is executed', () => {
    const driver = base()
    expect(driver.store.fingerprint()).toHaveLength(32)
    expect(driver.fingerprint()).toBe(driver.fingerprint())
  })

  test('each part of the state', () => {
    const usual = { timestamp: 2, time: 5, client: alice }
    const variants = [
      of(() => {}),
      of((driver) => driver.batch([], 0)),
      of((driver) => driver.batch([], 6)),
      of((driver) => next(driver, get('a'))),
      of((driver) => next(driver, get('a'), { ...usual, timestamp: 3 })),
      of((driver) => next(driver, get('a'), { ...usual, time: 6 })),
      of((driver) => next(driver, get('a'), { ...usual, client: bob })),
      of((driver) => next(driver, put('a', '2'))),
      of((driver) => next(driver, put('a', '3'))),
      of((driver) => next(driver, put('c', '3'))),
      of((driver) => next(driver, remove('a'))),
    ]
    expect(new Set(variants).size).toBe(variants.length)
  })

  test('the order of execution, which decides what is forgotten first', () => {
    const requests = [
      request(alice, 1, encodeOperations([get('a')])),
      request(bob, 1, encodeOperations([get('a')])),
    ]
    const [one, two] = [new Driver(), new Driver()]
    one.batch(requests)
    two.batch([...requests].reverse())
    expect(two.fingerprint()).not.toBe(one.fingerprint())
  })

  test('values of every size, whole', () => {
    const differing = (at: number) => {
      const value = new Uint8Array(200_000)
      if (at >= 0) value[at] = 1
      return of((driver) => next(driver, put('large', value)))
    }
    expect(new Set([-1, 0, 65_535, 65_536, 199_999].map(differing)).size).toBe(5)
  })
})
