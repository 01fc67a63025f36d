/**
 * The longest time for which this process's own work blocked its loop. A timer that fires late shows that the loop was
 * blocked; the processor time that this process used meanwhile shows how much of that was its own: on a busy machine the
 * rest is what other programs took.
 */

/** Milliseconds between two looks. */
export const LOOK_MS = 10

export interface LoopGauge {
  /** The longest time for which the loop's own work blocked it since the watch began, in milliseconds. */
  readonly delayMs: number
}

/** The two clocks that a watch compares, in milliseconds, and the timer that it looks by. */
export interface LoopClocks {
  readonly nowMs: () => number
  /** The processor time that this process took since it began. */
  readonly processorMs: () => number
  /** Calls again and again, and does not keep the process alive; gives what ends it. */
  readonly every: (ms: number, run: () => void) => () => void
}

const SYSTEM_CLOCKS: LoopClocks = {
  nowMs: () => performance.now(),
  processorMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms).unref()
    return () => clearInterval(timer)
  },
}

export class LoopWatch implements LoopGauge {
  readonly #clocks: LoopClocks
  #delayMs = 0
  #lastMs = 0
  #lastProcessorMs = 0
  #stop: (() => void) | null = null

  constructor(clocks: LoopClocks = SYSTEM_CLOCKS) {
    this.#clocks = clocks
  }

  /** From now on. */
  start(): void {
    this.#note()
    this.#stop = this.#clocks.every(LOOK_MS, () => this.#look())
  }

  stop(): void {
    this.#stop?.()
    this.#stop = null
  }

  get delayMs(): number {
    return Math.round(this.#delayMs)
  }

  #look(): void {
    const lateMs = this.#clocks.nowMs() - this.#lastMs - LOOK_MS
    const ownMs = this.#clocks.processorMs() - this.#lastProcessorMs
    this.#delayMs = Math.max(this.#delayMs, Math.min(lateMs, ownMs))
    this.#note()
  }

  #note(): void {
    this.#lastMs = this.#clocks.nowMs()
    this.#lastProcessorMs = this.#clocks.processorMs()
  }
}
