/** The three phases: OSDI 1999 section 4.2, TOCS 2002 section 4.3. Keeps rules 1.2 to 1.5, and 3.5. */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import { primaryOf } from '../../base/quorum.ts'
import { headerOf } from '../../messages/cited.ts'
import type { Batch, Evidence, PrePrepare, PrePrepareHeader, Verified, Vote } from '../../messages/message.ts'
import type { RejectionReason } from '../../messages/rejection.ts'
import { persist, persistThenBroadcast } from '../durability.ts'
import type { ProtocolMessage } from '../effects.ts'
import { HELD_BACK_MAX, UNEXECUTED_BYTES_MAX } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { noteOrdered } from '../views/primary-observation.ts'
import { exhibitConflictingVote, exhibitConflictingVotes, keepEvidence } from './evidence.ts'
import { executeDecided } from './execution.ts'
import { findBatch, hasBatch, isBatchLacking, isHandedOver, openSlot } from './ordering-state.ts'
import { noveltyOf, type Place, placeOf } from './place.ts'
import { isTimely } from './proposed-time.ts'
import {
  decisionCertificate,
  hasDecidedBatch,
  isDecidedAs,
  preparedCertificate,
  type Slot,
  votesOf,
} from './slot.ts'
import { noteKept } from './unordered-reads.ts'
import { mustAbstain, sendFirstVote } from './unsynced-votes.ts'

/**
 * Handles PRE-PREPARE(v, s, D). Its batch was already checked: it is well-formed and its requests are authentic.
 * @rule 1.2
 */
export function onPrePrepare(turn: Turn, prePrepare: Verified<PrePrepare>, from: Peer): void {
  const { state } = turn
  const { view, sequence, sender, digest } = prePrepare
  if (sender !== primaryOf(view, state.config.n)) return reject(turn, prePrepare, from, 'not-the-primary')
  const place = placeOf(state, prePrepare)
  if (place !== 'open') return takeElsewhere(turn, prePrepare, from, place)
  if (state.recovery.recall !== null) return // it is retransmitted
  const slot = openSlot(state, sequence)
  if (slot.accepted !== null) {
    if (noveltyOf(slot.accepted.digest, digest) === 'same') return supplyBatch(turn, slot, prePrepare.batch)
    const evidence = { guilty: sender, first: slot.accepted, second: prePrepare }
    return reject(turn, prePrepare, from, 'conflicting-pre-prepare', evidence)
  }
  // Sequence numbers that the NEW-VIEW covers are accepted from the NEW-VIEW only, and all were. @rule 3.4
  if (sequence <= state.views.lastChosen) return reject(turn, prePrepare, from, 'new-view-selects-otherwise')
  if (slot.executed !== null) return // a replica that lacks the batch is sent the decision
  if (slot.decided !== null && !isDecidedAs(slot, digest)) return // another batch was decided
  const isBeyondJudging = sender === state.config.id || slot.decided !== null
  if (!isBeyondJudging && !isTimely(state, prePrepare.batch)) return holdBack(turn, prePrepare, from)
  if (!state.mode.isDoubted(turn, slot, prePrepare)) accept(turn, slot, prePrepare, from)
}

/**
 * True if a PRE-PREPARE can still change the state. Takes its header only: called before its body is hashed.
 * @rule 1.2 1.5 5.5
 */
export function isPrePrepareRelevant(state: ReplicaState, header: PrePrepareHeader): boolean {
  const { sender, sequence, view, digest } = header
  if (sender !== primaryOf(view, state.config.n)) return false
  const place = placeOf(state, header)
  if (place !== 'open') return isRelevantElsewhere(state, header, place)
  if (noveltyOf(state.ordering.heldBack.get(sequence)?.digest, digest) === 'same') return false
  const slot = state.ordering.slots.get(sequence)
  if (slot === undefined) return true
  const novelty = noveltyOf(slot.accepted?.digest, digest)
  if (novelty === 'conflicting') return state.evidence.isWanted(header)
  return !hasDecidedBatch(slot) && (novelty === 'first' || isBatchLacking(state, sequence, digest))
}

/** Keeps a message of a later view until this replica enters that view; drops any other. */
function takeElsewhere(
  turn: Turn,
  message: Verified<PrePrepare> | Verified<Vote>,
  from: Peer,
  place: Exclude<Place, 'open'>,
): void {
  const { early } = turn.state.ordering
  const { config } = turn.state
  if (place === 'outside') return reject(turn, message, from, 'outside-window')
  if (place === 'past') {
    if (message.sender !== config.id) reject(turn, message, from, 'wrong-view')
    return
  }
  if (!early.add(message)) reject(turn, message, from, 'busy')
}

const isRelevantElsewhere = (
  { ordering: { early }, checkpoints: { lowWatermark } }: ReplicaState,
  message: PrePrepareHeader | Vote,
  place: Exclude<Place, 'open'>,
): boolean => place === 'early' && message.sequence > lowWatermark && early.wants(message)

/**
 * Holds back a pre-prepare whose time is too far from the clock's: one that is ahead until the clock has advanced, one
 * that is late until it is decided or its view ends. One per sequence number.
 * @rule 1.2
 */
function holdBack(turn: Turn, prePrepare: Verified<PrePrepare>, from: Peer): void {
  const { heldBack } = turn.state.ordering
  const { sequence, sender, digest } = prePrepare
  const other = heldBack.get(sequence)
  if (other !== undefined) {
    if (noveltyOf(other.digest, digest) === 'same') return
    const evidence = { guilty: sender, first: other, second: prePrepare }
    return reject(turn, prePrepare, from, 'conflicting-pre-prepare', evidence)
  }
  if (heldBack.size >= HELD_BACK_MAX) return reject(turn, prePrepare, from, 'busy')
  heldBack.set(sequence, prePrepare)
}

function accept(turn: Turn, slot: Slot, prePrepare: Verified<PrePrepare>, from: Peer): void {
  const { state } = turn
  const { sequence, view, digest, batch, sender } = prePrepare
  if (!hasRoomFor(state, sequence, batch)) return reject(turn, prePrepare, from, 'busy')
  slot.accepted = headerOf(prePrepare)
  slot.acceptedTick = state.clock.ticks
  state.ordering.batches.add(sequence, batch)
  noteOrdered(state, sequence, batch)
  // The record of this replica's own proposal precedes it.
  if (!slot.isProposed) {
    // A proposal of this replica that it does not remember dates from before it lost its disk. @rule 6.4
    persist(turn, { kind: 'accepted', prePrepare })
    slot.acceptedRecords = state.durability.recordsEmitted
    if (mayVote(state) && sender !== state.config.id && !mustAbstain(state, view, sequence)) {
      slot.hasPrepared = true
      sendFirstVote(turn, { kind: 'prepare', view, sequence, digest })
    }
  }
  exhibitConflictingVotes(turn, slot)
  advance(turn, slot)
}

/** True if one more batch may be kept. The next batch to execute always may: executing it makes room. */
export function hasRoomFor(state: ReplicaState, sequence: Sequence, batch: Batch): boolean {
  const isNext = sequence === state.ordering.lastExecuted + 1
  return isNext || state.ordering.batches.bytes + batch.bytes.length <= UNEXECUTED_BYTES_MAX
}

/**
 * Handles the held-back pre-prepares again, at a tick: the clock has advanced, and others may have decided.
 * @rule 1.2
 */
export function retryHeldBack(turn: Turn): void {
  const { heldBack } = turn.state.ordering
  const retried = [...heldBack.values()]
  heldBack.clear()
  for (const prePrepare of retried) onPrePrepare(turn, prePrepare, { kind: 'replica', id: prePrepare.sender })
}

/**
 * Handles a PREPARE or COMMIT.
 * @rule 1.3 1.4 1.5
 */
export function onVote(turn: Turn, vote: Verified<Vote>, from: Peer): void {
  const { state } = turn
  if (vote.kind === 'prepare' && vote.sender === primaryOf(vote.view, state.config.n)) {
    return reject(turn, vote, from, 'prepare-from-primary')
  }
  const place = placeOf(state, vote)
  if (place !== 'open') return takeElsewhere(turn, vote, from, place)
  const slot = openSlot(state, vote.sequence)
  const votes = votesOf(slot, vote.kind)
  const known = votes[vote.sender]
  if (known !== null && known !== undefined) {
    if (noveltyOf(known.digest, vote.digest) === 'conflicting') {
      const evidence = { guilty: vote.sender, first: known, second: vote }
      reject(turn, vote, from, 'conflicting-vote', evidence)
    }
    return
  }
  votes[vote.sender] = vote
  exhibitConflictingVote(turn, slot, vote)
  const vouched = state.mode.vouchedFor(state, slot)
  if (vouched !== null) onPrePrepare(turn, vouched, { kind: 'replica', id: vouched.sender })
  advance(turn, slot)
}

/**
 * True if a vote can still change the state. A vote that arrives after the quorum cannot.
 * @rule 1.5 5.5
 */
export function isVoteRelevant(state: ReplicaState, vote: Vote): boolean {
  const place = placeOf(state, vote)
  if (place !== 'open') return isRelevantElsewhere(state, vote, place)
  const slot = state.ordering.slots.get(vote.sequence)
  if (slot === undefined) return true
  const novelty = noveltyOf(votesOf(slot, vote.kind)[vote.sender]?.digest, vote.digest)
  if (novelty !== 'first') return novelty === 'conflicting' && state.evidence.isWanted(vote)
  return vote.kind === 'prepare' ? slot.prepared === null : slot.decided === null
}

/** Supplies the batch that an accepted pre-prepare or a decision waits for. The caller has checked its digest. */
export function supplyBatch(turn: Turn, slot: Slot, batch: Batch): void {
  const { state } = turn
  const { sequence, accepted } = slot
  if (hasBatch(state, slot, batch.digest) || !hasRoomFor(state, sequence, batch)) return
  if (accepted === null || !equalBytes(accepted.digest, batch.digest)) return decideBatch(turn, slot, batch)
  persist(turn, { kind: 'batch', sequence, batch })
  slot.acceptedRecords = state.durability.recordsEmitted
  state.ordering.batches.add(sequence, batch)
  voteForChoice(turn, slot)
}

/**
 * Sends PREPARE for an entry of O, once its batch is in the log.
 * @rule 3.5
 */
export function voteForChoice(turn: Turn, slot: Slot): void {
  const { state } = turn
  const { accepted, sequence } = slot
  if (accepted === null || !hasBatch(state, slot, accepted.digest)) return
  const { view, digest, sender } = accepted
  const isVoter = sender !== state.config.id && mayVote(state) && !mustAbstain(state, view, sequence)
  if (!slot.hasPrepared && isVoter) {
    slot.hasPrepared = true
    sendFirstVote(turn, { kind: 'prepare', view, sequence, digest })
  }
  advance(turn, slot)
}

/** Advances a slot as far as its votes allow. */
export function advance(turn: Turn, slot: Slot): void {
  const { state } = turn
  const { n } = state.config
  if (slot.prepared === null && slot.accepted !== null && hasBatch(state, slot, slot.accepted.digest)) {
    const prepares = preparedCertificate(slot, n)
    if (prepares !== null) becomePrepared(turn, slot, prepares)
  }
  slot.decided ??= decisionCertificate(slot, n)
  const digest = slot.decided?.[0]?.digest
  if (digest === undefined) return
  const batch = findBatch(state, slot.sequence, digest)
  if (batch !== null) decideBatch(turn, slot, batch) // else it is fetched by digest
}

function becomePrepared(turn: Turn, slot: Slot, prepares: readonly Vote[]): void {
  const { accepted, sequence } = slot
  if (accepted === null || !mayVote(turn.state)) return
  slot.prepared = prepares
  const { view, digest } = accepted
  const certificate = { prePrepare: accepted, prepares }
  turn.state.ordering.preparedCertificates.set(sequence, certificate)
  persistThenBroadcast(turn, {
    record: { kind: 'prepared', certificate },
    outgoing: { kind: 'commit', view, sequence, digest },
  })
  noteKept(turn.state, slot)
}

/**
 * Accepts the batch of a decision, whose certificate stands in `decided`. Writes the batch to the log, without waiting
 * for a sync, and hands it to execution.
 * @rule 1.4 6.1
 */
export function decideBatch(turn: Turn, slot: Slot, batch: Batch): void {
  const { state } = turn
  const { sequence, decided } = slot
  if (decided === null || hasDecidedBatch(slot) || isHandedOver(state, sequence)) return
  const known = findBatch(state, sequence, batch.digest)
  if (known === null) state.ordering.batches.add(sequence, batch)
  slot.decidedBatch = known ?? batch
  persist(turn, { kind: 'decided', commits: decided, batch, isBatchLogged: known !== null })
  noteKept(state, slot)
  executeDecided(turn)
}

export function reject(
  turn: Turn,
  message: ProtocolMessage,
  from: Peer,
  reason: RejectionReason,
  evidence?: Evidence,
): void {
  if (evidence === undefined) {
    turn.effects.push({ kind: 'reject', from, message, reason })
    return
  }
  turn.effects.push({ kind: 'reject', from, message, reason, evidence })
  keepEvidence(turn, evidence)
}
