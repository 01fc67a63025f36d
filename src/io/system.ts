/** The machine's clock and its source of unpredictable bytes, as ports. */
import { randomBytes } from 'node:crypto'
import type { Milliseconds } from '../base/ids.ts'
import type { Clock, Entropy } from '../ports.ts'

export const systemClock: Clock = {
  now: () => Date.now() as Milliseconds,
  every: (interval, run) => {
    const timer = setInterval(run, interval)
    return () => clearInterval(timer)
  },
  defer: (run) => setImmediate(run),
}

export const systemEntropy: Entropy = (size) => randomBytes(size)
