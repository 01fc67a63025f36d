/**
 * One sequence number's part of the log: what was accepted, who voted, what it came to. TOCS 2002 section 4.3.
 * Keeps rules 1.3 (prepared), 1.4 (committed-local, decided) and 1.5 (one vote per kind and sender).
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { primaryOf, quorum, weakQuorum } from '../../base/quorum.ts'
import type { Batch, PrePrepareHeader, Vote } from '../../messages/message.ts'

/**
 * One replica's word that a batch was decided.
 * @rule 4.8
 */
export interface DecisionClaim {
  readonly sender: ReplicaId
  readonly view: View
  readonly digest: Uint8Array
}

export interface Slot {
  readonly sequence: Sequence
  /** The tick at which the slot was opened, perhaps by an early vote. */
  openedTick: number
  /** The tick at which the pre-prepare was accepted; Infinity before. */
  acceptedTick: number
  /** The pre-prepare accepted in the current view. Its batch stands in `state.batches`, or is still to be fetched. */
  accepted: PrePrepareHeader | null
  /** True if this replica proposed it in the current view: its record is then on disk before it comes back. */
  isProposed: boolean
  /** The number of log records that must be on disk for the accepted pre-prepare and its batch to be. */
  acceptedRecords: number
  /** True if this replica made its PREPARE of the current view: the batch is then in the log. */
  hasPrepared: boolean
  /** The first PREPARE and COMMIT of each sender in the current view, whatever their digest. */
  readonly prepares: (Vote | null)[]
  readonly commits: (Vote | null)[]
  /** Bit i: a vote of replica i in the current view was shown to the others, because it is for another digest. */
  shownOf: number
  /** Q - 1 PREPAREs that match the accepted pre-prepare, and its batch is here: prepared in the current view. */
  prepared: readonly Vote[] | null
  /** Q matching COMMITs, of any one view; or in oral mode, W claims that it was decided. */
  decided: readonly Vote[] | null
  /** Oral mode: each replica's last word that a batch was decided here; null while there is none. */
  claims: readonly DecisionClaim[] | null
  /** The decided batch; null while it is still to be fetched, and again once it was executed. */
  decidedBatch: Batch | null
  /** The digest of the executed batch. */
  executed: Uint8Array | null
}

export function createSlot(sequence: Sequence, n: number, tick: number): Slot {
  return {
    sequence,
    openedTick: tick,
    acceptedTick: Number.POSITIVE_INFINITY,
    accepted: null,
    isProposed: false,
    acceptedRecords: 0,
    hasPrepared: false,
    prepares: new Array<Vote | null>(n).fill(null),
    commits: new Array<Vote | null>(n).fill(null),
    shownOf: 0,
    prepared: null,
    decided: null,
    claims: null,
    decidedBatch: null,
    executed: null,
  }
}

/** Forgets what belongs to the view that is left; a decision stays one. */
export function clearView(slot: Slot, tick: number): void {
  slot.openedTick = tick
  slot.acceptedTick = Number.POSITIVE_INFINITY
  slot.accepted = null
  slot.isProposed = false
  slot.acceptedRecords = 0
  slot.hasPrepared = false
  slot.prepares.fill(null)
  slot.commits.fill(null)
  slot.shownOf = 0
  slot.prepared = null
}

export function votesOf(slot: Slot, kind: Vote['kind']): (Vote | null)[] {
  return kind === 'prepare' ? slot.prepares : slot.commits
}

/** The votes for one digest, in the order of their senders. */
export function matchingVotes(votes: readonly (Vote | null)[], digest: Uint8Array): readonly Vote[] {
  return votes.filter((vote): vote is Vote => vote !== null && equalBytes(vote.digest, digest))
}

/**
 * prepared(v, s, D), but for the batch: the pre-prepare, and Q - 1 matching PREPAREs of distinct backups, with
 * this replica's or without. Returns those PREPAREs, or null.
 * @rule 1.3
 */
export function preparedCertificate(slot: Slot, n: number): readonly Vote[] | null {
  const { accepted } = slot
  if (accepted === null) return null
  const primary = primaryOf(accepted.view, n)
  const matching = matchingVotes(slot.prepares, accepted.digest).filter(({ sender }) => sender !== primary)
  return matching.length >= quorum(n) - 1 ? matching.slice(0, quorum(n) - 1) : null
}

export const isPrepared = (slot: Slot): boolean => slot.prepared !== null

/**
 * committed-local(v, s, D): prepared, and Q matching COMMITs.
 * @rule 1.4
 */
export const isCommittedLocal = (slot: Slot): boolean => isPrepared(slot) && slot.decided !== null

/**
 * Q COMMITs for one digest decide it, even against the pre-prepare accepted here. Returns them, or null.
 * @rule 1.4
 */
export function decisionCertificate(slot: Slot, n: number): readonly Vote[] | null {
  for (const commit of slot.commits) {
    if (commit === null) continue
    const matching = matchingVotes(slot.commits, commit.digest)
    if (matching.length >= quorum(n)) return matching.slice(0, quorum(n))
  }
  return null
}

/** True if the slot's decision is for this digest. */
export function isDecidedAs(slot: Slot, digest: Uint8Array): boolean {
  const commit = slot.decided?.[0]
  return commit !== undefined && equalBytes(commit.digest, digest)
}

/** True if the decided batch is here, or was executed. */
export const hasDecidedBatch = (slot: Slot): boolean => slot.decidedBatch !== null || slot.executed !== null

/** The number of replicas that voted here in the current view, for any digest. */
export const votersOf = (slot: Slot): number =>
  slot.prepares.filter((vote, sender) => vote !== null || slot.commits[sender] !== null).length

/** Since when the slot is known to be wanted: by its primary, or by the votes of a weak quorum. Infinity: not at all. */
export function openSince(slot: Slot, n: number): number {
  if (slot.executed !== null) return Number.POSITIVE_INFINITY
  if (slot.accepted !== null) return slot.acceptedTick
  return votersOf(slot) >= weakQuorum(n) ? slot.openedTick : Number.POSITIVE_INFINITY
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
