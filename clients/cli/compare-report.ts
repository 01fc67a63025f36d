/** The report of `bench compare`. */
import type { Machine } from '../bench/machine.ts'
import type { Measured } from '../bench/measure.ts'
import { medianOf, type Pair, type Ratios } from '../bench/pairs.ts'
import { factsLine, factsText } from './facts-text.ts'
import { tableText } from './table.ts'

/** Pairs of one workload: the first of each is signed, the second oral. */
export interface Compared {
  readonly name: string
  readonly pairs: readonly Pair[]
  readonly opsPerSecond: Ratios
  readonly p50: Ratios
  readonly p99: Ratios
}

export interface Comparison {
  readonly machine: Machine
  readonly setting: Readonly<Record<string, string | number>>
  readonly compared: readonly Compared[]
}

const PAIR_HEADINGS = [
  '',
  'signed op/s',
  'oral op/s',
  'ratio',
  'signed p50 ms',
  'oral p50 ms',
  'ratio',
  'p99 ratio',
]

/** Every pair, and the summary of all pairs of a workload. */
export function comparisonText({ machine, setting, compared }: Comparison): string {
  const rows = compared.flatMap(({ name, pairs, opsPerSecond, p50, p99 }) =>
    pairs.map(({ first, second }, index) => [
      `${name}, pair ${index + 1}`,
      `${first.opsPerSecond}`,
      `${second.opsPerSecond}`,
      ratio(opsPerSecond.each[index]),
      first.latencyMs.p50.toFixed(2),
      second.latencyMs.p50.toFixed(2),
      ratio(p50.each[index]),
      ratio(p99.each[index]),
    ]),
  )
  const told = compared.map(({ name, opsPerSecond, p50, p99 }) => {
    const parts = Object.entries({ throughput: opsPerSecond, p50, p99 })
    return `${name}, oral for 1 of signed: ${parts.map(([what, ratios]) => `${what} ${spread(ratios)}`).join(', ')}`
  })
  const facts = [factsText(machine), factsText(setting)]
  return [...facts, '', tableText([PAIR_HEADINGS, ...rows]), '', ...told].join('\n')
}

const HEADINGS = ['load', 'signed op/s', 'oral op/s', 'throughput', 'p50', 'p99']

/** A Markdown table: the medians of each workload, and its median, smallest and largest ratio. */
export function comparisonMarkdown({ machine, setting, compared }: Comparison): string {
  const median = (pairs: readonly Pair[], read: (pair: Pair) => Measured): string =>
    medianOf(pairs.map((pair) => read(pair).opsPerSecond)).toFixed(0)
  const rows = compared.map(({ name, pairs, opsPerSecond, p50, p99 }) => [
    name,
    median(pairs, ({ first }) => first),
    median(pairs, ({ second }) => second),
    ...[opsPerSecond, p50, p99].map(spread),
  ])
  const rule = HEADINGS.map((_, index) => (index === 0 ? ':--' : '--:'))
  const lines = [HEADINGS, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [...lines, '', factsLine({ ...setting, ...machine })].join('\n')
}

const ratio = (value = Number.NaN): string => value.toFixed(2)
const spread = ({ median, least, most }: Ratios): string =>
  `${ratio(median)} (${ratio(least)} to ${ratio(most)})`
