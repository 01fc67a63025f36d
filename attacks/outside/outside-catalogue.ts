import type { OutsideAttack } from '../attack.ts'
import { crash } from './crash.ts'
import { partition } from './partition.ts'
import { pause } from './pause.ts'
import { replayClient } from './replay-client.ts'
import { slowloris } from './slowloris.ts'

/** Attacks that do not come from replicas, by name. They need processes. */
export const OUTSIDE_CATALOGUE: ReadonlyMap<string, OutsideAttack> = new Map(
  [replayClient, partition, slowloris, pause, crash].map((each) => [each.name, each]),
)
