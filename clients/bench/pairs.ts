/**
 * Two settings measured in alternation, A B A B. Each pair gives a ratio, because the load of a machine changes from
 * minute to minute.
 */
import type { Measured } from './measure.ts'

export interface Pair {
  readonly first: Measured
  readonly second: Measured
}

/** The ratios of the second to the first, pair by pair. */
export interface Ratios {
  readonly each: readonly number[]
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Expects at least one pair, and values above 0. */
export function ratiosOf(pairs: readonly Pair[], read: (measured: Measured) => number): Ratios {
  const each = pairs.map(({ first, second }) => read(second) / read(first))
  return { each, median: medianOf(each), least: Math.min(...each), most: Math.max(...each) }
}

/** The median of at least one value: the mean of the middle two if their number is even. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
