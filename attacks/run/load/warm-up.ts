/** Decides when a load has warmed up: code is compiled, connections are made, and logs are prepared. */

/** The interval over which answers are counted together, in milliseconds. */
export const WARM_UP_STEP_MS = 1_000
/** The minimum and the maximum number of steps. */
const STEPS_MIN = 4
export const WARM_UP_STEPS_MAX = 15
/** The load is warm if two steps together answered at most this many times as much as the two steps before. */
const GROWTH_MAX = 1.1

/** True if the counts of the steps so far show that more waiting gains nothing. */
export function isWarm(counts: readonly number[]): boolean {
  if (counts.length < STEPS_MIN) return false
  const [a = 0, b = 0, c = 0, d = 0] = counts.slice(-4)
  return a + b > 0 && c + d <= GROWTH_MAX * (a + b)
}
