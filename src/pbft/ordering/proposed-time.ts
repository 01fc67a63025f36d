/** The times that a backup takes from its primary. Executed time follows them, and leases end by it. Keeps rule 1.2. */
import type { Milliseconds } from '../../base/ids.ts'
import type { Batch } from '../../messages/message.ts'
import { CLOCK_SKEW_MS_MAX, REQUEST_TIMEOUT_TICKS } from '../parameters.ts'
import type { ReplicaState } from '../state.ts'

/**
 * Returns the largest lag of a proposed time behind this replica's clock. It grows with T, as the patience for a slow
 * network does, so a correct primary is accepted in the end however long its proposals travel.
 * @rule 1.2
 */
export const lagMax = (timeoutTicks: number): Milliseconds =>
  ((CLOCK_SKEW_MS_MAX * timeoutTicks) / REQUEST_TIMEOUT_TICKS) as Milliseconds

/**
 * True if the time of a proposed batch is near enough to this replica's clock. A batch without requests may be late: it
 * grants no lease, and executed time never goes back.
 * @rule 1.2
 */
export function isTimely({ clock, patience }: ReplicaState, { time, requests }: Batch): boolean {
  if (time > clock.now + CLOCK_SKEW_MS_MAX) return false
  return requests.length === 0 || time >= clock.now - lagMax(patience.timeoutTicks)
}
