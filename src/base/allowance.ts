/**
 * The work that may still be done before others have their turn; each piece of work takes from it. A unit is about a
 * microsecond's work, but is counted by what is done and never by a clock: every run of the same input does the same.
 */
export interface Allowance {
  left: number
}

/** An allowance for work that is done in one go. */
export const unlimitedAllowance = (): Allowance => ({ left: Number.POSITIVE_INFINITY })

/** Does all of a piece of work that stops only where its allowance is used up, and gives what it ends with. */
export function finish<T>(work: Iterator<undefined, T, undefined>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}
