/** The view that a replica is in, and its primary: OSDI 1999 section 4, TOCS 2002 section 4.2. */
import type { ReplicaId, View } from '../../base/ids.ts'
import { primaryOf } from '../../base/quorum.ts'
import type { ReplicaState } from '../state.ts'

/** The primary of the current view. */
export const primary = (state: ReplicaState): ReplicaId => primaryOf(state.view, state.config.n)

/** True if this replica leads the current view. */
export const isPrimary = (state: ReplicaState): boolean => primary(state) === state.config.id

/** True for a view that is not entered yet: a later one, or the current one before its NEW-VIEW. */
export const isAhead = (state: ReplicaState, view: View): boolean =>
  view > state.view || (view === state.view && !state.isActive)
