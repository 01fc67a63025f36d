/** The evidence that a simulated attack leaves: the invariants that broke, and the clients' answers over time. */
import type { MonitoredInvariant } from '../../../src/simulator/checkers/invariant-monitor.ts'
import type { DetailedResult } from '../../../src/simulator/runs/simulate.ts'
import type { Attack, Control } from '../../language/attack.ts'
import { type Breaches, controlOf, type Evidence, type Silence } from '../judge.ts'
import type { Observed } from './observed.ts'

/** The invariants of the promises that a control breaks: agreement and the clients' history. Stopping breaks none. */
const INVARIANTS: Readonly<Record<Control['breaks'], readonly number[]>> = {
  agreement: [1],
  answers: [13],
  progress: [],
}
/**
 * All invariants except 6, and except the checker of 13 that relies on the correct replicas: there are too few of
 * them, and true answers of traitors may suffice before a correct replica has executed anything. The answers to
 * clients must still be consistent.
 */
const COUNTING_NOBODY = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 14, 'real-time order', 'clients history']
const TENTH_MS = 100
/** The number of tenths of a second at the end of a run in which clients must be answered if service has resumed. */
const LAST_TENTHS = 5

/**
 * The invariants that are checked in a run that must break: only the broken ones, so that no other violation ends it
 * first; all others too if it only stops.
 */
export const invariantsOf = ({ breaks }: Control): readonly MonitoredInvariant[] =>
  INVARIANTS[breaks].length > 0 ? INVARIANTS[breaks] : COUNTING_NOBODY

export function simulatedEvidence(
  attack: Attack,
  facts: Observed,
  result: Pick<DetailedResult, 'explanation' | 'violation'>,
): Evidence {
  return {
    facts,
    control: controlOf(attack, facts),
    convicted: [...new Set([...facts.guilty, ...facts.convicted])],
    breaches: breachesOf(result),
    silence: silenceOf(facts),
    unexpected: () => [...(attack.judge?.(facts) ?? []), ...(attack.inspect?.(facts) ?? [])],
  }
}

function breachesOf({ explanation, violation }: Pick<DetailedResult, 'explanation' | 'violation'>): Breaches {
  const broken = explanation.slice(0, 1)
  const none: Breaches = { agreement: [], answers: [], others: [] }
  const isOf = (promise: Control['breaks']): boolean =>
    violation !== null && INVARIANTS[promise].includes(violation.invariant)
  if (isOf('agreement')) return { ...none, agreement: broken }
  return isOf('answers') ? { ...none, answers: broken } : { ...none, others: broken }
}

function silenceOf({ answersPerTenth }: Observed): Silence {
  let silent = 0
  let longest = 0
  for (const answers of answersPerTenth) {
    silent = answers === 0 ? silent + 1 : 0
    longest = Math.max(longest, silent)
  }
  const isOver = answersPerTenth.slice(-LAST_TENTHS).some((answers) => answers > 0)
  return { longestMs: longest * TENTH_MS, isOver }
}
