/** A bucket that leaks at a steady rate: it holds what was spent and is not yet made up for. Times are in the caller's unit. */
export interface LeakyBucket {
  level: number
  /** The time at which the level was right. */
  at: number
}

export const emptyBucket = (now: number): LeakyBucket => ({ level: 0, at: now })

/** Returns the level now; `leak` is what leaves the bucket in one unit of time. */
export function levelOf(bucket: LeakyBucket, leak: number, now: number): number {
  bucket.level = Math.max(0, bucket.level - leak * (now - bucket.at))
  bucket.at = now
  return bucket.level
}

/** Adds one where the bucket has room for it, and returns true then. */
export function addOne(
  bucket: LeakyBucket,
  { leak, size }: { readonly leak: number; readonly size: number },
  now: number,
): boolean {
  if (levelOf(bucket, leak, now) + 1 > size) return false
  bucket.level++
  return true
}
