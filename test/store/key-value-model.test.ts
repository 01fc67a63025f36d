/** The store against a model that is too simple to be wrong: a plain map, sorted whenever order matters. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import { KeyValueStore } from '../../src/store/key-value-store.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { Tree } from '../../src/tree/tree.ts'
import { deeper } from '../kit/depth.ts'
import { Driver, get, hash, put, remove } from './harness.ts'

interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

class Model {
  readonly #entries = new Map<string, Entry>()
  readonly #bytesMax: number
  #revision = 1

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  apply(operation: Operation): Result {
    const { ifRevision } = operation
    if (operation.kind === 'list') return this.#list(operation)
    if (!('key' in operation) || 'end' in operation) throw new Error('ranges have a model of their own')
    const entry = this.#entries.get(toHex(operation.key))
    const modRevision = entry?.modRevision ?? 0
    if (ifRevision !== undefined && ifRevision !== modRevision) {
      return { status: 'revision-moved', revision: this.#revision, modRevision }
    }
    if (operation.kind === 'put') return this.#put(operation, entry)
    if (operation.kind === 'delete') {
      const deleted = this.#entries.delete(toHex(operation.key))
      if (deleted) this.#revision++
      return { status: 'ok', kind: 'delete', revision: this.#revision, deleted }
    }
    if (entry === undefined) return { status: 'not-found', revision: this.#revision }
    const { key: _, value, ...revisions } = entry
    return { status: 'ok', kind: 'get', revision: this.#revision, ...revisions, value }
  }

  #put({ key, value }: Extract<Operation, { kind: 'put' }>, entry: Entry | undefined): Result {
    let bytes = key.length + value.length
    for (const other of this.#entries.values()) {
      if (other !== entry) bytes += other.key.length + other.value.length
    }
    if (bytes > this.#bytesMax) return { status: 'no-space' }
    const modRevision = ++this.#revision
    const createRevision = entry?.createRevision ?? modRevision
    const revisions = { createRevision, modRevision, version: (entry?.version ?? 0) + 1 }
    this.#entries.set(toHex(key), { key, value, ...revisions })
    return { status: 'ok', kind: 'put', revision: modRevision, ...revisions }
  }

  #list({ prefix, limit, cursor }: Extract<Operation, { kind: 'list' }>): Result {
    const all = [...this.#entries.values()]
      .filter(({ key }) => toHex(key).startsWith(toHex(prefix)))
      .sort((a, b) => compareBytes(a.key, b.key))
    const behind = all.filter(({ key }) => compareBytes(key, cursor) > 0)
    const items = behind.slice(0, limit)
    const last = limit > 0 && behind.length > limit ? items.at(-1)?.key : undefined
    const rest = { count: all.length, items, cursor: last ?? new Uint8Array(0) }
    return { status: 'ok', kind: 'list', revision: this.#revision, ...rest }
  }
}

// Few keys, so that they meet; with 0x00 and 0xff, where prefixes end in unusual ways.
const key = fc
  .uint8Array({ minLength: 1, maxLength: 3 })
  .map((bytes) => bytes.map((each) => [0, 97, 98, 255][each % 4] ?? 0))
const value = fc.uint8Array({ maxLength: 12 })
const condition = fc.option(fc.nat(40), { nil: undefined, freq: 3 })
const conditional = (ifRevision: number | undefined) => (ifRevision === undefined ? {} : { ifRevision })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(key, value, condition)
      .map(([k, v, c]) => ({ ...conditional(c), kind: 'put' as const, key: k, value: v })),
  },
  { weight: 2, arbitrary: key.map((k) => ({ kind: 'get' as const, key: k })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(key, condition)
      .map(([k, c]) => ({ ...conditional(c), kind: 'delete' as const, key: k })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.oneof(key, fc.constant(new Uint8Array(0))),
        fc.nat(6),
        fc.oneof(key, fc.constant(new Uint8Array(0))),
      )
      .map(([prefix, limit, cursor]) => ({ kind: 'list' as const, prefix, limit, cursor })),
  },
)

describe('against the model', () => {
  test.each([1_000_000, 60])('any operations with room for %i bytes', (storeBytesMax) => {
    fc.assert(
      fc.property(
        fc.array(fc.array(operation, { minLength: 1, maxLength: 15 }), { maxLength: 12 }),
        (requests) => {
          const driver = new Driver({ storeBytesMax })
          const model = new Model(storeBytesMax)
          for (const operations of requests) {
            expect(driver.run(...operations)).toEqual(operations.map((each) => model.apply(each)))
          }
        },
      ),
      { numRuns: deeper(100, 300) },
    )
  })

  test('pages of any size give every key with the prefix once, in the order of bytes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { selector: toHex, maxLength: 30 }),
        key,
        fc.integer({ min: 1, max: 7 }),
        (keys, prefix, limit) => {
          const driver = new Driver()
          if (keys.length > 0)
            driver.run(...keys.map((each) => ({ kind: 'put' as const, key: each, value: each })))
          const found: string[] = []
          let cursor: Uint8Array = new Uint8Array(0)
          do {
            const page = driver.run({ kind: 'list', prefix, limit, cursor })[0]
            if (page?.status !== 'ok' || page.kind !== 'list') throw new Error('no page')
            found.push(...page.items.map((item) => toHex(item.key)))
            cursor = page.cursor
          } while (cursor.length > 0)
          expect(found).toEqual(
            keys
              .map(toHex)
              .filter((each) => each.startsWith(toHex(prefix)))
              .sort(),
          )
        },
      ),
      { numRuns: deeper(66, 200) },
    )
  })
})

describe('in words', () => {
  test('a deletion resets the version and the create revision', () => {
    const driver = new Driver()
    driver.run(put('k', '1'), put('k', '2'), remove('k'))
    expect(driver.run(put('k', '3'))[0]).toMatchObject({ createRevision: 5, modRevision: 5, version: 1 })
  })

  test('ifRevision 0 means that the key must not exist', () => {
    const driver = new Driver()
    const create = put('k', 'v', { ifRevision: 0 })
    expect(driver.run(create, create)).toMatchObject([
      { status: 'ok' },
      { status: 'revision-moved', revision: 2, modRevision: 2 },
    ])
    expect(driver.run(remove('absent', 0))[0]).toMatchObject({ status: 'ok', deleted: false })
    expect(driver.run(remove('absent', 7))[0]).toMatchObject({ status: 'revision-moved', modRevision: 0 })
  })

  test('a full store answers no-space to puts, while deletes and smaller values work', () => {
    const driver = new Driver({ storeBytesMax: 20 })
    expect(driver.run(put('a', '123456789'), put('b', '123456789'))).toMatchObject([
      { status: 'ok' },
      { status: 'ok' },
    ])
    expect(driver.run(put('c', ''))[0]).toEqual({ status: 'no-space' })
    expect(driver.run(put('a', '1234567890'))[0]).toEqual({ status: 'no-space' })
    expect(driver.run(get('a'))[0]).toMatchObject({ version: 1, value: utf8('123456789') })
    expect(driver.run(put('a', '12345678'), put('c', ''))).toMatchObject([{ status: 'ok' }, { status: 'ok' }])
    expect(driver.run(remove('b'), put('d', '123456789'))).toMatchObject([
      { deleted: true },
      { status: 'ok' },
    ])
  })

  test('the number of keys is bounded too', () => {
    const store = new KeyValueStore(new Tree(hash), { storeBytesMax: 1_000, keysMax: 2 })
    const put = (key: string): boolean => {
      store.find(utf8(key), 0, key.length)
      return store.put(new Uint8Array(0), 0, 0)
    }
    expect(['a', 'b', 'c'].map(put)).toEqual([true, true, false])
    expect(put('a')).toBe(true)
    store.find(utf8('a'), 0, 1)
    store.delete()
    expect(put('c')).toBe(true)
    expect(store.size).toBe(2)
  })

  test('a value is copied out of the bytes it came in', () => {
    for (const length of [6, 600, 6000]) {
      const value = new Uint8Array(length).fill(7)
      const operations = new Uint8Array(length + 100)
      const store = new KeyValueStore(new Tree(hash), { storeBytesMax: 10_000 })
      operations.set(value, 50)
      store.find(utf8('k'), 0, 1)
      store.put(operations, 50, 50 + length)
      operations.fill(0)
      store.find(utf8('k'), 0, 1)
      expect(store.entry.value).toEqual(value)
    }
  })
})
