/** Leases end by executed time, before the requests of the batch, and replicas agree on them across a restart. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { EVERY_KEY } from '../../src/store/key-range.ts'
import { leaseIdBytes, leaseIdOf, leaseIdText } from '../../src/store/lease-id.ts'
import { PORTION_LEASE_KEYS } from '../../src/store/leases.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { deeper } from '../kit/depth.ts'
import { Driver, get, put, remove } from './harness.ts'
import { drain, grant, keepAlive, revoke, statuses, timeToLive } from './lease-language.ts'

const LEASES: Operation = { kind: 'leases' }
const EVERYTHING: Operation = { kind: 'range', ...EVERY_KEY }

describe('a lease ends', () => {
  test('at its moment and not before, and before the requests of the batch', () => {
    const driver = new Driver()
    driver.now = 5_000
    driver.run(grant(7n, 10), put('a', '1', { lease: 7n }))
    expect(driver.store.nextExpiry).toBe(15_000)
    driver.now = 14_999
    expect(statuses(driver.run(get('a')))).toEqual(['ok'])
    driver.now = 15_000
    expect(statuses(driver.run(get('a'), put('a', '2', { lease: 7n })))).toEqual([
      'not-found',
      'lease-not-found',
    ])
    expect(driver.store.nextExpiry).toBeNull()
  })

  test('by executed time alone: neither an earlier time nor a null batch ends or prolongs it', () => {
    const driver = new Driver()
    driver.now = 5_000
    driver.run(grant(7n, 10), put('a', '1', { lease: 7n }))
    driver.batch([], 0)
    driver.batch([], 1_000)
    expect(driver.store.nextExpiry).toBe(15_000)
    driver.now = 12_000
    driver.run(keepAlive(7n))
    // The clock of another primary is behind: executed time stands still.
    driver.now = 11_000
    driver.run(keepAlive(7n))
    expect(driver.store.nextExpiry).toBe(22_000)
  })

  test('with all its keys at one revision, each ended lease at its own', () => {
    const driver = new Driver()
    driver.run(grant(7n, 10), grant(8n, 20))
    driver.run(...['a', 'b', 'c'].map((key) => put(key, '1', { lease: 7n })), put('d', '1', { lease: 8n }))
    const { revision } = driver.store
    driver.now = 60_000
    driver.batch([])
    expect(driver.store.revision).toBe(revision + 2)
    const shown = driver.run({ ...EVERYTHING, revision: revision + 1 } as Operation, EVERYTHING)
    expect(shown).toMatchObject([{ count: 1 }, { count: 0 }])
  })
})

describe('the keys of a lease', () => {
  test('are those whose newest put named it', () => {
    const driver = new Driver()
    driver.run(grant(7n, 10), grant(8n, 10))
    const attach = (key: string, lease: bigint): Operation => put(key, '1', { lease })
    driver.run(attach('a', 7n), attach('b', 7n), attach('c', 7n), attach('d', 7n), attach('e', 7n))
    driver.run(put('a', '2'), attach('b', 8n), remove('c'), attach('d', 0n), attach('e', 7n))
    expect(driver.run(timeToLive(7n), timeToLive(8n))).toMatchObject([
      { keys: [utf8('e')] },
      { keys: [utf8('b')] },
    ])
    driver.run({ kind: 'delete-range', ...EVERY_KEY })
    expect(driver.run(timeToLive(7n), timeToLive(8n))).toMatchObject([{ keys: [] }, { keys: [] }])
  })

  test('are given in pages when they are too large for one answer', () => {
    const driver = new Driver()
    const keys = Array.from({ length: 600 }, (_, index) => `${1_000 + index}`.padEnd(4_096, '.'))
    driver.run(grant(7n, 10))
    driver.run(...keys.map((key) => put(key, '', { lease: 7n })))
    const [first] = driver.run(timeToLive(7n))
    if (first?.status !== 'ok' || first.kind !== 'lease-time-to-live') throw new Error('not answered')
    expect(first.more).toBe(true)
    const last = new TextDecoder().decode(first.keys.at(-1))
    const [second] = driver.run(timeToLive(7n, last))
    expect(second).toMatchObject({ more: false, keys: keys.slice(first.keys.length).map(utf8) })
  })
})

describe('many leases', () => {
  test('that are due at once end a few a batch, and none of them counts any longer', () => {
    const driver = new Driver()
    const leases = 10
    for (let lease = 1; lease <= leases; lease++) {
      driver.run(grant(BigInt(lease), 10))
      const puts = Array.from({ length: PORTION_LEASE_KEYS / 4 }, (_, index) =>
        put(`${lease}/${index}`, '', { lease: BigInt(lease) }),
      )
      driver.run(...puts)
    }
    driver.now = 20_000
    const last = BigInt(leases)
    const [found, ...refused] = driver.run(
      get(`${leases}/0`),
      keepAlive(last),
      revoke(last),
      timeToLive(last),
    )
    // Its keys are there until its turn comes.
    expect(found?.status).toBe('ok')
    expect(statuses(refused)).toEqual(['lease-not-found', 'lease-not-found', 'lease-not-found'])
    const [put_, taken, listed] = driver.run(put('x', '', { lease: last }), grant(last, 10), LEASES)
    expect([put_?.status, taken?.status]).toEqual(['lease-not-found', 'lease-exists'])
    expect(listed).toMatchObject({ leases: [] })
    drain(driver)
    expect(driver.run(EVERYTHING)).toMatchObject([{ count: 0 }])
  })
})

describe('ids', () => {
  test('that the store chooses are positive, and never the same twice', () => {
    const driver = new Driver()
    const chosen = new Set<bigint>()
    for (let index = 0; index < 20; index++) {
      const [granted] = driver.run(grant(0n, 2))
      if (granted?.status !== 'ok' || granted.kind !== 'lease-grant') throw new Error('not granted')
      chosen.add(granted.id)
      // A client may take the id that would be next.
      if (index % 3 === 0) driver.run(grant(granted.id + 1n, 2))
      if (index % 4 === 0) driver.store.restore(driver.store.snapshot())
      if (index % 5 === 0) driver.run(revoke(granted.id))
    }
    expect(chosen.size).toBe(20)
    for (const id of chosen) expect(id > 0n && id < 2n ** 63n).toBe(true)
  })

  test('have 8 bytes and a text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (id) => {
        expect(Buffer.from(leaseIdBytes(id)).readBigInt64BE()).toBe(id)
        expect(leaseIdOf(leaseIdText(id))).toBe(id)
      }),
    )
    expect(['', '7', 'FF', '-7', '7g', '0'.repeat(17)].map(leaseIdOf)).toEqual([
      null,
      7n,
      255n,
      null,
      null,
      null,
    ])
  })
})

const lease = fc.bigInt({ min: 1n, max: 4n })
const key = fc.constantFrom('a', 'b', 'c', 'd')
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(lease, fc.nat(12)).map(([id, ttl]) => grant(id, ttl)),
  fc.tuple(key, lease).map(([name, id]) => put(name, 'v', { lease: id })),
  key.map((name) => put(name, 'w')),
  key.map((name) => remove(name)),
  lease.map(revoke),
  lease.map(keepAlive),
  lease.map((id) => timeToLive(id)),
  fc.constant(LEASES),
)
const batch = fc.record({
  time: fc.nat(6_000),
  operations: fc.array(operation, { minLength: 1, maxLength: 6 }),
})

describe('any operations', () => {
  test('leave two replicas equal, one of which restarts', () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 25 }), fc.nat(25), (batches, cut) => {
        const [whole, restarted] = [new Driver(), new Driver()]
        for (const [index, { time, operations }] of batches.entries()) {
          if (index === cut) restarted.store.restore(restarted.store.snapshot())
          const body = encodeOperations(operations)
          for (const driver of [whole, restarted]) driver.now += time
          expect(restarted.bytes(body)).toEqual(whole.bytes(body))
          expect(restarted.store.nextExpiry).toBe(whole.store.nextExpiry)
          expect(restarted.fingerprint()).toBe(whole.fingerprint())
        }
      }),
      { numRuns: deeper(20, 60) },
    )
  })

  test('leave each lease with the keys whose entries name it, and nothing of those that ended', () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 25 }), (batches) => {
        const driver = new Driver()
        for (const { time, operations } of batches) {
          driver.now += time
          driver.run(...operations)
          const [shown, listed] = driver.run(EVERYTHING, LEASES)
          if (shown?.status !== 'ok' || shown.kind !== 'range') throw new Error('not read')
          if (listed?.status !== 'ok' || listed.kind !== 'leases') throw new Error('not read')
          const held = new Map(listed.leases.map((id) => [leaseIdText(id), [] as string[]]))
          for (const { key: name, lease: id } of shown.items) {
            const text = Buffer.from(id).toString('hex')
            if (text !== '0'.repeat(16)) held.get(text)?.push(new TextDecoder().decode(name))
            expect(text === '0'.repeat(16) || held.has(text)).toBe(true)
          }
          for (const id of listed.leases) {
            const keys = held.get(leaseIdText(id))?.map(utf8)
            expect(driver.run(timeToLive(id))).toMatchObject([{ keys }])
          }
        }
      }),
      { numRuns: deeper(20, 60) },
    )
  })
})
