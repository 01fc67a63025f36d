/** What bench --compare makes of its pairs; the clusters themselves are those of every other test. */
import { describe, expect, test } from 'vitest'
import type { Measured } from '../../clients/bench/measure.ts'
import { type Pair, ratiosOf } from '../../clients/bench/pairs.ts'

const measured = (opsPerSecond: number): Measured => ({
  name: 'puts',
  operations: opsPerSecond,
  failures: 0,
  seconds: 1,
  opsPerSecond,
  latencyMs: { p50: 1, p90: 2, p99: 3, max: 4 },
})
const pairs = (...each: readonly (readonly [number, number])[]): readonly Pair[] =>
  each.map(([first, second]) => ({ first: measured(first), second: measured(second) }))
const throughput = ({ opsPerSecond }: Measured): number => opsPerSecond

describe('ratios of pairs', () => {
  test('are taken pair by pair: a machine that became slower says nothing', () => {
    const ratios = ratiosOf(pairs([100, 200], [50, 100], [10, 20]), throughput)
    expect(ratios).toEqual({ each: [2, 2, 2], median: 2, least: 2, most: 2 })
  })

  test('tell their middle and how far they lie apart, in whatever order they came', () => {
    expect(ratiosOf(pairs([1, 3], [1, 1], [2, 4]), throughput)).toMatchObject({
      median: 2,
      least: 1,
      most: 3,
    })
    expect(ratiosOf(pairs([1, 4], [1, 1], [1, 2], [1, 3]), throughput).median).toBe(2.5)
  })
})
