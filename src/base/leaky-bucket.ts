/**
 * A leaky bucket. Its level is what was spent and has not leaked yet; it leaks at a steady rate. Times are in the
 * caller's unit.
 */
export interface LeakyBucket {
  level: number
  /** The time at which the level was last computed. */
  at: number
}

export const emptyBucket = (now: number): LeakyBucket => ({ level: 0, at: now })

/** Returns the level now; `leak` is the amount that leaves the bucket in one unit of time. */
export function levelOf(bucket: LeakyBucket, leak: number, now: number): number {
  bucket.level = Math.max(0, bucket.level - leak * (now - bucket.at))
  bucket.at = now
  return bucket.level
}

/** Adds one if the bucket has room for it. Returns true if it was added. */
export function addOne(
  bucket: LeakyBucket,
  { leak, size }: { readonly leak: number; readonly size: number },
  now: number,
): boolean {
  if (levelOf(bucket, leak, now) + 1 > size) return false
  bucket.level++
  return true
}
