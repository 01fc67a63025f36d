/** The table of all situations, in the order of the rules. Add a situation to the list of its section. */
import type { AuthenticationMode } from '../../messages/cluster.ts'
import { ACCESS_SITUATIONS } from './access-situations.ts'
import { CHECKPOINT_SITUATIONS } from './checkpoint-situations.ts'
import { LEASE_SITUATIONS, OPERATION_SITUATIONS } from './operation-situations.ts'
import { ORAL_SITUATIONS } from './oral-situations.ts'
import { ORDERING_SITUATIONS } from './ordering-situations.ts'
import { RESTART_SITUATIONS } from './restart-situations.ts'
import type { Situation } from './situation.ts'
import { VIEW_SITUATIONS } from './view-situations.ts'

export const SITUATIONS: readonly Situation[] = [
  ...ORDERING_SITUATIONS,
  ...CHECKPOINT_SITUATIONS,
  ...VIEW_SITUATIONS,
  ...ORAL_SITUATIONS,
  ...RESTART_SITUATIONS,
  ...LEASE_SITUATIONS,
  ...OPERATION_SITUATIONS,
  ...ACCESS_SITUATIONS,
]

/** The situations that runs of a mode can reach. */
export const situationsOf = (mode: AuthenticationMode): readonly Situation[] =>
  SITUATIONS.filter((situation) => situation.mode === undefined || situation.mode === mode)
