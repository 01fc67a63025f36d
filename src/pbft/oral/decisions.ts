/**
 * Decisions that other replicas report. No certificate can be shown, so W replicas must report the same one: one of
 * them is correct. Keeps rule 4.8, and with it what rules 1.4, 2.8 and 6.4 require of decisions.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import { weakQuorum } from '../../base/quorum.ts'
import type { Decision, Verified } from '../../messages/message.ts'
import { claimedCommit } from '../../messages/oral/inferred-messages.ts'
import { onBatchDelivery } from '../catch-up/retransmission.ts'
import { decideBatch, hasRoomFor } from '../ordering/normal-case.ts'
import { findBatch, isBatchLacking, isDecisionInReach, openSlot } from '../ordering/ordering-state.ts'
import { hasDecidedBatch, isDecidedAs, type Slot, votersOf } from '../ordering/slot.ts'
import { STUCK_TIMEOUTS } from '../parameters.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { timeoutFloor } from '../views/patience.ts'
import { viewReached } from './acknowledgements.ts'

/**
 * Handles one replica's claim that a batch was decided. W equal claims decide it here.
 * @rule 4.8
 */
export function onDecisionClaim(turn: Turn, decision: Verified<Decision>): void {
  const { state } = turn
  const { sender, sequence, view, digest, batch } = decision
  // The digest vouches for the batch, even if the other claims are false.
  if (isBatchLacking(state, sequence, digest)) onBatchDelivery(turn, { sequence, batch })
  if (!isDecisionInReach(state, sequence) || view > viewReached(state)) return
  const slot = openSlot(state, sequence)
  const claims = slot.claims ?? []
  slot.claims = [...claims.filter((claim) => claim.sender !== sender), { sender, view, digest }]
  if (slot.decided === null) decideByClaims(slot, digest, state.config.n)
  if (slot.decided === null || hasDecidedBatch(slot) || !isDecidedAs(slot, digest)) return
  if (findBatch(state, sequence, digest) === null && !hasRoomFor(state, sequence, batch)) return
  decideBatch(turn, slot, batch)
}

/**
 * Decides a batch by W equal claims. The latest view that one of them names becomes u of rule 6.4. A correct claimant
 * names no view before that of some quorum's COMMITs, and a claim is refused if it names a view that fewer than W have
 * reached.
 */
function decideByClaims(slot: Slot, digest: Uint8Array, n: number): void {
  const { sequence } = slot
  const equal = (slot.claims ?? []).filter((claim) => equalBytes(claim.digest, digest))
  if (equal.length < weakQuorum(n)) return
  const view = Math.max(...equal.map((claim) => claim.view)) as View
  slot.decided = equal.map(({ sender }) => claimedCommit({ sender, view, sequence, digest }))
}

/**
 * True if W replicas vote for the next batch but it stays undecided here for `STUCK_TIMEOUTS` periods. The others may
 * have decided it and answered its client, and none can show the decision. Only the next view then brings it here. The
 * wait is long enough for ordering itself, since a replica that leaves a view alone must catch up by W claims for each
 * batch.
 *
 * @rule 4.8 1.9
 */
export function isOrderingStuck(state: ReplicaState): boolean {
  const sequence = (state.ordering.lastExecuted + 1) as Sequence
  const { oral } = state
  const { ticks } = state.clock
  if (oral.next.sequence !== sequence) oral.next = { sequence, tick: ticks }
  const slot = state.ordering.slots.get(sequence)
  if (slot === undefined || slot.decided !== null) return false
  if (votersOf(slot) < weakQuorum(state.config.n)) return false
  const patience = Math.max(state.patience.timeoutTicks, timeoutFloor(state.patience))
  return ticks - Math.max(slot.openedTick, oral.next.tick) >= STUCK_TIMEOUTS * patience
}
