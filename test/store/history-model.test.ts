/** The history of the store against a model that keeps every revision whole. Numbers in titles are ETCD's own rules. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import type { StoreOptions } from '../../src/store/application.ts'
import {
  EVERY_KEY,
  includes,
  type KeyRange,
  keysFrom,
  keysWithPrefix,
  oneKey,
} from '../../src/store/key-range.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { SORT_ORDERS, SORT_TARGETS, type SortOrder, type SortTarget } from '../../src/store/range.ts'
import type { RangeOperation } from '../../src/store/range-operations.ts'
import type { RangeItem } from '../../src/store/range-results.ts'
import type { Result } from '../../src/store/results.ts'
import { deeper } from '../kit/depth.ts'
import { alice, bob, Driver, put, remove, request } from './harness.ts'

const NO_LEASE = new Uint8Array(8)
const FOREVER = { revisionsMax: 0, ageMs: 0, bytesMax: 0 }

/** Every revision as a sorted list of all that was there. */
class Model {
  readonly #revisions: (readonly RangeItem[])[] = [[], []]
  #floor = 0

  get revision(): number {
    return this.#revisions.length - 1
  }

  get #now(): readonly RangeItem[] {
    return this.#revisions[this.revision] ?? []
  }

  apply(operation: Operation): Result {
    switch (operation.kind) {
      case 'put':
        return this.#put(operation.key, operation.value)
      case 'range':
        return this.#range(operation)
      case 'delete-range':
        return this.#delete(operation, operation.previous === true)
      case 'compact':
        return this.#compact(operation.revision)
      default:
        throw new Error('not in this model')
    }
  }

  #put(key: Uint8Array, value: Uint8Array): Result {
    const revision = this.revision + 1
    const before = this.#now.find((item) => toHex(item.key) === toHex(key))
    const createRevision = before?.createRevision ?? revision
    const revisions = { createRevision, modRevision: revision, version: (before?.version ?? 0) + 1 }
    const others = this.#now.filter((item) => item !== before)
    this.#add([...others, { key, value, lease: NO_LEASE, ...revisions }])
    return { status: 'ok', kind: 'put', revision, ...revisions }
  }

  #add(items: readonly RangeItem[]): void {
    this.#revisions.push([...items].sort((a, b) => compareBytes(a.key, b.key)))
  }

  #delete(range: KeyRange, previous: boolean): Result {
    const deleted = this.#now.filter(({ key }) => includes(range, key))
    if (deleted.length > 0) this.#add(this.#now.filter((item) => !deleted.includes(item)))
    const items = previous ? deleted : []
    return { status: 'ok', kind: 'delete-range', revision: this.revision, deleted: deleted.length, items }
  }

  #compact(at: number): Result {
    const { revision } = this
    if (at > revision) return { status: 'future', revision }
    if (at <= this.#floor) return { status: 'compacted', revision, floor: this.#floor }
    this.#floor = at
    return { status: 'ok', kind: 'compact', revision }
  }

  #range(query: RangeOperation): Result {
    const { revision } = this
    const at = query.revision || revision
    if (at > revision) return { status: 'future', revision }
    if (at < this.#floor) return { status: 'compacted', revision, floor: this.#floor }
    const all = (this.#revisions[at] ?? []).filter(({ key }) => includes(query, key))
    const isFiltered = ['minMod', 'maxMod', 'minCreate', 'maxCreate'].some(
      (name) => query[`${name}Revision` as 'minModRevision'],
    )
    const isCutFirst = (query.limit ?? 0) > 0 && (query.order ?? 'none') === 'none' && !isFiltered
    const shown = isCutFirst
      ? all.slice(0, (query.limit ?? 0) + 1)
      : all.filter((item) => passes(item, query))
    const { order = 'none', target = 'key', limit = 0 } = query
    const sign = order === 'descending' ? -1 : 1
    shown.sort((a, b) => sign * compareItems(a, b, target))
    const cut = limit > 0 ? shown.slice(0, limit) : shown
    const isCut = cut.length < shown.length && query.countOnly !== true
    const items = query.countOnly
      ? []
      : cut.map((item) => (query.keysOnly ? { ...item, value: new Uint8Array(0) } : item))
    return { status: 'ok', kind: 'range', revision, count: all.length, more: isCut ? 'limit' : null, items }
  }
}

function passes({ modRevision, createRevision }: RangeItem, query: RangeOperation): boolean {
  const { minModRevision = 0, maxModRevision = 0, minCreateRevision = 0, maxCreateRevision = 0 } = query
  if (modRevision < minModRevision || createRevision < minCreateRevision) return false
  if (maxModRevision > 0 && modRevision > maxModRevision) return false
  return maxCreateRevision === 0 || createRevision <= maxCreateRevision
}

function compareItems(a: RangeItem, b: RangeItem, target: SortTarget): number {
  switch (target) {
    case 'key':
      return compareBytes(a.key, b.key)
    case 'value':
      return compareBytes(a.value, b.value)
    case 'version':
      return a.version - b.version
    case 'create':
      return a.createRevision - b.createRevision
    case 'mod':
      return a.modRevision - b.modRevision
  }
}

const key = fc
  .uint8Array({ minLength: 1, maxLength: 2 })
  .map((bytes) => bytes.map((each) => [0, 97, 98, 255][each % 4] ?? 0))
const range = fc.oneof(
  key.map(oneKey),
  key.map(keysFrom),
  key.map(keysWithPrefix),
  fc.tuple(key, key).map(([from, end]) => ({ key: from, end })),
  fc.constant(EVERY_KEY),
)
const revision = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(45))
const bound = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(30))
const query: fc.Arbitrary<Operation> = fc
  .record({
    range,
    revision,
    limit: fc.constantFrom(0, 0, 1, 2, 5),
    order: fc.constantFrom(...(Object.keys(SORT_ORDERS) as SortOrder[])),
    target: fc.constantFrom(...(Object.keys(SORT_TARGETS) as SortTarget[])),
    keysOnly: fc.boolean(),
    countOnly: fc.boolean(),
    minModRevision: bound,
    maxModRevision: bound,
    minCreateRevision: bound,
    maxCreateRevision: bound,
  })
  .map(({ range: { key, end }, ...rest }) => ({ kind: 'range' as const, key, end, ...rest }))
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(key, fc.uint8Array({ maxLength: 3 }))
      .map(([key, value]) => ({ kind: 'put' as const, key, value })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(range, fc.boolean())
      .map(([{ key, end }, previous]) => ({ kind: 'delete-range' as const, key, end, previous })),
  },
  { weight: 5, arbitrary: query },
  { weight: 1, arbitrary: fc.nat(45).map((at) => ({ kind: 'compact' as const, revision: at })) },
)

const everything = (at = 0, rest: Partial<RangeOperation> = {}): Operation => ({
  kind: 'range',
  ...EVERY_KEY,
  revision: at,
  ...rest,
})

describe('the history', () => {
  test('1, 2, 4, 6 to 10 of 1.3: any requests are answered as the model answers them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(operation, { minLength: 1, maxLength: 8 }), { maxLength: 15 }),
        (requests) => {
          const driver = new Driver({ history: FOREVER })
          const model = new Model()
          for (const operations of requests) {
            expect(driver.run(...operations)).toEqual(operations.map((each) => model.apply(each)))
          }
        },
      ),
      { numRuns: deeper(83, 250) },
    )
  })

  test('a key that changed thousands of times is read at any revision in few steps', () => {
    const driver = new Driver({ history: FOREVER })
    const count = 5_000
    for (let from = 0; from < count; from += 1_000) {
      driver.run(...Array.from({ length: 1_000 }, (_, index) => put('k', `${from + index}`)))
    }
    const at = [2, 3, 17, 18, 257, 258, 259, 4_097, 4_098, 4_113, 4_999, 5_000, 5_001]
    const results = driver.run(...at.map((each) => everything(each)))
    for (const [index, result] of results.entries()) {
      expect(result).toMatchObject({ items: [{ value: utf8(`${(at[index] as number) - 2}`) }] })
    }
  })

  test('a deleted key exists at the revisions before, and a new key starts from version 1', () => {
    const driver = new Driver({ history: FOREVER })
    driver.run(put('k', '1'), put('k', '2'), remove('k'))
    expect(driver.run(everything(3))[0]).toMatchObject({ items: [{ version: 2, modRevision: 3 }] })
    driver.run(put('k', '3'))
    const shown = [1, 2, 3, 4, 5].map((at) => driver.run(everything(at))[0])
    expect(shown).toMatchObject([
      { count: 0 },
      { items: [{ version: 1, createRevision: 2, modRevision: 2 }] },
      { items: [{ version: 2, createRevision: 2, modRevision: 3 }] },
      { count: 0 },
      { items: [{ version: 1, createRevision: 5, modRevision: 5 }] },
    ])
  })

  test('more keys than a result may hold are cut behind the last one that fits', () => {
    const driver = new Driver({ history: FOREVER })
    const value = new Uint8Array(700_000)
    for (const name of ['a', 'b', 'c', 'd']) driver.run(put(name, value))
    const first = driver.run(everything(0))[0]
    expect(first).toMatchObject({ count: 4, more: 'bytes', items: [{ key: utf8('a') }, { key: utf8('b') }] })
    expect(driver.run(everything(0, { order: 'descending' }))[0]).toEqual({ status: 'result-budget' })
    const deletion = { kind: 'delete-range' as const, ...EVERY_KEY, previous: true }
    expect(driver.run(deletion)[0]).toEqual({ status: 'result-budget' })
    expect(driver.run({ ...deletion, previous: false })[0]).toMatchObject({ deleted: 4, revision: 6 })
  })
})

describe('compaction', () => {
  const floorOf = (driver: Driver): number => {
    const result = driver.run(everything(1))[0]
    return result?.status === 'compacted' ? result.floor : 0
  }
  const idle = (driver: Driver, time = 1): void => void driver.batch([], time)

  test('10: works at the floor, and answers compacted below it', () => {
    const driver = new Driver({ history: FOREVER })
    driver.run(put('a', '1'), put('a', '2'), put('a', '3'))
    expect(driver.run({ kind: 'compact', revision: 3 })[0]).toEqual({
      status: 'ok',
      kind: 'compact',
      revision: 4,
    })
    expect(driver.run(everything(3))[0]).toMatchObject({ items: [{ value: utf8('2') }] })
    expect(driver.run(everything(2))[0]).toEqual({ status: 'compacted', revision: 4, floor: 3 })
    expect(driver.run({ kind: 'compact', revision: 3 })[0]).toMatchObject({ status: 'compacted' })
    expect(driver.run({ kind: 'compact', revision: 5 })[0]).toEqual({ status: 'future', revision: 4 })
  })

  test('leaves nothing of what it removed, deleted keys included', () => {
    const driver = new Driver({ history: FOREVER })
    driver.run(...Array.from({ length: 600 }, (_, index) => put(`${index}`, 'v')))
    driver.run({ kind: 'delete-range', ...EVERY_KEY })
    driver.run(put('last', 'v'))
    const before = driver.store.snapshot().size
    driver.run({ kind: 'compact', revision: driver.store.revision })
    for (let batch = 0; batch < 10; batch++) idle(driver)
    // 600 records of puts, 600 of deletions and 600 deleted keys are gone; the last change stands at the floor.
    expect(before - driver.store.snapshot().size).toBeGreaterThanOrEqual(1_795)
    expect(driver.run(everything())[0]).toMatchObject({ count: 1 })
  })

  test('by count: between the bound and a quarter more is kept', () => {
    const driver = new Driver({ history: { ...FOREVER, revisionsMax: 100 } })
    driver.run(...Array.from({ length: 125 }, (_, index) => put('k', `${index}`)))
    expect(floorOf(driver)).toBe(0)
    driver.run(put('k', 'x'))
    expect(floorOf(driver)).toBe(driver.store.revision - 100)
  })

  test('by age: a revision is kept as long in executed time, however long nothing happens', () => {
    const driver = new Driver({ history: { ...FOREVER, ageMs: 6_400 } })
    let timestamp = 0
    const putAt = (time: number) =>
      driver.batch([request(bob, ++timestamp, encodeOperations([put('k', `${time}`)]))], time)
    for (let time = 10_000; time <= 16_000; time += 1_000) putAt(time)
    idle(driver, 16_399)
    expect(driver.run(everything(2))[0]).toMatchObject({ status: 'ok' })
    idle(driver, 18_500)
    // The revision at 12,000 can still be read: it held until 13,000.
    expect(driver.run(everything(4))[0]).toMatchObject({ items: [{ value: utf8('12000') }] })
    expect(driver.run(everything(3))[0]).toMatchObject({ status: 'compacted' })
    idle(driver, 1_000_000)
    expect(driver.run(everything(driver.store.revision))[0]).toMatchObject({ status: 'ok', count: 1 })
    expect(driver.run(everything(driver.store.revision - 1))[0]).toMatchObject({ status: 'compacted' })
  })

  test('by bytes: the oldest go first, and no put is refused for them', () => {
    const driver = new Driver({ storeBytesMax: 2_000_000, history: { ...FOREVER, bytesMax: 1_000_000 } })
    for (let index = 0; index < 40; index++) {
      expect(driver.run(put('k', new Uint8Array(100_000)))[0]?.status).toBe('ok')
    }
    expect(floorOf(driver)).toBeGreaterThan(25)
    expect(driver.run(everything(driver.store.revision - 5))[0]).toMatchObject({ status: 'ok', count: 1 })
  })

  test('is a matter of few changes at each batch', () => {
    const driver = new Driver({ history: FOREVER })
    for (let batch = 0; batch < 3; batch++) driver.run(...Array.from({ length: 1_000 }, () => put('k', '')))
    driver.run({ kind: 'compact', revision: driver.store.revision })
    const sizes = Array.from({ length: 4 }, () => {
      idle(driver)
      return driver.store.snapshot().size
    })
    for (let index = 1; index < sizes.length; index++) {
      const removed = (sizes[index - 1] as number) - (sizes[index] as number)
      expect(removed).toBe(256)
    }
  })

  test('the floor, the marks and what is left to remove are the same after a restart', () => {
    const history: StoreOptions['history'] = { revisionsMax: 20, ageMs: 50, bytesMax: 4_000 }
    fc.assert(
      fc.property(
        fc.array(fc.array(operation, { minLength: 1, maxLength: 6 }), { maxLength: 25 }),
        fc.nat(25),
        (requests, cut) => {
          const [whole, restarted] = [new Driver({ history }), new Driver({ history })]
          for (const [index, operations] of requests.entries()) {
            if (index === cut) restarted.store.restore(restarted.store.snapshot())
            const asked = [request(alice, index + 1, encodeOperations(operations))]
            expect(restarted.batch(asked, 7 * index)).toEqual(whole.batch(asked, 7 * index))
            expect(restarted.fingerprint()).toBe(whole.fingerprint())
          }
        },
      ),
      { numRuns: deeper(33, 100) },
    )
  })
})
