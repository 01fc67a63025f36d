/**
 * Whether a message can still change anything here. Asked before its signatures are checked, because checking costs
 * far more than asking; what comes after a quorum is never checked.
 */
import { assertNever } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { PrePrepare, Vote } from '../messages/message.ts'
import type { ProtocolMessage } from './effects.ts'
import { isDecidedAs, votesOf } from './slot.ts'
import { isInWindow, primary, type ReplicaState } from './state.ts'

export function isUseful(state: ReplicaState, message: ProtocolMessage): boolean {
  switch (message.kind) {
    case 'request':
    case 'status':
    case 'fetch':
      return true
    case 'pre-prepare':
      return isPrePrepareUseful(state, message)
    case 'prepare':
    case 'commit':
      return isVoteUseful(state, message)
    case 'decision':
      return isInWindow(state, message.sequence) && !state.slots.get(message.sequence)?.decidedBatch
    case 'batch': {
      const slot = state.slots.get(message.sequence)
      return slot !== undefined && slot.decidedBatch === null && isDecidedAs(slot, message.batch.digest)
    }
    default:
      return assertNever(message)
  }
}

function isPrePrepareUseful(state: ReplicaState, { sender, sequence, view, digest }: PrePrepare): boolean {
  if (sender !== primary(state) || view !== state.view || !isInWindow(state, sequence)) return false
  const heldBack = state.heldBack.get(sequence)
  if (heldBack !== undefined && equalBytes(heldBack.digest, digest)) return false
  const slot = state.slots.get(sequence)
  if (slot === undefined) return true
  if (slot.decidedBatch !== null) return false
  return slot.accepted === null || !equalBytes(slot.accepted.digest, digest)
}

function isVoteUseful(state: ReplicaState, vote: Vote): boolean {
  if (vote.view !== state.view || !isInWindow(state, vote.sequence)) return false
  const slot = state.slots.get(vote.sequence)
  if (slot === undefined) return true
  const held = votesOf(slot, vote.kind)[vote.sender]
  // A second, different vote is evidence, even late.
  if (held !== null && held !== undefined) return !equalBytes(held.digest, vote.digest)
  return vote.kind === 'prepare' ? slot.prepared === null : slot.decided === null
}
