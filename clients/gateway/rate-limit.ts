/** The rate at which each caller may ask: a bucket for each, known by its name or by its address. */
import { addOne, emptyBucket, type LeakyBucket } from '../../src/base/leaky-bucket.ts'

/** Callers that are remembered. Of more, the one that came first is forgotten. */
const CALLERS_MAX = 10_000

export class RateLimit {
  readonly #perSecond: number
  readonly #buckets = new Map<string, LeakyBucket>()

  /** As many calls as a second allows may come at once. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Counts a call at a time in milliseconds. Returns false if the caller asks too often. */
  admits(caller: string, now: number): boolean {
    const bucket = this.#buckets.get(caller) ?? emptyBucket(now)
    this.#buckets.delete(caller)
    this.#buckets.set(caller, bucket)
    if (this.#buckets.size > CALLERS_MAX) {
      const [oldest] = this.#buckets.keys()
      if (oldest !== undefined) this.#buckets.delete(oldest)
    }
    return addOne(bucket, { leak: this.#perSecond / 1000, size: this.#perSecond }, now)
  }
}
