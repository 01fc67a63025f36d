/** PBFT-2.3: a state put together from pages alone executes on exactly as the one that it was taken from. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equalBytes, toHex } from '../../src/base/bytes.ts'
import { type ClientId, type Timestamp, toSequence } from '../../src/base/ids.ts'
import type { Application } from '../../src/ports.ts'
import type { ExecutableRequest, Store } from '../../src/store/application.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { CLIENT_WINDOW } from '../../src/store/sessions.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { deeper } from '../kit/depth.ts'
import { alice, bob, Driver, get, list, put, remove, request, stranger } from './harness.ts'

const replica = 'd4'.repeat(32) as ClientId
const OPTIONS = {
  storeBytesMax: 20_000,
  retention: { retainedBytesMax: 9_000, clientRetainedBytesMax: 6_000 },
  replicas: ['e5'.repeat(32) as ClientId, replica],
  recoveryDistance: 3,
}

/** Brings a store to a snapshot's state by its pages alone, and says how many it took. */
function transfer(snapshot: TreeSnapshot, to: Store): number {
  const root = snapshot.hashAll()
  const assembly = to.assemble(root)
  let count = 0
  for (let all = assembly.missing(20); all.length > 0; all = assembly.missing(20)) {
    for (const reference of all) {
      const page = snapshot.page(reference.path)
      if (page === null) throw new Error('no such page')
      expect(assembly.add(reference, page.slice())).toBe('taken')
      count++
    }
  }
  const finished = assembly.finish()
  if (finished === null) throw new Error('the assembly is not whole')
  to.restore(finished)
  return count
}

const key = fc.integer({ min: 0, max: 12 }).map((n) => `key ${n}`)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(key, fc.constantFrom(0, 10, 900, 1_200, 5_000)).map(([k, n]) => put(k, new Uint8Array(n))),
  fc.tuple(key, fc.nat(9)).map(([k, ifRevision]) => put(k, 'new', { ifRevision })),
  key.map(get),
  key.map((k) => remove(k)),
  fc.nat(5).map((limit) => list('key', limit)),
)
const ordinary = fc
  .record({
    client: fc.constantFrom(alice, bob, stranger),
    timestamp: fc.oneof({ weight: 5, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(300) }),
    operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
  })
  .map(({ client, timestamp, operations }) => request(client, timestamp, encodeOperations(operations)))
const recovering = fc
  .tuple(fc.nat(6), fc.nat(1))
  .map(([nonce, timestamp]) => request(replica, timestamp, Uint8Array.of(nonce)))
const batch = fc.array(fc.oneof({ weight: 6, arbitrary: ordinary }, { weight: 1, arbitrary: recovering }), {
  maxLength: 6,
})
const batches = fc.array(batch, { minLength: 1, maxLength: 15 })

/** Everything that a replica may be asked of its state. */
function answersOf(store: Store, requests: readonly ExecutableRequest[]) {
  return {
    revision: store.revision,
    executedTime: store.executedTime,
    lastSequence: store.lastSequence,
    retainedBytes: store.retainedBytes,
    root: toHex(store.fingerprint()),
    each: requests.map((each) => ({
      standing: store.standing(each),
      other: store.standing({ ...each, digest: new Uint8Array(32) }),
      another: store.standing({ ...each, session: new Uint8Array(16).fill(9) }),
      lastUse: store.lastUse(each.client),
      results: store.results(each.client, each.timestamp),
    })),
  }
}

describe('a transferred state', () => {
  test('PBFT-2.3 executes on with equal outcomes, standings, results and roots', () => {
    fc.assert(
      fc.property(batches, batches, batches, (before, meanwhile, after) => {
        const [source, target] = [new Driver(OPTIONS), new Driver(OPTIONS)]
        for (const each of before) source.batch(each, 10)
        // The target is not new: it has a state of its own, which shares pages with the other or not.
        for (const each of before.slice(0, before.length >> 1)) target.batch(each, 10)
        const snapshot = source.store.snapshot()
        // The source goes on; its snapshot does not.
        for (const each of meanwhile) source.batch(each, 20)
        const reference = new Driver(OPTIONS)
        for (const each of before) reference.batch(each, 10)
        transfer(snapshot, target.store)
        const asked = [...before, ...after].flat()
        expect(answersOf(target.store, asked)).toEqual(answersOf(reference.store, asked))
        for (const each of after) {
          expect(target.batch(each, 30)).toEqual(reference.batch(each, 30))
        }
        expect(answersOf(target.store, asked)).toEqual(answersOf(reference.store, asked))
      }),
      { numRuns: deeper(26, 80) },
    )
  })

  test('PBFT-2.3 carries results of the largest size, and forgets them with their floor', () => {
    const drivers = [new Driver(), new Driver()] as const
    const [source, target] = drivers
    source.batch([request(bob, 1, encodeOperations([put('a', new Uint8Array(1 << 20))]))])
    source.batch([request(bob, 2, encodeOperations([put('b', new Uint8Array(1_000_000).fill(1))]))])
    source.batch([request(alice, 1, encodeOperations([get('a'), get('b')]))])
    transfer(source.store.snapshot(), target.store)
    const results = target.store.results(alice, 1 as Timestamp) ?? new Uint8Array(0)
    const first = source.store.results(alice, 1 as Timestamp) ?? new Uint8Array(0)
    expect(results.length).toBeGreaterThan(2_000_000)
    // A matcher takes long for millions of bytes.
    expect(equalBytes(results, first)).toBe(true)
    for (const driver of drivers) {
      driver.batch([request(alice, 1 + CLIENT_WINDOW, encodeOperations([get('absent')]))])
      expect(driver.store.retainedBytes).toBeLessThan(500)
      expect(driver.store.snapshot().count(Uint8Array.of(6))).toBe(3)
    }
    expect(drivers[0].fingerprint()).toBe(drivers[1].fingerprint())
  })

  test('PBFT-2.3 takes clients and limits from the state', () => {
    const source = new Driver({ storeBytesMax: 50, clients: [stranger] })
    const target = new Driver()
    transfer(source.store.snapshot(), target.store)
    const requests = [
      request(stranger, 1, encodeOperations([put('k', new Uint8Array(60))])),
      request(alice, 1, encodeOperations([get('k')])),
    ]
    expect(target.batch(requests)).toEqual(source.batch(requests))
    expect(target.store.standing(request(alice, 1, encodeOperations([get('k')])))).toBe('unknown-client')
  })

  test('PBFT-2.9 to the state that is there asks for nothing and changes nothing', () => {
    const driver = new Driver()
    driver.run(put('k', 'v'))
    const before = driver.fingerprint()
    expect(transfer(driver.store.snapshot(), driver.store)).toBe(0)
    expect(driver.fingerprint()).toBe(before)
    expect(driver.run(put('k', 'w'))).toMatchObject([{ status: 'ok', version: 2 }])
  })

  test('the store is an application', () => {
    const application: Application = new Driver().store
    expect(application.snapshot().hashSome(1 << 30)).toEqual(application.fingerprint())
  })
})

describe('recovery operations', () => {
  const recovery = (nonce: number, client = replica): ExecutableRequest =>
    request(client, 0, Uint8Array.of(nonce))
  const driverAt = (sequence: number, driver = new Driver(OPTIONS)): Driver => {
    while (driver.store.lastSequence < sequence - 1) driver.batch([])
    return driver
  }

  test('PBFT-6.4 are accepted once each, by the digest of the request', () => {
    const driver = new Driver(OPTIONS)
    const asked = recovery(1)
    expect(driver.store.standing(asked)).toBe('new')
    const outcomes = driver.batch([asked, asked])
    expect(outcomes).toMatchObject([
      { standing: 'new', recovery: { replica: 1, isAccepted: true } },
      { standing: 'executed', recovery: { replica: 1, isAccepted: false }, results: null },
    ])
    expect(outcomes[0]?.results).not.toBeNull()
    expect(driver.store.standing(asked)).toBe('executed')
    expect(driver.store.standing(recovery(2))).toBe('new')
  })

  test('PBFT-6.4 the next one is refused for a distance that doubles each time', () => {
    const driver = new Driver(OPTIONS)
    let nonce = 0
    const accepted: number[] = []
    for (let sequence = toSequence(1); sequence < 60; sequence++) {
      const asked = recovery(nonce++)
      const [outcome] = driver.batch([asked])
      if (outcome?.recovery?.isAccepted) accepted.push(sequence)
      // What was refused is not remembered, but it is a result.
      expect(outcome?.results).not.toBeNull()
      const isAccepted = accepted.at(-1) === sequence
      expect(driver.store.standing(asked)).toBe(isAccepted ? 'executed' : 'new')
    }
    expect(accepted).toEqual([1, 1 + 3, 4 + 6, 10 + 12, 22 + 24])
  })

  /** Sequence numbers of those accepted among operations asked for at these. */
  const acceptedOf = (asked: readonly number[]): readonly number[] => {
    const driver = new Driver(OPTIONS)
    return asked.filter((sequence, nonce) => {
      driverAt(sequence, driver)
      return driver.batch([recovery(nonce)])[0]?.recovery?.isAccepted
    })
  }
  const every = Array.from({ length: 200 }, (_, sequence) => sequence + 1)

  test('PBFT-6.4 the distance is bounded: recovery does not take ever longer', () => {
    expect(acceptedOf(every)).toEqual([1, 4, 10, 22, 46, 70, 94, 118, 142, 166, 190])
  })

  test('PBFT-6.4 the distance is halved for the work done since it had passed, down to the first one', () => {
    const often = [1, 4, 10, 22]
    // 24 are due from 22 on: refused at 45. After 46 each further 24 halve what is due next.
    expect(acceptedOf([...often, 45, 46, 69])).toEqual([...often, 46])
    expect(acceptedOf([...often, 46 + 23, 46 + 23 + 23])).toEqual([...often, 69])
    expect(acceptedOf([...often, 46 + 24, 70 + 11, 70 + 12])).toEqual([...often, 70, 82])
    expect(acceptedOf([...often, 46 + 48, 94 + 5, 94 + 6])).toEqual([...often, 94, 100])
    expect(acceptedOf([...often, 46 + 500, 546 + 2, 546 + 3])).toEqual([...often, 546, 549])
  })

  test('PBFT-6.4 a traitor that asks as often as it likes, at once or later, has few accepted for the work done', () => {
    const longest = 8 * OPTIONS.recoveryDistance
    for (const pause of [1, 3, 6, 12, 24, 25, 27, 30, 48]) {
      const asked = Array.from({ length: Math.floor(600 / pause) }, (_, each) => 1 + each * pause)
      // Four at short distances, and then one in the longest at most.
      expect(acceptedOf(asked).length).toBeLessThanOrEqual(4 + Math.ceil(600 / longest))
    }
  })

  test('PBFT-6.4 a refused one changes nothing but what every batch changes', () => {
    const [one, two] = [driverAt(9), driverAt(9)]
    for (const driver of [one, two]) driver.batch([recovery(1)])
    one.batch([recovery(2)])
    two.batch([])
    expect(one.fingerprint()).toBe(two.fingerprint())
  })

  test('PBFT-6.4 one replica’s recoveries are not another’s', () => {
    const driver = new Driver(OPTIONS)
    const other = OPTIONS.replicas[0] as ClientId
    expect(driver.batch([recovery(1), recovery(1, other)])).toMatchObject([
      { recovery: { replica: 1, isAccepted: true } },
      { recovery: { replica: 0, isAccepted: true } },
    ])
  })

  test('PBFT-6.4 only a replica’s key at timestamp 0 asks for one', () => {
    const driver = new Driver(OPTIONS)
    const outcomes = driver.batch([
      request(replica, 1, encodeOperations([get('k')])),
      request(alice, 0, Uint8Array.of(1)),
      request(stranger, 0, Uint8Array.of(1)),
    ])
    expect(outcomes).toMatchObject([
      { standing: 'unknown-client', recovery: null, results: null },
      { standing: 'stale', recovery: null, results: null },
      { standing: 'unknown-client', recovery: null, results: null },
    ])
  })
})
