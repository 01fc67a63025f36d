/** The view that a replica is in, and its primary: OSDI 1999 section 4, TOCS 2002 section 4.2. */

import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { primaryOf } from '../../base/quorum.ts'
import type { AnyNewView, AnyViewChange } from '../effects.ts'
import type { ReplicaState } from '../state.ts'

export interface ViewState {
  /** v: the view that the replica is in, or moves to. */
  view: View
  /**
   * True if the replica holds a valid NEW-VIEW of `view`; view 0 needs none. Between views it does not order batches.
   */
  isActive: boolean
  /** The VIEW-CHANGE of each replica for its highest view, this replica's included. */
  readonly viewChanges: (AnyViewChange | null)[]
  /** The NEW-VIEW that began the current view. */
  newView: AnyNewView | null
  /** maxSeq of that NEW-VIEW. Up to this number, pre-prepares are accepted from O only (rule 3.4). */
  lastChosen: Sequence
  /** For each primary, a view for which it signed an invalid NEW-VIEW. */
  readonly refutedViews: Map<ReplicaId, View>
  /** The view for which this replica made its VIEW-CHANGE. */
  announcedView: View
  /** The view for which this replica, as primary, made its NEW-VIEW. */
  madeNewView: View
  /** The tick since which Q VIEW-CHANGEs for the awaited view or above are held (rule 3.6). */
  viewChangeTick: number | null
}

export const createViewState = (n: number): ViewState => ({
  view: 0 as View,
  isActive: true,
  viewChanges: new Array(n).fill(null),
  newView: null,
  lastChosen: 0 as Sequence,
  refutedViews: new Map(),
  announcedView: 0 as View,
  madeNewView: 0 as View,
  viewChangeTick: null,
})

/** The primary of the current view. */
export const primary = (state: ReplicaState): ReplicaId => primaryOf(state.views.view, state.config.n)

/** True if this replica is the primary of the current view. */
export const isPrimary = (state: ReplicaState): boolean => primary(state) === state.config.id

/** True for a view that is not entered yet: a later one, or the current one before its NEW-VIEW. */
export const isAhead = (state: ReplicaState, view: View): boolean =>
  view > state.views.view || (view === state.views.view && !state.views.isActive)
