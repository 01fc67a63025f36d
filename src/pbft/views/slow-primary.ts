/**
 * A primary that is slow on purpose, unfair to a client, or convicted of lying, and stays just within the timer. Keeps
 * rule 5.4.
 *
 * Each replica judges by what it sees itself, and states its complaint in STATUS. Only when W complain of one
 * view does anybody leave it, so that one of them is correct and nobody leaves alone. The primary is then on the
 * blacklist, and the next change from a view that works passes it by.
 *
 * That nothing better is to be had is known once f + 1 primaries are no better than one another: then what the best of
 * them delivers is what counts from then on, and patience is doubled. So machines that become slower cost f view changes.
 */
import { weakQuorum } from '../../base/quorum.ts'
import type { Complaint } from '../../messages/message.ts'
import { COMPLAINT_TICKS } from '../parameters.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { complain } from './primary-observation.ts'
import { startViewChange, viewAfter } from './view-change.ts'
import { isPrimary, primary } from './view-state.ts'

/**
 * At each tick: judges the primary, and leaves it when W replicas complain.
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
  // No more is kept against it, so nothing new is to be waited for. @rule 1.5
  if (state.evidence.isFull(primary(state))) complain(state, 'equivocating', null)
  const { discontent, complaint } = complaintsOf(state)
  if (complaint === null || discontent < weakQuorum(state.config.n)) return
  complain(state, complaint, null) // what the others say is said by this one too now
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
 * The number of replicas that want the current view to end, and why. A replica that left it already is one of them.
 * This replica's complaint counts only once STATUS has sent it: the others must be able to count as many.
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
