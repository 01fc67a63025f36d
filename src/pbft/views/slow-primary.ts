/**
 * The replacement of a primary that is slow on purpose, unfair to a client, or convicted of equivocation, yet stays
 * just under the timeout. Keeps rule 5.4.
 *
 * Each replica judges by its own observations and states its complaint in STATUS. It leaves the view only when W
 * replicas complain about it: one of them is correct, and no replica leaves alone. The primary is then blacklisted, and
 * the next change from a working view skips it.
 *
 * If f + 1 primaries are no better than one another, the machines allow nothing better. The best of these primaries
 * then becomes the reference, and patience is doubled. Machines that become slower therefore cost f view changes.
 */
import { weakQuorum } from '../../base/quorum.ts'
import type { Complaint } from '../../messages/message.ts'
import { COMPLAINT_TICKS } from '../parameters.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { complain } from './primary-observation.ts'
import { startViewChange, viewAfter } from './view-change.ts'
import { isPrimary, primary } from './view-state.ts'

/**
 * Judges the primary and leaves it if W replicas complain. Called at each tick.
 * @rule 5.4
 */
export function checkPrimary(turn: Turn): void {
  const { state } = turn
  const { ticks } = state.clock
  const { blacklist } = state.suspicion
  blacklist.expire(ticks)
  if (
    !state.views.isActive ||
    state.recovery.health !== 'sound' ||
    state.recovery.recall !== null ||
    isPrimary(state)
  )
    return
  if (state.suspicion.complaint !== null && ticks - state.suspicion.complaint.tick >= COMPLAINT_TICKS)
    state.suspicion.complaint = null
  judge(state)
  // Further evidence against it would not be kept, so there is nothing to wait for. @rule 1.5
  if (state.evidence.isFull(primary(state))) complain(state, 'equivocating', null)
  const { discontent, complaint } = complaintsOf(state)
  if (complaint === null || discontent < weakQuorum(state.config.n)) return
  complain(state, complaint, null) // joins the others' complaint
  startViewChange(turn, viewAfter(state))
}

function judge(state: ReplicaState): void {
  const { monitor, blacklist } = state.suspicion
  const verdict = monitor.tick(state.clock.ticks)
  if (verdict === null || !verdict.isDue) return
  const { fault, figures } = verdict
  if (blacklist.isFull && !blacklist.has(primary(state))) {
    const best = [...blacklist.figures, figures].reduce((a, b) => (b.delivered > a.delivered ? b : a))
    monitor.lowerReference(best)
    blacklist.acquit((each) => monitor.faultOf(each) === null)
    if (monitor.faultOf(figures) === null) return
  }
  complain(state, fault, figures)
}

/**
 * Counts the replicas that want the current view to end, and returns their reason. A replica that already left the view
 * is counted. This replica's own complaint counts only after STATUS has sent it, so that the others can count it too.
 */
function complaintsOf(state: ReplicaState): {
  readonly discontent: number
  readonly complaint: Complaint | null
} {
  const { complaint: own } = state.suspicion
  const { peers } = state.catchUp
  const { view } = state.views
  const isTold = own !== null && own.tick < state.clock.ticks
  let discontent = isTold ? 1 : 0
  let complaint = isTold ? own.complaint : null
  for (const peer of peers) {
    if (peer.view > view) discontent++
    else if (peer.view === view && peer.isActive && peer.complaint !== null) {
      discontent++
      complaint ??= peer.complaint
    }
  }
  return { discontent, complaint }
}
