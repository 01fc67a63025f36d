import type { OutsideAttack } from '../../language/attack.ts'
import { announcedBytes } from './announced-bytes.ts'
import { crash } from './crash.ts'
import { partition } from './partition.ts'
import { pause } from './pause.ts'
import { slowloris } from './slowloris.ts'

/** Attacks that need processes, by name. */
export const OUTSIDE_CATALOGUE: ReadonlyMap<string, OutsideAttack> = new Map(
  [partition, slowloris, announcedBytes, pause, crash].map((each) => [each.name, each]),
)
