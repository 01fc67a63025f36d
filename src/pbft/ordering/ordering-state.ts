/** The open sequence numbers, their batches, and how far execution came: TOCS 2002 section 4.3. */

import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import type { Batch, PrePrepare, PreparedCertificate, Verified } from '../../messages/message.ts'
import { logWindow } from '../checkpoints/watermarks.ts'
import type { ReplicaState } from '../state.ts'
import { EarlyMessages } from './early-messages.ts'
import { OpenBatches } from './open-batches.ts'
import { createSlot, hasDecidedBatch, type Slot } from './slot.ts'

export interface OrderingState {
  /** The open sequence numbers: above `lastExecuted`. */
  readonly slots: Map<Sequence, Slot>
  /** The batches of `slots` that are not executed. */
  readonly batches: OpenBatches
  /** Pre-prepares whose time is too far from this replica's clock (rule 1.2). One per sequence number. */
  readonly heldBack: Map<Sequence, Verified<PrePrepare>>
  /** Messages of views that are not entered yet. */
  readonly early: EarlyMessages
  /** P: the prepared certificate of the highest view for each sequence number above h. */
  readonly preparedCertificates: Map<Sequence, PreparedCertificate>
  /** The highest sequence number that this replica proposed or accepted. */
  lastProposed: Sequence
  /** The last batch handed to the application, and the last one that it reported as executed. */
  lastHandedOver: Sequence
  lastExecuted: Sequence
  /**
   * The tick at which a batch was last executed, and at which one was that this replica had accepted itself; 0 if none
   * was since the start.
   */
  executedTick: number
  orderedTick: number
  /** The batch that was being executed at the last tick; null when none was. */
  executingAtTick: Sequence | null
}

/** Creates the state. `reached` is the sequence number of the state at the start, `known` that of its certificate. */
export const createOrderingState = (n: number, reached: Sequence, known: Sequence): OrderingState => ({
  slots: new Map(),
  batches: new OpenBatches(),
  heldBack: new Map(),
  early: new EarlyMessages(n),
  preparedCertificates: new Map(),
  lastProposed: known,
  lastHandedOver: reached,
  lastExecuted: reached,
  executedTick: 0,
  orderedTick: 0,
  executingAtTick: null,
})

/** True if the batch of `sequence` was handed to the application. */
export const isHandedOver = (state: ReplicaState, sequence: Sequence): boolean =>
  sequence <= state.ordering.lastHandedOver

/** True if a decision may be kept until it is executed. Two log windows bound the memory, wherever h is. */
export const isDecisionInReach = (state: ReplicaState, sequence: Sequence): boolean =>
  !isHandedOver(state, sequence) && sequence <= state.ordering.lastHandedOver + 2 * logWindow(state)

/** True if a decision for `sequence` is new here and may be kept. */
export function isDecisionOpen(state: ReplicaState, sequence: Sequence): boolean {
  const slot = state.ordering.slots.get(sequence)
  return isDecisionInReach(state, sequence) && (slot === undefined || !hasDecidedBatch(slot))
}

/** Returns the slot of a sequence number, and creates it if it is missing. */
export function openSlot(state: ReplicaState, sequence: Sequence): Slot {
  let slot = state.ordering.slots.get(sequence)
  if (slot === undefined) {
    slot = createSlot(sequence, state.config.n, state.clock.ticks)
    state.ordering.slots.set(sequence, slot)
  }
  return slot
}

/** Returns the batch with this digest if this replica holds it for the sequence number, or if it is the null batch. */
export function findBatch(state: ReplicaState, sequence: Sequence, digest: Uint8Array): Batch | null {
  return equalBytes(digest, state.nullBatch.digest)
    ? state.nullBatch
    : state.ordering.batches.find(sequence, digest)
}

/** True if the batch with this digest is in the log: held, executed, or the null batch. */
export function hasBatch(state: ReplicaState, slot: Slot, digest: Uint8Array): boolean {
  if (slot.executed !== null) return equalBytes(slot.executed, digest)
  return findBatch(state, slot.sequence, digest) !== null
}

/** Returns the digest of the batch that a slot needs to advance; null if it needs none. */
export function lackingDigest(state: ReplicaState, slot: Slot): Uint8Array | null {
  if (hasDecidedBatch(slot)) return null
  const digest = slot.decided?.[0]?.digest ?? slot.accepted?.digest ?? null
  return digest !== null && !hasBatch(state, slot, digest) ? digest : null
}

/** True if the slot of this sequence number waits for the batch with this digest. */
export function isSlotLacking(state: ReplicaState, sequence: Sequence, digest: Uint8Array): boolean {
  const slot = state.ordering.slots.get(sequence)
  const lacking = slot === undefined ? null : lackingDigest(state, slot)
  return lacking !== null && equalBytes(lacking, digest)
}

/**
 * True if this replica needs the batch to make its NEW-VIEW.
 * @rule 4.5
 */
export const isAwaitedBatch = (state: ReplicaState, sequence: Sequence, digest: Uint8Array): boolean =>
  state.mode.awaitedBatches(state).some((one) => one.sequence === sequence && equalBytes(one.digest, digest))

/** True if a slot, or the NEW-VIEW that this replica makes, needs the batch with this digest. */
export const isBatchLacking = (state: ReplicaState, sequence: Sequence, digest: Uint8Array): boolean =>
  isAwaitedBatch(state, sequence, digest) || isSlotLacking(state, sequence, digest)
