/** The three phases: OSDI 1999 section 4.2, TOCS 2002 section 4.3. Keeps rules 1.2 to 1.5, and 3.5. */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import { primaryOf } from '../../base/quorum.ts'
import { headerOf } from '../../messages/cited.ts'
import type { Batch, Evidence, PrePrepare, Verified, Vote } from '../../messages/message.ts'
import type { RejectionReason } from '../../messages/rejection.ts'
import type { ProtocolMessage } from '../effects.ts'
import { isDoubted, vouchedFor } from '../oral/doubtful-requests.ts'
import { CLOCK_SKEW_MS_MAX, HELD_BACK_MAX, UNEXECUTED_BYTES_MAX } from '../parameters.ts'
import {
  findBatch,
  hasBatch,
  isHandedOver,
  isInWindow,
  mayVote,
  openSlot,
  persist,
  persistThenBroadcast,
  type ReplicaState,
  type Step,
  withhold,
} from '../state.ts'
import { noteOrdered } from '../views/primary-observation.ts'
import { holdEvidence, showOddVote, showOddVotes } from './evidence.ts'
import { executeDecided } from './execution.ts'
import {
  decisionCertificate,
  isDecidedAs,
  isSettled,
  preparedCertificate,
  type Slot,
  votesOf,
} from './slot.ts'

/**
 * PRE-PREPARE(v, s, D) with its batch, which is well-formed and of authentic requests by now.
 * @rule 1.2
 */
export function onPrePrepare(step: Step, prePrepare: Verified<PrePrepare>, from: Peer): void {
  const { state } = step
  const { view, sequence, sender, digest } = prePrepare
  if (sender !== primaryOf(view, state.config.n)) return reject(step, prePrepare, from, 'not-the-primary')
  if (!isOfThisView(step, prePrepare, from)) return
  if (!isInWindow(state, sequence)) return reject(step, prePrepare, from, 'outside-window')
  if (state.recall !== null) return // it comes again
  const slot = openSlot(state, sequence)
  if (slot.accepted !== null) {
    if (equalBytes(slot.accepted.digest, digest)) return supplyBatch(step, slot, prePrepare.batch)
    const evidence = { guilty: sender, first: slot.accepted, second: prePrepare }
    return reject(step, prePrepare, from, 'conflicting-pre-prepare', evidence)
  }
  // What the NEW-VIEW covers is accepted from it only, and it was, all of it. @rule 3.4
  if (sequence <= state.lastChosen) return reject(step, prePrepare, from, 'new-view-selects-otherwise')
  if (slot.executed !== null) return // whoever lacks it gets the decision
  if (slot.decided !== null && !isDecidedAs(slot, digest)) return // another batch was decided
  // A past time is no reason to refuse: a late retransmission would stall for ever.
  const isBeyondJudging = sender === state.config.id || slot.decided !== null
  if (!isBeyondJudging && prePrepare.batch.time > state.now + CLOCK_SKEW_MS_MAX) {
    return holdBack(step, prePrepare, from)
  }
  if (!isDoubted(step, slot, prePrepare)) accept(step, slot, prePrepare, from)
}

/** True if a message is for the current view, which is active; one for a later view is held until that begins. */
function isOfThisView(step: Step, message: Verified<PrePrepare> | Verified<Vote>, from: Peer): boolean {
  const { state } = step
  if (message.view === state.view && state.isActive) return true
  if (message.view >= state.view) {
    if (!state.early.hold(message)) reject(step, message, from, 'busy')
  } else if (message.sender !== state.config.id) {
    reject(step, message, from, 'wrong-view')
  }
  return false
}

/**
 * Its time is too far ahead: it is judged again when the clock went on. One for each sequence number.
 * @rule 1.2
 */
function holdBack(step: Step, prePrepare: Verified<PrePrepare>, from: Peer): void {
  const { heldBack } = step.state
  const { sequence, sender, digest } = prePrepare
  const other = heldBack.get(sequence)
  if (other !== undefined) {
    if (equalBytes(other.digest, digest)) return
    const evidence = { guilty: sender, first: other, second: prePrepare }
    return reject(step, prePrepare, from, 'conflicting-pre-prepare', evidence)
  }
  if (heldBack.size >= HELD_BACK_MAX) return reject(step, prePrepare, from, 'busy')
  heldBack.set(sequence, prePrepare)
}

function accept(step: Step, slot: Slot, prePrepare: Verified<PrePrepare>, from: Peer): void {
  const { state } = step
  const { sequence, view, digest, batch, sender } = prePrepare
  if (!hasRoomFor(state, sequence, batch)) return reject(step, prePrepare, from, 'busy')
  slot.accepted = headerOf(prePrepare)
  slot.acceptedTick = state.ticks
  state.batches.hold(sequence, batch)
  noteOrdered(state, sequence, batch)
  // What was proposed came back only after its record was on disk.
  if (!slot.isProposed) {
    // An own one that it does not remember was proposed before its disk was lost. @rule 6.4
    persist(step, { kind: 'accepted', prePrepare })
    slot.acceptedRecords = state.recordsEmitted
    if (mayVote(state) && sender !== state.config.id) {
      slot.hasPrepared = true
      withhold(step, { kind: 'prepare', view, sequence, digest })
    }
  }
  showOddVotes(step, slot)
  advance(step, slot)
}

/** True if one more batch may be held. The next to execute always may, once all before it are: it makes room. */
export function hasRoomFor(state: ReplicaState, sequence: Sequence, batch: Batch): boolean {
  const isNext = sequence === state.lastExecuted + 1
  return isNext || state.batches.bytes + batch.bytes.length <= UNEXECUTED_BYTES_MAX
}

/**
 * Tries the held-back pre-prepares again: the clock went on.
 * @rule 1.2
 */
export function retryHeldBack(step: Step): void {
  const { heldBack } = step.state
  const retried = [...heldBack.values()]
  heldBack.clear()
  for (const prePrepare of retried) onPrePrepare(step, prePrepare, { kind: 'replica', id: prePrepare.sender })
}

/**
 * PREPARE or COMMIT.
 * @rule 1.3 1.4 1.5
 */
export function onVote(step: Step, vote: Verified<Vote>, from: Peer): void {
  const { state } = step
  if (vote.kind === 'prepare' && vote.sender === primaryOf(vote.view, state.config.n)) {
    return reject(step, vote, from, 'prepare-from-primary')
  }
  if (!isOfThisView(step, vote, from)) return
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
  showOddVote(step, slot, vote)
  const vouched = vouchedFor(state, slot)
  if (vouched !== null) onPrePrepare(step, vouched, { kind: 'replica', id: vouched.sender })
  advance(step, slot)
}

/** The batch that an accepted pre-prepare or a decision waits for; its digest is right. */
export function supplyBatch(step: Step, slot: Slot, batch: Batch): void {
  const { state } = step
  const { sequence, accepted } = slot
  if (hasBatch(state, slot, batch.digest) || !hasRoomFor(state, sequence, batch)) return
  if (accepted === null || !equalBytes(accepted.digest, batch.digest)) return settle(step, slot, batch)
  persist(step, { kind: 'batch', sequence, batch })
  slot.acceptedRecords = state.recordsEmitted
  state.batches.hold(sequence, batch)
  voteForChoice(step, slot)
}

/**
 * PREPARE for an entry of O, once its batch is in the log.
 * @rule 3.5
 */
export function voteForChoice(step: Step, slot: Slot): void {
  const { state } = step
  const { accepted, sequence } = slot
  if (accepted === null || !hasBatch(state, slot, accepted.digest)) return
  const { view, digest, sender } = accepted
  if (!slot.hasPrepared && sender !== state.config.id && mayVote(state)) {
    slot.hasPrepared = true
    withhold(step, { kind: 'prepare', view, sequence, digest })
  }
  advance(step, slot)
}

/** Moves a slot on as far as its votes allow. */
export function advance(step: Step, slot: Slot): void {
  const { state } = step
  const { n } = state.config
  if (slot.prepared === null && slot.accepted !== null && hasBatch(state, slot, slot.accepted.digest)) {
    const prepares = preparedCertificate(slot, n)
    if (prepares !== null) becomePrepared(step, slot, prepares)
  }
  slot.decided ??= decisionCertificate(slot, n)
  const digest = slot.decided?.[0]?.digest
  if (digest === undefined) return
  const batch = findBatch(state, slot.sequence, digest)
  if (batch !== null) settle(step, slot, batch) // else it is fetched by digest
}

function becomePrepared(step: Step, slot: Slot, prepares: readonly Vote[]): void {
  const { accepted, sequence } = slot
  if (accepted === null || !mayVote(step.state)) return
  slot.prepared = prepares
  const { view, digest } = accepted
  const certificate = { prePrepare: accepted, prepares }
  step.state.preparedCertificates.set(sequence, certificate)
  persistThenBroadcast(step, {
    record: { kind: 'prepared', certificate },
    outgoing: { kind: 'commit', view, sequence, digest },
  })
}

/**
 * Takes the batch of a decision; `decided` holds its certificate. It goes to the log, whose next sync nobody waits for,
 * and to execution.
 * @rule 1.4 6.1
 */
export function settle(step: Step, slot: Slot, batch: Batch): void {
  const { state } = step
  const { sequence, decided } = slot
  if (decided === null || isSettled(slot) || isHandedOver(state, sequence)) return
  const held = findBatch(state, sequence, batch.digest)
  if (held === null) state.batches.hold(sequence, batch)
  slot.decidedBatch = held ?? batch
  persist(step, { kind: 'decided', commits: decided, batch, isBatchLogged: held !== null })
  executeDecided(step)
}

export function reject(
  step: Step,
  message: ProtocolMessage,
  from: Peer,
  reason: RejectionReason,
  evidence?: Evidence,
): void {
  if (evidence === undefined) {
    step.effects.push({ kind: 'reject', from, message, reason })
    return
  }
  step.effects.push({ kind: 'reject', from, message, reason, evidence })
  holdEvidence(step, evidence)
}
