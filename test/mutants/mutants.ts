/** Small mistakes in the core, the runtime, the messages and the store, each of which something must notice. */
import { CHECKPOINT_MUTANTS } from './checkpoint-mutants.ts'
import { EVIDENCE_MUTANTS } from './evidence-mutants.ts'
import type { Mutant } from './mutant.ts'
import { NORMAL_CASE_MUTANTS } from './normal-case-mutants.ts'
import { RESTART_MUTANTS } from './restart-mutants.ts'
import { VIEW_CHANGE_MUTANTS } from './view-change-mutants.ts'

export const MUTANTS: readonly Mutant[] = [
  ...NORMAL_CASE_MUTANTS,
  ...EVIDENCE_MUTANTS,
  ...CHECKPOINT_MUTANTS,
  ...VIEW_CHANGE_MUTANTS,
  ...RESTART_MUTANTS,
]
