/** Small mistakes in the core, the runtime, the messages, the store and the gateway, each of which something must notice. */

import { ACCESS_MUTANTS } from './access-mutants.ts'
import { CHECKPOINT_MUTANTS } from './checkpoint-mutants.ts'
import { ETCD_MUTANTS } from './etcd-mutants.ts'
import { EVIDENCE_MUTANTS } from './evidence-mutants.ts'
import { GATEWAY_MUTANTS } from './gateway-mutants.ts'
import { ISOLATION_MUTANTS } from './isolation-mutants.ts'
import { KIND_MUTANTS } from './kind-mutants.ts'
import { LEASE_MUTANTS } from './lease-mutants.ts'
import { LOG_MUTANTS } from './log-mutants.ts'
import { MAC_MUTANTS } from './mac-mutants.ts'
import type { Mutant } from './mutant.ts'
import { ORAL_MUTANTS } from './oral-mutants.ts'
import { ORDERING_MUTANTS } from './ordering-mutants.ts'
import { PROOF_MUTANTS } from './proof-mutants.ts'
import { READ_MUTANTS } from './read-mutants.ts'
import { REQUEST_MUTANTS } from './request-mutants.ts'
import { RESTART_MUTANTS } from './restart-mutants.ts'
import { SLOW_PRIMARY_MUTANTS } from './slow-primary-mutants.ts'
import { STORE_MUTANTS } from './store-mutants.ts'
import { UNSYNCED_VOTE_MUTANTS } from './unsynced-vote-mutants.ts'
import { VIEW_CHANGE_MUTANTS } from './view-change-mutants.ts'

export const MUTANTS: readonly Mutant[] = [
  ...REQUEST_MUTANTS,
  ...ORDERING_MUTANTS,
  ...EVIDENCE_MUTANTS,
  ...CHECKPOINT_MUTANTS,
  ...VIEW_CHANGE_MUTANTS,
  ...ORAL_MUTANTS,
  ...MAC_MUTANTS,
  ...KIND_MUTANTS,
  ...SLOW_PRIMARY_MUTANTS,
  ...RESTART_MUTANTS,
  ...UNSYNCED_VOTE_MUTANTS,
  ...LOG_MUTANTS,
  ...ISOLATION_MUTANTS,
  ...GATEWAY_MUTANTS,
  ...ETCD_MUTANTS,
  ...STORE_MUTANTS,
  ...LEASE_MUTANTS,
  ...ACCESS_MUTANTS,
  ...READ_MUTANTS,
  ...PROOF_MUTANTS,
]
