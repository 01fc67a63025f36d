/**
 * Lamport's clock: "Time, Clocks, and the Ordering of Events in a Distributed System" (CACM 1978). Each event counts one
 * up, and a receipt counts beyond the stamp of its message. If a happened before b, the stamp of a is smaller. The
 * converse is wrong: of two stamps, the smaller one may belong to an event that happened before, or to a concurrent one.
 */
import type { LogicalClock } from './stamped-events.ts'

export const LAMPORT_CLOCK: LogicalClock<number> = {
  zero: 0,
  tick: (now) => now + 1,
  merge: (now, seen) => Math.max(now, seen),
}

export const isSmaller = (a: number, b: number): boolean => a < b
