/**
 * One sequence number's part of the log: the accepted pre-prepare, the votes, and the decision. TOCS 2002 section 4.3.
 * Keeps rules 1.3 (prepared), 1.4 (committed-local, decided) and 1.5 (one vote per kind and sender).
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { primaryOf, quorum, weakQuorum } from '../../base/quorum.ts'
import type { Batch, PrePrepareHeader, Vote } from '../../messages/message.ts'

/**
 * One replica's claim that a batch was decided.
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
  /** True if this replica proposed it in the current view. Its record is on disk before the proposal comes back. */
  isProposed: boolean
  /** The number of log records that must be on disk to include the accepted pre-prepare and its batch. */
  acceptedRecords: number
  /** True if this replica made its PREPARE of the current view. The batch is then in the log. */
  hasPrepared: boolean
  /** The first PREPARE and COMMIT of each sender in the current view, whatever their digest. */
  readonly prepares: (Vote | null)[]
  readonly commits: (Vote | null)[]
  /** Bit i is set if a conflicting vote of replica i in the current view was shown to the other replicas. */
  shownOf: number
  /** Q - 1 PREPAREs that match the accepted pre-prepare; null until the slot is prepared in the current view. */
  prepared: readonly Vote[] | null
  /** The decision: Q matching COMMITs of any one view, or in oral mode W claims that the batch was decided. */
  decided: readonly Vote[] | null
  /** Oral mode: the last claim of each replica that a batch was decided here; null if it made none. */
  claims: readonly DecisionClaim[] | null
  /** The decided batch; null while it is still to be fetched, and again once it was executed. */
  decidedBatch: Batch | null
  /** The digest of the executed batch. */
  executed: Uint8Array | null
  /**
   * The number of log records that must be on disk so that a restart finds a prepared certificate or decision here;
   * Infinity while there is none.
   */
  keptRecords: number
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
    keptRecords: Number.POSITIVE_INFINITY,
  }
}

/** Clears everything that belongs to the view being left. A decision remains. */
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

/** Returns the votes for one digest, in the order of their senders. */
export function matchingVotes(votes: readonly (Vote | null)[], digest: Uint8Array): readonly Vote[] {
  return votes.filter((vote): vote is Vote => vote !== null && equalBytes(vote.digest, digest))
}

/**
 * Returns the PREPAREs of prepared(v, s, D): Q - 1 of distinct backups that match the accepted pre-prepare, whether or
 * not this replica's is among them. Returns null if there are too few. Does not ask for the batch.
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
 * True if committed-local(v, s, D): prepared, with Q matching COMMITs.
 * @rule 1.4
 */
export const isCommittedLocal = (slot: Slot): boolean => isPrepared(slot) && slot.decided !== null

/**
 * Returns Q COMMITs for one digest, or null. They decide it, even against the pre-prepare accepted here.
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

/** True if this replica holds the decided batch, or executed it. */
export const hasDecidedBatch = (slot: Slot): boolean => slot.decidedBatch !== null || slot.executed !== null

/** Returns the number of replicas that voted in the current view, for any digest. */
export const votersOf = (slot: Slot): number =>
  slot.prepares.filter((vote, sender) => vote !== null || slot.commits[sender] !== null).length

/** Returns the tick since which the slot is proposed, or voted for by a weak quorum; Infinity if it is neither. */
export function openSince(slot: Slot, n: number): number {
  if (slot.executed !== null) return Number.POSITIVE_INFINITY
  if (slot.accepted !== null) return slot.acceptedTick
  return votersOf(slot) >= weakQuorum(n) ? slot.openedTick : Number.POSITIVE_INFINITY
}

/** Returns the replicas whose vote the slot waits for. */
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
