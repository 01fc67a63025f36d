/** Restart from the log: section 6 of the rules; TOCS 2002 section 5 keeps its log in memory, so this is ours. */
import { assertNever } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { Batch, PrePrepare, Verified, Vote } from '../messages/message.ts'
import type { Effect } from './effects.ts'
import { executeDecided } from './execution.ts'
import { openSlot, type ReplicaState, type Step } from './state.ts'

/** A log record as it was read back and checked. */
export type RecoveredRecord =
  | { readonly kind: 'accepted'; readonly prePrepare: Verified<PrePrepare> }
  | { readonly kind: 'prepared'; readonly prepares: readonly Vote[] }
  /** `batch` is null where an accepted pre-prepare before it holds the batch. */
  | { readonly kind: 'decided'; readonly commits: readonly Vote[]; readonly batch: Batch | null }

/** Takes one record back, in the order of the log. The effects are `execute` only; nothing is sent. // PBFT-6.2 */
export function replay(state: ReplicaState, record: RecoveredRecord): readonly Effect[] {
  const step: Step = { state, effects: [] }
  switch (record.kind) {
    case 'accepted':
      replayAccepted(state, record.prePrepare)
      break
    case 'prepared':
      replayPrepared(state, record.prepares)
      break
    case 'decided':
      replayDecided(step, record.commits, record.batch)
      break
    default:
      assertNever(record)
  }
  return step.effects
}

function replayAccepted(state: ReplicaState, prePrepare: Verified<PrePrepare>): void {
  const { sequence, batch, sender } = prePrepare
  if (sender === state.config.id) {
    state.lastProposed = Math.max(state.lastProposed, sequence) as typeof sequence
  }
  if (sequence <= state.lastHandedOver) return
  const slot = openSlot(state, sequence)
  slot.accepted = prePrepare
  slot.acceptedTick = state.ticks
  slot.isAcceptedDurable = true
  state.unexecutedBytes += batch.bytes.length
}

function replayPrepared(state: ReplicaState, prepares: readonly Vote[]): void {
  const [first] = prepares
  if (first === undefined || first.sequence <= state.lastHandedOver) return
  const slot = openSlot(state, first.sequence)
  for (const vote of prepares) slot.prepares[vote.sender] = vote
  slot.prepared = prepares
}

function replayDecided(step: Step, commits: readonly Vote[], batch: Batch | null): void {
  const [first] = commits
  if (first === undefined || first.sequence <= step.state.lastHandedOver) return
  const slot = openSlot(step.state, first.sequence)
  const held = slot.accepted
  slot.decided = commits
  slot.decidedBatch = batch ?? (held !== null && equalBytes(held.digest, first.digest) ? held.batch : null)
  if (batch !== null) step.state.unexecutedBytes += batch.bytes.length
  executeDecided(step)
}

/**
 * After the last record: sends again what the log promised. The own pre-prepares go out byte for byte, and the next
 * proposal is above the highest of them; a vote is signed again to the same bytes. // PBFT-6.2
 */
export function resume({ state, effects }: Step): void {
  for (const sequence of [...state.slots.keys()].sort((a, b) => a - b)) {
    const { accepted, prepared } = openSlot(state, sequence)
    if (accepted === null) continue
    const { view, digest, sender } = accepted
    if (sender === state.config.id) {
      effects.push({ kind: 'broadcast', outgoing: { kind: 'relayed', message: accepted } })
    } else {
      effects.push({ kind: 'broadcast', outgoing: { kind: 'prepare', view, sequence, digest } })
    }
    if (prepared !== null) {
      effects.push({ kind: 'broadcast', outgoing: { kind: 'commit', view, sequence, digest } })
    }
  }
}
