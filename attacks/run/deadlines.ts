/** Waiting with a limit that ends if the run is interrupted. */

/**
 * The time after the attack within which every request is answered and the replicas have caught up, in milliseconds.
 */
export const LIVENESS_MS = 30_000

/** Resolves after a number of milliseconds; rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
    const abort = (): void => {
      end()
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      end()
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort)
  })
}

/** Polls until a condition holds; returns false if it does not within the limit. */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  { limitMs, everyMs = 20, signal }: { limitMs: number; everyMs?: number; signal?: AbortSignal | undefined },
): Promise<boolean> {
  const end = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > end) return false
    await pause(everyMs, signal)
  }
  return true
}
