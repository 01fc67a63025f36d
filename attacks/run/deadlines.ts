/** Waiting that has a limit and ends when the run is interrupted. */

/** Once the attack is over every request is answered within this time, and the replicas are level. In milliseconds. */
export const LIVENESS_MS = 30_000

/** Resolves after so many milliseconds; rejects with the signal's reason as soon as it is aborted. */
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

/** Looks until it holds; false when it does not within the limit. */
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
