import { type AnyAttack, runsInProcesses } from '../language/attack.ts'
import { CATALOGUE } from './catalogue.ts'
import { OUTSIDE_CATALOGUE } from './outside/outside-catalogue.ts'

export type World = 'processes' | 'simulator'

/** Every attack that can be launched, by name; of those that have two forms, the one that is made for processes. */
export const EVERY_ATTACK: ReadonlyMap<string, AnyAttack> = new Map<string, AnyAttack>([
  ...CATALOGUE,
  ...OUTSIDE_CATALOGUE,
])

/** The form of an attack that this world can run, or null where it can run none. */
export function attackIn(world: World, name: string): AnyAttack | null {
  if (world === 'simulator') return CATALOGUE.get(name) ?? null
  const attack = EVERY_ATTACK.get(name)
  return attack !== undefined && runsInProcesses(attack) ? attack : null
}

/** The worlds that can run it. */
export const worldsOf = (name: string): readonly World[] =>
  (['processes', 'simulator'] as const).filter((world) => attackIn(world, name) !== null)
