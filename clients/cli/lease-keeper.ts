/** Keeps a lease alive until it is stopped or the lease is lost. It renews the lease three times per time to live. */
import type { keepLease } from '../api/leases.ts'
import { callGateway, type GatewayFlags, Refused } from './gateway-call.ts'

export interface KeptLease {
  readonly lease: string
  /** The time to live of the lease, in seconds. */
  readonly ttl: number
}

export class LeaseKeeper {
  readonly #kept: KeptLease
  readonly #flags: GatewayFlags
  readonly #lost = new AbortController()
  #timer: NodeJS.Timeout | null = null
  #isStopped = false
  /** The time of the last confirmed renewal, on this process's clock. */
  #aliveAt = performance.now()

  constructor(kept: KeptLease, flags: GatewayFlags) {
    this.#kept = kept
    this.#flags = flags
    this.#schedule()
  }

  /**
   * Aborted when the lease has ended, or may have ended because no renewal was confirmed for its whole time to live.
   */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#keep(), (this.#kept.ttl * 1000) / 3)
  }

  async #keep(): Promise<void> {
    const askedAt = performance.now()
    try {
      await callGateway<typeof keepLease>(this.#flags, {
        method: 'POST',
        path: '/v1/leases/{id}/keep-alive',
        query: { id: encodeURIComponent(this.#kept.lease) },
      })
      this.#aliveAt = askedAt
    } catch (error) {
      const isGone = error instanceof Refused && error.message.includes('lease-not-found')
      if (isGone || performance.now() - this.#aliveAt > this.#kept.ttl * 1000) return this.#lost.abort()
    }
    this.#schedule()
  }
}
