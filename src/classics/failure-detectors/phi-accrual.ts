/**
 * The φ accrual failure detector: Hayashibara, Défago, Yared, Katayama (SRDS 2004). It outputs no verdict but a level of
 * suspicion, φ = −log10 of the probability that a beat which is this late still comes, by a normal distribution with the
 * mean and the deviation of the last intervals. So it adapts to the network. A user suspects at a threshold: with 8, one
 * suspicion in 10^8 beats is wrong, as long as the network stays as it was. An attacker who delays beats changes it.
 */

/** The deviation is taken as at least this share of the mean, so that a steady network does not make it too strict. */
const DEVIATION_SHARE_MIN = 0.25

export interface Intervals {
  readonly mean: number
  readonly deviation: number
}

export function intervalsOf(window: readonly number[]): Intervals {
  const mean = window.reduce((sum, each) => sum + each, 0) / window.length
  const variance = window.reduce((sum, each) => sum + (each - mean) ** 2, 0) / window.length
  return { mean, deviation: Math.max(Math.sqrt(variance), DEVIATION_SHARE_MIN * mean) }
}

/** Returns φ when the last beat is `elapsed` ago. The tail of the normal distribution is its logistic approximation. */
export function phi(elapsed: number, { mean, deviation }: Intervals): number {
  const y = (elapsed - mean) / deviation
  const e = Math.exp(-y * (1.5976 + 0.070566 * y * y))
  return -Math.log10(e / (1 + e))
}

/** Returns the wait of a detector that suspects when φ reaches a threshold. */
export function phiWait(options: {
  readonly threshold: number
  /** The number of intervals that count. */
  readonly window: number
  /** The interval that is assumed before any beat came. */
  readonly firstInterval: number
}): (intervals: readonly number[]) => number {
  const { threshold, window, firstInterval } = options
  return (seen) => {
    const intervals = intervalsOf([firstInterval, ...seen].slice(-window))
    let wait = 1
    while (phi(wait, intervals) < threshold) wait++
    return wait
  }
}
