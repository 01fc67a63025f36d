/**
 * Decisions that other replicas report. There is no certificate to show, so W replicas must say the same: one of them is
 * correct. Keeps rule 4.8, and with it what 1.4, 2.8 and 6.4 need of decisions.
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
 * One replica's word that a batch was decided. W that say the same decide it here.
 * @rule 4.8
 */
export function onDecisionClaim(turn: Turn, decision: Verified<Decision>): void {
  const { state } = turn
  const { sender, sequence, view, digest, batch } = decision
  // Whatever else it claims, the digest vouches for the batch.
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
 * u of rule 6.4 is the latest view that one of them names: a correct one names no view before that of some quorum's
 * COMMITs, and none of them was let name a view that fewer than W have reached.
 */
function decideByClaims(slot: Slot, digest: Uint8Array, n: number): void {
  const { sequence } = slot
  const equal = (slot.claims ?? []).filter((claim) => equalBytes(claim.digest, digest))
  if (equal.length < weakQuorum(n)) return
  const view = Math.max(...equal.map((claim) => claim.view)) as View
  slot.decided = equal.map(({ sender }) => claimedCommit({ sender, view, sequence, digest }))
}

/**
 * W replicas vote for the next batch, and it is not decided here in all this time. Where it was decided
 * nobody can show it, and its client may have its answer, so nothing else would ever bring it here: the next view does.
 * Not before ordering could have taken so long: who leaves a view alone is brought level by the word of W, batch by batch.
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
