/** T: the ticks that a request, or a NEW-VIEW, may take before the view is left. Keeps rule 3.6. */
import {
  PROGRESS_BEFORE_SHRINKING,
  REQUEST_TIMEOUT_TICKS,
  TIMEOUT_PER_LATENCY,
  TIMEOUT_TICKS_MAX,
} from '../parameters.ts'

export interface Patience {
  /** T, now and when this view was left for. */
  timeoutTicks: number
  timeoutTicksAtEntry: number
  /** Of this view: how often the oldest waiting request was served, and batches executed while nothing waited. */
  progress: number
  unawaitedBatches: number
  /** The time that ordering takes, in ticks, smoothed; null before the first. */
  latencyTicks: number | null
}

export const createPatience = (): Patience => ({
  timeoutTicks: REQUEST_TIMEOUT_TICKS,
  timeoutTicksAtEntry: REQUEST_TIMEOUT_TICKS,
  progress: 0,
  unawaitedBatches: 0,
  latencyTicks: null,
})

/**
 * The oldest waiting request was served in this view. T shrinks after many of them in a row, and never below a floor
 * that follows what ordering takes.
 * @rule 3.6
 */
export function noteProgress(patience: Patience, tookTicks: number): void {
  learnLatency(patience, tookTicks)
  patience.progress++
  if (patience.progress % PROGRESS_BEFORE_SHRINKING === 0) shrinkTimeout(patience)
  patience.timeoutTicks = Math.max(patience.timeoutTicks, timeoutFloor(patience))
}

/**
 * A batch was executed while nothing waited here, as on most backups most of the time: that is progress too.
 * @rule 3.6
 */
export function noteUnawaited(patience: Patience, tookTicks: number | null): void {
  if (tookTicks !== null) learnLatency(patience, tookTicks)
  patience.unawaitedBatches++
  if (patience.unawaitedBatches % PROGRESS_BEFORE_SHRINKING === 0) shrinkTimeout(patience)
}

function learnLatency(patience: Patience, tookTicks: number): void {
  patience.latencyTicks =
    patience.latencyTicks === null ? tookTicks : (7 * patience.latencyTicks + tookTicks) / 8
}

function shrinkTimeout(patience: Patience): void {
  patience.timeoutTicks = Math.max(timeoutFloor(patience), Math.floor(patience.timeoutTicks / 2))
}

/**
 * Never more than twice the T that the view began with: what ordering takes is up to the primary, and one that is slow on
 * purpose must not make its own time longer and longer.
 */
export function timeoutFloor({ latencyTicks, timeoutTicksAtEntry }: Patience): number {
  const adapted = Math.ceil(TIMEOUT_PER_LATENCY * (latencyTicks ?? 0))
  return Math.max(REQUEST_TIMEOUT_TICKS, Math.min(adapted, 2 * timeoutTicksAtEntry, TIMEOUT_TICKS_MAX))
}
