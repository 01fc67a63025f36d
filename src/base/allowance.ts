/**
 * The amount of work that may still be done before others have their turn; each piece of work is subtracted from it. A
 * unit is about a microsecond of work. Units count operations and never read a clock, so every run on the same input
 * does the same.
 */
export interface Allowance {
  left: number
}

/** Returns an allowance without a limit, for work that is done in one go. */
export const unlimitedAllowance = (): Allowance => ({ left: Number.POSITIVE_INFINITY })

/** Runs a piece of work to its end and returns its result. The work yields only when its allowance is used up. */
export function finish<T>(work: Iterator<undefined, T, undefined>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}
