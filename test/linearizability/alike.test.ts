/** Many indistinguishable or concurrent operations: the search grows only with the differences. */
import { expect, test } from 'vitest'
import { checkHistory } from '../../src/linearizability/check-history.ts'
import { historyOf, type Interval, operation } from './history-kit.ts'

const times = <T>(count: number, each: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => each(i))

/** Writes of a few values in turn that crashed, before anything else. */
const crashedWrites = (count: number, values: readonly (string | null)[]): Interval[] =>
  times(count, (index) => operation('write', values[index % values.length] as string | null, [index]))

const crashedCas = (count: number, pairs: readonly (readonly [string, string])[]): Interval[] => [
  operation('write', 'a', [-2, -1]),
  ...times(count, (index) =>
    operation('cas', [...(pairs[index % pairs.length] as [string, string])], [index]),
  ),
]

/** Reads of these values in turn, one after the other. */
const reads = (count: number, values: readonly (string | null)[], start = 1_000): Interval[] =>
  times(count, (index) =>
    operation('read', values[index % values.length] as string | null, [
      start + 2 * index,
      start + 2 * index + 1,
    ]),
  )

/** Writes of as many values, and two reads of each, all of them under way together. */
const together = (values: number, isCrashed: boolean): Interval[] => [
  ...times(values, (value) => operation('write', value, isCrashed ? [value] : [value, 5_000 + value])),
  ...times(2 * values, (index) => operation('read', index >> 1, [100 + index, 4_000 + index])),
]
const contradiction = times(3, (index) =>
  operation('read', index & 1, [6_000 + 2 * index, 6_001 + 2 * index]),
)

test.each<[string, Interval[], 'linearizable' | 'not-linearizable', number]>([
  [
    '10 + 10 crashed writes and 21 reads, one more than there are writes for',
    [...crashedWrites(20, ['a', 'b']), ...reads(21, ['a', 'b'])],
    'not-linearizable',
    50,
  ],
  [
    '10 + 10 crashed writes and 20 reads',
    [...crashedWrites(20, ['a', 'b']), ...reads(20, ['a', 'b'])],
    'linearizable',
    50,
  ],
  [
    '300 crashed writes and 21 reads',
    [...crashedWrites(300, ['a', 'b']), ...reads(21, ['a', 'b'])],
    'linearizable',
    50,
  ],
  [
    '100 crashed writes, and more reads than they explain',
    [...crashedWrites(100, ['a', 'b', 'c']), ...reads(103, ['a', 'b', 'c'])],
    'not-linearizable',
    300,
  ],
  [
    'crashed writes and crashed deletes',
    [...crashedWrites(100, ['a', null]), ...reads(103, ['a', null])],
    'not-linearizable',
    300,
  ],
  [
    'crashed cas there and back',
    [
      ...crashedCas(100, [
        ['a', 'b'],
        ['b', 'a'],
      ]),
      ...reads(103, ['b', 'a']),
    ],
    'not-linearizable',
    300,
  ],
  [
    'crashed cas around a ring, with reads of every second value',
    [
      ...crashedCas(100, [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'd'],
        ['d', 'a'],
      ]),
      ...reads(60, ['c', 'a']),
    ],
    'not-linearizable',
    300,
  ],
  [
    'crashed writes that began among the reads',
    [
      ...times(150, (index) => operation('write', index % 2 === 0 ? 'a' : 'b', [1_000 + 4 * index + 0.5])),
      ...reads(300, ['a', 'a', 'b', 'b'], 1_001),
    ],
    'linearizable',
    400,
  ],
  [
    'crashed reads',
    [...times(300, () => operation('read', 'a', [0.5])), ...reads(2, [null])],
    'linearizable',
    10,
  ],
  [
    'crashed writes of values that nobody found',
    [...times(300, (index) => operation('write', index, [index])), ...reads(2, [null])],
    'linearizable',
    10,
  ],
  [
    'equal writes that all happened, under way together',
    [
      ...times(40, (index) => operation('write', index % 2 === 0 ? 'a' : 'b', [index, 5_000 + index])),
      ...reads(45, ['a', 'b']),
    ],
    'not-linearizable',
    20_000,
  ],
  [
    'equal cas that all happened, under way together',
    [
      operation('write', 'a', [-2, -1]),
      ...times(40, (index) =>
        operation('cas', index % 2 === 0 ? ['a', 'b'] : ['b', 'a'], [index, 5_000 + index]),
      ),
      ...reads(45, ['b', 'a']),
    ],
    'not-linearizable',
    300,
  ],
  ['30 values written and read together', together(30, false), 'linearizable', 100],
  [
    'the same, and answers that contradict each other',
    [...together(30, false), ...contradiction],
    'not-linearizable',
    0,
  ],
  ['40 crashed values read together', together(40, true), 'linearizable', 100],
  [
    'the same, and answers that contradict each other',
    [...together(40, true), ...contradiction],
    'not-linearizable',
    0,
  ],
])('%s', (_, intervals, kind, configurationsMax) => {
  const verdict = checkHistory(historyOf(...intervals), { configurationsMax: 100_000 })
  expect(verdict.kind).toBe(kind)
  expect(verdict.configurations).toBeLessThanOrEqual(configurationsMax)
})

test('where operations differ too much, the limit ends the search', () => {
  const pairs = times(20, (index): readonly [string, string] => [
    'abcde'[index % 5] as string,
    'abcde'[(index + 1 + (Math.floor(index / 5) % 4)) % 5] as string,
  ])
  const mixed = [
    ...crashedCas(300, pairs),
    ...times(400, (index) =>
      operation('read', 'abcde'[(index * index + index) % 5] as string, [
        1_000 + 2 * index,
        1_001 + 2 * index,
      ]),
    ),
  ]
  expect(checkHistory(historyOf(...mixed), { configurationsMax: 5_000 })).toMatchObject({
    kind: 'undecided',
    configurations: 5_000,
    undecided: [{ key: 'x', because: 'configurations' }],
  })
})
