/**
 * Leaving a view: OSDI 1999 section 4.4, TOCS 2002 section 4.5. Keeps rules 3.1, 3.2 and 3.6 to 3.8.
 *
 *   active in v --timer, join, refuted--> waits for v' --NEW-VIEW(v')--> active in v'      (new-view.ts)
 *                                         \--no NEW-VIEW in time--> waits for v' + 1
 */
import { assert } from '../../base/assert.ts'
import type { ReplicaId, View } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import { primaryOf, quorum, rankedLargest, weakQuorum } from '../../base/quorum.ts'
import { checkpointCertificateFault, preparedCertificateFault } from '../../messages/certificate.ts'
import type { ViewChangeContent } from '../../messages/content.ts'
import { COUNTER_MAX, logWindowOf } from '../../messages/limits.ts'
import type { Verified, ViewChange } from '../../messages/message.ts'
import type { RejectionReason } from '../../messages/rejection.ts'
import { dropWithheldOfOldViews, persistThenBroadcast } from '../durability.ts'
import { isLeaseTimerExpired } from '../ordering/clock-batches.ts'
import { reject } from '../ordering/normal-case.ts'
import { isTimerExpired } from '../ordering/requests.ts'
import { clearView } from '../ordering/slot.ts'
import { hasPrimaryLeft } from '../ordering/unsynced-votes.ts'
import { TIMEOUT_TICKS_MAX } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaConfig, ReplicaState, Turn } from '../state.ts'
import { isAhead, primary } from './view-state.ts'

/**
 * Leaves the current view for a later one, and sends VIEW-CHANGE once its record is on disk. No view follows the
 * largest that a message may name. Only f + 1 faulty replicas can lead there, and a replica that persisted a later view
 * could not read its own log.
 * @rule 3.1 3.8 3.13
 */
export function startViewChange(turn: Turn, view: View): void {
  const { state } = turn
  if (view > COUNTER_MAX) return
  assert(view > state.views.view, 'a view change leads to a later view')
  // A view that served no request doubles the timeout of the next one. @rule 3.6
  if (state.patience.progress === 0 && state.views.view > 0) {
    state.patience.timeoutTicks = Math.min(2 * state.patience.timeoutTicks, TIMEOUT_TICKS_MAX)
  }
  const { complaint: blame } = state.suspicion
  // A complaint counts, no matter what ends the view. @rule 5.4
  if (blame !== null)
    state.suspicion.blacklist.add({ ...blame, replica: primary(state), tick: state.clock.ticks })
  leaveViewFor(state, view)
  announceView(turn)
  joinIfOthersMoved(turn)
}

/**
 * Sends VIEW-CHANGE for the awaited view, unless it was made already. Waits if this replica may not vote yet.
 * @rule 3.1
 */
export function announceView(turn: Turn): void {
  const { state } = turn
  if (state.views.isActive || state.views.announcedView >= state.views.view || !mayVote(state)) return
  state.views.announcedView = state.views.view
  const content = state.mode.viewChangeContent(state)
  persistThenBroadcast(turn, { record: { kind: 'view-change', content }, outgoing: content })
}

/**
 * Returns VIEW-CHANGE(v', h, C, P): P holds the certificate of the highest view for each s in (h, h + L].
 * @rule 3.1
 */
export function viewChangeContent({
  views: { view },
  checkpoints: { stable },
  ordering: { preparedCertificates },
}: ReplicaState): ViewChangeContent {
  const certificates = [...preparedCertificates.values()]
  certificates.sort((a, b) => a.prePrepare.sequence - b.prePrepare.sequence)
  return { kind: 'view-change', view, stable, preparedCertificates: certificates }
}

/** Moves to `view` and forgets the state of the old view, except for P, decisions and batches. */
export function leaveViewFor(state: ReplicaState, view: View): void {
  state.mode.leaveView(state, view)
  state.views.view = view
  state.views.isActive = false
  state.views.newView = null
  state.views.lastChosen = state.checkpoints.lowWatermark
  state.views.viewChangeTick = null
  state.patience.progress = 0
  state.patience.unawaitedBatches = 0
  state.patience.timeoutTicksAtEntry = state.patience.timeoutTicks
  state.requests.timer = null
  state.leases.overdueTick = null
  state.suspicion.complaint = null
  state.ordering.heldBack.clear()
  state.requests.waiting.forgetProposals()
  for (const slot of state.ordering.slots.values()) clearView(slot, state.clock.ticks)
  dropWithheldOfOldViews(state)
}

/**
 * Handles a VIEW-CHANGE of any replica, this one included.
 * @rule 3.2 3.7
 */
export function onViewChange(turn: Turn, viewChange: Verified<ViewChange>, from: Peer): void {
  const { state } = turn
  const fault = viewChangeFault(viewChange, state.config)
  if (fault !== null) return reject(turn, viewChange, from, fault)
  // Only the latest VIEW-CHANGE of each replica counts. A second one for the same view is no evidence, since a healed
  // replica may send one (6.4).
  if (!isLatest(state, viewChange)) return
  state.views.viewChanges[viewChange.sender] = viewChange
  joinIfOthersMoved(turn)
  awaitNewView(turn)
}

/** True if a VIEW-CHANGE is for a later view than the one already held from its sender. */
export function isLatest(
  { views: { viewChanges } }: ReplicaState,
  { sender, view }: { readonly sender: ReplicaId; readonly view: View },
): boolean {
  const known = viewChanges[sender] ?? null
  return known === null || known.view < view
}

/**
 * True if a VIEW-CHANGE can still change the state. Takes its header only: called before its body is decoded.
 * @rule 3.12
 */
export const isViewChangeRelevant = (
  state: ReplicaState,
  head: Pick<ViewChange, 'sender' | 'view'>,
): boolean => isLatest(state, head) && isAhead(state, head.view)

/**
 * Returns the first fault of a VIEW-CHANGE, or null. One fault invalidates all of it. Signatures were checked before.
 * @rule 3.2
 */
export function viewChangeFault(
  { view, stable, preparedCertificates }: ViewChange,
  { n, checkpointInterval }: Pick<ReplicaConfig, 'n' | 'checkpointInterval'>,
): RejectionReason | null {
  if (view === 0) return 'view-change-for-an-old-view'
  const fault = checkpointCertificateFault(stable, { n, checkpointInterval })
  if (fault !== null) return fault
  let last = stable.sequence
  for (const certificate of preparedCertificates) {
    const { prePrepare } = certificate
    if (prePrepare.view >= view) return 'prepared-certificate-not-older'
    if (prePrepare.sequence <= last) return 'prepared-certificates-out-of-order'
    if (prePrepare.sequence > stable.sequence + logWindowOf(checkpointInterval))
      return 'prepared-certificate-outside-window'
    const bad = preparedCertificateFault(certificate, n)
    if (bad !== null) return bad
    last = prePrepare.sequence
  }
  return null
}

/**
 * Moves at once to the W-th largest view of the other replicas, if it is above the current view.
 * @rule 3.7
 */
export function joinIfOthersMoved(turn: Turn): void {
  const { state } = turn
  const { id, n } = state.config
  if (!mayVote(state)) return
  const views = state.views.viewChanges
    .filter((_, sender) => sender !== id)
    .map((one) => one?.view ?? (0 as View))
  const joined = rankedLargest(views, weakQuorum(n))
  if (joined > state.views.view) startViewChange(turn, joined)
}

/**
 * Starts T once Q VIEW-CHANGEs for the awaited view or above are held. If the view is refuted, leaves it instead.
 * @rule 3.6 3.4
 */
export function awaitNewView(turn: Turn): void {
  const { state } = turn
  if (state.views.isActive || !mayVote(state) || movedTo(state, state.views.view) < quorum(state.config.n))
    return
  state.views.viewChangeTick ??= state.clock.ticks
  if (state.views.refutedViews.get(primary(state)) === state.views.view)
    startViewChange(turn, (state.views.view + 1) as View)
}

/**
 * Returns the next view whose primary is not blacklisted. Skips at most f primaries.
 * @rule 5.4
 */
export function viewAfter({ views: { view }, suspicion: { blacklist }, config }: ReplicaState): View {
  let next = view + 1
  while (blacklist.has(primaryOf(next as View, config.n))) next++
  return next as View
}

/** Returns the number of replicas that sent VIEW-CHANGE for this view or above. */
const movedTo = (state: ReplicaState, view: View): number =>
  state.views.viewChanges.filter((one) => one !== null && one.view >= view).length

/**
 * Ends the view if a request was not executed or a lease not ended in time, or the NEW-VIEW did not arrive in time. Called at each tick.
 * @rule 1.9 3.6
 */
export function checkTimers(turn: Turn): void {
  const { state } = turn
  if (!mayVote(state)) return
  announceView(turn)
  if (state.config.hasUnsyncedVotes === true) state.mode.advanceViewChange(turn) // a batch may have been executed
  if (state.views.isActive) {
    if (hasPrimaryLeft(state)) return startViewChange(turn, viewAfter(state))
    if (state.mode.isOrderingStuck(state)) return startViewChange(turn, viewAfter(state))
    if (isLeaseTimerExpired(state)) return startViewChange(turn, viewAfter(state))
    if (!isTimerExpired(state)) return
    state.requests.stalledSince ??= state.requests.timer?.startedAt ?? state.clock.now
    startViewChange(turn, viewAfter(state))
  } else if (
    state.views.viewChangeTick !== null &&
    state.clock.ticks - state.views.viewChangeTick >= state.patience.timeoutTicks
  ) {
    // A view that never began is followed by the next primary even if blacklisted, or none might be left. @rule 5.4
    startViewChange(turn, (state.views.view + 1) as View)
  }
}
