/**
 * Retransmission. Links lose messages when they break, so every replica broadcasts what it has in STATUS. A replica
 * that sees a difference sends what the other lacks, or asks for what it lacks itself. TOCS 2002 section 5.2. Keeps
 * rule 1.11.
 */

import type { ReplicaId, Sequence } from '../../base/ids.ts'
import { weakQuorum } from '../../base/quorum.ts'
import type { StatusContent } from '../../messages/content.ts'
import { LOG_WINDOW } from '../../messages/limits.ts'
import type { Batch, BatchDelivery, Fetch, Status, Verified } from '../../messages/message.ts'
import { wholePrePrepare } from '../../messages/pre-prepare.ts'
import { persist } from '../durability.ts'
import type { Relayed } from '../effects.ts'
import { hasRoomFor, supplyBatch } from '../ordering/normal-case.ts'
import {
  findBatch,
  isAwaitedBatch,
  isSlotLacking,
  lackingDigest,
  openSlot,
} from '../ordering/ordering-state.ts'
import { openSince, type Slot } from '../ordering/slot.ts'
import {
  FETCHES_MAX,
  RESEND_AFTER_TICKS,
  SERVED_DECISIONS_MAX,
  STATUS_BUSY_TICKS,
  VIEW_RESEND_TICKS,
} from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import { statusTicks } from '../rest.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { mayAnswerFetch } from './answer-limit.ts'
import type { PeerProgress } from './peer-progress.ts'

/**
 * Sends STATUS and FETCH messages that are due. Called at each tick.
 * @rule 1.11
 */
export function sendStatusIfDue(turn: Turn): void {
  const { state, effects } = turn
  if (sayStatusIfDue(turn)) return
  if (state.clock.ticks % STATUS_BUSY_TICKS !== 0) return
  fetchLackingBatches(turn)
  state.mode.fetchCited(turn)
  const ahead = peersAhead(state)
  // Fewer than W replicas that claim to be ahead may all lie. They must not prevent a STATUS to all about overdue
  // slots.
  const isBehind = ahead.length >= weakQuorum(state.config.n)
  if (!isBehind && hasOverdueSlot(state)) {
    effects.push({ kind: 'broadcast', outgoing: statusOf(state) })
  } else if (ahead.length > 0) {
    // Asks one peer at a time, since each would send the same decisions. A faulty peer costs one turn. In oral mode no
    // decision can be shown, so W peers must report the same one. @rule 4.8
    const asked = state.mode.decisionSources(state.config.n)
    const turn = Math.floor(state.clock.ticks / STATUS_BUSY_TICKS)
    for (let each = 0; each < Math.min(asked, ahead.length); each++) {
      const to = ahead[(turn + each) % ahead.length] as ReplicaId
      effects.push({ kind: 'send', to, outgoing: statusOf(state) })
    }
  }
}

function sayStatusIfDue({ state, effects }: Turn): boolean {
  if (state.clock.ticks - state.catchUp.lastStatusTick < statusTicks(state)) return false
  state.catchUp.lastStatusTick = state.clock.ticks
  effects.push({ kind: 'broadcast', outgoing: statusOf(state) })
  return true
}

/**
 * Sends STATUS if it is due, at a tick that counts for nothing else, so that the others do not suspect this replica.
 * @rule 1.11
 */
export function sendHeartbeat(turn: Turn): void {
  turn.state.catchUp.lastStatusTick--
  sayStatusIfDue(turn)
}

/** Returns the STATUS of this replica. */
export function statusOf(state: ReplicaState): StatusContent {
  const { view, isActive } = state.views
  const { lowWatermark } = state.checkpoints
  const { lastExecuted } = state.ordering
  let last: number = lastExecuted
  for (const sequence of state.ordering.slots.keys()) if (sequence > last) last = sequence
  const size = Math.ceil(Math.min(last - lastExecuted, LOG_WINDOW) / 8)
  const accepted = new Uint8Array(size)
  const prepared = new Uint8Array(size)
  const committed = new Uint8Array(size)
  for (const [sequence, slot] of state.ordering.slots) {
    const bit = sequence - lastExecuted - 1
    if (bit < 0 || bit >= LOG_WINDOW) continue
    if (slot.accepted !== null || slot.decidedBatch !== null) setBit(accepted, bit)
    if (slot.prepared !== null) setBit(prepared, bit)
    if (slot.decided !== null) setBit(committed, bit)
  }
  const viewChanges = viewChangesHeld(state)
  return {
    kind: 'status',
    view,
    isActive,
    viewChanges,
    complaint: state.suspicion.complaint?.complaint ?? null,
    lowWatermark,
    lastExecuted,
    accepted,
    prepared,
    committed,
  }
}

/** Returns a bit set: bit i is set if this replica holds replica i's VIEW-CHANGE for the current view. */
function viewChangesHeld({ views: { view, viewChanges } }: ReplicaState): number {
  let known = 0
  for (const [sender, one] of viewChanges.entries()) if (one?.view === view) known |= 1 << sender
  return known
}

/**
 * Handles a peer's STATUS: sends what the peer lacks.
 * @rule 1.11
 */
export function onStatus(turn: Turn, status: Verified<Status>): void {
  const { state, effects } = turn
  const peer = state.catchUp.peers[status.sender]
  if (peer === undefined || status.sender === state.config.id) return
  peer.view = status.view
  peer.isActive = status.isActive
  peer.complaint = status.complaint
  peer.lastExecuted = status.lastExecuted
  if (hasMore(state, status) && state.clock.ticks - peer.toldTick >= STATUS_BUSY_TICKS) {
    peer.toldTick = state.clock.ticks
    effects.push({ kind: 'send', to: status.sender, outgoing: statusOf(state) })
  }
  if (state.clock.ticks - peer.servedTick < STATUS_BUSY_TICKS) return
  peer.servedTick = state.clock.ticks
  resendView(turn, status)
  state.mode.resendCheckpoints(turn, status) // @rule 2.8
  serveDecisions(turn, status)
  resendVotes(turn, status)
}

/**
 * Sends the NEW-VIEW of a view that the peer has not entered, or this replica's VIEW-CHANGE that the peer lacks.
 * Without it the peer would stall.
 * @rule 2.7
 */
function resendView({ state, effects }: Turn, status: Status): void {
  const peer = state.catchUp.peers[status.sender]
  const own = state.views.viewChanges[state.config.id] ?? null
  const isIn = status.view > state.views.view || (status.view === state.views.view && status.isActive)
  if (peer === undefined || isIn || state.clock.ticks - peer.resentTick < VIEW_RESEND_TICKS) return
  const isHeld = status.view === state.views.view && (status.viewChanges & (1 << state.config.id)) !== 0
  const message = state.views.isActive
    ? state.views.newView
    : own?.view === state.views.view && !isHeld
      ? own
      : null
  state.mode.resendView({ state, effects }, status, message)
}

/** True if a peer has something that this replica lacks. The peer sends it on receiving this replica's STATUS. */
function hasMore(state: ReplicaState, status: Status): boolean {
  if (
    status.lastExecuted > state.ordering.lastExecuted ||
    status.lowWatermark > state.checkpoints.lowWatermark
  )
    return true
  if (
    status.view > state.views.view ||
    (status.view === state.views.view && status.isActive && !state.views.isActive)
  )
    return true
  for (let bit = 0; bit < status.accepted.length * 8; bit++) {
    const slot = state.ordering.slots.get((status.lastExecuted + 1 + bit) as Sequence)
    const isPast = status.lastExecuted + 1 + bit <= state.ordering.lastExecuted
    if (!isPast && hasBit(status.accepted, bit) && (slot?.accepted ?? null) === null) return true
  }
  return false
}

/**
 * Sends decisions that the peer lacks: at most twice as many as it executed since the last time, and one if it executed
 * none. A peer that asks but receives nothing costs little; one that receives again soon gets as many as before.
 * @rule 1.11
 */
function serveDecisions({ state, effects }: Turn, status: Status): void {
  const peer = state.catchUp.peers[status.sender] as PeerProgress
  const gotThrough = status.lastExecuted - peer.servedFrom
  const most = Math.min(Math.max(1, 2 * gotThrough), SERVED_DECISIONS_MAX)
  const last = Math.min(state.ordering.lastExecuted, status.lastExecuted + most)
  const sequences: Sequence[] = []
  for (let sequence = status.lastExecuted + 1; sequence <= last; sequence++) {
    const bit = sequence - status.lastExecuted - 1
    // The peer has decided this batch: it executes it, or fetches it by its digest.
    const isThere = hasBit(status.committed, bit) && hasBit(status.accepted, bit)
    if (!isThere) sequences.push(sequence as Sequence)
  }
  if (sequences.length === 0) return
  peer.servedFrom = status.lastExecuted
  effects.push({ kind: 'serve', to: status.sender, sequences })
}

/** Sends this replica's votes and pre-prepares that the peer lacks, for slots that have been open for a while. */
function resendVotes(turn: Turn, status: Status): void {
  // An amnesiac replica must not resend its old messages that others returned to it. @rule 6.4
  if (status.view !== turn.state.views.view || !turn.state.views.isActive || !mayVote(turn.state)) return
  for (const slot of turn.state.ordering.slots.values()) {
    const age = turn.state.clock.ticks - slot.acceptedTick
    if (!turn.state.mode.needsVotes(slot, status) || age < RESEND_AFTER_TICKS) continue
    resendSlot(turn, slot, status)
  }
}

function resendSlot({ state, effects }: Turn, slot: Slot, status: Status): void {
  const to = status.sender
  const bit = slot.sequence - status.lastExecuted - 1
  const send = (message: Parameters<typeof relayed>[0]) =>
    effects.push({ kind: 'send', to, outgoing: relayed(message) })
  const { accepted } = slot
  const { hasUnsyncedVotes = false } = state.config
  const isDurable = hasUnsyncedVotes || slot.acceptedRecords <= state.durability.recordsDurable // @rule 6
  if (
    accepted !== null &&
    isDurable &&
    state.mode.mayResendPrePrepare(state, slot) &&
    !hasBit(status.accepted, bit)
  ) {
    const batch = findBatch(state, slot.sequence, accepted.digest)
    if (batch !== null) send(wholePrePrepare(accepted, batch))
  }
  const prepare = slot.prepares[state.config.id] ?? null
  if (prepare !== null && !hasBit(status.prepared, bit)) send(prepare)
  const commit = slot.commits[state.config.id] ?? null
  if (commit !== null && !hasBit(status.committed, bit)) send(commit)
}

/** Returns the effect content that sends a message with the bytes in which it arrived. */
export const relayed = (message: Relayed['message']): Relayed => ({ kind: 'relayed', message })

/**
 * Broadcasts FETCH for batches that were decided or chosen by a NEW-VIEW and that this replica lacks.
 * @rule 1.4 3.5
 */
function fetchLackingBatches({ state, effects }: Turn): void {
  const lacking: { readonly sequence: Sequence; readonly digest: Uint8Array }[] = []
  for (const slot of state.ordering.slots.values()) {
    const digest = lackingDigest(state, slot)
    if (digest !== null) lacking.push({ sequence: slot.sequence, digest })
  }
  lacking.push(...state.mode.awaitedBatches(state))
  lacking.sort((a, b) => a.sequence - b.sequence)
  // With unsynced votes some may be lost everywhere, and must not keep the others from being asked for. @rule 6.5
  const isEndless = state.config.hasUnsyncedVotes === true && lacking.length > FETCHES_MAX
  const first = isEndless
    ? (FETCHES_MAX * Math.floor(state.clock.ticks / STATUS_BUSY_TICKS)) % lacking.length
    : 0
  for (const { sequence, digest } of lacking.slice(first, first + FETCHES_MAX)) {
    effects.push({ kind: 'broadcast', outgoing: { kind: 'fetch', sequence, digest } })
  }
}

/** Handles a FETCH: sends the batch, or the decision if the batch was executed already. */
export function onFetch({ state, effects }: Turn, fetch: Verified<Fetch>): void {
  const { sender, sequence, digest } = fetch
  if (!mayAnswerFetch(state, sender)) return
  if (sequence <= state.ordering.lastExecuted) {
    effects.push({ kind: 'serve', to: sender, sequences: [sequence] })
    return
  }
  const batch = state.ordering.batches.find(sequence, digest)
  if (batch !== null) effects.push({ kind: 'send', to: sender, outgoing: { kind: 'batch', sequence, batch } })
  else effects.push({ kind: 'serve-batch', to: sender, sequence, digest })
}

/** Handles a fetched batch. Drops it unless a slot lacks the batch with its digest. */
export function onBatchDelivery(
  turn: Turn,
  { sequence, batch }: Pick<BatchDelivery, 'sequence' | 'batch'>,
): void {
  const { state } = turn
  if (isAwaitedBatch(state, sequence, batch.digest)) keepAwaited(turn, sequence, batch)
  if (isSlotLacking(state, sequence, batch.digest)) supplyBatch(turn, openSlot(state, sequence), batch)
}

/**
 * Logs a batch that this replica's NEW-VIEW needs (A3).
 * @rule 4.5
 */
function keepAwaited(turn: Turn, sequence: Sequence, batch: Batch): void {
  const { state } = turn
  if (findBatch(state, sequence, batch.digest) !== null || !hasRoomFor(state, sequence, batch)) return
  persist(turn, { kind: 'batch', sequence, batch })
  state.ordering.batches.add(sequence, batch)
}

function peersAhead(state: ReplicaState): readonly ReplicaId[] {
  const ahead: ReplicaId[] = []
  for (const [id, peer] of state.catchUp.peers.entries()) {
    if (id !== state.config.id && peer.lastExecuted > state.ordering.lastExecuted) ahead.push(id as ReplicaId)
  }
  return ahead
}

function hasOverdueSlot(state: ReplicaState): boolean {
  for (const slot of state.ordering.slots.values()) {
    if (slot.sequence <= state.ordering.lastExecuted) continue
    if (state.clock.ticks - openSince(slot, state.config.n) >= RESEND_AFTER_TICKS) return true
  }
  return false
}

function setBit(bitmap: Uint8Array, bit: number): void {
  bitmap[bit >> 3] = (bitmap[bit >> 3] as number) | (1 << (bit & 7))
}

function hasBit(bitmap: Uint8Array, bit: number): boolean {
  return ((bitmap[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
}
