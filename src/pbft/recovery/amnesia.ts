/**
 * The healing of a replica that lost synced data, and the others' part in it: rule 6.4. Before the replica votes again,
 * a stable checkpoint covers everything that it may have voted for, and the others leave those views for good.
 */
import type { View } from '../../base/ids.ts'
import { COUNTER_MAX } from '../../messages/limits.ts'
import { logWindow } from '../checkpoints/watermarks.ts'
import { persist } from '../durability.ts'
import { voteForChoice } from '../ordering/normal-case.ts'
import { proposeBatches } from '../ordering/propose.ts'
import { startTimer } from '../ordering/requests.ts'
import { raiseReadFloor } from '../ordering/unordered-reads.ts'
import type { Turn } from '../state.ts'
import { startViewChange } from '../views/view-change.ts'
import { needsFill } from './recovery-operations.ts'
import { mayVote } from './recovery-state.ts'

/**
 * Leaves views in which an amnesiac replica may have voted, and heals this replica when it is ready. Called at each
 * tick.
 */
export function finishRecoveries(turn: Turn): void {
  const { state } = turn
  healIfReady(turn)
  if (!mayVote(state)) return // done once it may vote
  for (const [replica, { sequence, view }] of state.recovery.waiting) {
    if (sequence + logWindow(state) > state.checkpoints.lowWatermark) continue
    state.recovery.waiting.delete(replica)
    // f + 1 replicas that were never faulty leave view u + 1 for good. @rule 3.10
    if (state.views.view < view + 2) startViewChange(turn, (view + 2) as View)
  }
  fillUp(turn)
}

/**
 * Starts the timer, and proposes as primary, while a recovery waits for its checkpoint.
 * @rule 1.9 2.8
 */
function fillUp(turn: Turn): void {
  const { state } = turn
  if (needsFill(state)) {
    startTimer(state)
    proposeBatches(turn)
  } else if (state.requests.timer?.waitsFor === null) {
    state.requests.timer = null
    startTimer(state)
  }
}

/**
 * Ends amnesia: the replica votes again, in views above all those in which it may have voted before.
 * @rule 6.4
 */
function healIfReady(turn: Turn): void {
  const { state } = turn
  const executed = state.recovery.own?.executed ?? null
  if (state.recovery.health !== 'amnesiac' || executed === null) return
  const isHistory = executed.sequence + logWindow(state) <= state.checkpoints.lowWatermark
  if (!isHistory || state.ordering.lastExecuted < executed.sequence) return
  const view = (executed.view + 2) as View
  if (view > COUNTER_MAX) return // no view is above what it forgot
  state.recovery.health = 'sound'
  state.recovery.own = null
  raiseReadFloor(state, state.checkpoints.lowWatermark)
  persist(turn, { kind: 'healed', view })
  if (state.views.view < view) startViewChange(turn, view)
  else for (const slot of state.ordering.slots.values()) voteForChoice(turn, slot)
}
