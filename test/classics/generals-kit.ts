/** Questions that tests of agreement ask of a run. */
import { expect } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { Algorithm, ProcessId, Value } from '../../src/classics/process.ts'
import { type Decisions, type Explored, exploreRounds } from '../../src/simulator/classics/explore-rounds.ts'
import type { AgreementRun } from '../../src/simulator/classics/run.ts'
import type { Behaviour } from '../../src/simulator/classics/run-rounds.ts'
import { createSeals } from '../../src/simulator/classics/seals.ts'
import { fastSuite } from '../../src/simulator/world/fast-suite.ts'

/** Signatures that cost little; what a process may not sign, the behaviours here do not sign either. */
export const sealsOf = (n: number) => createSeals(fastSuite, n)

/** Every way to give n processes 0 or 1. */
export const everyInput = (n: number): readonly (readonly Value[])[] =>
  Array.from({ length: 2 ** n }, (_, bits) => Array.from({ length: n }, (_, id) => (bits >> id) & 1))

/** Every set of exactly `size` of n processes. */
export function everySet(n: number, size: number): readonly (readonly ProcessId[])[] {
  return Array.from({ length: 2 ** n }, (_, bits) =>
    Array.from({ length: n }, (_, id) => id).filter((id) => (bits & (1 << id)) !== 0),
  ).filter((set) => set.length === size)
}

/** Why decisions are no agreement, or null: all decided, all alike, and the value that had to come out if one had. */
export function fault(outcome: Decisions, mustBe: Value | null): string | null {
  const decisions = outcome.filter((decision) => decision !== undefined)
  if (decisions.includes(null)) return 'undecided'
  if (new Set(decisions).size > 1) return 'disagreement'
  return mustBe !== null && decisions[0] !== mustBe ? 'invalid' : null
}

/** The value that all correct processes began with; null where they began with several. */
export function commonValue(values: readonly Value[], faulty: readonly ProcessId[]): Value | null {
  const own = new Set(values.filter((_, id) => !faulty.includes(id)))
  const [only] = own
  return own.size === 1 && only !== undefined ? only : null
}

/** The value of a process that has to come out if it is correct. */
export const sendersValue = (id: ProcessId) => (values: readonly Value[], faulty: readonly ProcessId[]) =>
  faulty.includes(id) ? null : (values[id] ?? null)

export interface Exploration<State> {
  readonly algorithm: Algorithm<State>
  readonly inputs: readonly (readonly Value[])[]
  readonly traitorSets: readonly (readonly ProcessId[])[]
  readonly behaviour: (traitors: readonly ProcessId[]) => Behaviour
  readonly mustBe: (values: readonly Value[], traitors: readonly ProcessId[]) => Value | null
}

/** The faults of all runs, and how much was explored. */
export function explore<State>(exploration: Exploration<State>) {
  const { algorithm, inputs, traitorSets, behaviour, mustBe } = exploration
  const faults = new Map<string, number>()
  let explored: Omit<Explored, 'outcomes'> & { outcomes: number } = {
    states: 0,
    lies: 0,
    runs: 0n,
    outcomes: 0,
  }
  for (const traitors of traitorSets) {
    for (const values of inputs) {
      const { states, lies, runs, outcomes } = exploreRounds({
        algorithm,
        values,
        traitors,
        behaviour: behaviour(traitors),
      })
      explored = {
        states: explored.states + states,
        lies: explored.lies + lies,
        runs: explored.runs + runs,
        outcomes: explored.outcomes + outcomes.length,
      }
      for (const outcome of outcomes) {
        const found = fault(outcome, mustBe(values, traitors))
        if (found !== null) faults.set(found, (faults.get(found) ?? 0) + 1)
      }
    }
  }
  return { faults: Object.fromEntries(faults), ...explored }
}

/** The decisions of a run as an outcome; of those that are faulty nothing is asked. */
export const outcomeOf = ({ decisions }: AgreementRun, faulty: readonly ProcessId[]): Decisions =>
  decisions.map((decided, id) => (faulty.includes(id) ? undefined : (decided?.value ?? null)))

/** A draw for each seed: values, some traitors, and choices. */
export function draw(seed: number, n: number, most: number) {
  const random = createRandom(seed)
  const values = Array.from({ length: n }, () => random.below(2))
  const everyone = Array.from({ length: n }, (_, id) => id)
  const faulty = random.shuffle(everyone).slice(0, most)
  const choose = (options: number): number => random.below(options)
  return { values, faulty, choose, schedule: (underWay: readonly unknown[]) => choose(underWay.length) }
}

export function expectAgreement(run: AgreementRun, faulty: readonly ProcessId[], mustBe: Value | null): void {
  expect(fault(outcomeOf(run, faulty), mustBe)).toBeNull()
}

/** All processes with 0, and all with 1: where one process alone has a value. */
export const alike = (n: number): readonly (readonly Value[])[] =>
  [0, 1].map((value) => Array.from({ length: n }, () => value))
