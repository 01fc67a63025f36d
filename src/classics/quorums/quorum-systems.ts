/**
 * Quorum systems: sets of processes of which any two meet. Majorities; the grid of Maekawa, "A sqrt(N) Algorithm for
 * Mutual Exclusion" (1985); the masking systems of Malkhi, Reiter, "Byzantine Quorum Systems" (1998), of which any two
 * meet in 2f + 1 processes, so that f + 1 correct ones are among them.
 */
import { allProcesses } from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export type Quorum = readonly ProcessId[]

/** Returns all subsets of this size, in order. */
export function subsets<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  if (size === 0) return [[]]
  return items.flatMap((item, index) =>
    subsets(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  )
}

/** Every set of more than half of n. */
export const majorities = (n: number): readonly Quorum[] => subsets(allProcesses(n), Math.floor(n / 2) + 1)

/** Every set of ceil((n + 2f + 1) / 2) of n: masking for n > 4f. */
export const maskingThreshold = (n: number, f: number): readonly Quorum[] =>
  subsets(allProcesses(n), Math.ceil((n + 2 * f + 1) / 2))

/**
 * Unions of `lines` rows and `lines` columns of a square of processes, numbered row by row. One line of each is the grid
 * of 2 sqrt(n) - 1 processes; ceil(sqrt(f + 1)) of each are the M-Grid, which masks f liars.
 */
export function grid(side: number, lines = 1): readonly Quorum[] {
  const choices = subsets(allProcesses(side), lines)
  return choices.flatMap((rows) =>
    choices.map((columns) =>
      allProcesses(side * side).filter(
        (id) => rows.includes(Math.floor(id / side)) || columns.includes(id % side),
      ),
    ),
  )
}

/** Returns the number of processes that any two quorums have in common, at least. */
export function intersection(quorums: readonly Quorum[]): number {
  const sizes = quorums.flatMap((one) =>
    quorums.map((other) => one.filter((id) => other.includes(id)).length),
  )
  return Math.min(...sizes)
}

/** True if some quorum is without faults whichever f processes are silent. */
export const isAvailable = (quorums: readonly Quorum[], n: number, f: number): boolean =>
  subsets(allProcesses(n), f).every((silent) =>
    quorums.some((quorum) => quorum.every((id) => !silent.includes(id))),
  )

/** True if the system masks f liars: they can neither outvote the correct ones of an intersection nor block all quorums. */
export const isMasking = (quorums: readonly Quorum[], n: number, f: number): boolean =>
  intersection(quorums) > 2 * f && isAvailable(quorums, n, f)
