/**
 * Checkpoints and watermarks: OSDI 1999 section 4.3, TOCS 2002 sections 4.4 and 5.3. Keeps rules 2.1, 2.2, 2.5 and 2.6.
 * Pages are fetched by `runtime/state/state-transfer.ts`.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { Milliseconds, Sequence } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import { quorum } from '../../base/quorum.ts'
import type { Checkpoint, CheckpointCertificate, StableCheckpoint, Verified } from '../../messages/message.ts'
import { persist, persistThenBroadcast } from '../durability.ts'
import { noteExpiry } from '../ordering/clock-batches.ts'
import {
  exhibitConflictingCheckpoint,
  exhibitConflictingCheckpoints,
  persistEvidenceAgain,
} from '../ordering/evidence.ts'
import { executeDecided } from '../ordering/execution.ts'
import { reject } from '../ordering/normal-case.ts'
import { isHandedOver } from '../ordering/ordering-state.ts'
import { noveltyOf } from '../ordering/place.ts'
import { proposeBatches } from '../ordering/propose.ts'
import { dropAllServed } from '../ordering/requests.ts'
import { raiseReadFloor } from '../ordering/unordered-reads.ts'
import { persistLimitAgain } from '../ordering/unsynced-votes.ts'
import { CHECKPOINTS_PER_SENDER_MAX, TRANSFER_AFTER_TICKS } from '../parameters.ts'
import { renewLostRecovery } from '../recovery/recovery-operations.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { logWindow } from './watermarks.ts'

/**
 * The number of log windows after which a transfer aims at a newer checkpoint: sources keep an older snapshot for a
 * limited time.
 */
const STALE_AFTER_WINDOWS = 2

/**
 * Handles the root of this replica's checkpoint: sends CHECKPOINT(s, root) once the log that leads to it is on disk.
 * @rule 2.1
 */
export function onSnapshotTaken(turn: Turn, sequence: Sequence, root: Uint8Array): void {
  const { state } = turn
  if (sequence < state.checkpoints.lowWatermark || state.checkpoints.ownRoots.has(sequence)) return
  keepOwnRoot(state, sequence, root)
  exhibitConflictingCheckpoints(turn, sequence)
  if (sequence === state.checkpoints.lowWatermark) compareWithStable(turn)
  sendCheckpoints(turn)
}

/** Keeps this replica's root of a checkpoint. */
export function keepOwnRoot(state: ReplicaState, sequence: Sequence, root: Uint8Array): void {
  state.checkpoints.ownRoots.set(sequence, root)
  state.mode.boundOwnRoots(state)
}

/**
 * Sends CHECKPOINT for each of this replica's roots above h that was not sent yet, as soon as it may vote.
 * @rule 2.1
 */
export function sendCheckpoints(turn: Turn): void {
  const { state } = turn
  if (!mayVote(state)) return
  for (const [sequence, root] of state.checkpoints.ownRoots) {
    if (sequence <= state.checkpoints.lastSent || !state.mode.isCheckpointDue(state, sequence)) continue
    state.checkpoints.lastSent = sequence
    persistThenBroadcast(turn, {
      record: { kind: 'checkpoint', sequence, root },
      outgoing: { kind: 'checkpoint', sequence, root },
    })
  }
}

/**
 * Handles CHECKPOINT(s, root, i) of any replica. Q matching ones make the checkpoint stable.
 * @rule 2.1 2.2
 */
export function onCheckpoint(turn: Turn, checkpoint: Verified<Checkpoint>, from: Peer): void {
  const { state } = turn
  const { sequence, sender, root } = checkpoint
  if (sequence % state.config.checkpointInterval !== 0 || sequence === 0) {
    return reject(turn, checkpoint, from, 'no-checkpoint-is-due')
  }
  const ofSender = state.checkpoints.received[sender]
  if (sequence <= state.checkpoints.lowWatermark || ofSender === undefined) return
  const known = ofSender.get(sequence)
  if (known !== undefined) {
    if (noveltyOf(known.root, root) === 'same') return
    const evidence = { guilty: sender, first: known, second: checkpoint }
    return reject(turn, checkpoint, from, 'conflicting-checkpoint', evidence)
  }
  ofSender.set(sequence, checkpoint)
  exhibitConflictingCheckpoint(turn, checkpoint)
  // Drops the lowest, which will soon be below h. A faulty sender uses up its own room only.
  if (ofSender.size > CHECKPOINTS_PER_SENDER_MAX) ofSender.delete(Math.min(...ofSender.keys()) as Sequence)
  const matching = state.checkpoints.received.flatMap((each) => {
    const one = each.get(sequence)
    return one !== undefined && equalBytes(one.root, root) ? [one] : []
  })
  const needed = quorum(state.config.n)
  if (matching.length >= needed) {
    becomeStable(turn, { sequence, root, checkpoints: matching.slice(0, needed) })
  } else {
    state.mode.noteCheckpoint(state, { sequence, root, checkpoints: matching }) // @rule 2.5
  }
}

/**
 * True if a CHECKPOINT can still change the state.
 * @rule 2.1 5.5
 */
export function isCheckpointRelevant(state: ReplicaState, checkpoint: Checkpoint): boolean {
  const { sequence, sender, root } = checkpoint
  if (sequence <= state.checkpoints.lowWatermark) return false
  const novelty = noveltyOf(state.checkpoints.received[sender]?.get(sequence)?.root, root)
  return novelty === 'first' || (novelty === 'conflicting' && state.evidence.isWanted(checkpoint))
}

/**
 * Handles a checked certificate from a replica that saw that this replica lacks it.
 * @rule 2.8
 */
export function onStableCheckpoint(turn: Turn, message: Verified<StableCheckpoint>): void {
  if (isStableCheckpointRelevant(turn.state, message)) becomeStable(turn, message.stable)
}

/** True if the certificate is for a checkpoint above h. */
export const isStableCheckpointRelevant = (
  { checkpoints: { lowWatermark } }: ReplicaState,
  { stable }: Pick<StableCheckpoint, 'stable'>,
): boolean => stable.sequence > lowWatermark

/** Moves the window to a stable checkpoint. A primary then proposes for the new sequence numbers. */
function becomeStable(turn: Turn, stable: CheckpointCertificate): void {
  moveWindow(turn, stable)
  proposeBatches(turn)
}

/**
 * Moves h at once, from any source of the certificate. Keeps only slots that this replica has not executed yet.
 * @rule 2.2
 */
export function moveWindow(turn: Turn, stable: CheckpointCertificate): void {
  const { state, effects } = turn
  adoptStable(state, stable)
  persist(turn, { kind: 'stable', stable })
  effects.push({ kind: 'stable', stable })
  compareWithStable(turn)
}

/** Moves h and drops the state below it. */
export function adoptStable(state: ReplicaState, stable: CheckpointCertificate): void {
  const h = stable.sequence
  state.checkpoints.stable = stable
  for (const [sequence, slot] of state.ordering.slots) {
    // A decided batch may still be executed in order, which may be faster than a transfer.
    const isToExecute = slot.decidedBatch !== null && sequence > state.ordering.lastExecuted
    if (sequence <= h && !isToExecute) state.ordering.slots.delete(sequence)
  }
  for (const sequence of state.ordering.preparedCertificates.keys()) {
    if (sequence <= h) state.ordering.preparedCertificates.delete(sequence)
  }
  for (const sequence of state.ordering.heldBack.keys())
    if (sequence <= h) state.ordering.heldBack.delete(sequence)
  // A batch at or below h that was handed to the application was kept only to vote for it again.
  state.ordering.batches.retain((sequence) => sequence > h || !isHandedOver(state, sequence))
  for (const sequence of state.checkpoints.ownRoots.keys())
    if (sequence < h) state.checkpoints.ownRoots.delete(sequence)
  for (const ofSender of state.checkpoints.received) {
    for (const sequence of ofSender.keys()) if (sequence <= h) ofSender.delete(sequence)
  }
}

/**
 * Detects that this replica's state differs from that of a quorum. The replica then stops voting and fetches theirs.
 * @rule 2.2
 */
export function compareWithStable({ state }: Turn): void {
  const own = state.checkpoints.ownRoots.get(state.checkpoints.lowWatermark)
  if (
    own !== undefined &&
    !equalBytes(own, state.checkpoints.stable.root) &&
    state.recovery.health === 'sound'
  ) {
    state.recovery.health = 'diverged'
  }
}

/**
 * Handles the report that the state of a stable checkpoint is stored. Trims the log, but logs the current view again.
 * @rule 2.2 6
 */
export function onStored(turn: Turn, sequence: Sequence): void {
  const { state, effects } = turn
  // The log records that this replica is amnesiac, and must keep that record.
  if (state.recovery.health === 'amnesiac') return
  // Votes above h stay in the log, even if the state is ahead of h because W replicas vouched for it. @rule 4.8
  const upTo = Math.min(sequence, state.checkpoints.lowWatermark) as Sequence
  if (upTo === 0) return
  const { config } = state
  const { view, isActive, madeNewView } = state.views
  const message = isActive ? state.views.newView : (state.views.viewChanges[config.id] ?? null)
  // If this replica's NEW-VIEW is being written to disk, the VIEW-CHANGE need not be logged again.
  const isSaid = message?.view === view && (isActive || madeNewView !== view)
  if (message !== null && isSaid) persist(turn, { kind: 'view-again', message })
  // Only the executed part of the log holds the other replicas' recoveries that wait for a checkpoint.
  if (state.recovery.waiting.size > 0)
    persist(turn, { kind: 'recoveries', waiting: [...state.recovery.waiting] })
  persistEvidenceAgain(turn)
  persistLimitAgain(turn)
  state.mode.persistAgain(turn)
  // h must not depend on the stored state alone: its certificate may be lost while the log remains.
  persist(turn, { kind: 'stable', stable: state.checkpoints.stable })
  effects.push({ kind: 'trim', upTo })
}

/**
 * Starts a transfer if this replica makes no progress towards the latest checkpoint; stops it if execution got there.
 * @rule 2.5
 */
export function checkTransfer({ state, effects }: Turn): void {
  const latest = state.mode.latestCheckpoint(state)
  const isBehind = state.ordering.lastExecuted < latest.sequence || state.recovery.health === 'diverged'
  if (!isBehind) {
    state.transfer.behind = null
    if (state.transfer.target === null) return
    state.transfer.target = null
    effects.push({ kind: 'stop-transfer' })
    return
  }
  if (state.transfer.behind === null || state.transfer.behind.lastExecuted !== state.ordering.lastExecuted) {
    state.transfer.behind = { lastExecuted: state.ordering.lastExecuted, tick: state.clock.ticks }
  }
  if (
    state.transfer.target !== null &&
    state.recovery.health !== 'diverged' &&
    isHandedOver(state, state.transfer.target.sequence)
  ) {
    state.transfer.target = null // this replica's execution overtook it
    effects.push({ kind: 'stop-transfer' })
  }
  if (state.transfer.target !== null) return retarget({ state, effects })
  const isStuck = state.clock.ticks - state.transfer.behind.tick >= TRANSFER_AFTER_TICKS
  const isFar = latest.sequence - state.ordering.lastExecuted > logWindow(state)
  if (isStuck || isFar || state.recovery.health === 'diverged') startTransfer({ state, effects })
}

function startTransfer({ state, effects }: Turn): void {
  const target = state.mode.latestCheckpoint(state)
  state.transfer.target = target
  effects.push({ kind: 'transfer', stable: target })
}

/**
 * Moves the transfer to the latest checkpoint if its sources no longer keep the target.
 * @rule 2.5
 */
function retarget(turn: Turn): void {
  const { target: transfer } = turn.state.transfer
  const { sequence } = turn.state.mode.latestCheckpoint(turn.state)
  if (transfer !== null && sequence >= transfer.sequence + STALE_AFTER_WINDOWS * logWindow(turn.state))
    startTransfer(turn)
}

/**
 * Handles the report that the others no longer keep the target: aims at the newer checkpoint, once it is known.
 * @rule 2.5
 */
export function onTransferGone(turn: Turn): void {
  const { target: transfer } = turn.state.transfer
  const { sequence } = turn.state.mode.latestCheckpoint(turn.state)
  if (transfer !== null && sequence > transfer.sequence) startTransfer(turn)
}

/** The report that the application has the state of a checkpoint. */
export interface Transferred {
  readonly stable: CheckpointCertificate
  readonly nextExpiry?: Milliseconds | null
}

/**
 * Handles the end of a transfer: the application now has the state of a stable checkpoint.
 * @rule 2.5 2.9
 */
export function onTransferred(turn: Turn, transferred: Transferred): void {
  const { state } = turn
  const { stable, nextExpiry = null } = transferred
  const { sequence, root } = stable
  const isStable = stable.checkpoints.length >= quorum(state.config.n)
  if (sequence > state.checkpoints.lowWatermark && isStable) adoptStable(state, stable)
  /**
   * Keeps slots above h that this replica may have voted on: it must not forget its votes of a view in which it still
   * votes.
   */
  const over = Math.min(sequence, state.checkpoints.lowWatermark)
  raiseReadFloor(state, state.ordering.lastExecuted) // a diverged replica may go back behind what it has shown
  state.ordering.lastExecuted = sequence
  state.ordering.lastHandedOver = sequence
  if (state.ordering.lastProposed < sequence) state.ordering.lastProposed = sequence
  for (const [at, slot] of state.ordering.slots) {
    if (at <= over) state.ordering.slots.delete(at)
    else if (at > sequence) slot.executed = null // a diverged replica goes back and executes later batches again
  }
  for (const at of state.checkpoints.ownRoots.keys()) if (at > sequence) state.checkpoints.ownRoots.delete(at)
  state.ordering.batches.retain((at) => at > over)
  if (sequence >= state.checkpoints.lowWatermark) keepOwnRoot(state, sequence, root)
  state.transfer.target = null
  state.transfer.isNeeded = false
  if (state.recovery.health === 'diverged') state.recovery.health = 'sound'
  noteExpiry(state, nextExpiry)
  dropAllServed(state)
  renewLostRecovery(turn)
  executeDecided(turn)
  proposeBatches(turn)
}
