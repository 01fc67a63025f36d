/** Every attack that can be launched, in whichever world, by name. */
import { type AnyAttack, type ProcessAttack, type World, worldsOf } from '../language/attack.ts'
import { CATALOGUE } from './catalogue.ts'
import { announcedBytes } from './outside/announced-bytes.ts'
import { crash } from './outside/crash.ts'
import { slowloris } from './outside/slowloris.ts'

const PROCESS_ATTACKS: readonly ProcessAttack[] = [slowloris, announcedBytes, crash]

export const EVERY_ATTACK: ReadonlyMap<string, AnyAttack> = new Map<string, AnyAttack>([
  ...CATALOGUE,
  ...PROCESS_ATTACKS.map((attack): [string, AnyAttack] => [attack.name, attack]),
])

/** The attack of this name, or null where this world cannot run it. */
export function attackIn(world: World, name: string): AnyAttack | null {
  const attack = EVERY_ATTACK.get(name)
  return attack !== undefined && worldsOf(attack).includes(world) ? attack : null
}
