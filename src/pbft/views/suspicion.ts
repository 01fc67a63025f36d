/** The suspicions of a replica about its peers, above all about the primary. Keeps rules 3.11 and 5.4. */
import type { Complaint } from '../../messages/message.ts'
import { Blacklist } from './blacklist.ts'
import { FailureDetector } from './failure-detector.ts'
import { type Figures, PrimaryMonitor } from './primary-monitor.ts'

export interface Suspicion {
  readonly detector: FailureDetector
  readonly monitor: PrimaryMonitor
  readonly blacklist: Blacklist
  /**
   * This replica's complaint about the primary of the current view (rule 5.4), the figures that it saw, and the tick of
   * the complaint; null if it has none.
   */
  complaint: {
    readonly complaint: Complaint
    readonly figures: Figures | null
    readonly tick: number
  } | null
}

export const createSuspicion = (n: number): Suspicion => ({
  detector: new FailureDetector(n),
  monitor: new PrimaryMonitor(),
  blacklist: new Blacklist(n),
  complaint: null,
})
