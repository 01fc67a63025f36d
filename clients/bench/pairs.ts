/** Two settings measured in turn, A B A B: each pair gives a ratio, for the machine is not the same from one minute to the next. */
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

/** There is at least one pair, and what is read is above 0. */
export function ratiosOf(pairs: readonly Pair[], read: (measured: Measured) => number): Ratios {
  const each = pairs.map(({ first, second }) => read(second) / read(first))
  return { each, median: medianOf(each), least: Math.min(...each), most: Math.max(...each) }
}

/** Of at least one value; the mean of the middle two where their number is even. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
