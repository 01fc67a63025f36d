/** The figures of bench compare; the clusters themselves are those of every other test. */
import { describe, expect, test } from 'vitest'
import type { Measured } from '../../clients/bench/measure.ts'
import { type Pair, ratiosOf } from '../../clients/bench/pairs.ts'
import { type Comparison, comparisonMarkdown, comparisonText } from '../../clients/cli/compare-report.ts'

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
  test('are taken pair by pair: a machine that became slower changes no ratio', () => {
    const ratios = ratiosOf(pairs([100, 200], [50, 100], [10, 20]), throughput)
    expect(ratios).toEqual({ each: [2, 2, 2], median: 2, least: 2, most: 2 })
  })

  test('have a median and a range, in any order', () => {
    expect(ratiosOf(pairs([1, 3], [1, 1], [2, 4]), throughput)).toMatchObject({
      median: 2,
      least: 1,
      most: 3,
    })
    expect(ratiosOf(pairs([1, 4], [1, 1], [1, 2], [1, 3]), throughput).median).toBe(2.5)
  })
})

describe('a comparison', () => {
  const three = pairs([100, 150], [200, 220], [90, 180])
  const same = ratiosOf(three, ({ latencyMs }) => latencyMs.p50)
  const comparison: Comparison = {
    machine: { processor: 'P', cores: 2, node: 'v20', platform: 'linux', medianSyncMs: 0.1 },
    setting: { n: 4, suite: 'noble' },
    compared: [
      { name: 'puts', pairs: three, opsPerSecond: ratiosOf(three, throughput), p50: same, p99: same },
    ],
  }

  test('as a text has every pair', () => {
    const lines = comparisonText(comparison).split('\n')
    expect(lines).toContainEqual(expect.stringMatching(/^puts, pair 3 +90 +180 +2\.00 /))
    expect(lines.at(-1)).toBe(
      'puts, oral for 1 of signed: throughput 1.50 (1.10 to 2.00), p50 1.00 (1.00 to 1.00), p99 1.00 (1.00 to 1.00)',
    )
  })

  test('as a table has the medians, and the conditions of the measurement', () => {
    const lines = comparisonMarkdown(comparison).split('\n')
    expect(lines[2]).toBe(
      '| puts | 100 | 180 | 1.50 (1.10 to 2.00) | 1.00 (1.00 to 1.00) | 1.00 (1.00 to 1.00) |',
    )
    expect(lines.at(-1)).toMatch(/^n 4, suite noble, processor P, cores 2/)
  })
})
