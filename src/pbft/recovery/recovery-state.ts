/** The health of a replica: whether its disk kept what it promised. Keeps rule 6.4. */
import type { ReplicaState } from '../state.ts'

/**
 * True if it may send PRE-PREPARE, PREPARE, COMMIT, CHECKPOINT, VIEW-CHANGE and NEW-VIEW.
 * @rule 6.4
 */
export const mayVote = (state: ReplicaState): boolean => state.health === 'sound' && state.recall === null
