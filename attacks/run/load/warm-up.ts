/** When a load has warmed up: code is compiled, connections are made, logs are prepared. */

/** The interval over which answers are counted together, in milliseconds. */
export const WARM_UP_STEP_MS = 1_000
/** At least so many steps, and at most. */
const STEPS_MIN = 4
export const WARM_UP_STEPS_MAX = 15
/** It is warm when two steps together gave no more than so many times what the two before them gave. */
const GROWTH_MAX = 1.1

/** True if the counts of the steps so far say that no more is to be gained by waiting. */
export function isWarm(counts: readonly number[]): boolean {
  if (counts.length < STEPS_MIN) return false
  const [a = 0, b = 0, c = 0, d = 0] = counts.slice(-4)
  return a + b > 0 && c + d <= GROWTH_MAX * (a + b)
}
