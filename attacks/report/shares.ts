/** The share of the throughput that is left under attack, and the processors that the attackers use. */
import { calmMean } from '../run/calm-mean.ts'
import type { Figures } from '../run/load/load-meter.ts'
import type { Spent } from '../run/processes/processor-time.ts'
import type { Measured } from '../run/run-facts.ts'

/** The share of the operations per second without the attack; null if there were none. */
export function shareOf(measured: Measured, { opsPerSecond }: Figures): number | null {
  const calm = calmMean(measured, (figures) => figures.opsPerSecond)
  return calm === 0 ? null : opsPerSecond / calm
}

/**
 * The share of the operations per second of processor time of the correct replicas. It shows the work that the attack
 * causes them, regardless of the processor time of attackers and other programs. Null if it was not measured.
 */
export function shareOfWork(measured: Measured): number | null {
  const of = ({ done }: Figures, { correctMs }: Spent): number => done / (correctMs ?? Number.NaN)
  const share = of(measured.during, measured.spent.during) / calmMean(measured, of)
  return Number.isFinite(share) ? share : null
}

/**
 * The processors that the attackers use during the attack, in addition to those of traitors as honest replicas before
 * it. Null if it was not measured.
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
