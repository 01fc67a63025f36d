/**
 * Finds contradictions without a search, by values that only one operation can leave (Gibbons and Korach, 1997).
 *
 * Such a value is held once, without a break, from that operation until it is overwritten. The operation, and each that
 * finds the value, take effect in that time or at its ends. So between the first end and the last invocation of these
 * operations the register holds nothing else. This interval is the value's zone, if it is not empty. Two zones that
 * overlap contradict each other, and so do a zone and an operation that lies within it and finds or leaves something
 * else.
 *
 * This finds at once what a search would have to find in all orders of concurrent operations. The absence of such a
 * contradiction proves nothing.
 */
import { NEVER, type RegisterProblem } from './register-problem.ts'

interface Zone {
  readonly value: number
  readonly from: number
  readonly until: number
}

/** Returns true when zones show that no order explains the answers. */
export function isContradictory(problem: RegisterProblem): boolean {
  const zones = zonesOf(problem)
  for (const [index, { from }] of zones.entries()) {
    if (index > 0 && from < (zones[index - 1] as Zone).until) return true
  }
  if (zones.length === 0) return false
  const { certain, from, to, invokedAt, completedAt } = problem
  // Operations are in the order of their invocations, zones in the order of their beginnings.
  let next = 0
  for (let index = 0; index < certain; index++) {
    while (next < zones.length && (zones[next] as Zone).from < (invokedAt[index] as number)) next++
    const zone = zones[next - 1]
    if (zone === undefined || (completedAt[index] as number) > zone.until) continue
    if (from[index] !== zone.value && to[index] !== zone.value) return true
  }
  return false
}

/**
 * Returns the zones of all values that certain operations find and that only one operation can leave, ordered by their
 * beginnings.
 */
function zonesOf(problem: RegisterProblem): readonly Zone[] {
  const { certain, total, from, to, invokedAt, completedAt, initial, mustFind, mayLeave } = problem
  const firstEnd = new Int32Array(mustFind.length).fill(NEVER)
  const lastBeginning = new Int32Array(mustFind.length).fill(-1)
  const note = (value: number, index: number): void => {
    if (value < 0) return
    firstEnd[value] = Math.min(firstEnd[value] as number, completedAt[index] as number)
    lastBeginning[value] = Math.max(lastBeginning[value] as number, invokedAt[index] as number)
  }
  for (let index = 0; index < total; index++) {
    // An operation in doubt that alone can leave a value that must be found did leave it. Whether it found its own old
    // value is unknown.
    if (index < certain) note(from[index] as number, index)
    note(to[index] as number, index)
  }
  // The register's first value was left before all operations.
  firstEnd[initial] = -1
  const zones: Zone[] = []
  for (const [value, count] of mustFind.entries()) {
    const leaving = (mayLeave[value] as number) + (value === initial ? 1 : 0)
    const zone: Zone = { value, from: firstEnd[value] as number, until: lastBeginning[value] as number }
    if (count > 0 && leaving === 1 && zone.from < zone.until) zones.push(zone)
  }
  return zones.sort((a, b) => a.from - b.from)
}
