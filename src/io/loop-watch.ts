/**
 * The longest time for which this process's own work blocked its loop. A timer that fires late shows that the loop was
 * blocked; the share of the loop's active time in which this process had a processor shows how much of that was its own
 * work: on a busy machine the rest is what other programs took.
 *
 * Asking the system for the processor time is the expensive part, so it is done once in `READ_MS`, and when a timer was
 * later than any before it.
 */
import { performance } from 'node:perf_hooks'

/** The milliseconds between two looks of a loop that works. */
export const LOOK_MS = 10
/** The milliseconds between two looks of an idle loop. The first block after idleness may be reported so much shorter. */
export const IDLE_LOOK_MS = 250
/** The milliseconds after which the processor time is read again. */
export const READ_MS = 500
/** A loop that was active for less than this share of the time between two readings is idle. */
export const IDLE_SHARE = 0.05

export interface LoopGauge {
  /** The longest time for which the loop's own work blocked it since the watch began, in milliseconds. */
  readonly delayMs: number
}

/** The clocks that a watch compares, in milliseconds, and the timer that it looks by. */
export interface LoopClocks {
  readonly nowMs: () => number
  /** The time in which the loop did not wait for events, since it began. */
  readonly activeMs: () => number
  /** The processor time that this process took since it began. */
  readonly processorMs: () => number
  /** Calls again and again, and does not keep the process alive; gives what ends it. */
  readonly every: (ms: number, run: () => void) => () => void
}

const SYSTEM_CLOCKS: LoopClocks = {
  nowMs: () => performance.now(),
  activeMs: () => performance.eventLoopUtilization().active,
  processorMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms).unref()
    return () => clearInterval(timer)
  },
}

interface Reading {
  readonly atMs: number
  readonly activeMs: number
  readonly processorMs: number
}

export class LoopWatch implements LoopGauge {
  readonly #clocks: LoopClocks
  #delayMs = 0
  #lookMs = LOOK_MS
  #lastMs = 0
  #reading: Reading = { atMs: 0, activeMs: 0, processorMs: 0 }
  #stop: (() => void) | null = null

  constructor(clocks: LoopClocks = SYSTEM_CLOCKS) {
    this.#clocks = clocks
  }

  /** From now on. */
  start(): void {
    this.#reading = this.#read()
    this.#lookEvery(LOOK_MS)
  }

  stop(): void {
    this.#stop?.()
    this.#stop = null
  }

  get delayMs(): number {
    return Math.round(this.#delayMs)
  }

  #lookEvery(ms: number): void {
    this.#stop?.()
    this.#lookMs = ms
    this.#lastMs = this.#clocks.nowMs()
    this.#stop = this.#clocks.every(ms, () => this.#look())
  }

  #look(): void {
    const now = this.#clocks.nowMs()
    const lateMs = now - this.#lastMs - this.#lookMs
    this.#lastMs = now
    if (lateMs > this.#delayMs || now - this.#reading.atMs >= READ_MS) this.#compare(lateMs)
  }

  /** Reads the processor time. Counts the part of the delay that was this process's own work. */
  #compare(lateMs: number): void {
    const before = this.#reading
    const reading = this.#read()
    this.#reading = reading
    const activeMs = reading.activeMs - before.activeMs
    const processorMs = reading.processorMs - before.processorMs
    const ownShare = activeMs > 0 ? Math.min(1, processorMs / activeMs) : 0
    this.#delayMs = Math.max(this.#delayMs, Math.min(lateMs * ownShare, processorMs))
    const lookMs = activeMs < IDLE_SHARE * (reading.atMs - before.atMs) ? IDLE_LOOK_MS : LOOK_MS
    if (lookMs !== this.#lookMs) this.#lookEvery(lookMs)
  }

  #read(): Reading {
    const { nowMs, activeMs, processorMs } = this.#clocks
    return { atMs: nowMs(), activeMs: activeMs(), processorMs: processorMs() }
  }
}
