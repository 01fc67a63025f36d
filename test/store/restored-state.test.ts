/** A state of one cluster becomes the first state of another: every replica makes the same, and the store goes on with it. */
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { toMilliseconds, toSequence } from '../../src/base/ids.ts'
import { createStore, type Store } from '../../src/store/application.ts'
import { restoredState } from '../../src/store/first-state.ts'
import { PORTION_LEASES } from '../../src/store/leases.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { alice, bob, Driver, get, hash, put, read, remove, request, stranger } from './harness.ts'
import { grant, keepAlive, statuses, timeToLive } from './lease-language.ts'

const NEW = { clients: [stranger], storeBytesMax: 1 << 20, replicas: [bob], recoveryDistance: 8 }
const DAY_MS = 86_400_000

/** The store of a new cluster, and its one client's requests. */
class Restored {
  readonly store: Store
  #timestamp = 0

  constructor(from: Driver, parameters = NEW) {
    const first = restoredState(hash, from.store.snapshot(), parameters)
    this.store = createStore({ hash, ...parameters })
    this.store.restore(first)
  }

  batch(time: number, ...operations: readonly Operation[]) {
    const bytes = encodeOperations(operations)
    const made = request(stranger, ++this.#timestamp, bytes)
    const sequence = toSequence(this.store.lastSequence + 1)
    const [outcome] = this.store.execute(sequence, { time: toMilliseconds(time), requests: [made] })
    return read(operations, outcome?.results ?? new Uint8Array(0))
  }

  idle(time: number): void {
    const sequence = toSequence(this.store.lastSequence + 1)
    this.store.execute(sequence, { time: toMilliseconds(time), requests: [] })
  }
}

function filled(): Driver {
  const driver = new Driver()
  driver.now = 5_000
  driver.run(put('a', '1'), put('b', '2'), grant(7n, 10), put('c', '3', { lease: 7n }))
  driver.run(put('a', '4'), remove('b'))
  for (let index = 0; index < 60; index++) driver.run(put(`key ${index}`, `value ${index}`))
  return driver
}

describe('a restored state', () => {
  test('is the same on every replica, and another one with other clients or another state', () => {
    const root = (from: Driver, parameters = NEW) =>
      Buffer.from(restoredState(hash, from.store.snapshot(), parameters).hashAll()).toString('hex')
    const driver = filled()
    const before = driver.fingerprint()
    expect(root(driver)).toBe(root(driver))
    expect(root(filled())).toBe(root(driver))
    expect(root(driver, { ...NEW, clients: [alice] })).not.toBe(root(driver))
    expect(root(driver, { ...NEW, replicas: [alice] })).not.toBe(root(driver))
    expect(driver.fingerprint()).toBe(before)
    driver.run(put('a', '5'))
    expect(root(driver)).not.toBe(root(filled()))
  })

  test('has the keys, the history and the revisions of the old one, and counts batches from the first', () => {
    const driver = filled()
    const { revision } = driver.store
    const restored = new Restored(driver)
    expect(restored.store.lastSequence).toBe(0)
    expect(restored.store.revision).toBe(revision)
    const old: Operation = { kind: 'range', key: utf8('a'), end: new Uint8Array(0), revision: 2 }
    const [now, then, written] = restored.batch(6_000, get('a'), old, put('a', '6'))
    expect(now).toMatchObject({ status: 'ok', modRevision: 5, version: 2 })
    expect(then).toMatchObject({ status: 'ok', items: [{ modRevision: 2, version: 1, value: utf8('1') }] })
    expect(written).toMatchObject({ status: 'ok', modRevision: revision + 1, version: 3 })
  })

  test('serves the new clients only, and forgets what the old ones executed', () => {
    const driver = filled()
    const { store } = new Restored(driver)
    const made = request(alice, 1, encodeOperations([get('a')]))
    expect(store.standing(made)).toBe('unknown-client')
    expect(store.lastUse(alice).timestamp).toBe(0)
    const same = new Restored(driver, { ...NEW, clients: [alice] })
    expect(same.store.standing(made)).toBe('new')
    expect(same.store.retainedBytes).toBe(0)
  })

  test('has two stores that stay equal', () => {
    const [one, other] = [new Restored(filled()), new Restored(filled())]
    for (let index = 0; index < 20; index++) {
      for (const each of [one, other])
        each.batch(6_000 + index, put(`key ${index * 3}`, 'x'), remove(`key ${index}`))
    }
    expect(one.store.fingerprint()).toEqual(other.store.fingerprint())
  })

  test('PBFT-1.9 begins the life of each lease anew with the first batch that has a time', () => {
    const restored = new Restored(filled())
    const { store } = restored
    expect(store.nextExpiry).toBe(0)
    restored.idle(0)
    expect(store.nextExpiry).toBe(0)
    const now = 9 * DAY_MS
    restored.idle(now)
    expect(store.nextExpiry).toBe(now + 10_000)
    expect(restored.batch(now + 4_000, timeToLive(7n))).toMatchObject([{ status: 'ok', leftMs: 6_000 }])
    expect(statuses(restored.batch(now + 9_999, get('c'), keepAlive(7n)))).toEqual(['ok', 'ok'])
    restored.idle(now + 19_999)
    expect(statuses(restored.batch(now + 20_000, get('c')))).toEqual(['not-found'])
    expect(store.nextExpiry).toBeNull()
  })

  test('has leases that run even before a batch has begun their lives', () => {
    const driver = new Driver()
    driver.now = 5_000
    const ids = Array.from({ length: PORTION_LEASES + 2 }, (_, index) => BigInt(index + 1))
    driver.run(...ids.slice(0, 60).map((id) => grant(id, 10)))
    for (let at = 60; at < ids.length; at += 60)
      driver.run(...ids.slice(at, at + 60).map((id) => grant(id, 10)))
    const restored = new Restored(driver)
    const last = ids.at(-1) as bigint
    // The first batch begins the lives of as many as one batch ends.
    const [left, kept] = restored.batch(DAY_MS, timeToLive(last), keepAlive(last))
    expect(left).toMatchObject({ status: 'ok', leftMs: 10_000 })
    expect(kept).toMatchObject({ status: 'ok', ttl: 10 })
    restored.idle(DAY_MS + 1)
    expect(restored.store.nextExpiry).toBe(DAY_MS + 10_000)
    restored.idle(DAY_MS + 10_001)
    restored.idle(DAY_MS + 10_001)
    expect(restored.store.nextExpiry).toBeNull()
  })
})
