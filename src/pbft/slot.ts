/**
 * One sequence number's part of the log: what was accepted, who voted, what it came to. TOCS 2002 section 4.3.
 * Keeps rules 1.3 (prepared), 1.4 (committed-local, decided) and 1.5 (one vote per kind and sender).
 */
import { equalBytes } from '../base/bytes.ts'
import type { ReplicaId, Sequence } from '../base/ids.ts'
import { primaryOf, quorum, weakQuorum } from '../base/quorum.ts'
import type { Batch, PrePrepare, Vote } from '../messages/message.ts'

export interface Slot {
  readonly sequence: Sequence
  /** The tick at which the slot was opened, perhaps by an early vote. */
  readonly openedTick: number
  /** The tick at which the pre-prepare was accepted; Infinity before. */
  acceptedTick: number
  /** The pre-prepare accepted in the current view, with its batch. */
  accepted: PrePrepare | null
  /** Whether the log holds the accepted pre-prepare for certain. */
  isAcceptedDurable: boolean
  /** The first PREPARE and COMMIT of each sender in the current view, whatever their digest. */
  readonly prepares: (Vote | null)[]
  readonly commits: (Vote | null)[]
  /** The prepared certificate: Q - 1 PREPAREs that match the accepted pre-prepare. */
  prepared: readonly Vote[] | null
  /** Q matching COMMITs. */
  decided: readonly Vote[] | null
  /** The decided batch; null while it is still to be fetched. */
  decidedBatch: Batch | null
}

export function createSlot(sequence: Sequence, n: number, tick: number): Slot {
  return {
    sequence,
    openedTick: tick,
    acceptedTick: Number.POSITIVE_INFINITY,
    accepted: null,
    isAcceptedDurable: false,
    prepares: new Array<Vote | null>(n).fill(null),
    commits: new Array<Vote | null>(n).fill(null),
    prepared: null,
    decided: null,
    decidedBatch: null,
  }
}

export function votesOf(slot: Slot, kind: Vote['kind']): (Vote | null)[] {
  return kind === 'prepare' ? slot.prepares : slot.commits
}

/** The votes for one digest, in the order of their senders. */
export function matchingVotes(votes: readonly (Vote | null)[], digest: Uint8Array): readonly Vote[] {
  return votes.filter((vote): vote is Vote => vote !== null && equalBytes(vote.digest, digest))
}

/**
 * prepared(v, s, D): the pre-prepare with its batch, and Q - 1 matching PREPAREs of distinct backups, the own one among
 * them or not. Gives those PREPAREs, or null. // PBFT-1.3
 */
export function preparedCertificate(slot: Slot, n: number): readonly Vote[] | null {
  const { accepted } = slot
  if (accepted === null) return null
  const primary = primaryOf(accepted.view, n)
  const matching = matchingVotes(slot.prepares, accepted.digest).filter(({ sender }) => sender !== primary)
  return matching.length >= quorum(n) - 1 ? matching.slice(0, quorum(n) - 1) : null
}

export const isPrepared = (slot: Slot): boolean => slot.prepared !== null

/** committed-local(v, s, D): prepared, and Q matching COMMITs. // PBFT-1.4 */
export const isCommittedLocal = (slot: Slot): boolean => isPrepared(slot) && slot.decided !== null

/** Q COMMITs for one digest decide it, whatever was accepted here. Gives them, or null. // PBFT-1.4 */
export function decisionCertificate(slot: Slot, n: number): readonly Vote[] | null {
  for (const commit of slot.commits) {
    if (commit === null) continue
    const matching = matchingVotes(slot.commits, commit.digest)
    if (matching.length >= quorum(n)) return matching.slice(0, quorum(n))
  }
  return null
}

/** Whether the slot's decision is for this digest. */
export function isDecidedAs(slot: Slot, digest: Uint8Array): boolean {
  const commit = slot.decided?.[0]
  return commit !== undefined && equalBytes(commit.digest, digest)
}

/** Bytes of the batches that the slot holds. */
export function heldBytes({ accepted, decidedBatch }: Slot): number {
  const acceptedBatch = accepted?.batch ?? null
  const other = decidedBatch === acceptedBatch ? null : decidedBatch
  return (acceptedBatch?.bytes.length ?? 0) + (other?.bytes.length ?? 0)
}

/** Since when the slot is known to be wanted: by its primary, or by the votes of a weak quorum. Infinity: not at all. */
export function openSince(slot: Slot, n: number): number {
  if (slot.accepted !== null) return slot.acceptedTick
  const voters = slot.prepares.filter((vote, sender) => vote !== null || slot.commits[sender] !== null)
  return voters.length >= weakQuorum(n) ? slot.openedTick : Number.POSITIVE_INFINITY
}

/** The senders that have not voted yet, of those whose vote the slot waits for. */
export function missingVoters(slot: Slot, primary: ReplicaId): readonly ReplicaId[] {
  if (slot.accepted === null) return [primary]
  const votes = isPrepared(slot) ? slot.commits : slot.prepares
  const missing: ReplicaId[] = []
  for (const [sender, vote] of votes.entries()) {
    const isExpected = isPrepared(slot) || sender !== primary
    if (vote === null && isExpected) missing.push(sender as ReplicaId)
  }
  return missing
}
