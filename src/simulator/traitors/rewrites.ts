/** Traitors: an honest replica whose effects are rewritten before they are performed. */
import type { Effect } from '../../pbft/effects.ts'
import type { StepFunction } from '../../runtime/replica-runtime.ts'

export type Rewrite = (effects: readonly Effect[]) => readonly Effect[]

/** The protocol with its effects rewritten. */
export function rewriting(protocol: StepFunction, rewrite: Rewrite): StepFunction {
  return (state, event) => rewrite(protocol(state, event))
}

/** Takes everything in, logs and executes, and says nothing to anyone. */
export const silence: Rewrite = (effects) =>
  effects.filter(({ kind }) => kind === 'persist' || kind === 'execute' || kind === 'reject')
