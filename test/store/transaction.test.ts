/** Transactions as the store executes them: all or nothing, at one revision. etcd's own rules stand in `etcd-model/`. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import { toMilliseconds, toSequence } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { EVERY_KEY, oneKey } from '../../src/store/key-range.ts'
import { OPERATION_CODES } from '../../src/store/operations.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import type { TransactionOperation } from '../../src/store/transaction-writer.ts'
import { deeper } from '../kit/depth.ts'
import { Generator } from './etcd-model/generator.ts'
import { isSupported, operationOf, StoreModel } from './etcd-model/store-model.ts'
import { bob, Driver, get, list, put, rawBody, rawOperation, remove, request } from './harness.ts'

const transaction = (
  success: readonly Operation[],
  rest: Partial<TransactionOperation> = {},
): TransactionOperation => ({ kind: 'transaction', compares: [], success, failure: [], ...rest })

const everything: Operation = { kind: 'range', ...EVERY_KEY }
const atRevision = (revision: number): Operation => ({ kind: 'range', ...EVERY_KEY, revision })
const big = new Uint8Array(900_000)

/** All that a client can see of a store: its keys now and at every revision. */
function seenIn(driver: Driver): unknown {
  const { revision } = driver.store
  const now = driver.run(everything)
  return [now, ...Array.from({ length: revision }, (_, index) => driver.run(atRevision(index + 1)))]
}

describe('a transaction', () => {
  test('takes one revision, however deep its changes are', () => {
    const driver = new Driver()
    const [result] = driver.run(
      transaction([put('a', '1'), transaction([put('b', '2'), transaction([put('c', '3')])]), get('c')]),
    )
    expect(result).toMatchObject({ status: 'ok', kind: 'transaction', revision: 2, succeeded: true })
    expect(driver.run(everything)[0]).toMatchObject({
      revision: 2,
      items: ['a', 'b', 'c'].map((key) => ({ key: utf8(key), modRevision: 2, createRevision: 2 })),
    })
  })

  test('of reads alone, or of deletions of nothing, takes no revision', () => {
    const driver = new Driver()
    expect(driver.run(transaction([get('a'), remove('a'), everything]))[0]).toMatchObject({
      revision: 1,
      results: [{ status: 'not-found' }, { deleted: false }, { count: 0 }],
    })
  })

  test('compares and swaps', () => {
    const driver = new Driver()
    const swap = (from: string, to: string) =>
      transaction([put('k', to)], {
        compares: [{ ...oneKey(utf8('k')), target: 'value', relation: 'equal', value: utf8(from) }],
        failure: [get('k')],
      })
    driver.run(put('k', 'a'))
    expect(driver.run(swap('a', 'b'))[0]).toMatchObject({ succeeded: true, revision: 3 })
    const [second] = driver.run(swap('a', 'c'))
    expect(second).toMatchObject({ succeeded: false, revision: 3, results: [{ value: utf8('b') }] })
  })

  const undone: readonly (readonly [string, string, TransactionOperation])[] = [
    ['an answer too long', 'result-budget', transaction([put('new', '1'), remove('other'), everything])],
    [
      'an answer too long in a transaction inside',
      'result-budget',
      transaction([transaction([put('new', '1')]), transaction([transaction([everything])])]),
    ],
    ['a full store', 'no-space', transaction([remove('other'), put('new', ''), put('more', big)])],
    ['a full store, of puts alone', 'no-space', transaction([put('new', ''), put('more', big)])],
  ]
  test.each(undone)('is undone whole for %s', (_, status, refused) => {
    const driver = new Driver({ storeBytesMax: 3_100_000 })
    for (const key of ['k1', 'k2', 'k3']) driver.run(put(key, big))
    driver.run(remove('k2'), put('k2', big), put('other', ''))
    const { revision } = driver.store
    const before = [revision, driver.run(everything), driver.run(atRevision(3))]
    expect(driver.run(refused)[0]).toEqual({ status })
    expect([driver.store.revision, driver.run(everything), driver.run(atRevision(3))]).toEqual(before)
    // What comes next is as if it had never been.
    expect(driver.run(put('next', 'x'))[0]).toMatchObject({ revision: revision + 1, version: 1 })
  })

  test('is undone for a budget of reads that its last range uses up', () => {
    const driver = new Driver()
    driver.run(...Array.from({ length: 1_200 }, (_, index) => put(`${index}`, '')))
    const counting: Operation = {
      kind: 'range',
      ...EVERY_KEY,
      countOnly: true,
      target: 'mod',
      order: 'ascending',
    }
    const reads = Array.from({ length: 100 }, () => counting)
    const inner = Array.from({ length: 9 }, () => transaction(reads))
    expect(driver.run(transaction([put('new', ''), ...inner]))[0]).toEqual({ status: 'work-budget' })
    expect(driver.run(get('new'))[0]).toMatchObject({ status: 'not-found' })
    expect(driver.store.revision).toBe(1_201)
  })

  test('has no list, no compaction, and no options of single operations', () => {
    const driver = new Driver()
    for (const member of [
      list('', 1),
      { kind: 'compact', revision: 1 } as const,
      put('k', 'v', { ifRevision: 0 }),
      remove('k', 1),
    ]) {
      expect(driver.run(transaction([put('a', '1'), member]))[0]).toEqual({ status: 'bad-operation' })
      expect(driver.run(transaction([], { failure: [member] }))[0]).toEqual({ status: 'bad-operation' })
    }
    expect(driver.store.revision).toBe(1)
  })

  test('may be 128 deep, and has 4,096 operations in all at most', () => {
    const nested = (depth: number): TransactionOperation =>
      depth === 1 ? transaction([]) : transaction([nested(depth - 1)])
    const driver = new Driver()
    expect(driver.run(nested(129))[0]).toMatchObject({ status: 'ok' })
    expect(driver.run(nested(130))[0]).toEqual({ status: 'too-many-operations' })
    const wide = (count: number) =>
      transaction(
        Array.from({ length: 64 }, () => transaction(Array.from({ length: count }, () => get('k')))),
      )
    expect(driver.run(wide(63))[0]).toMatchObject({ status: 'ok' })
    expect(driver.run(wide(64))[0]).toEqual({ status: 'too-many-operations' })
  })
})

describe('malformed transactions', () => {
  const whole = encodeOperations([
    transaction([put('a', '1'), transaction([get('a')])], {
      compares: [{ ...oneKey(utf8('k')), target: 'mod', relation: 'less', number: -1 }],
      failure: [everything],
    }),
  ]).subarray(8)

  test('that are cut short or longer are refused', () => {
    const driver = new Driver()
    const status = (fields: Uint8Array) =>
      driver.bytes(rawBody(1, rawOperation(OPERATION_CODES.transaction, 0, fields)))[2]
    expect(status(whole)).toBe(0)
    for (let length = 0; length < whole.length; length++) expect(status(whole.subarray(0, length))).toBe(3)
    expect(status(concatBytes(whole, Uint8Array.of(0)))).toBe(3)
  })

  test('of any bytes never throw, and change nothing unless they are executed', () => {
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = Uint8Array.from(whole)
        for (const [at, value] of changes) bytes[at] = value
        const driver = new Driver()
        const results = driver.bytes(rawBody(1, rawOperation(OPERATION_CODES.transaction, 0, bytes)))
        if (results[2] !== 0) expect(driver.store.revision).toBe(1)
      }),
      { numRuns: deeper(100, 300) },
    )
  })
})

describe('drawn transactions', () => {
  test('give equal states on all replicas, wherever execution pauses, and after a restart', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const generator = new Generator(createRandom(seed))
      const random = createRandom(seed)
      const [whole, paused] = [new Driver(), new Driver()]
      const model = new StoreModel()
      for (let index = 1; index <= 250; index++) {
        const asked = generator.next()
        if (!isSupported(asked)) continue
        generator.hear(asked, model.apply(asked))
        const requests = [request(bob, index, encodeOperations([operationOf(asked)]))]
        const outcomes = whole.batch(requests)
        const sequence = toSequence(paused.store.lastSequence + 1)
        if (random.chance(0.05)) paused.store.restore(paused.store.snapshot())
        const allowance = { left: 0 }
        const work = paused.store.begin(sequence, { time: toMilliseconds(1), requests }, allowance)
        let step = work.next()
        for (; step.done !== true; step = work.next()) allowance.left = random.below(3)
        expect(step.value).toEqual(outcomes)
        expect(paused.fingerprint()).toBe(whole.fingerprint())
      }
      expect(seenIn(paused)).toEqual(seenIn(whole))
      expect(toHex(whole.store.fingerprint())).toHaveLength(64)
    }
  })
})
