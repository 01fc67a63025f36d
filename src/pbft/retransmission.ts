/**
 * Links lose messages when they break: every replica says what it has, and whoever sees a difference sends what the
 * other lacks or asks for what it lacks itself. TOCS 2002 section 5.2. Keeps rule 1.11.
 */

import { equalBytes } from '../base/bytes.ts'
import type { ReplicaId, Sequence } from '../base/ids.ts'
import { weakQuorum } from '../base/quorum.ts'
import type { StatusContent } from '../messages/content.ts'
import type { BatchDelivery, Decision, Fetch, Status, Verified } from '../messages/message.ts'
import { hasRoomFor, settle } from './normal-case.ts'
import {
  FETCHES_MAX,
  RESEND_AFTER_TICKS,
  SERVED_DECISIONS_MAX,
  STATUS_BUSY_TICKS,
  STATUS_IDLE_TICKS,
} from './parameters.ts'
import { isDecidedAs, openSince, type Slot } from './slot.ts'
import { isInWindow, isPrimary, openSlot, type ReplicaState, type Step } from './state.ts'

/** Says at each tick what there is to say. // PBFT-1.11 */
export function speakUp(step: Step): void {
  const { state, effects } = step
  if (state.ticks - state.lastStatusTick >= STATUS_IDLE_TICKS) {
    state.lastStatusTick = state.ticks
    effects.push({ kind: 'broadcast', outgoing: statusOf(state) })
    return
  }
  if (state.ticks % STATUS_BUSY_TICKS !== 0) return
  fetchDecidedBatches(step)
  const ahead = peersAhead(state)
  // Fewer than W who claim to be ahead may all be lying: they do not keep what is overdue from being asked of all.
  const isBehind = ahead.length >= weakQuorum(state.config.n)
  if (!isBehind && hasOverdueSlot(state)) {
    effects.push({ kind: 'broadcast', outgoing: statusOf(state) })
  } else if (ahead.length > 0) {
    // One peer at a time: each would send the same decisions. A faulty one costs its turn.
    const turn = Math.floor(state.ticks / STATUS_BUSY_TICKS) % ahead.length
    effects.push({ kind: 'send', to: ahead[turn] as ReplicaId, outgoing: statusOf(state) })
  }
}

/** What this replica has, as STATUS tells it. */
export function statusOf(state: ReplicaState): StatusContent {
  const { view, lowWatermark, lastExecuted } = state
  const last = Math.max(lastExecuted, ...state.slots.keys())
  const size = Math.ceil((last - lastExecuted) / 8)
  const accepted = new Uint8Array(size)
  const prepared = new Uint8Array(size)
  const committed = new Uint8Array(size)
  for (const [sequence, slot] of state.slots) {
    const bit = sequence - lastExecuted - 1
    if (slot.accepted !== null || slot.decidedBatch !== null) setBit(accepted, bit)
    if (slot.prepared !== null) setBit(prepared, bit)
    if (slot.decided !== null) setBit(committed, bit)
  }
  return { kind: 'status', view, lowWatermark, lastExecuted, accepted, prepared, committed }
}

/** A peer says what it has. // PBFT-1.11 */
export function onStatus(step: Step, status: Verified<Status>): void {
  const { state, effects } = step
  const peer = state.peers[status.sender]
  if (peer === undefined || status.sender === state.config.id) return
  peer.lastExecuted = status.lastExecuted
  if (hasMore(state, status) && state.ticks - peer.toldTick >= STATUS_BUSY_TICKS) {
    peer.toldTick = state.ticks
    effects.push({ kind: 'send', to: status.sender, outgoing: statusOf(state) })
  }
  if (state.ticks - peer.servedTick < STATUS_BUSY_TICKS) return
  peer.servedTick = state.ticks
  serveDecisions(step, status)
  resendVotes(step, status)
}

/** Whether a peer has what this replica lacks: it will send it when it hears what there is here. */
function hasMore(state: ReplicaState, status: Status): boolean {
  if (status.lastExecuted > state.lastExecuted) return true
  for (let bit = 0; bit < status.accepted.length * 8; bit++) {
    const slot = state.slots.get((status.lastExecuted + 1 + bit) as Sequence)
    const isPast = status.lastExecuted + 1 + bit <= state.lastExecuted
    if (!isPast && hasBit(status.accepted, bit) && (slot?.accepted ?? null) === null) return true
  }
  return false
}

function serveDecisions({ state, effects }: Step, status: Status): void {
  const last = Math.min(state.lastExecuted, status.lastExecuted + SERVED_DECISIONS_MAX)
  const sequences: Sequence[] = []
  for (let sequence = status.lastExecuted + 1; sequence <= last; sequence++) {
    sequences.push(sequence as Sequence)
  }
  if (sequences.length > 0) effects.push({ kind: 'serve', to: status.sender, sequences })
}

/** Sends the own votes, and pre-prepares, that the peer lacks for slots which have been open for a while. */
function resendVotes(step: Step, status: Status): void {
  if (status.view !== step.state.view) return
  for (const [sequence, slot] of step.state.slots) {
    const age = step.state.ticks - slot.acceptedTick
    if (sequence <= status.lastExecuted || age < RESEND_AFTER_TICKS) continue
    resendSlot(step, slot, status)
  }
}

function resendSlot({ state, effects }: Step, slot: Slot, status: Status): void {
  const to = status.sender
  const bit = slot.sequence - status.lastExecuted - 1
  const send = (message: Parameters<typeof relayed>[0]) =>
    effects.push({ kind: 'send', to, outgoing: relayed(message) })
  const isOld = state.ticks - slot.acceptedTick >= 3 * RESEND_AFTER_TICKS
  // The primary's signature lets anyone pass its pre-prepare on; backups do when the primary evidently does not.
  const mayRelay = isPrimary(state) || isOld
  if (slot.accepted !== null && slot.isAcceptedDurable && mayRelay && !hasBit(status.accepted, bit)) {
    send(slot.accepted)
  }
  const prepare = slot.prepares[state.config.id] ?? null
  if (prepare !== null && !hasBit(status.prepared, bit)) send(prepare)
  const commit = slot.commits[state.config.id] ?? null
  if (commit !== null && !hasBit(status.committed, bit)) send(commit)
}

const relayed = (message: NonNullable<Slot['accepted'] | Slot['prepares'][number]>) =>
  ({ kind: 'relayed', message }) as const

/** A decision with its certificate, checked: it decides whatever was accepted here. // PBFT-1.4 */
export function onDecision(step: Step, decision: Verified<Decision>): void {
  const { state } = step
  if (!isInWindow(state, decision.sequence)) return
  const slot = openSlot(state, decision.sequence)
  const isHeld = slot.accepted !== null && equalBytes(slot.accepted.digest, decision.digest)
  if (!isHeld && !hasRoomFor(state, decision.sequence, decision.batch)) return
  slot.decided ??= decision.commits
  settle(step, slot, decision.batch)
}

/** Asks everybody for the batches that were decided and are not here. // PBFT-1.4 */
function fetchDecidedBatches({ state, effects }: Step): void {
  const lacking = [...state.slots.values()]
    .filter(({ decided, decidedBatch }) => decided !== null && decidedBatch === null)
    .sort((a, b) => a.sequence - b.sequence)
  for (const { sequence, decided } of lacking.slice(0, FETCHES_MAX)) {
    const digest = decided?.[0]?.digest
    if (digest !== undefined)
      effects.push({ kind: 'broadcast', outgoing: { kind: 'fetch', sequence, digest } })
  }
}

/** Answers with the batch, or with the decision where it was executed already. */
export function onFetch({ state, effects }: Step, fetch: Verified<Fetch>): void {
  const { sender, sequence, digest } = fetch
  if (!mayFetch(state, sender)) return
  if (sequence <= state.lastExecuted) {
    effects.push({ kind: 'serve', to: sender, sequences: [sequence] })
    return
  }
  const slot = state.slots.get(sequence)
  const batch = [slot?.accepted?.batch, slot?.decidedBatch].find(
    (held) => held !== undefined && held !== null && equalBytes(held.digest, digest),
  )
  if (batch !== undefined && batch !== null) {
    effects.push({ kind: 'send', to: sender, outgoing: { kind: 'batch', sequence, batch } })
  }
}

/** A bounded number of FETCHes is answered in each period. */
function mayFetch({ peers, ticks }: ReplicaState, sender: ReplicaId): boolean {
  const peer = peers[sender]
  if (peer === undefined) return false
  if (ticks - peer.fetchTick >= STATUS_BUSY_TICKS) {
    peer.fetchTick = ticks
    peer.fetchesServed = 0
  }
  return peer.fetchesServed++ < SERVED_DECISIONS_MAX
}

/** A fetched batch: its digest is the one that was decided, or it is of no use. */
export function onBatchDelivery(step: Step, { sequence, batch }: Verified<BatchDelivery>): void {
  const slot = step.state.slots.get(sequence)
  if (slot === undefined || !isDecidedAs(slot, batch.digest)) return
  if (hasRoomFor(step.state, sequence, batch)) settle(step, slot, batch)
}

function peersAhead(state: ReplicaState): readonly ReplicaId[] {
  const ahead: ReplicaId[] = []
  for (const [id, peer] of state.peers.entries()) {
    if (id !== state.config.id && peer.lastExecuted > state.lastExecuted) ahead.push(id as ReplicaId)
  }
  return ahead
}

function hasOverdueSlot(state: ReplicaState): boolean {
  for (const slot of state.slots.values()) {
    if (state.ticks - openSince(slot, state.config.n) >= RESEND_AFTER_TICKS) return true
  }
  return false
}

function setBit(bitmap: Uint8Array, bit: number): void {
  bitmap[bit >> 3] = (bitmap[bit >> 3] as number) | (1 << (bit & 7))
}

function hasBit(bitmap: Uint8Array, bit: number): boolean {
  return ((bitmap[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
}
