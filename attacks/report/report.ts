/** The outcome of a run, for the terminal, for JSON and for the page. */
import type { AnyAttack, Control } from '../language/attack.ts'
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
  /** The promise that a control must break; null where the store must hold. */
  readonly mustBreak: Control['breaks'] | null
  /** The faults found; empty if the run ended as expected. */
  readonly faults: readonly string[]
  /** Remarks on which the verdict does not depend. */
  readonly notes: readonly string[]
  /** Of a run of processes. */
  readonly timeline: Timeline | null
  /** The real duration of the run, including the creation of the cluster and the checks. */
  readonly seconds: number
}

/** True if the store held, or a control broke it as it must. */
export const isAsExpected = ({ faults }: AttackReport): boolean => faults.length === 0

/** The outcome of a run in words. A control outside its bound never holds: it breaks, as it must. */
export function outcomeOf({ faults, mustBreak }: Pick<AttackReport, 'faults' | 'mustBreak'>): string {
  if (mustBreak === null) return faults.length === 0 ? 'held' : 'NOT HELD'
  return faults.length === 0 ? 'broke, as it must' : 'DID NOT BREAK'
}

/** The outcomes of many runs in one sentence without its end. */
export function outcomesText(reports: readonly AttackReport[]): string {
  const ended = (list: readonly AttackReport[]): string =>
    `${list.filter(isAsExpected).length} of ${list.length}`
  const [controls, attacks] = [true, false].map((isControl) =>
    reports.filter(({ mustBreak }) => (mustBreak !== null) === isControl),
  ) as [AttackReport[], AttackReport[]]
  return [
    ...(attacks.length > 0 ? [`${ended(attacks)} attacks held as expected`] : []),
    ...(controls.length > 0 ? [`${ended(controls)} controls broke the store, as they must`] : []),
  ].join(', ')
}

/** Returns the form of a report that `--json` prints. */
export function asJson(report: AttackReport): object {
  const { attack, facts, faults, notes, mustBreak, ...rest } = report
  const plain = Object.entries(facts).map(([name, value]) => [name, plainOf(value)])
  return {
    ...attack,
    held: mustBreak === null && isAsExpected(report),
    mustBreak,
    asExpected: isAsExpected(report),
    faults,
    notes,
    ...rest,
    facts: Object.fromEntries(plain),
  }
}

const plainOf = (value: unknown): unknown => {
  if (value instanceof Set) return [...value]
  if (!(value instanceof Map)) return value
  return Object.fromEntries([...value].map(([key, each]) => [key, plainOf(each)]))
}
