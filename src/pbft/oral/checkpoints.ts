/**
 * Checkpoints that nobody can show: TOCS 2002 section 4.5. Keeps rules 2.5, 2.8 and 4.8 where they rest on the word of
 * W.
 */
import { weakQuorum } from '../../base/quorum.ts'
import type { CheckpointCertificate, Status } from '../../messages/message.ts'
import { highWatermark } from '../checkpoints/watermarks.ts'
import { sendDurably } from '../durability.ts'
import { CHECKPOINTS_PER_SENDER_MAX } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'

/**
 * Without certificates h may stay behind while what W vouch for is executed: of what lies beyond the window no more is kept
 * than of any other sender. A VIEW-CHANGE names those in the window only.
 * @rule 4.8 7.14
 */
export function boundOwnRoots(state: ReplicaState): void {
  const beyond = [...state.checkpoints.ownRoots.keys()]
    .filter((at) => at > highWatermark(state))
    .sort((a, b) => a - b)
  for (const at of beyond.slice(0, -CHECKPOINTS_PER_SENDER_MAX)) state.checkpoints.ownRoots.delete(at)
}

/**
 * Takes a checkpoint that these replicas said: W of them vouch for it.
 * @rule 2.5
 */
export function noteCheckpoint(state: ReplicaState, checkpoint: CheckpointCertificate): void {
  if (checkpoint.checkpoints.length >= weakQuorum(state.config.n)) noteVouched(state, checkpoint)
}

/**
 * W replicas, one of them correct, hold this checkpoint: its state is worth fetching.
 * @rule 2.5 4.8
 */
export function noteVouched(
  { oral, checkpoints: { lowWatermark } }: ReplicaState,
  checkpoint: CheckpointCertificate,
): void {
  const known = Math.max(oral.vouched?.sequence ?? 0, lowWatermark)
  if (checkpoint.sequence > known) oral.vouched = checkpoint
}

/** The latest checkpoint that is known to be one: a stable one, or one that W vouch for. */
export function latestCheckpoint({
  checkpoints: { stable },
  oral: { vouched },
}: ReplicaState): CheckpointCertificate {
  return vouched !== null && vouched.sequence > stable.sequence ? vouched : stable
}

/**
 * Nothing shows that a checkpoint is stable: each says its own again, that of h included.
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
