/**
 * A traitor is an honest replica whose effects are rewritten. A behaviour sees each effect of an honest step before it
 * is performed and gives what is performed in its place.
 */
import type { Effect } from '../src/pbft/effects.ts'
import type { ReplicaState } from '../src/pbft/state.ts'
import { step } from '../src/pbft/step.ts'
import type { StepFunction } from '../src/runtime/replica-runtime.ts'

export interface Behaviour {
  readonly name: string
  /** One sentence for the catalogue. */
  readonly does: string
  readonly rewrite: (effect: Effect, state: ReplicaState) => readonly Effect[]
}

/** The honest protocol, with its effects rewritten. */
export function misbehave({ rewrite }: Behaviour): StepFunction {
  return (state, event) => step(state, event).flatMap((effect) => rewrite(effect, state))
}
