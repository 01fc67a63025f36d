/** The open sequence numbers, their batches, and how far execution came: TOCS 2002 section 4.3. */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import type { Batch } from '../../messages/message.ts'
import { logWindow } from '../checkpoints/watermarks.ts'
import type { ReplicaState } from '../state.ts'
import { createSlot, type Slot } from './slot.ts'

/** True if the batch of `sequence` was handed to the application. */
export const isHandedOver = (state: ReplicaState, sequence: Sequence): boolean =>
  sequence <= state.lastHandedOver

/** True if a decision may be held until it is executed: two windows of them bound the room, wherever h is. */
export const isDecisionInReach = (state: ReplicaState, sequence: Sequence): boolean =>
  !isHandedOver(state, sequence) && sequence <= state.lastHandedOver + 2 * logWindow(state)

/** The slot of a sequence number, opened when it is new. */
export function openSlot(state: ReplicaState, sequence: Sequence): Slot {
  let slot = state.slots.get(sequence)
  if (slot === undefined) {
    slot = createSlot(sequence, state.config.n, state.ticks)
    state.slots.set(sequence, slot)
  }
  return slot
}

/** The batch with this digest, if it is here: held for its sequence number, or the null batch. */
export function findBatch(state: ReplicaState, sequence: Sequence, digest: Uint8Array): Batch | null {
  return equalBytes(digest, state.nullBatch.digest) ? state.nullBatch : state.batches.find(sequence, digest)
}

/** True if the batch with this digest is in the log: held, executed, or the null batch. */
export function hasBatch(state: ReplicaState, slot: Slot, digest: Uint8Array): boolean {
  if (slot.executed !== null) return equalBytes(slot.executed, digest)
  return findBatch(state, slot.sequence, digest) !== null
}
