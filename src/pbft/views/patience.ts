/** T: the ticks that a request, or a NEW-VIEW, may take before the view is left. Keeps rule 3.6. */
import {
  PROGRESS_BEFORE_SHRINKING,
  REQUEST_TIMEOUT_TICKS,
  TIMEOUT_PER_LATENCY,
  TIMEOUT_TICKS_MAX,
} from '../parameters.ts'

export interface Patience {
  /** T now, and T when the change to this view began. */
  timeoutTicks: number
  timeoutTicksAtEntry: number
  /**
   * Counts in this view: how often the oldest waiting request was served, and batches executed while no request waited.
   */
  progress: number
  unawaitedBatches: number
  /** The smoothed time that ordering takes, in ticks; null before the first measurement. */
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
 * Notes that the oldest waiting request was served in this view. T shrinks after many of these in a row, but never
 * below a floor that follows the measured ordering time.
 * @rule 3.6
 */
export function noteProgress(patience: Patience, tookTicks: number): void {
  learnLatency(patience, tookTicks)
  patience.progress++
  if (patience.progress % PROGRESS_BEFORE_SHRINKING === 0) shrinkTimeout(patience)
  patience.timeoutTicks = Math.max(patience.timeoutTicks, timeoutFloor(patience))
}

/**
 * Notes that a batch was executed while no request waited here. Most backups see mostly such batches, and they are
 * progress too.
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
 * Returns the lower bound of T, at most twice the T that the view began with. The primary controls how long ordering
 * takes, so a deliberately slow primary could otherwise extend its own timeout without limit.
 */
export function timeoutFloor({ latencyTicks, timeoutTicksAtEntry }: Patience): number {
  const adapted = Math.ceil(TIMEOUT_PER_LATENCY * (latencyTicks ?? 0))
  return Math.max(REQUEST_TIMEOUT_TICKS, Math.min(adapted, 2 * timeoutTicksAtEntry, TIMEOUT_TICKS_MAX))
}
