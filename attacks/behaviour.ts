/**
 * A traitor is an honest replica whose effects are rewritten. A behaviour sees the effects of each honest step before
 * they are performed and gives what is performed in their place; it needs no hook in production code.
 */
import { step } from '../src/pbft/step.ts'
import type { StepFunction } from '../src/runtime/replica-runtime.ts'
import { type Rewrite, rewriting } from '../src/simulator/rewrites.ts'

export interface Behaviour {
  readonly name: string
  /** One sentence for the catalogue. */
  readonly does: string
  readonly rewrite: Rewrite
}

/** The honest protocol with this behaviour's rewriting. */
export function misbehave({ rewrite }: Behaviour): StepFunction {
  return rewriting(step, rewrite)
}
