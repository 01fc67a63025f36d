/**
 * Checkpoints in oral mode, where no certificate can be shown: TOCS 2002 section 4.5. Keeps rules 2.5, 2.8 and 4.8
 * where they rest on the claims of W replicas.
 */
import { weakQuorum } from '../../base/quorum.ts'
import type { CheckpointCertificate, Status } from '../../messages/message.ts'
import { highWatermark } from '../checkpoints/watermarks.ts'
import { sendDurably } from '../durability.ts'
import { CHECKPOINTS_PER_SENDER_MAX } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'

/**
 * Limits this replica's roots beyond the window to as many as are kept of any other sender. Without certificates h may
 * stay behind while states that W replicas vouch for are executed. A VIEW-CHANGE names the roots in the window only.
 * @rule 4.8 7.14
 */
export function boundOwnRoots(state: ReplicaState): void {
  const beyond = [...state.checkpoints.ownRoots.keys()]
    .filter((at) => at > highWatermark(state))
    .sort((a, b) => a - b)
  for (const at of beyond.slice(0, -CHECKPOINTS_PER_SENDER_MAX)) state.checkpoints.ownRoots.delete(at)
}

/**
 * Notes a checkpoint that these replicas claim, as vouched for if there are W of them.
 * @rule 2.5
 */
export function noteCheckpoint(state: ReplicaState, checkpoint: CheckpointCertificate): void {
  if (checkpoint.checkpoints.length >= weakQuorum(state.config.n)) noteVouched(state, checkpoint)
}

/**
 * Notes that W replicas, one of them correct, hold this checkpoint, so that its state is worth fetching.
 * @rule 2.5 4.8
 */
export function noteVouched(
  { oral, checkpoints: { lowWatermark } }: ReplicaState,
  checkpoint: CheckpointCertificate,
): void {
  const known = Math.max(oral.vouched?.sequence ?? 0, lowWatermark)
  if (checkpoint.sequence > known) oral.vouched = checkpoint
}

/** Returns the latest checkpoint that is stable or that W replicas vouch for. */
export function latestCheckpoint({
  checkpoints: { stable },
  oral: { vouched },
}: ReplicaState): CheckpointCertificate {
  return vouched !== null && vouched.sequence > stable.sequence ? vouched : stable
}

/**
 * Resends this replica's own checkpoints, that of h included. No message can show that a checkpoint is stable.
 * @rule 2.8 4.8
 */
export function resendCheckpoints(turn: Turn, status: Status): void {
  const { state } = turn
  if (!mayVote(state)) return
  for (const [sequence, root] of state.checkpoints.ownRoots) {
    if (sequence <= status.lowWatermark || sequence > state.checkpoints.lastSent) continue
    sendDurably(turn, status.sender, { kind: 'checkpoint', sequence, root })
  }
}
