/**
 * Evidence of equivocation: how a replica finds it, keeps it and passes it on. OSDI 1999 section 4.2 only ignores a
 * second, different message; keeping evidence is an addition. Keeps the last sentences of rule 1.5.
 *
 * One replica seldom receives both contradicting messages. It sees a conflicting vote: a vote for another digest than
 * that of the pre-prepare it accepted. Either the primary sent the voter another pre-prepare, or the voter sends
 * different votes to different replicas. The replica therefore broadcasts the pre-prepare and the vote as an exhibit,
 * and each receiver compares them with the messages it holds. No exhibits are sent while all votes match the proposal,
 * and their number is limited. A convicted replica does not become primary (rule 5.4).
 */
import { assertNever } from '../../base/assert.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import { evidenceOf, isSamePlace } from '../../messages/evidence.ts'
import type { Checkpoint, Evidence, Exhibit, SignedOnce, Verified, Vote } from '../../messages/message.ts'
import { persist } from '../durability.ts'
import type { ReplicaState, Turn } from '../state.ts'
import { blameEquivocator } from '../views/primary-observation.ts'
import type { Slot } from './slot.ts'

/**
 * Logs and broadcasts, once, two contradicting messages whose signatures were verified.
 * @rule 1.5
 */
export function keepEvidence(turn: Turn, evidence: Evidence): void {
  const kept = turn.state.evidence.add(evidence)
  if (kept === null) return
  persist(turn, { kind: 'evidence', evidence: kept, isNew: true })
  blameEquivocator(turn.state, kept.guilty)
  show(turn, [kept.first, kept.second])
}

/**
 * Logs the evidence again, because the older part of the log is about to be trimmed.
 * @rule 6
 */
export function persistEvidenceAgain(turn: Turn): void {
  for (const evidence of turn.state.evidence.all) persist(turn, { kind: 'evidence', evidence, isNew: false })
}

/** Broadcasts a vote that conflicts with the accepted pre-prepare, and the pre-prepare, once for each sender. */
export function exhibitConflictingVote(turn: Turn, slot: Slot, vote: Vote): void {
  const { state } = turn
  const { accepted } = slot
  const bit = 1 << vote.sender
  if (accepted === null || equalBytes(accepted.digest, vote.digest) || vote.sender === state.config.id) return
  // Evidence with one of these messages is held already, or enough is held against its signer.
  const isExplained = !state.evidence.isWanted(accepted) || !state.evidence.isWanted(vote)
  if ((slot.shownOf & bit) !== 0 || isExplained || !state.evidence.mayShow(state.clock.ticks)) return
  slot.shownOf |= bit
  show(turn, [accepted, vote])
}

/** Broadcasts the conflicting votes that arrived before the pre-prepare. */
export function exhibitConflictingVotes(turn: Turn, slot: Slot): void {
  for (const vote of [...slot.prepares, ...slot.commits]) {
    if (vote !== null) exhibitConflictingVote(turn, slot, vote)
  }
}

/**
 * Broadcasts a CHECKPOINT whose root differs from this replica's.
 * @rule 2.1
 */
export function exhibitConflictingCheckpoint(turn: Turn, checkpoint: Checkpoint): void {
  const { state } = turn
  const own = state.checkpoints.ownRoots.get(checkpoint.sequence)
  if (own === undefined || equalBytes(own, checkpoint.root)) return
  const isWanted = state.evidence.isWanted(checkpoint) && state.evidence.mayShow(state.clock.ticks)
  if (isWanted) show(turn, [checkpoint])
}

/** Broadcasts the conflicting CHECKPOINTs that arrived before this replica's root was known. */
export function exhibitConflictingCheckpoints(turn: Turn, sequence: Sequence): void {
  for (const ofSender of turn.state.checkpoints.received) {
    const one = ofSender.get(sequence)
    if (one !== undefined) exhibitConflictingCheckpoint(turn, one)
  }
}

function show({ effects }: Turn, messages: readonly SignedOnce[]): void {
  effects.push({ kind: 'broadcast', outgoing: { kind: 'exhibit', messages } })
}

/**
 * Handles an exhibit: keeps the evidence in the messages that another replica shows.
 * @rule 1.5
 */
export function onExhibit(turn: Turn, exhibit: Verified<Exhibit>): void {
  for (const evidence of evidenceIn(turn.state, exhibit)) keepEvidence(turn, evidence)
}

/** True if an exhibit shows new evidence. Called before its signatures are checked: most exhibits show none. */
export const isExhibitRelevant = (state: ReplicaState, exhibit: Exhibit): boolean =>
  evidenceIn(state, exhibit).length > 0

/** Returns the evidence in an exhibit: its messages contradict each other, or a message that this replica knows. */
function evidenceIn(state: ReplicaState, { messages }: Exhibit): readonly Evidence[] {
  const [first, second] = messages
  const wanted = messages.filter((message) => state.evidence.isWanted(message))
  const found = wanted.map((message) => {
    const known = knownCounterpart(state, message)
    return known === null ? null : evidenceOf(known, message)
  })
  if (wanted.length === 2 && first !== undefined && second !== undefined) {
    found.push(evidenceOf(first, second))
  }
  return found.filter((evidence) => evidence !== null)
}

/** Returns the known message of the same signer for the same (kind, v, s); null when there is none. */
function knownCounterpart(state: ReplicaState, message: SignedOnce): SignedOnce | null {
  const { sender } = message
  for (const known of knownLike(state, message)) {
    if (known?.sender === sender && isSamePlace(known, message)) return known
  }
  return null
}

/** Returns the known messages of this kind and sequence number. */
function knownLike(state: ReplicaState, message: SignedOnce): readonly (SignedOnce | null | undefined)[] {
  const { sequence, sender } = message
  const slot = state.ordering.slots.get(sequence)
  const prepared = state.ordering.preparedCertificates.get(sequence)
  switch (message.kind) {
    case 'pre-prepare':
      return [slot?.accepted, state.ordering.heldBack.get(sequence), prepared?.prePrepare]
    case 'prepare':
      return [slot?.prepares[sender], ...(prepared?.prepares ?? [])]
    case 'commit':
      return [slot?.commits[sender], ...(slot?.decided ?? [])]
    case 'checkpoint':
      return [state.checkpoints.received[sender]?.get(sequence), ...state.checkpoints.stable.checkpoints]
    default:
      return assertNever(message)
  }
}
