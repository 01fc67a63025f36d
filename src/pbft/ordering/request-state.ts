/** The requests that wait for execution, and the timer that runs for the oldest of them. Keeps rules 1.1 and 1.9. */

import type { ClientId, Milliseconds, Timestamp } from '../../base/ids.ts'
import { WaitingRequests } from './request-queue.ts'

/**
 * The timer of the oldest waiting request.
 * @rule 1.9
 */
export interface RequestTimer {
  /** The oldest waiting request when the timer started; null when it runs for a recovery's checkpoint. */
  readonly waitsFor: { readonly client: ClientId; readonly timestamp: Timestamp } | null
  readonly startedTick: number
  readonly startedAt: Milliseconds
}

export interface RequestState {
  readonly waiting: WaitingRequests
  timer: RequestTimer | null
  /** The time, on this replica's clock, since which a request has waited without progress; null if none waits. */
  stalledSince: Milliseconds | null
}

export const createRequestState = (): RequestState => ({
  waiting: new WaitingRequests(),
  timer: null,
  stalledSince: null,
})
