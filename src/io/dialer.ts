/** Chooses when to dial again: randomised exponential backoff, so that replicas do not dial a restarted one in step. */

/** Milliseconds before the first attempt to dial again, at most. */
export const BACKOFF_MILLISECONDS_LEAST = 50
/** Milliseconds between attempts, at most. */
export const BACKOFF_MILLISECONDS_MAX = 1000
/**
 * A link that lasted this many milliseconds begins the backoff anew. One that was established and ended at once does
 * not: the other end may take handshakes and refuse what comes after.
 */
const STEADY_MILLISECONDS = BACKOFF_MILLISECONDS_MAX

/** The wait after this many failures in a row: half of it fixed, half of it chance. `random` is in [0, 1). */
export function backoffMilliseconds(failures: number, random: () => number): number {
  const doubled = BACKOFF_MILLISECONDS_LEAST * 2 ** Math.max(0, failures - 1)
  const most = Math.min(BACKOFF_MILLISECONDS_MAX, doubled)
  return most / 2 + (random() * most) / 2
}

/** Calls `dial` now and again after each end of the connection that it made, until it is stopped. */
export class Dialer {
  readonly #dial: () => void
  #failures = 0
  #timer: NodeJS.Timeout | null = null
  #isStopped = false

  constructor(dial: () => void) {
    this.#dial = dial
  }

  start(): void {
    this.#dial()
  }

  /**
   * The connection ended. `age` is how many milliseconds it was established; 0 when it never was. A dial that nobody
   * answered has waited already, and reached nobody whom a next one could burden: it counts as the first failure.
   */
  onEnded(age: number, wasAnswered = true): void {
    if (this.#isStopped) return
    this.#failures = age >= STEADY_MILLISECONDS || !wasAnswered ? 1 : this.#failures + 1
    this.#timer = setTimeout(this.#dial, backoffMilliseconds(this.#failures, Math.random))
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
