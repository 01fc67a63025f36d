/** The baseline of an attack's cost: the same run without the attack. */
import type { Measured } from './run-facts.ts'

type Phases = Pick<Measured, 'before' | 'after' | 'spent' | 'hasSplit'>

/**
 * Returns a figure of the time without the attack: the mean of before and after, because the load of a machine
 * changes; of before alone if the correct replicas have split, because the parts of a cluster are not comparable with
 * the whole.
 */
export function calmMean(
  { before, after, spent, hasSplit = false }: Phases,
  figureOf: (figures: Measured['before'], spent: Measured['spent']['before']) => number,
): number {
  const first = figureOf(before, spent.before)
  return hasSplit ? first : (first + figureOf(after, spent.after)) / 2
}
