import type { Behaviour } from './behaviour.ts'
import { mute } from './mute.ts'

/** Every behaviour that can be launched, by name. */
export const CATALOGUE: ReadonlyMap<string, Behaviour> = new Map([mute].map((each) => [each.name, each]))
