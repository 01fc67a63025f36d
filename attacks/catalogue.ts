import type { Attack } from './attack.ts'
import { mute } from './backup/mute.ts'
import { equivocate } from './primary/equivocate.ts'
import { sequenceShift } from './primary/sequence-shift.ts'
import { silentPrimary } from './primary/silent-primary.ts'

/** Every attack that can be launched, by name. */
export const CATALOGUE: ReadonlyMap<string, Attack> = new Map(
  [silentPrimary, equivocate, sequenceShift, mute].map((each) => [each.name, each]),
)
