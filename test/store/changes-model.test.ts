/** Reads of changes against a model that keeps a list of all of them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import { EXAMINED_MAX } from '../../src/store/changes-execution.ts'
import { type ChangesOperation, endOfRevision, WHOLE_REVISION } from '../../src/store/changes-operation.ts'
import type { Change, ChangedEntry, ChangesResult } from '../../src/store/changes-result.ts'
import {
  EVERY_KEY,
  includes,
  type KeyRange,
  keysFrom,
  keysWithPrefix,
  oneKey,
} from '../../src/store/key-range.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { deeper } from '../kit/depth.ts'
import { alice, Driver, put, remove, request } from './harness.ts'

const FOREVER = { revisionsMax: 0, ageMs: 0, bytesMax: 0 }
const NO_LEASE = new Uint8Array(8)

/** Every change there was. */
class Model {
  readonly #changes: (Change & { readonly previous: ChangedEntry | null })[] = []
  readonly #keys = new Map<string, ChangedEntry>()
  #revision = 1
  #floor = 0

  apply(operation: Operation): Result | null {
    switch (operation.kind) {
      case 'put': {
        const { key, value } = operation
        const main = ++this.#revision
        const before = this.#keys.get(toHex(key)) ?? null
        const revisions = { createRevision: before?.createRevision ?? main, modRevision: main }
        const entry = { ...revisions, version: (before?.version ?? 0) + 1, lease: NO_LEASE, value }
        this.#keys.set(toHex(key), entry)
        this.#changes.push({ main, sub: 0, key, put: entry, previous: before })
        return null
      }
      case 'delete-range':
        this.#delete(operation)
        return null
      case 'compact':
        if (operation.revision <= this.#revision) this.#floor = Math.max(this.#floor, operation.revision)
        return null
      case 'changes':
        return this.#read(operation)
      default:
        throw new Error('not in this model')
    }
  }

  #delete(range: KeyRange): void {
    const keys = [...this.#keys.keys()].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
    const deleted = keys.filter((key) => includes(range, key)).sort(compareBytes)
    if (deleted.length > 0) this.#revision++
    for (const [sub, key] of deleted.entries()) {
      const previous = this.#keys.get(toHex(key)) ?? null
      this.#changes.push({ main: this.#revision, sub, key, put: null, previous })
      this.#keys.delete(toHex(key))
    }
  }

  #read({ after, limit = 0, previous = false, key, end }: ChangesOperation): Result {
    const revision = this.#revision
    if (after.main > revision) return { status: 'future', revision }
    const first = after.sub === WHOLE_REVISION ? after.main + 1 : after.main
    if (first < this.#floor) return { status: 'compacted', revision, floor: this.#floor }
    const changes: Change[] = []
    for (let main = first; main <= revision; main++) {
      const isCut = limit > 0 && changes.length >= limit
      if (isCut) return this.#answer(main - 1, changes)
      const isNext = (change: Change): boolean =>
        change.main === main && (main > after.main || change.sub > after.sub)
      for (const change of this.#changes) {
        if (!isNext(change) || !includes({ key, end }, change.key)) continue
        changes.push({ ...change, previous: previous && main > this.#floor ? change.previous : null })
      }
    }
    return this.#answer(revision, changes)
  }

  #answer(main: number, changes: readonly Change[]): ChangesResult {
    return { status: 'ok', kind: 'changes', revision: this.#revision, through: endOfRevision(main), changes }
  }
}

const key = fc
  .uint8Array({ minLength: 1, maxLength: 2 })
  .map((bytes) => bytes.map((each) => [0, 97, 98, 255][each % 4] ?? 0))
const range = fc.oneof(key.map(oneKey), key.map(keysFrom), key.map(keysWithPrefix), fc.constant(EVERY_KEY))
const after = fc.record({ main: fc.nat(45), sub: fc.constantFrom(WHOLE_REVISION, WHOLE_REVISION, 0, 1) })
const changes: fc.Arbitrary<Operation> = fc
  .record({ range, after, limit: fc.constantFrom(0, 0, 1, 2, 5), previous: fc.boolean() })
  .map(({ range: { key, end }, ...rest }) => ({ kind: 'changes' as const, key, end, ...rest }))
const write: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(key, fc.uint8Array({ maxLength: 3 }))
      .map(([key, value]) => ({ kind: 'put' as const, key, value })),
  },
  { weight: 2, arbitrary: range.map(({ key, end }) => ({ kind: 'delete-range' as const, key, end })) },
  { weight: 1, arbitrary: fc.nat(45).map((at) => ({ kind: 'compact' as const, revision: at })) },
)
const requests = fc.array(fc.array(fc.oneof(write, changes), { minLength: 1, maxLength: 8 }), {
  maxLength: 15,
})

const read = (driver: Driver, rest: Partial<ChangesOperation> = {}): Result => {
  const operation = { kind: 'changes' as const, ...EVERY_KEY, after: endOfRevision(0), ...rest }
  return driver.run(operation)[0] as Result
}

/** Reads to the end, an answer after another. */
function* answers(driver: Driver, rest: Partial<ChangesOperation> = {}): Generator<ChangesResult> {
  for (let place = endOfRevision(0); ; ) {
    const result = read(driver, { ...rest, after: place })
    if (result.status !== 'ok' || result.kind !== 'changes') throw new Error(result.status)
    yield result
    place = result.through
    if (place.main === result.revision && place.sub === WHOLE_REVISION) return
  }
}

describe('a read of changes', () => {
  test('gives what the model gives, whatever was asked', () => {
    fc.assert(
      fc.property(requests, (requests) => {
        const driver = new Driver({ history: FOREVER })
        const model = new Model()
        for (const operations of requests) {
          const results = driver.run(...operations)
          for (const [index, operation] of operations.entries()) {
            const expected = model.apply(operation)
            if (expected !== null) expect(results[index]).toEqual(expected)
          }
        }
      }),
      { numRuns: deeper(33, 100) },
    )
  })

  test('is the same on a replica that restarts, and changes nothing', () => {
    fc.assert(
      fc.property(requests, fc.nat(15), (requests, cut) => {
        const [whole, restarted] = [new Driver({ history: FOREVER }), new Driver({ history: FOREVER })]
        for (const [index, operations] of requests.entries()) {
          if (index === cut) restarted.store.restore(restarted.store.snapshot())
          const asked = [request(alice, index + 1, encodeOperations(operations))]
          expect(restarted.batch(asked)).toEqual(whole.batch(asked))
          expect(restarted.fingerprint()).toBe(whole.fingerprint())
        }
      }),
      { numRuns: deeper(8, 25) },
    )
  })

  test('in parts gives the same changes as in one, each part whole revisions', () => {
    const driver = new Driver({ history: FOREVER })
    for (let index = 0; index < 30; index++) driver.run(put(`k${index % 7}`, `${index}`))
    driver.run({ kind: 'delete-range', ...EVERY_KEY })
    const [all] = answers(driver)
    expect(all?.changes).toHaveLength(37)
    for (const limit of [1, 2, 5]) {
      const parts = [...answers(driver, { limit })]
      expect(parts.flatMap(({ changes }) => changes)).toEqual(all?.changes)
      for (const { through } of parts) expect(through.sub).toBe(WHOLE_REVISION)
    }
    // The deletion of seven keys is more than one change, and comes whole.
    expect([...answers(driver, { limit: 1 })].at(-1)?.changes).toHaveLength(7)
  })

  test('a revision that no answer can hold comes in parts, which are marked', () => {
    const driver = new Driver({ history: FOREVER })
    const value = new Uint8Array(500_000)
    for (const name of ['a', 'b', 'c', 'd', 'e']) driver.run(put(name, value))
    driver.run({ kind: 'delete-range', ...EVERY_KEY })
    const after = endOfRevision(6)
    const first = read(driver, { after, previous: true })
    expect(first).toMatchObject({ through: { main: 7, sub: 3 } })
    expect(first).toMatchObject({ changes: [{ sub: 0 }, { sub: 1 }, { sub: 2 }, { sub: 3 }] })
    const rest = read(driver, { after: { main: 7, sub: 3 }, previous: true })
    expect(rest).toMatchObject({ through: endOfRevision(7), changes: [{ sub: 4, key: utf8('e') }] })
    // Without the values before it is small.
    expect(read(driver, { after })).toMatchObject({ through: endOfRevision(7) })
  })

  test('a value before that does not fit beside the new one is named as left out', () => {
    const driver = new Driver({ history: FOREVER })
    const value = new Uint8Array(1 << 20)
    driver.run(put('k', value))
    driver.run(put('k', value))
    const [first, second] = [...answers(driver, { previous: true })].map(({ changes }) => changes)
    expect(first).toMatchObject([{ main: 2, previous: null }])
    expect(second).toMatchObject([{ main: 3, previous: 'omitted', put: { version: 2 } }])
  })

  test('a rare change does not cost the whole history: the answer names how far it looked', () => {
    const driver = new Driver({ history: FOREVER })
    driver.run(put('rare', '1'))
    const filler = Array.from({ length: 2_000 }, (_, index) => put(`${index % 50}`, ''))
    for (let batch = 0; batch < 9; batch++) driver.run(...filler)
    driver.run(put('rare', '2'))
    const parts = [...answers(driver, oneKey(utf8('rare')))]
    expect(parts.map(({ changes }) => changes.length)).toEqual([1, 1])
    expect(parts[0]?.through).toEqual(endOfRevision(1 + EXAMINED_MAX))
  })

  test('a put that its own transaction deletes shows what was put', () => {
    const driver = new Driver()
    const success = [put('k', 'v'), { kind: 'delete-range', ...EVERY_KEY } as const]
    driver.run({ kind: 'transaction', compares: [], success, failure: [] })
    const [result] = driver.run({ kind: 'changes', ...EVERY_KEY, after: endOfRevision(1), previous: true })
    const entry = { createRevision: 2, modRevision: 2, version: 1, lease: NO_LEASE, value: utf8('v') }
    const place = { main: 2, key: utf8('k') }
    const changes = [
      { ...place, sub: 0, put: entry, previous: null },
      { ...place, sub: 1, put: null, previous: entry },
    ]
    expect(result).toMatchObject({ changes })
  })

  test('the change at the floor is still there, without the value before it', () => {
    const driver = new Driver({ history: FOREVER })
    driver.run(put('k', '1'), put('k', '2'), put('k', '3'), remove('k'))
    driver.run({ kind: 'compact', revision: 3 })
    for (let batch = 0; batch < 3; batch++) driver.batch([])
    expect(read(driver, { after: endOfRevision(1) })).toEqual({ status: 'compacted', revision: 5, floor: 3 })
    expect(read(driver, { after: endOfRevision(2), previous: true })).toMatchObject({
      changes: [
        { main: 3, put: { value: utf8('2') }, previous: null },
        { main: 4, put: { value: utf8('3') }, previous: { value: utf8('2'), modRevision: 3 } },
        { main: 5, put: null, previous: { value: utf8('3'), version: 3 } },
      ],
    })
  })
})
