/**
 * The ticks of a runtime. While it rests, ticks that would do nothing are run late and together, so that the process may
 * sleep; their number is that of the time that passed. Whoever handles an event calls `catchUp` first, so every event
 * finds the number of ticks that it would find without any rest.
 */
import type { Clock } from '../ports.ts'
import { TICK_MS } from './tick.ts'

export class Ticker {
  readonly #clock: Clock
  readonly #run: () => void
  #stopTimer: () => void = () => {}
  /** The ticks of this rest that have not run yet; 0 while each tick comes in its time. */
  #restLeft = 0
  /** The time of the last tick that ran, on this replica's clock; counts during a rest only. */
  #lastMs = 0
  /** True if a tick came in its time since the last rest: short pauses between two events are no rest. */
  #mayRest = false

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock
    this.#run = run
    this.#tickInTime()
  }

  stop(): void {
    this.#stopTimer()
  }

  /**
   * Lets the next `ticks` ticks wait for the last of them, or for `catchUp`. With 1, each tick comes in its time from now
   * on.
   */
  rest(ticks: number): void {
    if (ticks === this.#restLeft) return
    if (ticks <= 1) {
      if (this.#restLeft > 0) this.#tickInTime()
      return
    }
    if (this.#restLeft > 0) this.#restFor(ticks)
    else if (this.#mayRest) {
      this.#mayRest = false
      this.#lastMs = this.#clock.now()
      this.#restFor(ticks)
    }
  }

  /** Runs the ticks of the rest whose time has come. The clock may have been set: a rest never has more than its ticks. */
  catchUp(): void {
    if (this.#restLeft === 0) return
    const passed = Math.floor((this.#clock.now() - this.#lastMs) / TICK_MS)
    this.#runLate(Math.min(this.#restLeft, Math.max(0, passed)))
  }

  #tickInTime(): void {
    this.#stopTimer()
    this.#restLeft = 0
    this.#stopTimer = this.#clock.every(TICK_MS, () => {
      this.#mayRest = true
      this.#run()
    })
  }

  #restFor(ticks: number): void {
    this.#stopTimer()
    this.#restLeft = ticks
    const passedMs = Math.max(0, this.#clock.now() - this.#lastMs)
    this.#stopTimer = this.#clock.every(Math.max(1, ticks * TICK_MS - passedMs), () =>
      this.#runLate(this.#restLeft),
    )
  }

  #runLate(ticks: number): void {
    this.#lastMs += ticks * TICK_MS
    const left = this.#restLeft - ticks
    if (left > 0) this.#restLeft = left
    else {
      this.#tickInTime()
      this.#mayRest = true
    }
    for (let tick = 0; tick < ticks; tick++) this.#run()
  }
}
