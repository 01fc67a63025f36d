/**
 * The leases as the protocol sees them: when a clock batch is due, which is a batch with a time and no requests, and the
 * timer for a primary that lets leases run on. Leases end by executed time only. Keeps rule 1.9.
 */
import type { Milliseconds } from '../../base/ids.ts'
import { CLOCK_SKEW_MS_MAX, REQUEST_TIMEOUT_TICKS, SUSPECTED_TIMEOUT_TICKS } from '../parameters.ts'
import type { ReplicaState } from '../state.ts'
import { noteProgress } from '../views/patience.ts'
import { isSuspected } from '../views/suspicion.ts'
import { isPrimary, primary } from '../views/view-state.ts'

export interface LeaseState {
  /**
   * The executed time at which the next lease ends; 0 if it is reached already and the next batch ends a lease; null
   * while no lease runs.
   */
  nextExpiry: Milliseconds | null
  /** The tick since which a lease is overdue in this view; null if none is. */
  overdueTick: number | null
}

export const createLeaseState = (nextExpiry: Milliseconds | null): LeaseState => ({
  nextExpiry,
  overdueTick: null,
})

/** True if a batch with the time of this replica's clock ends a lease. */
export const isLeaseDue = ({ leases: { nextExpiry }, clock }: ReplicaState): boolean =>
  nextExpiry !== null && nextExpiry <= clock.now

/** True if a lease is overdue by more than the skew: clocks that differ by less blame no primary. */
const isLeaseOverdue = ({ leases: { nextExpiry }, clock }: ReplicaState): boolean =>
  nextExpiry !== null && clock.now > nextExpiry + CLOCK_SKEW_MS_MAX

/**
 * Runs the timer for leases while one is overdue. It does not restart when one of several ends: an honest primary's
 * batch carries its own time, which ends all of them. Called at each tick.
 * @rule 1.9
 */
export function watchLeases(state: ReplicaState): void {
  const { leases } = state
  if (!state.views.isActive || !isLeaseOverdue(state)) leases.overdueTick = null
  else leases.overdueTick ??= state.clock.ticks
}

/**
 * Notes the next expiry in the state after an executed batch. A batch that ends as many leases as it may is progress,
 * whatever still waits.
 * @rule 1.9
 */
export function noteExpiry(state: ReplicaState, nextExpiry: Milliseconds | null): void {
  const { leases, clock, patience } = state
  leases.nextExpiry = nextExpiry
  const { overdueTick } = leases
  if (overdueTick === null || (nextExpiry !== 0 && isLeaseOverdue(state))) return
  noteProgress(patience, clock.ticks - overdueTick)
  leases.overdueTick = null
}

/**
 * True if a lease was overdue for as long as a request may wait. If the primary seems to be gone, a short grace period
 * suffices.
 * @rule 1.9
 */
export function isLeaseTimerExpired(state: ReplicaState): boolean {
  const { overdueTick } = state.leases
  if (overdueTick === null) return false
  const { timeoutTicks } = state.patience
  const waited = state.clock.ticks - overdueTick
  if (waited >= timeoutTicks) return true
  const isSilent = !isPrimary(state) && isSuspected(state, primary(state))
  return isSilent && waited * REQUEST_TIMEOUT_TICKS >= SUSPECTED_TIMEOUT_TICKS * timeoutTicks
}
