/**
 * For how long this process's loop took nothing in because of its own work. A timer that comes late tells that the loop
 * was held; the processor time that this process took meanwhile tells how much of that was its own: on a busy machine the
 * rest is what other programs took.
 */

/** Milliseconds between two looks. */
const LOOK_MS = 10

export interface LoopGauge {
  /** The longest that the loop was held by its own work since it is watched, in milliseconds. */
  readonly heldMs: number
}

export class LoopWatch implements LoopGauge {
  #heldMs = 0
  #lastMs = 0
  #lastCpu: NodeJS.CpuUsage = { user: 0, system: 0 }
  #timer: NodeJS.Timeout | null = null

  /** From now on; does not keep the process alive. */
  start(): void {
    this.#lastMs = performance.now()
    this.#lastCpu = process.cpuUsage()
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  get heldMs(): number {
    return Math.round(this.#heldMs)
  }

  #look(): void {
    const nowMs = performance.now()
    const { user, system } = process.cpuUsage(this.#lastCpu)
    const lateMs = nowMs - this.#lastMs - LOOK_MS
    this.#heldMs = Math.max(this.#heldMs, Math.min(lateMs, (user + system) / 1000))
    this.#lastMs = nowMs
    this.#lastCpu = process.cpuUsage()
  }
}
