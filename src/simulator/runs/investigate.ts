/** The report of a failure: the smallest found plan that fails in the same way, and a diagram of its last steps. */
import type { AdversaryCatalogue } from '../plan/adversaries.ts'
import type { Plan } from '../plan/plan.ts'
import { StepRecorder, sequenceDiagram } from '../trace/sequence-diagram.ts'
import { shrink } from './shrink.ts'
import { type SimulationResult, simulate } from './simulate.ts'

/** The number of steps in a diagram. */
const DIAGRAM_STEPS_MAX = 40
/** The maximum number of tried plans; a stuck run takes far longer than one that breaks a rule. */
const TRIES_MAX = { held: 0, safety: 300, broke: 300, liveness: 60 } as const

export interface Investigation {
  /** Of the shrunk plan. */
  readonly result: SimulationResult
  readonly plan: Plan
  readonly tries: number
  readonly diagram: readonly string[]
}

export function investigate(
  first: SimulationResult & { readonly plan: Plan },
  catalogue: AdversaryCatalogue,
): Investigation {
  const { verdict, violation } = first
  const fails = (plan: Plan): boolean => {
    const result = simulate({ seed: plan.seed, plan, catalogue })
    return result.verdict === verdict && result.violation?.name === violation?.name
  }
  const { plan, tries } = shrink(first.plan, fails, TRIES_MAX[verdict])
  const recorder = new StepRecorder(DIAGRAM_STEPS_MAX)
  const result = simulate({ seed: plan.seed, plan, catalogue, onStep: recorder.note })
  return { result, plan, tries, diagram: sequenceDiagram(recorder.steps, plan.n) }
}
