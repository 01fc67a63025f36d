/** The outcome of a run, for the terminal, for JSON and for the page. */
import type { AnyAttack } from '../language/attack.ts'
import type { ViewSeen } from '../run/processes/cluster-monitor.ts'
import type { Facts } from '../run/run-facts.ts'

/** Operations per second over a run, with its events. Milliseconds from the beginning of the run. */
export interface Timeline {
  readonly stepMs: number
  readonly opsPerSecond: readonly number[]
  readonly attackFromMs: number
  readonly attackToMs: number
  readonly views: readonly ViewSeen[]
}

export interface AttackReport {
  readonly attack: Pick<AnyAttack, 'name' | 'targets' | 'does' | 'source' | 'expects'>
  readonly world: 'processes' | 'simulator'
  readonly seed: number
  readonly facts: Facts
  /** The faults found; empty if the store held and met the expectation. */
  readonly faults: readonly string[]
  /** Remarks on which the verdict does not depend. */
  readonly notes: readonly string[]
  /** Of a run of processes. */
  readonly timeline: Timeline | null
  /** The real duration of the run, including the creation of the cluster and the checks. */
  readonly seconds: number
}

export const hasHeld = ({ faults }: AttackReport): boolean => faults.length === 0

/** Returns the form of a report that `--json` prints. */
export function asJson(report: AttackReport): object {
  const { attack, facts, faults, notes, ...rest } = report
  const plain = Object.entries(facts).map(([name, value]) => [name, plainOf(value)])
  return { ...attack, held: hasHeld(report), faults, notes, ...rest, facts: Object.fromEntries(plain) }
}

const plainOf = (value: unknown): unknown => {
  if (value instanceof Set) return [...value]
  if (!(value instanceof Map)) return value
  return Object.fromEntries([...value].map(([key, each]) => [key, plainOf(each)]))
}
