/** The verdict on an attack, in either world: all violations. */
import type { ReplicaId } from '../../src/base/ids.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import { type AnyAttack, type Control, runsInSimulator } from '../language/attack.ts'
import type { Facts } from './run-facts.ts'

/** A silence that counts as a stop, in milliseconds. */
const STOPPED_MS = 500

/** Broken promises, as sentences. */
export interface Breaches {
  /** Correct replicas executed different batches, or have different states. */
  readonly agreement: readonly string[]
  /** A client was given, or believed, a result that no correct replica computed. */
  readonly answers: readonly string[]
  /** All other promises that hold under every attack: liveness, memory, running processes. */
  readonly others: readonly string[]
}

/** The longest time without an answer to a correct client during the attack, and its end. */
export interface Silence {
  readonly longestMs: number
  /** True if correct clients were answered again at the end. */
  readonly isOver: boolean
}

/** All that a world reports of a run. */
export interface Evidence {
  readonly facts: Facts
  /** The promise that must break; null when the store must hold. */
  readonly control: Control | null
  /** Replicas of which correct ones, or their disks together, hold two contradicting signed messages. */
  readonly convicted: readonly ReplicaId[]
  readonly breaches: Breaches
  readonly silence: Silence
  /** Returns the unmet expectations of the attack, including figures if these facts make them binding. */
  readonly unexpected: (facts: Facts) => readonly string[]
  /** Returns missed figures other than the attack's own, as sentences; absent if there are none. */
  readonly missed?: readonly string[]
}

/**
 * Returns the promise that an attack must break: the promise of a control with more traitors than the store tolerates,
 * or with a faulty core. Null if the store must hold.
 */
export function controlOf(
  attack: AnyAttack,
  { n, traitors }: { readonly n: number; readonly traitors: readonly ReplicaId[] },
): Control | null {
  if (!runsInSimulator(attack) || attack.control === undefined) return null
  const { control, simulated } = attack
  return traitors.length > faultsMax(n) || simulated?.core !== undefined ? control : null
}

/** Returns the faults of a run as sentences, safety first; none if the store held and met the expectation. */
export function judge(evidence: Evidence): readonly string[] {
  const { control, breaches, unexpected, facts, missed = [] } = evidence
  if (control !== null && control.breaks !== 'progress') {
    return [...misjudged(evidence), ...unbroken(evidence, control, control.breaks)]
  }
  const { agreement, answers, others } = breaches
  const figures = facts.figures === 'advisory' ? [] : missed
  const always = [...agreement, ...answers, ...others, ...figures, ...misjudged(evidence)]
  if (control !== null) return [...always, ...notStopped(evidence.silence)]
  return [...always, ...unexpected(facts)]
}

/** Returns the missed advisory figures, which would be faults if they were binding; none if they are binding. */
export function warningsOf(evidence: Evidence): readonly string[] {
  const { facts } = evidence
  if (facts.figures !== 'advisory') return []
  const faults = judge(evidence)
  return judge({ ...evidence, facts: { ...facts, figures: 'binding' } }).filter(
    (each) => !faults.includes(each),
  )
}

/** Returns the faults that every run may have: an attack that did not act, and correct replicas that were blamed. */
function misjudged({ facts, convicted }: Evidence): readonly string[] {
  const { acts, traitors, cutOff } = facts
  const correctOnes = (ids: readonly ReplicaId[]): readonly ReplicaId[] =>
    ids.filter((id) => !traitors.includes(id))
  return [
    ...(acts === 0 ? ['the adversaries never acted'] : []),
    ...correctOnes(convicted).map((id) => `there is evidence against replica ${id}, which is correct`),
    ...correctOnes(cutOff).map((id) => `replica ${id} was cut off, which is correct`),
  ]
}

/** Judges a control, which proves that the checks work: they must find the broken promise, and name the traitors. */
function unbroken(
  { facts, convicted, breaches }: Evidence,
  { namesTraitors = false }: Control,
  broken: 'agreement' | 'answers',
): readonly string[] {
  if (breaches[broken].length === 0) {
    const instead = breaches.others[0] ?? 'everything held'
    return broken === 'agreement'
      ? [`agreement did not break: ${instead}`]
      : [`the answers did not break, no client believed the liars: ${instead}`]
  }
  if (!namesTraitors || facts.auth === 'oral') return []
  const hidden = facts.traitors.filter((id) => !convicted.includes(id))
  return hidden.map((id) => `no signatures expose replica ${id}`)
}

/** Judges a control that stops progress: for a while no client is answered, and afterwards clients are. */
function notStopped({ longestMs, isOver }: Silence): readonly string[] {
  if (longestMs < STOPPED_MS) return ['progress did not stop']
  return isOver ? [] : ['service did not return']
}
