import { describe, expect, test } from 'vitest'
import { toMilliseconds, toSequence, toTimestamp } from '../../src/base/ids.ts'
import * as limits from '../../src/messages/limits.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'
import { RESULTS_BYTES_MAX } from '../../src/store/results.ts'
import { CLIENT_WINDOW } from '../../src/store/sessions.ts'
import { alice, bob, Driver, get, put, read, remove, request, stranger } from '../store/harness.ts'

const putBytes = (key: string, value: string) => encodeOperations([put(key, value)])
const getBytes = (key: string) => encodeOperations([get(key)])

/** Requests whose results are all of one length: a get of a value. */
function fillWithGets(driver: Driver, options: { readonly valueBytes: number; readonly gets: number }) {
  driver.batch([request(bob, 1, encodeOperations([put('k', new Uint8Array(options.valueBytes))]))])
  for (let timestamp = 1; timestamp <= options.gets; timestamp++) {
    driver.batch([request(alice, timestamp, getBytes('k'))])
  }
}
const keptTimestamps = (driver: Driver, client = alice) =>
  Array.from({ length: CLIENT_WINDOW }, (_, index) => index + 1).filter(
    (timestamp) => driver.store.results(client, toTimestamp(timestamp)) !== null,
  )

describe('executed time and order', () => {
  test('PBFT-1.6 executed time is the highest of the batches, and never goes back', () => {
    const driver = new Driver()
    for (const [proposed, executed] of [
      [50, 50],
      [40, 50],
      [51, 51],
    ] as const) {
      driver.batch([], proposed)
      expect(driver.store.executedTime).toBe(executed)
    }
  })

  test('PBFT-1.6 a null batch leaves the executed time alone and takes its sequence number', () => {
    const driver = new Driver()
    driver.batch([], 70)
    driver.batch([], 0)
    expect(driver.store.executedTime).toBe(70)
    expect(driver.store.lastSequence).toBe(2)
  })

  test('PBFT-1.6 a sequence number out of order halts', () => {
    const { store } = new Driver()
    const batch = { time: toMilliseconds(1), requests: [] }
    expect(() => store.execute(toSequence(2), batch)).toThrow('executed 2 after 0')
    store.execute(toSequence(1), batch)
    expect(() => store.execute(toSequence(1), batch)).toThrow('executed 1 after 1')
  })

  test('PBFT-1.6 requests run in the order of the batch, operations in the order of the request', () => {
    const driver = new Driver()
    const operations = [put('k', 'one'), get('k'), remove('k'), get('k')]
    const outcomes = driver.batch([
      request(alice, 1, encodeOperations(operations)),
      request(bob, 1, putBytes('k', 'two')),
    ])
    const results = read(operations, outcomes[0]?.results ?? new Uint8Array(0))
    expect(results.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'not-found'])
    expect(driver.store.revision).toBe(4)
  })
})

describe('each request at most once', () => {
  test('PBFT-1.8 a request repeated in one batch is executed once, and answered each time', () => {
    const driver = new Driver()
    const repeated = request(alice, 1, putBytes('k', 'v'))
    const outcomes = driver.batch([repeated, repeated, repeated])
    expect(outcomes.map(({ standing }) => standing)).toEqual(['new', 'executed', 'executed'])
    expect(outcomes[1]?.results).toEqual(outcomes[0]?.results)
    expect(driver.store.revision).toBe(2)
  })

  test('PBFT-1.8 a request repeated in a later batch gives the results it gave, not those of now', () => {
    const driver = new Driver()
    const reading = request(alice, 1, getBytes('k'))
    const first = driver.batch([reading])[0]
    driver.batch([request(bob, 1, putBytes('k', 'v'))])
    const again = driver.batch([reading])[0]
    expect(again).toEqual({ ...first, standing: 'executed' })
    expect(driver.store.results(alice, toTimestamp(1))).toEqual(first?.results)
  })

  test('PBFT-1.8 an executed timestamp with another digest is reused: no results, no effect', () => {
    const driver = new Driver()
    driver.batch([request(alice, 1, putBytes('k', 'v'))])
    const [outcome] = driver.batch([request(alice, 1, putBytes('k', 'other'))])
    expect(outcome).toMatchObject({ standing: 'timestamp-reused', results: null })
    expect(driver.store.revision).toBe(2)
  })

  test('PBFT-1.8 the floor lies 64 below t*: at the floor stale, above it new', () => {
    const driver = new Driver()
    const at = (timestamp: number) => request(alice, timestamp, putBytes('k', `${timestamp}`))
    driver.batch([at(100)])
    expect(driver.batch([at(36)])[0]).toMatchObject({ standing: 'stale', results: null })
    expect(driver.batch([at(37)])[0]?.standing).toBe('new')
    expect(driver.store.revision).toBe(3)
    expect(CLIENT_WINDOW).toBe(64)
  })

  test('PBFT-1.8 timestamps may be executed out of order inside the window, each once', () => {
    const driver = new Driver()
    const order = [64, 1, 33, 2, 63, 1, 64, 33]
    const outcomes = order.map((each) => driver.batch([request(alice, each, putBytes('k', `${each}`))])[0])
    expect(outcomes.map((outcome) => outcome?.standing)).toEqual([
      ...Array(5).fill('new'),
      ...Array(3).fill('executed'),
    ])
    expect(driver.store.revision).toBe(6)
  })

  test('PBFT-1.8 a window full of executed timestamps does not stand in the way of the next', () => {
    const driver = new Driver()
    for (let timestamp = 1; timestamp <= 200; timestamp++) {
      const [outcome] = driver.batch([request(alice, timestamp, putBytes('k', `${timestamp}`))])
      expect(outcome?.standing).toBe('new')
    }
    expect(driver.store.revision).toBe(201)
  })

  test('PBFT-1.8 a timestamp far above t* moves the floor; what it passed never runs again', () => {
    const driver = new Driver()
    const first = request(alice, 1, putBytes('k', 'v'))
    driver.batch([first])
    driver.batch([request(alice, 1_000_000, putBytes('k', 'w'))])
    expect(driver.store.standing(first)).toBe('stale')
    expect(driver.store.results(alice, first.timestamp)).toBeNull()
    expect(driver.batch([first])[0]).toMatchObject({ standing: 'stale', results: null })
    // Shares its place in the window with timestamp 1.
    const neighbour = request(alice, 1_000_000 - 63, putBytes('k', 'x'))
    expect(driver.batch([neighbour])[0]?.standing).toBe('new')
    expect(driver.store.revision).toBe(4)
  })

  test('PBFT-1.8 timestamp 0 is below the first one and stale', () => {
    const driver = new Driver()
    expect(driver.batch([request(alice, 0, putBytes('k', 'v'))])[0]?.standing).toBe('stale')
    expect(driver.batch([request(alice, limits.COUNTER_MAX, putBytes('k', 'v'))])[0]?.standing).toBe('new')
  })

  test('PBFT-1.8 a timestamp used by one session of a client is refused to another, whatever it asks', () => {
    const driver = new Driver()
    const [first, second] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
    const write = putBytes('k', 'v')
    expect(driver.batch([request(alice, 7, write, first)])[0]).toMatchObject({ standing: 'new' })
    const same = request(alice, 7, write, second)
    const refused = { standing: 'another-session', session: second, results: null }
    expect(driver.batch([same])[0]).toMatchObject(refused)
    expect(driver.batch([request(alice, 7, putBytes('k', 'w'), second)])[0]).toMatchObject(refused)
    // Not even a digest that is the same makes it the other session's request.
    const { digest } = request(alice, 7, write, first)
    expect(driver.store.standing({ ...same, digest })).toBe('another-session')
    expect(driver.store.revision).toBe(2)
    expect(driver.store.standing(request(alice, 7, write, first))).toBe('executed')
  })

  test('PBFT-1.8 two sessions that use one timestamp in one batch: the first in the order has it', () => {
    const driver = new Driver()
    const sessions = [1, 2, 3].map((number) => new Uint8Array(16).fill(number))
    const outcomes = driver.batch(sessions.map((each) => request(alice, 9, putBytes('k', 'v'), each)))
    expect(outcomes.map(({ standing }) => standing)).toEqual(['new', 'another-session', 'another-session'])
    expect(driver.store.revision).toBe(2)
  })

  test('PBFT-1.8 t* of a client is reported with the session that used it', () => {
    const driver = new Driver()
    expect(driver.store.lastUse(alice)).toEqual({ timestamp: 0, session: null })
    const [first, second] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
    driver.batch([request(alice, 40, putBytes('k', 'v'), first)])
    driver.batch([request(alice, 12, putBytes('k', 'v'), second)])
    expect(driver.store.lastUse(alice)).toEqual({ timestamp: 40, session: first })
    driver.batch([request(alice, 41, putBytes('k', 'v'), second)])
    expect(driver.store.lastUse(alice)).toEqual({ timestamp: 41, session: second })
  })

  test('PBFT-1.8 clients have sessions of their own', () => {
    const driver = new Driver()
    driver.batch([request(alice, 500, putBytes('k', 'v'))])
    expect(driver.batch([request(bob, 1, putBytes('k', 'w'))])[0]?.standing).toBe('new')
  })

  test('PBFT-1.8 an unknown client is refused as an ordered result', () => {
    const driver = new Driver()
    const outcome = driver.batch([request(stranger, 1, putBytes('k', 'v'))])[0]
    expect(outcome).toMatchObject({ standing: 'unknown-client', results: null, client: stranger })
    expect(driver.store.revision).toBe(1)
    expect(driver.store.standing(request(stranger, 1, putBytes('k', 'v')))).toBe('unknown-client')
  })

  test('PBFT-1.8 a request of malformed operations is executed once too', () => {
    const driver = new Driver()
    const malformed = request(alice, 1, new Uint8Array(0))
    const outcomes = driver.batch([malformed, malformed])
    expect(outcomes.map(({ standing }) => standing)).toEqual(['new', 'executed'])
    expect(outcomes[1]?.results).toEqual(outcomes[0]?.results)
  })
})

describe('kept results', () => {
  test('PBFT-1.8 results beyond a client’s bound shrink, those executed first before others', () => {
    const driver = new Driver({ retention: { retainedBytesMax: 10_000, clientRetainedBytesMax: 3_500 } })
    fillWithGets(driver, { valueBytes: 1_000, gets: 6 })
    expect(keptTimestamps(driver)).toEqual([4, 5, 6])
    expect(keptTimestamps(driver, bob)).toEqual([1])
    expect(driver.store.retainedBytes).toBeLessThanOrEqual(3_500 + 39)
  })

  test('PBFT-1.8 the order of execution decides, not that of timestamps', () => {
    const driver = new Driver({ retention: { retainedBytesMax: 10_000, clientRetainedBytesMax: 2_500 } })
    driver.batch([request(bob, 1, encodeOperations([put('k', new Uint8Array(1_000))]))])
    for (const timestamp of [9, 2, 5]) driver.batch([request(alice, timestamp, getBytes('k'))])
    expect(keptTimestamps(driver)).toEqual([2, 5])
  })

  test('PBFT-1.8 the bound on all clients together evicts the oldest results', () => {
    const driver = new Driver({ retention: { retainedBytesMax: 3_500, clientRetainedBytesMax: 3_000 } })
    driver.batch([request(bob, 1, encodeOperations([put('k', new Uint8Array(1_000))]))])
    driver.batch([request(bob, 2, getBytes('k'))])
    driver.batch([request(alice, 1, getBytes('k'))])
    driver.batch([request(alice, 2, getBytes('k'))])
    driver.batch([request(bob, 3, getBytes('k'))])
    expect(keptTimestamps(driver, bob)).toEqual([3])
    expect(keptTimestamps(driver, alice)).toEqual([1, 2])
  })

  test('PBFT-1.8 what shrank is still executed: no results, no second effect', () => {
    const driver = new Driver({ retention: { retainedBytesMax: 10, clientRetainedBytesMax: 10 } })
    const writing = request(alice, 1, putBytes('k', 'v'))
    expect(driver.batch([writing])[0]?.results).not.toBeNull()
    expect(driver.batch([writing])[0]).toMatchObject({ standing: 'executed', results: null })
    expect(driver.store.standing(writing)).toBe('executed')
    expect(driver.store.revision).toBe(2)
    expect(driver.store.retainedBytes).toBe(0)
  })

  test('PBFT-1.8 results that the floor passes free their room', () => {
    const driver = new Driver()
    fillWithGets(driver, { valueBytes: 1_000, gets: 3 })
    const before = driver.store.retainedBytes
    driver.batch([request(alice, 1_000, getBytes('absent'))])
    expect(driver.store.retainedBytes).toBe(before - 3 * (1_000 + 32 + 7) + 15)
  })

  test('PBFT-1.8 the named bounds hold at full size: 8 MiB of one client', () => {
    const driver = new Driver()
    fillWithGets(driver, { valueBytes: 1 << 20, gets: 12 })
    expect(keptTimestamps(driver)).toEqual([6, 7, 8, 9, 10, 11, 12])
  })

  test('PBFT-1.8 what shrinks is the same on every replica, and part of the state', () => {
    const retention = { retainedBytesMax: 2_500, clientRetainedBytesMax: 2_200 }
    const drivers = [new Driver({ retention }), new Driver({ retention })]
    for (const driver of drivers) fillWithGets(driver, { valueBytes: 1_000, gets: 5 })
    expect(drivers[1]?.fingerprint()).toBe(drivers[0]?.fingerprint())
    const roomy = new Driver()
    fillWithGets(roomy, { valueBytes: 1_000, gets: 5 })
    expect(roomy.fingerprint()).not.toBe(drivers[0]?.fingerprint())
  })

  test('PBFT-1.8 the limits that the store states are those of the messages', () => {
    expect(CLIENT_WINDOW).toBe(limits.CLIENT_WINDOW)
    expect(RESULTS_BYTES_MAX).toBe(limits.RESULT_BYTES_MAX)
  })
})
