/** The share of the throughput that is left under attack, and what the attackers themselves take of the machine. */
import { calmMean } from '../run/calm-mean.ts'
import type { Figures } from '../run/load/load-meter.ts'
import type { Spent } from '../run/processes/processor-time.ts'
import type { Measured } from '../run/run-facts.ts'

/** Of the operations per second without the attack; null where there were none. */
export function shareOf(measured: Measured, { opsPerSecond }: Figures): number | null {
  const calm = calmMean(measured, (figures) => figures.opsPerSecond)
  return calm === 0 ? null : opsPerSecond / calm
}

/**
 * The same of the operations that the correct replicas get done in a second of processor time: what the attack makes them
 * work, without what the attackers, or other programs, take of the machine. Null where it was not measured.
 */
export function shareOfWork(measured: Measured): number | null {
  const of = ({ done }: Figures, { correctMs }: Spent): number => done / (correctMs ?? Number.NaN)
  const share = of(measured.during, measured.spent.during) / calmMean(measured, of)
  return Number.isFinite(share) ? share : null
}

/**
 * Processors that the attackers take while the attack is on, beyond what traitors take as honest replicas before it. Null
 * where it was not measured.
 */
export function attackersProcessors({ before, during, spent }: Measured): number | null {
  const of = ({ seconds }: Figures, { hostileMs }: Spent): number =>
    (hostileMs ?? Number.NaN) / (1000 * seconds)
  const more = of(during, spent.during) - of(before, spent.before)
  return Number.isFinite(more) ? Math.max(0, more) : null
}

export const processors = (count: number | null): string => (count === null ? '' : count.toFixed(2))

export const percent = (share: number | null): string =>
  share === null ? '' : `${Math.round(100 * share)} %`
