/** Keeps a lease alive: three times in its life, until it is stopped or the lease is lost. */
import { LeaseNotFoundError } from './store-errors.ts'

export class LeaseKeeper {
  readonly #ttlMs: number
  readonly #renew: (signal: AbortSignal) => Promise<void>
  readonly #lost = new AbortController()
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | null = null
  /** The moment at which the lease may end: nobody confirmed it since. */
  #deadline: NodeJS.Timeout | null = null

  /** `ttl` is the life of the lease in seconds, which began just now. */
  constructor(ttl: number, renew: (signal: AbortSignal) => Promise<void>) {
    this.#ttlMs = ttl * 1_000
    this.#renew = renew
    this.#confirm(performance.now())
    this.#schedule()
  }

  /** Aborted when the lease has ended, or may have: nobody confirmed it for its whole life. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  stop(): void {
    this.#stopped.abort()
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#deadline !== null) clearTimeout(this.#deadline)
  }

  /** Counts the life from the moment at which it was asked for: the replicas began it later. */
  #confirm(askedAt: number): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline)
    this.#deadline = after(askedAt + this.#ttlMs - performance.now(), () => this.#lose())
  }

  #schedule(): void {
    if (!this.#stopped.signal.aborted) this.#timer = after(this.#ttlMs / 3, () => void this.#keep())
  }

  async #keep(): Promise<void> {
    const askedAt = performance.now()
    try {
      await this.#renew(this.#stopped.signal)
      if (!this.#stopped.signal.aborted) this.#confirm(askedAt)
    } catch (error) {
      if (error instanceof LeaseNotFoundError) return this.#lose()
    }
    this.#schedule()
  }

  #lose(): void {
    this.stop()
    this.#lost.abort()
  }
}

/** The longest delay of a timer, in milliseconds: a longer one would fire at once. */
const DELAY_MS_MAX = 2 ** 31 - 1

const after = (ms: number, run: () => void): NodeJS.Timeout =>
  setTimeout(run, Math.min(Math.max(0, ms), DELAY_MS_MAX))
