/** Two settings measured in turn, A B A B: each pair gives a ratio, for the machine is not the same from one minute to the next. */
import type { Measured } from './measure.ts'

export interface Pair {
  readonly first: Measured
  readonly second: Measured
}

/** What the second gave for one of the first, pair by pair. */
export interface Ratios {
  readonly each: readonly number[]
  readonly median: number
  readonly least: number
  readonly most: number
}

/** There is at least one pair, and what is read is above 0. */
export function ratiosOf(pairs: readonly Pair[], read: (measured: Measured) => number): Ratios {
  const each = pairs.map(({ first, second }) => read(second) / read(first))
  const sorted = [...each].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
  return { each, median, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN }
}
