/** Decisions with their certificates, which any replica may relay. Keeps rule 1.4. */
import type { Decision, Verified } from '../../messages/message.ts'
import { decideBatch, hasRoomFor } from '../ordering/normal-case.ts'
import { findBatch, isDecisionOpen, openSlot } from '../ordering/ordering-state.ts'
import type { Turn } from '../state.ts'

/**
 * Handles a decision whose certificate was checked. It overrides the pre-prepare that this replica accepted.
 * @rule 1.4
 */
export function onDecision(turn: Turn, decision: Verified<Decision>): void {
  const { state } = turn
  const { sequence, digest, batch } = decision
  if (!isDecisionOpen(state, sequence)) return
  if (findBatch(state, sequence, digest) === null && !hasRoomFor(state, sequence, batch)) return
  const slot = openSlot(state, sequence)
  slot.decided ??= decision.commits
  decideBatch(turn, slot, decision.batch)
}
