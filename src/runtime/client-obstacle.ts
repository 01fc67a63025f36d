/** The reasons why a client sends no requests for now. */
import { isKeyShared, isKeyUsedUp, reservedLeft, type SessionState } from '../session/session.ts'

/**
 * The reason why a client sends no requests. `unplaced`: too few replicas reported the place of its timestamps.
 * `key-shared`: another process uses its key. `no-timestamps`: its reserved timestamps are used up and it cannot
 * reserve more.
 */
export type Obstacle = 'unplaced' | 'key-shared' | 'no-timestamps'

/** Returns the obstacle of a session; null if it may send. */
export function obstacleOf(state: SessionState): Obstacle | null {
  if (isKeyShared(state)) return 'key-shared'
  if (!state.place.isKnown) return 'unplaced'
  if (isKeyUsedUp(state)) return 'no-timestamps'
  return state.reserveAgainTick !== null && reservedLeft(state) === 0 ? 'no-timestamps' : null
}
