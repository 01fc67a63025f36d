/**
 * Vector clocks: Fidge (1988); Mattern, "Virtual Time and Global States of Distributed Systems" (1989). A stamp counts
 * for each process the events that happened before or are this one. a happened before b exactly if the vector of a is
 * less: nowhere larger, and somewhere smaller. Concurrent events have vectors of which neither is less.
 */
import type { LogicalClock } from './stamped-events.ts'

export type Vector = readonly number[]

export const vectorClock = (n: number): LogicalClock<Vector> => ({
  zero: Array.from({ length: n }, () => 0),
  tick: (now, self) => now.map((count, id) => (id === self ? count + 1 : count)),
  merge: (now, seen) => now.map((count, id) => Math.max(count, seen[id] ?? 0)),
})

export const isLess = (a: Vector, b: Vector): boolean =>
  a.every((count, id) => count <= (b[id] ?? 0)) && a.some((count, id) => count < (b[id] ?? 0))
