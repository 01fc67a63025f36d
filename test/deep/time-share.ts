/**
 * A share of the deep run's time. Work is started while some of the share is left, and otherwise skipped with a
 * sentence, so that a slow machine does less instead of failing.
 */

/** Minutes of the whole run. Files with a share take three quarters of it, and a quarter is left for the others. */
const MINUTES = Number(process.env.DEEP_MINUTES ?? 30)

export class TimeShare {
  readonly #minutes: number
  #endsAtMs = 0

  /** @param share of the whole, from 0 to 1. */
  constructor(share: number) {
    this.#minutes = MINUTES * share
  }

  /** The sentence to skip a test with, or null while time is left. The first call starts the clock. */
  refusal(): string | null {
    if (this.#endsAtMs === 0) this.#endsAtMs = performance.now() + this.#minutes * 60_000
    if (this.leftMs > 0) return null
    return `The ${this.#minutes.toFixed(1)} minutes for this file are over; DEEP_MINUTES gives the run more.`
  }

  get leftMs(): number {
    return Math.max(0, this.#endsAtMs - performance.now())
  }
}
