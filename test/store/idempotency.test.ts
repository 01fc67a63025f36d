/** Idempotency keys: a write that comes again is executed once, and everything about it is replicated and bounded. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { alice, bob, Driver, get, put, read, remove, request } from './harness.ts'
import { grant, revoke, statuses } from './lease-language.ts'

const marked = (operation: Operation, key: string): Operation => ({ ...operation, idempotencyKey: utf8(key) })
const swap = (key: string, from: string, to: string): Operation => ({
  kind: 'transaction',
  compares: [
    { key: utf8(key), end: new Uint8Array(0), relation: 'equal', target: 'value', value: utf8(from) },
  ],
  success: [put(key, to)],
  failure: [get(key), get('missing')],
})
const range = (name: string): { key: Uint8Array; end: Uint8Array } => ({
  key: utf8(name),
  end: Uint8Array.of(0),
})

describe('a write that comes again with its key', () => {
  test.each<[string, Operation]>([
    ['put', put('a', '2')],
    ['put under a condition', put('a', '2', { ifRevision: 2 })],
    ['put with options', { kind: 'put-with-options', key: utf8('a'), value: utf8('2'), previous: true }],
    ['delete', remove('a')],
    ['delete-range', { kind: 'delete-range', ...range('a'), previous: true }],
    ['transaction that succeeds', swap('a', '1', '2')],
    ['transaction that does not', swap('a', 'x', '2')],
    ['lease-grant', grant(0n, 60)],
    ['lease-revoke', revoke(7n)],
    ['compact', { kind: 'compact', revision: 2 }],
  ])('has the result of the first time and no effect: %s', (_name, write) => {
    const driver = new Driver()
    driver.run(put('a', '1'), grant(7n, 60))
    const [first] = driver.run(marked(write, 'k'))
    expect(first?.status).toBe('ok')
    driver.run(put('b', 'between'))
    const revision = driver.store.revision
    expect(driver.run(marked(write, 'k'))).toEqual([first])
    expect(driver.store.revision).toBe(revision)
    // Twice in one request too.
    expect(driver.run(marked(write, 'k'), marked(write, 'k'))).toEqual([first, first])
  })

  test('is refused if it is another write, or has no effect that could be doubled', () => {
    const driver = new Driver()
    driver.run(marked(put('a', '1'), 'k'))
    const others = [put('a', '2'), put('b', '1'), put('a', '1', { lease: 0n }), remove('a')]
    expect(statuses(driver.run(...others.map((each) => marked(each, 'k'))))).toEqual(
      others.map(() => 'idempotency-key-reused'),
    )
    expect(statuses(driver.run(marked(get('a'), 'k')))).toEqual(['bad-operation'])
    const inside: Operation = {
      kind: 'transaction',
      compares: [],
      success: [marked(put('b', '1'), 'm')],
      failure: [],
    }
    expect(statuses(driver.run(inside))).toEqual(['bad-operation'])
  })

  test('is executed if it was refused before', () => {
    const driver = new Driver()
    const write = marked(put('a', '1', { ifRevision: 3 }), 'k')
    expect(statuses(driver.run(write))).toEqual(['revision-moved'])
    driver.run(put('b', '1'), put('a', '0'))
    expect(statuses(driver.run(write))).toEqual(['ok'])
  })

  test('is executed for each client', () => {
    const driver = new Driver()
    const write = marked(put('a', '1'), 'k')
    for (const client of [alice, bob]) {
      const [outcome] = driver.batch([request(client, 1, encodeOperations([write]))])
      expect(read([write], outcome?.results ?? new Uint8Array(0))).toMatchObject([{ status: 'ok' }])
    }
    expect(driver.store.revision).toBe(3)
  })

  test('is known after a transfer of the state', () => {
    const [one, two] = [new Driver(), new Driver()]
    const [first] = one.run(marked(put('a', '1'), 'k'))
    two.store.restore(one.store.snapshot())
    const write = marked(put('a', '1'), 'k')
    const [outcome] = two.batch([request(alice, 2, encodeOperations([write]))])
    expect(read([write], outcome?.results ?? new Uint8Array(0))).toEqual([first])
  })
})

describe('what is kept is bounded', () => {
  const limits = { keysMax: 3, bytesMax: 1_000, resultBytesMax: 400 }

  test('by number: the oldest keys are forgotten', () => {
    const driver = new Driver({ idempotency: limits })
    for (let index = 0; index < 10; index++) driver.run(marked(put(`k${index}`, '1'), `${index}`))
    const again = (index: number) =>
      driver.run(marked(put(`k${index}`, '1'), `${index}`))[0] as Result & { version?: number }
    expect([9, 8, 7].map((index) => again(index).version)).toEqual([1, 1, 1])
    expect(again(6).version).toBe(2)
  })

  test('by bytes: a result that is too large is not kept, but that it was executed is', () => {
    const driver = new Driver({ idempotency: limits })
    driver.run(put('a', 'x'.repeat(500)), put('b', 'x'.repeat(300)))
    const all = (key: string): Operation =>
      marked({ kind: 'delete-range', key: utf8(key), end: new Uint8Array(0), previous: true }, key)
    expect(statuses(driver.run(all('a'), all('b')))).toEqual(['ok', 'ok'])
    expect(statuses(driver.run(all('a'), all('b')))).toEqual(['already-done', 'ok'])
  })

  test('and of what is forgotten nothing is left in the state', () => {
    const [keyed, plain] = [new Driver({ idempotency: { ...limits, keysMax: 1 } }), new Driver()]
    for (let index = 0; index < 20; index++) {
      keyed.run(marked(put('a', `${index}`), `${index}`))
      plain.run(put('a', `${index}`))
    }
    const sizes = [keyed, plain].map(({ store }) => store.snapshot().size)
    // The records of the client, of the order, and of the key.
    expect((sizes[0] ?? 0) - (sizes[1] ?? 0)).toBe(3)
  })
})

describe('any writes with any keys', () => {
  const write = fc
    .tuple(fc.nat(3), fc.nat(4), fc.nat(2), fc.boolean())
    .map(([name, key, value, isRemoval]) => ({
      key: `${key}`,
      operation: isRemoval ? remove(`n${name}`) : put(`n${name}`, `${value}`),
    }))

  test('are answered as a model answers them, alike on two replicas', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const idempotency = { keysMax: 3, bytesMax: 1_000, resultBytesMax: 400 }
        const [one, two, plain] = [new Driver({ idempotency }), new Driver({ idempotency }), new Driver()]
        const known = new Map<string, { readonly text: string; readonly result: Result }>()
        for (const { key, operation } of writes) {
          const text = Buffer.from(encodeOperations([operation])).toString('hex')
          const before = known.get(key)
          const [result] = one.run(marked(operation, key))
          expect(two.run(marked(operation, key))).toEqual([result])
          if (before !== undefined) {
            expect(result).toEqual(
              before.text === text ? before.result : { status: 'idempotency-key-reused' },
            )
            continue
          }
          const [expected] = plain.run(operation)
          expect(result).toEqual(expected)
          known.set(key, { text, result: expected as Result })
          for (const oldest of known.keys()) {
            if (known.size <= idempotency.keysMax) break
            known.delete(oldest)
          }
        }
        expect(two.fingerprint()).toBe(one.fingerprint())
      }),
      { numRuns: 60 },
    )
  })
})
