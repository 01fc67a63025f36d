/** The three phases: OSDI 1999 section 4.2, TOCS 2002 section 4.3. Keeps rules 1.2 to 1.5. */
import { equalBytes } from '../base/bytes.ts'
import type { Sequence } from '../base/ids.ts'
import type { Peer } from '../base/peer.ts'
import type { Batch, PrePrepare, Verified, Vote } from '../messages/message.ts'
import type { RejectionReason } from '../messages/rejection.ts'
import type { Evidence, ProtocolMessage } from './effects.ts'
import { executeDecided } from './execution.ts'
import { CLOCK_SKEW_MS_MAX, HELD_BACK_MAX, UNEXECUTED_BYTES_MAX } from './parameters.ts'
import { decisionCertificate, isDecidedAs, preparedCertificate, type Slot, votesOf } from './slot.ts'
import {
  isInWindow,
  openSlot,
  persist,
  persistThenBroadcast,
  primary,
  type ReplicaState,
  type Step,
} from './state.ts'

/** PRE-PREPARE(v, s, D) with its batch, which is well-formed and of authentic requests by now. // PBFT-1.2 */
export function onPrePrepare(step: Step, prePrepare: Verified<PrePrepare>, from: Peer): void {
  const { state } = step
  const { view, sequence, sender } = prePrepare
  if (sender !== primary(state)) return reject(step, prePrepare, from, 'not-the-primary')
  if (view !== state.view) return reject(step, prePrepare, from, 'wrong-view')
  if (!isInWindow(state, sequence)) return reject(step, prePrepare, from, 'outside-window')
  const slot = openSlot(state, sequence)
  if (slot.accepted !== null) {
    if (!equalBytes(slot.accepted.digest, prePrepare.digest)) {
      const evidence = { guilty: sender, first: slot.accepted, second: prePrepare }
      reject(step, prePrepare, from, 'conflicting-pre-prepare', evidence)
    }
    return
  }
  if (slot.decided !== null && !isDecidedAs(slot, prePrepare.digest)) return // another batch was decided
  // A past time is no reason to refuse: a late retransmission would stall for ever.
  const isBeyondJudging = sender === state.config.id || slot.decided !== null
  if (!isBeyondJudging && prePrepare.batch.time > state.now + CLOCK_SKEW_MS_MAX) {
    const other = state.heldBack.get(sequence)
    if (other !== undefined) {
      if (equalBytes(other.digest, prePrepare.digest)) return
      const evidence = { guilty: sender, first: other, second: prePrepare }
      return reject(step, prePrepare, from, 'conflicting-pre-prepare', evidence)
    }
    if (state.heldBack.size >= HELD_BACK_MAX) return reject(step, prePrepare, from, 'busy')
    state.heldBack.set(sequence, prePrepare)
    return
  }
  accept(step, slot, prePrepare, from)
}

function accept(step: Step, slot: Slot, prePrepare: Verified<PrePrepare>, from: Peer): void {
  const { state } = step
  const { sequence, view, digest, batch, sender } = prePrepare
  if (!hasRoomFor(state, sequence, batch)) return reject(step, prePrepare, from, 'busy')
  slot.accepted = prePrepare
  slot.acceptedTick = state.ticks
  state.unexecutedBytes += batch.bytes.length
  if (sender === state.config.id) {
    slot.isAcceptedDurable = true // it was sent only after its record was on disk
  } else {
    persistThenBroadcast(step, {
      record: { kind: 'accepted', prePrepare },
      sequence,
      outgoing: { kind: 'prepare', view, sequence, digest },
    })
  }
  advance(step, slot)
}

/** Whether one more batch may be held. The next to execute always may: it makes room. */
export function hasRoomFor(state: ReplicaState, sequence: Sequence, batch: Batch): boolean {
  const isNext = sequence === state.lastHandedOver + 1
  return isNext || state.unexecutedBytes + batch.bytes.length <= UNEXECUTED_BYTES_MAX
}

/** Tries the held-back pre-prepares again: the clock went on. // PBFT-1.2 */
export function retryHeldBack(step: Step): void {
  const { heldBack } = step.state
  const retried = [...heldBack.values()]
  heldBack.clear()
  for (const prePrepare of retried) onPrePrepare(step, prePrepare, { kind: 'replica', id: prePrepare.sender })
}

/** PREPARE or COMMIT. // PBFT-1.3 PBFT-1.4 PBFT-1.5 */
export function onVote(step: Step, vote: Verified<Vote>, from: Peer): void {
  const { state } = step
  if (vote.kind === 'prepare' && vote.sender === primary(state)) {
    return reject(step, vote, from, 'prepare-from-primary')
  }
  if (vote.view !== state.view) return reject(step, vote, from, 'wrong-view')
  if (!isInWindow(state, vote.sequence)) return reject(step, vote, from, 'outside-window')
  const slot = openSlot(state, vote.sequence)
  const votes = votesOf(slot, vote.kind)
  const held = votes[vote.sender]
  if (held !== null && held !== undefined) {
    if (!equalBytes(held.digest, vote.digest)) {
      const evidence = { guilty: vote.sender, first: held, second: vote }
      reject(step, vote, from, 'conflicting-vote', evidence)
    }
    return
  }
  votes[vote.sender] = vote
  advance(step, slot)
}

/** Moves a slot on as far as its votes allow. */
export function advance(step: Step, slot: Slot): void {
  const { n } = step.state.config
  if (slot.prepared === null) {
    const prepares = preparedCertificate(slot, n)
    if (prepares !== null) becomePrepared(step, slot, prepares)
  }
  if (slot.decided === null) {
    slot.decided = decisionCertificate(slot, n)
  }
  settleDecision(step, slot)
}

function becomePrepared(step: Step, slot: Slot, prepares: readonly Vote[]): void {
  const { accepted, sequence } = slot
  if (accepted === null) return
  slot.prepared = prepares
  const { view, digest } = accepted
  persistThenBroadcast(step, {
    record: { kind: 'prepared', prepares },
    sequence,
    outgoing: { kind: 'commit', view, sequence, digest },
  })
}

/** A decision with its batch goes to the log, whose next sync nobody waits for, and to execution. // PBFT-1.4 PBFT-6.1 */
function settleDecision(step: Step, slot: Slot): void {
  const { accepted } = slot
  if (accepted === null || !isDecidedAs(slot, accepted.digest)) return // else it is fetched by digest
  settle(step, slot, accepted.batch)
}

/** Takes the batch of a decision; `decided` holds its certificate. */
export function settle(step: Step, slot: Slot, batch: Batch): void {
  const { accepted, decided } = slot
  if (decided === null || slot.decidedBatch !== null) return
  const isBatchLogged = accepted !== null && equalBytes(accepted.digest, batch.digest)
  if (isBatchLogged) {
    slot.decidedBatch = accepted.batch
  } else {
    slot.decidedBatch = batch
    step.state.unexecutedBytes += batch.bytes.length
  }
  persist(step, { kind: 'decided', commits: decided, batch, isBatchLogged })
  executeDecided(step)
}

export function reject(
  { effects }: Step,
  message: ProtocolMessage,
  from: Peer,
  reason: RejectionReason,
  evidence?: Evidence,
): void {
  effects.push({ kind: 'reject', from, message, reason, ...(evidence === undefined ? {} : { evidence }) })
}
