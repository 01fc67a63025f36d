/** The measure of an attack's cost: the same run without it. */
import type { Measured } from './run-facts.ts'

type Phases = Pick<Measured, 'before' | 'after' | 'spent' | 'hasSplit'>

/**
 * Returns a figure of the time without the attack: the mean of before and after, because a machine has other work at one
 * time and not at another. Of before alone where the correct replicas have split: what each part of a cluster does
 * afterwards is no measure of a whole one.
 */
export function calmMean(
  { before, after, spent, hasSplit = false }: Phases,
  figureOf: (figures: Measured['before'], spent: Measured['spent']['before']) => number,
): number {
  const first = figureOf(before, spent.before)
  return hasSplit ? first : (first + figureOf(after, spent.after)) / 2
}
