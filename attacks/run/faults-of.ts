/** The verdict on a simulated attack: what was not as it has to be. */
import type { ReplicaId } from '../../src/base/ids.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import type { MonitoredInvariant } from '../../src/simulator/checkers/invariant-monitor.ts'
import type { DetailedResult } from '../../src/simulator/runs/simulate.ts'
import type { Attack, Control } from '../language/attack.ts'
import type { Observed } from './simulated/observed.ts'

/** The invariants that a control breaks: agreement; the clients' history. Stopping breaks none. */
const BROKEN: Readonly<Record<Control['breaks'], readonly number[]>> = {
  agreement: [1],
  answers: [13],
  progress: [],
}
/**
 * All but 6 and that checker of 13 which counts on the replicas that are no traitors: there are too few of them, and the
 * traitors' answers, true as they are, may be enough before a correct replica has executed anything. What clients were told
 * has to make sense all the same.
 */
const COUNTING_NOBODY = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 14, 'real-time order', 'clients history']
/** Silence, in tenths of a second, that counts as a stop. */
const STOPPED_TENTHS = 5

/**
 * True if this is a control with more traitors than the store tolerates, or with a core that is not the right one.
 */
export function isExpectedToBreak(
  { control, surroundings }: Attack,
  { n, traitors }: { readonly n: number; readonly traitors: readonly ReplicaId[] },
): boolean {
  return control !== undefined && (traitors.length > faultsMax(n) || surroundings?.core !== undefined)
}

/**
 * The invariants that are watched in a run that is to break, so that nothing else ends it before; where it only
 * stops, the rest too.
 */
export const invariantsOf = ({ control }: Attack): readonly MonitoredInvariant[] => {
  const broken = control === undefined ? [] : BROKEN[control.breaks]
  return broken.length > 0 ? broken : COUNTING_NOBODY
}

export function faultsOf(attack: Attack, facts: Observed, result: DetailedResult): readonly string[] {
  const { control } = attack
  const convicted = [...new Set([...facts.guilty, ...facts.convicted])]
  const innocent = convicted.filter((id) => !facts.traitors.includes(id))
  const always = [
    ...(facts.acts === 0 ? ['the adversaries never acted'] : []),
    ...innocent.map((id) => `there is evidence against replica ${id}, which is correct`),
    ...facts.cutOff
      .filter((id) => !facts.traitors.includes(id))
      .map((id) => `replica ${id} was cut off, which is correct`),
  ]
  if (control !== undefined && isExpectedToBreak(attack, facts)) {
    return [...always, ...unbroken(control, facts, result)]
  }
  return [
    ...result.explanation.slice(0, 1),
    ...always,
    ...(attack.judge?.(facts) ?? []),
    ...(attack.inspect?.(facts) ?? []),
  ]
}

/** Returns what should have broken and did not, or broke and should not have. */
function unbroken(
  { breaks, namesTraitors }: Control,
  facts: Observed,
  result: DetailedResult,
): readonly string[] {
  if (breaks === 'progress') return [...result.explanation.slice(0, 1), ...notStopped(facts)]
  const { violation } = result
  if (violation === null || !BROKEN[breaks].includes(violation.invariant)) {
    return [`${breaks} did not break: ${result.explanation[0] ?? 'everything held'}`]
  }
  if (namesTraitors !== true || facts.auth === 'oral') return []
  const hidden = facts.traitors.filter((id) => !facts.convicted.includes(id))
  return hidden.map((id) => `no signatures give replica ${id} away`)
}

/** Nobody was answered for a while, and then somebody was. */
function notStopped({ answersPerTenth }: Observed): readonly string[] {
  let silent = 0
  let longest = 0
  for (const answers of answersPerTenth) {
    silent = answers === 0 ? silent + 1 : 0
    longest = Math.max(longest, silent)
  }
  if (longest < STOPPED_TENTHS) return ['progress did not stop']
  const wasBack = answersPerTenth.slice(-STOPPED_TENTHS).some((answers) => answers > 0)
  return wasBack ? [] : ['service did not return']
}
