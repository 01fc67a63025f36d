/**
 * A monitor of the primary's performance. After the throughput monitor of Aardvark (Clement and others, NSDI 2009,
 * section 4.1) and the turn-around times of Prime (Amir and others, DSN 2008, section 4). Keeps rule 5.4.
 *
 * Throughput falls if clients send less, and waiting times grow if they send more. If throughput falls while waiting
 * times grow, either the primary is at fault or the machines became slower. A comparison with other primaries shows
 * which: see `slow-primary.ts`.
 */
import type { Complaint } from '../../messages/message.ts'
import {
  BAD_WINDOWS_MAX,
  BAD_WINDOWS_MIN,
  GRACE_TICKS,
  LAG_PER_ORDERING_MAX,
  LAG_SLACK_TICKS,
  THROUGHPUT_SHARE_MIN,
  WAITING_FACTOR_MAX,
  WAITING_SLACK_TICKS,
  WINDOW_SAMPLES_MIN,
  WINDOW_TICKS_MIN,
} from '../parameters.ts'

/** The figures of a primary in one window. */
export interface Figures {
  /** Bytes of operations executed per tick. */
  readonly delivered: number
  /** The average ticks from a request's arrival at this replica until it accepted the pre-prepare with the request. */
  readonly lag: number
  /** The average ticks from then until execution: the part that does not depend on the primary's proposals. */
  readonly ordering: number
}

/** The weights in the reference of a window that is the best so far, and of one at a lower load. */
const RATCHET_RATE = 1 / 2
const LOWER_LOAD_RATE = 1 / 8
/** The number of good windows in a row after which patience is halved. */
const GOOD_WINDOWS = 64

export const waitingIn = ({ lag, ordering }: Figures): number => lag + ordering

export class PrimaryMonitor {
  /** The figures of a good primary; null before the first window. */
  #reference: Figures | null = null
  /** The number of bad windows in a row that cause a complaint. */
  #patience = BAD_WINDOWS_MIN
  #bad = 0
  #good = 0
  #fromTick = GRACE_TICKS
  #delivered = 0
  #lagTicks = 0
  #orderingTicks = 0
  #samples = 0

  get reference(): Figures | null {
    return this.#reference
  }

  /** Bytes of operations executed in the current window. */
  get delivered(): number {
    return this.#delivered
  }

  get patience(): number {
    return this.#patience
  }

  /** The tick at which the current window begins. The first ticks of a new view are not judged. */
  get fromTick(): number {
    return this.#fromTick
  }

  /** Starts the measurement of a new view. */
  begin(tick: number): void {
    this.#bad = 0
    this.#open(tick + GRACE_TICKS)
  }

  /** Counts the executed operations of a batch, in bytes. */
  executed(bytes: number, tick: number): void {
    if (tick >= this.#fromTick) this.#delivered += bytes
  }

  /** Counts the waiting time of an executed request that a client had sent to this replica too, in ticks. */
  served(waited: {
    readonly arrivedTick: number
    readonly acceptedTick: number
    readonly tick: number
  }): void {
    const { arrivedTick, acceptedTick, tick } = waited
    if (arrivedTick < this.#fromTick) return
    this.#lagTicks += Math.max(0, acceptedTick - arrivedTick)
    this.#orderingTicks += tick - Math.max(acceptedTick, arrivedTick)
    this.#samples++
  }

  /**
   * Closes the window once it has enough ticks and samples. Returns the fault and the figures of a bad window, else
   * null. `isDue` is true once the number of bad windows in a row reaches `patience`.
   */
  tick(
    tick: number,
  ): { readonly fault: Complaint; readonly figures: Figures; readonly isDue: boolean } | null {
    const ticks = tick - this.#fromTick
    if (ticks < WINDOW_TICKS_MIN || this.#samples < WINDOW_SAMPLES_MIN) return null
    const figures: Figures = {
      delivered: this.#delivered / ticks,
      lag: this.#lagTicks / this.#samples,
      ordering: this.#orderingTicks / this.#samples,
    }
    this.#open(tick)
    const fault = this.faultOf(figures)
    if (fault === null) {
      this.#learn(figures)
      return null
    }
    this.#good = 0
    this.#bad++
    return { fault, figures, isDue: this.#bad >= this.#patience }
  }

  /** Returns the fault that these figures show, or null. */
  faultOf(figures: Figures): Complaint | null {
    const reference = this.#reference
    if (reference !== null && isSlow(figures, reference)) return 'slow'
    const lagMax = LAG_PER_ORDERING_MAX * figures.ordering + LAG_SLACK_TICKS
    return figures.lag > Math.max(lagMax, WAITING_FACTOR_MAX * (reference?.lag ?? 0)) ? 'late' : null
  }

  /** Lowers the reference to the best of f + 1 primaries. One of them is correct, so the machines cannot do better. */
  lowerReference(reference: Figures): void {
    this.#reference = reference
    this.#patience = Math.min(2 * this.#patience, BAD_WINDOWS_MAX)
    this.#bad = 0
  }

  #open(fromTick: number): void {
    this.#fromTick = fromTick
    this.#delivered = 0
    this.#lagTicks = 0
    this.#orderingTicks = 0
    this.#samples = 0
  }

  /**
   * Moves the reference towards better figures, never towards those of a primary that delivers less with longer waits.
   */
  #learn(figures: Figures): void {
    this.#bad = 0
    if (++this.#good % GOOD_WINDOWS === 0) this.#patience = Math.max(BAD_WINDOWS_MIN, this.#patience / 2)
    const reference = this.#reference
    if (reference === null) this.#reference = figures
    else if (figures.delivered >= reference.delivered) {
      this.#reference = between(reference, figures, RATCHET_RATE)
    } else if (waitingIn(figures) <= waitingIn(reference)) {
      this.#reference = between(reference, figures, LOWER_LOAD_RATE)
    }
  }
}

/** True if throughput is below the floor and requests wait clearly longer, mostly for their proposal. */
function isSlow(figures: Figures, reference: Figures): boolean {
  const waitingMax = WAITING_FACTOR_MAX * waitingIn(reference) + WAITING_SLACK_TICKS
  if (figures.delivered >= THROUGHPUT_SHARE_MIN * reference.delivered) return false
  // A busy machine makes both times longer.
  const isPrimarys = figures.lag - reference.lag > 2 * (figures.ordering - reference.ordering)
  return waitingIn(figures) > waitingMax && isPrimarys
}

function between(from: Figures, to: Figures, rate: number): Figures {
  return {
    delivered: from.delivered + rate * (to.delivered - from.delivered),
    lag: from.lag + rate * (to.lag - from.lag),
    ordering: from.ordering + rate * (to.ordering - from.ordering),
  }
}
