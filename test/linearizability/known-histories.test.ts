/** Histories with an obvious verdict, and the explanations of the bad ones. */
import { describe, expect, test } from 'vitest'
import { checkHistory } from '../../src/linearizability/check-history.ts'
import { ConfigurationSet } from '../../src/linearizability/configuration-set.ts'
import { timeline } from '../../src/linearizability/timeline.ts'
import { historyOf, type Interval, operation } from './history-kit.ts'

const good: Readonly<Record<string, readonly Interval[]>> = {
  'a key is absent at first': [operation('read', null, [1, 2])],
  'one reads back what one wrote': [operation('write', 1, [1, 2]), operation('read', 1, [3, 4])],
  'a read beside a write gives the old or the new value': [
    operation('write', 1, [1, 10]),
    operation('read', null, [2, 3]),
    operation('read', 1, [4, 5]),
  ],
  'a read ends after a write began before it': [
    operation('write', 1, [1, 2]),
    operation('write', 2, [3, 10]),
    operation('read', 1, [4, 11]),
  ],
  'a delete is a write of null': [
    operation('write', 1, [1, 2]),
    operation('write', null, [3, 4]),
    operation('read', null, [5, 6]),
    operation('cas', [null, 2], [7, 8]),
  ],
  'a write in doubt takes effect late': [
    operation('write', 1, [1, 2]),
    operation('write', 2, [3, 4], 'info'),
    operation('read', 1, [5, 6]),
    operation('read', 2, [7, 8]),
  ],
  'a write in doubt never takes effect': [
    operation('write', 2, [1]),
    operation('read', null, [2, 3]),
    operation('read', null, [4, 5]),
  ],
  'two in doubt, each the reason of the next': [
    operation('write', 1, [1]),
    operation('cas', [1, 2], [2, 3], 'info'),
    operation('read', 2, [4, 5]),
  ],
  'of two in doubt that leave the same, the one that can wait is needed later': [
    operation('write', 1, [1, 2]),
    operation('write', 2, [3]),
    operation('cas', [1, 2], [4]),
    operation('read', 2, [5, 6]),
    operation('write', 3, [7, 8]),
    operation('read', 3, [9, 10]),
    operation('read', 2, [11, 12]),
  ],
  'a cas that failed says nothing': [
    operation('write', 1, [1, 2]),
    operation('cas', [1, 2], [3, 4], 'fail'),
    operation('read', 1, [5, 6]),
  ],
  'of two cas from one value the second follows a write': [
    operation('cas', [null, 1], [1, 10]),
    operation('cas', [null, 2], [2, 9]),
    operation('write', null, [3, 8]),
  ],
  'objects are equal whatever the order of their members': [
    operation('write', { a: [1, { b: 2, c: 3 }], d: null }, [1, 2]),
    operation('read', { d: null, a: [1, { c: 3, b: 2 }] }, [3, 4]),
  ],
  'operations of two keys have nothing to do with each other': [
    { ...operation('write', 1, [1, 2]), key: 'y' },
    operation('read', null, [3, 4]),
  ],
}

const bad: Readonly<Record<string, readonly Interval[]>> = {
  'a stale read': [
    operation('write', 1, [1, 2]),
    operation('write', 2, [3, 4]),
    operation('read', 1, [5, 6]),
  ],
  'a value that nobody wrote': [operation('write', 1, [1, 2]), operation('read', 3, [3, 4])],
  'an acknowledged write is lost': [operation('write', 1, [1, 2]), operation('read', null, [3, 4])],
  'a lost update: two cas from one value succeed': [
    operation('write', 0, [1, 2]),
    operation('cas', [0, 1], [3, 6]),
    operation('cas', [0, 2], [4, 5]),
  ],
  'a read from the future': [operation('read', 1, [1, 2]), operation('write', 1, [3, 4])],
  'new, then old': [
    operation('write', 1, [1, 2]),
    operation('write', 2, [3, 20]),
    operation('read', 2, [4, 5]),
    operation('read', 1, [6, 7]),
  ],
  'two readers see two writes in different orders': [
    operation('write', 1, [1, 9]),
    operation('write', 2, [2, 10]),
    operation('read', 1, [11, 12]),
    operation('read', 2, [13, 14]),
  ],
  'a write in doubt takes effect twice': [
    operation('write', 1, [1, 2], 'info'),
    operation('read', 1, [3, 4]),
    operation('write', 2, [5, 6]),
    operation('read', 1, [7, 8]),
  ],
  'a write in doubt takes effect before it began': [operation('read', 1, [1, 2]), operation('write', 1, [3])],
  'a write that failed took effect': [operation('write', 1, [1, 2], 'fail'), operation('read', 1, [3, 4])],
  'text is no number': [operation('write', '1', [1, 2]), operation('read', 1, [3, 4])],
  'an array is no text that looks like it': [
    operation('write', [1], [1, 2]),
    operation('read', '[1]', [3, 4]),
  ],
}

describe('linearizable', () => {
  test.each(Object.entries(good))('%s', (_, intervals) => {
    expect(checkHistory(historyOf(...intervals)).kind).toBe('linearizable')
  })
})

describe('not linearizable', () => {
  test.each(Object.entries(bad))('%s', (_, intervals) => {
    expect(checkHistory(historyOf(...intervals)).kind).toBe('not-linearizable')
  })
})

test('an answer that a later one contradicts is bad however far apart they are', () => {
  const reads = Array.from({ length: 400 }, (_, index) =>
    operation('read', 1, [10 + 2 * index, 11 + 2 * index]),
  )
  const write = operation('write', 1, [1, 2])
  expect(checkHistory(historyOf(write, ...reads)).kind).toBe('linearizable')
  expect(checkHistory(historyOf(write, ...reads, operation('read', null, [9000, 9001]))).kind).toBe(
    'not-linearizable',
  )
})

const offenceOf = (...intervals: readonly Interval[]) => {
  const verdict = checkHistory(historyOf(...intervals))
  if (verdict.kind !== 'not-linearizable') throw new Error(`the verdict is ${verdict.kind}`)
  return verdict.offence
}

describe('the explanation of a bad one', () => {
  test('the explanation of a stale read among many good operations names the two writes that make it stale', () => {
    const noise = Array.from({ length: 200 }, (_, index) =>
      operation('write', `noise ${index}`, [3 * index, 3 * index + 4.5]),
    )
    const offence = offenceOf(
      ...noise,
      operation('write', 'old', [700, 701]),
      operation('read', 'old', [701.1, 701.2]),
      operation('write', 'new', [702, 703]),
      operation('read', 'old', [704, 705]),
      operation('read', 'new', [706, 707]),
    )
    expect(offence.operationsOfKey).toBe(205)
    expect(offence.before).toEqual([null])
    expect(offence.operations.map(({ kind, value }) => [kind, value])).toEqual([
      ['write', 'old'],
      ['write', 'new'],
      ['read', 'old'],
    ])
  })

  test('the explanation of a long chain of cas is its last value', () => {
    const chain = Array.from({ length: 50 }, (_, index) =>
      operation('cas', [index === 0 ? null : index, index + 1], [3 * index, 3 * index + 1]),
    )
    const offence = offenceOf(
      ...chain,
      operation('cas', [50, 51], [200, 203]),
      operation('cas', [50, 52], [201, 202]),
    )
    expect(offence.operations.length).toBeLessThanOrEqual(4)
    expect(offence.before).toEqual([50 - (offence.operations.length - 2)])
    expect(offence.operations.slice(-2).map(({ value }) => value)).toEqual([
      [50, 51],
      [50, 52],
    ])
  })

  test('the explanation names all values that are possible before it', () => {
    const chain = Array.from({ length: 9 }, (_, index) =>
      operation('cas', [index === 0 ? null : index, index + 1], [3 * index, 3 * index + 1]),
    )
    const offence = offenceOf(
      ...chain,
      operation('cas', [9, 'a'], [100, 103]),
      operation('write', 9, [101, 102]),
      operation('cas', ['a', 'c'], [110, 111]),
      operation('cas', ['c', 'd'], [112, 113]),
      operation('cas', ['d', 'e'], [114, 115]),
      operation('read', 'd', [116, 117]),
    )
    expect(new Set(offence.before)).toEqual(new Set([9, 'a']))
    expect(offence.operations.map(({ value }) => value)).toEqual([['a', 'c'], ['c', 'd'], ['d', 'e'], 'd'])
  })

  test('the timeline shows the overlapping operations', () => {
    const text = timeline(
      offenceOf(
        operation('write', 1, [1, 2]),
        operation('write', 2, [3, 4], 'info'),
        operation('read', 2, [5, 6]),
        operation('read', 1, [7, 8]),
      ),
    )
    expect(text.split('\n')).toEqual([
      'Key "x" is not linearizable: no order of its 4 operations explains the answers.',
      'Before them it holds nothing (null).',
      '',
      '  from  to  process  operation',
      '     1   2        0  write 1             ├──┤',
      '     3   ?        1  write 2 (in doubt)        ├─────────────────────────────────────────┄',
      '     5   6        2  read gave 2                  ├──┤',
      '     7   8        3  read gave 1                        ├──┤',
    ])
  })

  test('a key or a value cannot steer the terminal', () => {
    const key = 'x\u001b[2J\u202e'
    const text = timeline(offenceOf({ ...operation('read', '\u009b2J\n', [1, 2]), key }))
    for (const control of ['\u001b', '\u009b', '\u202e']) expect(text).not.toContain(control)
    expect(text).toContain('\\u{9b}2J\\n')
  })
})

test('no more than the limits allow is searched, and what stays open is named', () => {
  // Writes, reads and cas of few values, all at once: no order, and many ways not to find one.
  const hard = Array.from({ length: 6 }, (_, index) => [
    operation('write', index % 3, [index, 100 + index]),
    operation('read', index % 3, [30 + index, 130 + index]),
    operation('cas', [index % 3, (index + 1) % 4], [60 + index, 160 + index]),
  ]).flat()
  const easy = { ...operation('write', 1, [900, 901]), key: 'y' }
  const history = historyOf(
    ...hard,
    operation('cas', [0, 5], [200, 201]),
    operation('cas', [5, 6], [202, 203]),
    operation('cas', [5, 7], [204, 205]),
    easy,
  )
  expect(checkHistory(history, { configurationsMax: 100 })).toMatchObject({
    kind: 'undecided',
    configurations: 100,
    undecided: [{ key: 'x', operations: 21, because: 'configurations' }],
  })
  expect(checkHistory(history, { memoryWordsMax: 600 })).toMatchObject({
    kind: 'undecided',
    undecided: [{ key: 'x', because: 'memory' }],
  })
  expect(checkHistory(history).kind).toBe('not-linearizable')
})

test('a hard key does not hide a bad one', () => {
  const hard = Array.from({ length: 40 }, (_, index) => [
    operation('write', index % 7, [index, 1000 + index]),
    operation('read', index % 7, [100 + index, 1100 + index]),
    operation('cas', [index % 7, (index + 1) % 8], [200 + index, 1200 + index]),
  ]).flat()
  const end = [operation('read', 7, [5000, 5001]), operation('read', 6, [5002, 5003])]
  const bad = { ...operation('read', 1, [9000, 9001]), key: 'y' }
  const verdict = checkHistory(historyOf(...hard, ...end, bad), { configurationsMax: 100_000 })
  expect(verdict).toMatchObject({ kind: 'not-linearizable', offence: { key: 'y' } })
  expect(checkHistory(historyOf(...hard, ...end), { configurationsMax: 100_000 }).kind).toBe('undecided')
})

test('configurations with equal hashes are not taken for each other', () => {
  // So many that some of their 32-bit hashes are equal.
  const set = new ConfigurationSet({ wordsLeft: 16_000_000 })
  const words = new Int32Array(2)
  let known = 0
  for (let count = 0; count < 400_000; count++) {
    words.set([count, Math.imul(count, 0x9e3779b1)])
    if (set.add(words, 2) !== 'new') known++
  }
  expect(known).toBe(0)
  expect(set.add(words, 2)).toBe('known')
  expect(set.added).toBe(400_000)
})
