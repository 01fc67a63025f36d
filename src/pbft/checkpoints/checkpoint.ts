/**
 * Checkpoints and watermarks: OSDI 1999 section 4.3, TOCS 2002 sections 4.4 and 5.3. Keeps rules 2.1, 2.2, 2.5 and 2.6;
 * the fetching of pages itself is `runtime/state/state-transfer.ts`.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import { quorum, weakQuorum } from '../../base/quorum.ts'
import type { Checkpoint, CheckpointCertificate, StableCheckpoint, Verified } from '../../messages/message.ts'
import { persist, persistThenBroadcast } from '../durability.ts'
import { persistOralAgain } from '../oral/claims.ts'
import {
  exhibitConflictingCheckpoint,
  exhibitConflictingCheckpoints,
  persistEvidenceAgain,
} from '../ordering/evidence.ts'
import { executeDecided } from '../ordering/execution.ts'
import { reject } from '../ordering/normal-case.ts'
import { isHandedOver } from '../ordering/ordering-state.ts'
import { proposeBatches } from '../ordering/propose.ts'
import { dropAllServed } from '../ordering/requests.ts'
import { CHECKPOINTS_PER_SENDER_MAX, TRANSFER_AFTER_TICKS } from '../parameters.ts'
import { renewLostRecovery } from '../recovery/recovery-operations.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import { isOral, type ReplicaState, type Turn } from '../state.ts'
import { highWatermark, logWindow } from './watermarks.ts'

/** Sources keep the snapshot that they are asked for a while; so many windows on, it is time for a newer one. */
const STALE_AFTER_WINDOWS = 2

/**
 * The own root of a checkpoint is known: CHECKPOINT(s, root), once the log that leads to it is on disk.
 * @rule 2.1
 */
export function onSnapshotTaken(turn: Turn, sequence: Sequence, root: Uint8Array): void {
  const { state } = turn
  if (sequence < state.lowWatermark || state.ownRoots.has(sequence)) return
  keepOwnRoot(state, sequence, root)
  exhibitConflictingCheckpoints(turn, sequence)
  if (sequence === state.lowWatermark) compareWithStable(turn)
  sendCheckpoints(turn)
}

/**
 * Without certificates h may stay behind while what W vouch for is executed: of what lies beyond the window no more is kept
 * than of any other sender. VIEW-CHANGE tells of the window only.
 * @rule 4.8 7.14
 */
export function keepOwnRoot(state: ReplicaState, sequence: Sequence, root: Uint8Array): void {
  state.ownRoots.set(sequence, root)
  // A signed reminder of any own CHECKPOINT above h has to find it; there a certificate soon moves h. @rule 6.4
  if (!isOral(state)) return
  const beyond = [...state.ownRoots.keys()].filter((at) => at > highWatermark(state)).sort((a, b) => a - b)
  for (const at of beyond.slice(0, -CHECKPOINTS_PER_SENDER_MAX)) state.ownRoots.delete(at)
}

/**
 * Says every own root above h that was not said yet, as soon as this replica may vote.
 * @rule 2.1
 */
export function sendCheckpoints(turn: Turn): void {
  const { state } = turn
  if (!mayVote(state)) return
  // Others may need the word of each to know that h is stable, where nobody can show it. @rule 4.8
  const isSaidAtLowWatermark = isOral(state)
  for (const [sequence, root] of state.ownRoots) {
    const isOver = sequence < state.lowWatermark || (sequence === state.lowWatermark && !isSaidAtLowWatermark)
    if (sequence <= state.lastCheckpointSaid || isOver) continue
    state.lastCheckpointSaid = sequence
    persistThenBroadcast(turn, {
      record: { kind: 'checkpoint', sequence, root },
      outgoing: { kind: 'checkpoint', sequence, root },
    })
  }
}

/**
 * CHECKPOINT(s, root, i) of any replica: Q matching ones make it stable.
 * @rule 2.1 2.2
 */
export function onCheckpoint(turn: Turn, checkpoint: Verified<Checkpoint>, from: Peer): void {
  const { state } = turn
  const { sequence, sender, root } = checkpoint
  if (sequence % state.config.checkpointInterval !== 0 || sequence === 0) {
    return reject(turn, checkpoint, from, 'no-checkpoint-is-due')
  }
  const ofSender = state.checkpoints[sender]
  if (sequence <= state.lowWatermark || ofSender === undefined) return
  const held = ofSender.get(sequence)
  if (held !== undefined) {
    if (equalBytes(held.root, root)) return
    const evidence = { guilty: sender, first: held, second: checkpoint }
    return reject(turn, checkpoint, from, 'conflicting-checkpoint', evidence)
  }
  ofSender.set(sequence, checkpoint)
  exhibitConflictingCheckpoint(turn, checkpoint)
  // One that is far ahead is worth more than one that will soon be below h; a liar only loses its own room.
  if (ofSender.size > CHECKPOINTS_PER_SENDER_MAX) ofSender.delete(Math.min(...ofSender.keys()) as Sequence)
  const matching = state.checkpoints.flatMap((each) => {
    const one = each.get(sequence)
    return one !== undefined && equalBytes(one.root, root) ? [one] : []
  })
  const needed = quorum(state.config.n)
  if (matching.length >= needed) {
    becomeStable(turn, { sequence, root, checkpoints: matching.slice(0, needed) })
  } else if (isOral(state) && matching.length >= weakQuorum(state.config.n)) {
    noteVouched(state, { sequence, root, checkpoints: matching }) // @rule 2.5
  }
}

/**
 * W replicas, one of them correct, hold this checkpoint: its state is worth fetching.
 * @rule 2.5 4.8
 */
export function noteVouched({ oral, lowWatermark }: ReplicaState, checkpoint: CheckpointCertificate): void {
  const known = Math.max(oral.vouched?.sequence ?? 0, lowWatermark)
  if (checkpoint.sequence > known) oral.vouched = checkpoint
}

/** The latest checkpoint that is known to be one: a stable one, or in oral mode one that W vouch for. */
function latestCheckpoint({ stable, oral: { vouched } }: ReplicaState): CheckpointCertificate {
  return vouched !== null && vouched.sequence > stable.sequence ? vouched : stable
}

/**
 * A certificate from somebody who saw that it is lacking here; it was checked.
 * @rule 2.8
 */
export function onStableCheckpoint(turn: Turn, { stable }: Verified<StableCheckpoint>): void {
  if (stable.sequence > turn.state.lowWatermark) becomeStable(turn, stable)
}

/**
 * h moves at once, wherever the certificate was seen; only what the own state has not reached yet is kept.
 *
 * @rule 2.2
 */
export function becomeStable(turn: Turn, stable: CheckpointCertificate): void {
  const { state, effects } = turn
  adoptStable(state, stable)
  persist(turn, { kind: 'stable', stable })
  effects.push({ kind: 'stable', stable })
  compareWithStable(turn)
  proposeBatches(turn)
}

/** Moves h and lets go of what lies below it. */
export function adoptStable(state: ReplicaState, stable: CheckpointCertificate): void {
  const h = stable.sequence
  state.stable = stable
  for (const [sequence, slot] of state.slots) {
    // Decided ones are still executed here, in order, where that is quicker than a transfer.
    const isToExecute = slot.decidedBatch !== null && sequence > state.lastExecuted
    if (sequence <= h && !isToExecute) state.slots.delete(sequence)
  }
  for (const sequence of state.preparedCertificates.keys()) {
    if (sequence <= h) state.preparedCertificates.delete(sequence)
  }
  for (const sequence of state.heldBack.keys()) if (sequence <= h) state.heldBack.delete(sequence)
  // A batch at or below h that is handed over was held to vote for it again only.
  state.batches.retain((sequence) => sequence > h || !isHandedOver(state, sequence))
  for (const sequence of state.ownRoots.keys()) if (sequence < h) state.ownRoots.delete(sequence)
  for (const ofSender of state.checkpoints) {
    for (const sequence of ofSender.keys()) if (sequence <= h) ofSender.delete(sequence)
  }
}

/**
 * The own state is not the one that a quorum has: it stops voting and fetches theirs.
 * @rule 2.2
 */
export function compareWithStable({ state }: Turn): void {
  const own = state.ownRoots.get(state.lowWatermark)
  if (own !== undefined && !equalBytes(own, state.stable.root) && state.health === 'sound') {
    state.health = 'diverged'
  }
}

/**
 * The state of a stable checkpoint is stored: the log that leads to it may go, but for the view.
 * @rule 2.2 6
 */
export function onStored(turn: Turn, sequence: Sequence): void {
  const { state, effects } = turn
  // Its log says that it is amnesiac, and must go on saying it.
  if (state.health === 'amnesiac') return
  // What it promised above h stays, even where its state is ahead of h: a state that W vouched for. @rule 4.8
  const upTo = Math.min(sequence, state.lowWatermark) as Sequence
  if (upTo === 0) return
  const { config, view, isActive, madeNewView } = state
  const message = isActive ? state.newView : (state.viewChanges[config.id] ?? null)
  // An own NEW-VIEW that is still on its way to the disk already says more than the VIEW-CHANGE.
  const isSaid = message?.view === view && (isActive || madeNewView !== view)
  if (message !== null && isSaid) persist(turn, { kind: 'view-again', message })
  // Who else waits for a checkpoint is known to the executed log only.
  if (state.recoveries.size > 0) persist(turn, { kind: 'recoveries', waiting: [...state.recoveries] })
  persistEvidenceAgain(turn)
  persistOralAgain(turn)
  // h must not hang on the stored state alone: its certificate may be lost where the log is not.
  persist(turn, { kind: 'stable', stable: state.stable })
  effects.push({ kind: 'trim', upTo })
}

/**
 * Begins to fetch the state of h when nothing gets this replica there, or stops when something did.
 * @rule 2.5
 */
export function checkTransfer({ state, effects }: Turn): void {
  const latest = latestCheckpoint(state)
  const isBehind = state.lastExecuted < latest.sequence || state.health === 'diverged'
  if (!isBehind) {
    state.behind = null
    if (state.transfer === null) return
    state.transfer = null
    effects.push({ kind: 'stop-transfer' })
    return
  }
  if (state.behind === null || state.behind.lastExecuted !== state.lastExecuted) {
    state.behind = { lastExecuted: state.lastExecuted, tick: state.ticks }
  }
  if (
    state.transfer !== null &&
    state.health !== 'diverged' &&
    isHandedOver(state, state.transfer.sequence)
  ) {
    state.transfer = null // the own execution overtook it
    effects.push({ kind: 'stop-transfer' })
  }
  if (state.transfer !== null) return retarget({ state, effects })
  const isStuck = state.ticks - state.behind.tick >= TRANSFER_AFTER_TICKS
  const isFar = latest.sequence - state.lastExecuted > logWindow(state)
  if (isStuck || isFar || state.health === 'diverged') startTransfer({ state, effects })
}

function startTransfer({ state, effects }: Turn): void {
  const target = latestCheckpoint(state)
  state.transfer = target
  effects.push({ kind: 'transfer', stable: target })
}

/**
 * The sources have moved on, and no longer keep what was aimed at.
 * @rule 2.5
 */
function retarget(turn: Turn): void {
  const { transfer } = turn.state
  const { sequence } = latestCheckpoint(turn.state)
  if (transfer !== null && sequence >= transfer.sequence + STALE_AFTER_WINDOWS * logWindow(turn.state))
    startTransfer(turn)
}

/**
 * The others no longer keep what is fetched: aims at the newer checkpoint, once it is known.
 * @rule 2.5
 */
export function onTransferGone(turn: Turn): void {
  const { transfer } = turn.state
  const { sequence } = latestCheckpoint(turn.state)
  if (transfer !== null && sequence > transfer.sequence) startTransfer(turn)
}

/**
 * The application's state is that of a stable checkpoint now.
 * @rule 2.5 2.9
 */
export function onTransferred(turn: Turn, stable: CheckpointCertificate): void {
  const { state } = turn
  const { sequence, root } = stable
  const isStable = stable.checkpoints.length >= quorum(state.config.n)
  if (sequence > state.lowWatermark && isStable) adoptStable(state, stable)
  /** Keeps above h what it may have voted on: votes of one view are never forgotten while it may vote there. */
  const over = Math.min(sequence, state.lowWatermark)
  state.lastExecuted = sequence
  state.lastHandedOver = sequence
  if (state.lastProposed < sequence) state.lastProposed = sequence
  for (const [at, slot] of state.slots) {
    if (at <= over) state.slots.delete(at)
    else if (at > sequence) slot.executed = null // a diverged replica goes back: what it executed beyond comes once more
  }
  for (const at of state.ownRoots.keys()) if (at > sequence) state.ownRoots.delete(at)
  state.batches.retain((at) => at > over)
  if (sequence >= state.lowWatermark) keepOwnRoot(state, sequence, root)
  state.transfer = null
  if (state.health === 'diverged') state.health = 'sound'
  dropAllServed(state)
  renewLostRecovery(turn)
  executeDecided(turn)
  proposeBatches(turn)
}
