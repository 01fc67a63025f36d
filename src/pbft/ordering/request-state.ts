import type { ClientId, Milliseconds, Timestamp } from '../../base/ids.ts'

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
