import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { BLOCK_KEYS_MAX, OrderedKeys } from '../../src/store/ordered-keys.ts'

const orders = (keys: readonly string[]) => ({
  ascending: [...keys].sort(),
  descending: [...keys].sort().reverse(),
  shuffled: createRandom(7).shuffle(keys),
})
const keys = Array.from({ length: 5 * BLOCK_KEYS_MAX }, (_, index) => `${(index * 7919) % 99_991}`)

test.each(['ascending', 'descending', 'shuffled'] as const)('many blocks of keys that arrive %s', (order) => {
  const ordered = new OrderedKeys()
  for (const key of orders(keys)[order]) ordered.insert(key)
  expect([...ordered.range('', '')]).toEqual([...keys].sort())
  for (const prefix of ['', '1', '12', '9999', '~']) {
    const expected = keys.filter((key) => key.startsWith(prefix)).sort()
    expect(ordered.count(prefix)).toBe(expected.length)
    expect([...ordered.range(prefix, '')]).toEqual(expected)
  }
})

test.each(['ascending', 'descending', 'shuffled'] as const)('deletions %s until nothing is left', (order) => {
  const ordered = new OrderedKeys()
  for (const key of keys) ordered.insert(key)
  const left = new Set(keys)
  for (const [index, key] of orders(keys)[order].entries()) {
    ordered.delete(key)
    left.delete(key)
    if (index % 300 !== 0 && left.size > 2) continue
    expect([...ordered.range('', '')]).toEqual([...left].sort())
    expect(ordered.count('1')).toBe([...left].filter((each) => each.startsWith('1')).length)
  }
  expect(ordered.size).toBe(0)
  ordered.insert('again')
  expect([...ordered.range('', '')]).toEqual(['again'])
})

test('a range begins behind its cursor, wherever that lies', () => {
  const ordered = new OrderedKeys()
  for (const key of keys) ordered.insert(key)
  const sorted = [...keys].sort()
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.constantFrom('', '1', '42', '999'),
      (cursor, prefix) => {
        const after = `${cursor}`
        const expected = sorted.filter((key) => key.startsWith(prefix) && key > after)
        expect([...ordered.range(prefix, after)]).toEqual(expected)
      },
    ),
    { numRuns: 100 },
  )
})

test('prefixes that end in the highest byte', () => {
  const ordered = new OrderedKeys()
  for (const key of ['a\xff', 'a\xff\xff', 'a\xff\xffz', 'b', '\xff', '\xff\xff', '\xff\x00'])
    ordered.insert(key)
  expect(ordered.count('a\xff')).toBe(3)
  expect(ordered.count('a\xff\xff')).toBe(2)
  expect(ordered.count('\xff')).toBe(3)
  expect(ordered.count('\xff\xff')).toBe(1)
  expect([...ordered.range('\xff', '')]).toEqual(['\xff', '\xff\x00', '\xff\xff'])
})
