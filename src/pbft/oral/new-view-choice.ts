/**
 * The choice of a NEW-VIEW without signatures: TOCS 2002 section 4.5.2. Keeps rules 4.4 to 4.7. These functions know
 * neither messages nor time: they compute the choice from S, the VIEW-CHANGEs that are vouched for.
 *
 * An entry of P is one replica's claim that a batch prepared. A1 ensures that no other batch was decided. A2 ensures
 * that a correct replica pre-prepared the batch, so that it exists and can be fetched. B ensures that no batch was
 * decided at all.
 */
import { compareBytes, equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, Sequence } from '../../base/ids.ts'
import { quorum, weakQuorum } from '../../base/quorum.ts'
import type { Choice } from '../../messages/content.ts'
import type { CheckpointClaim, OrderClaim } from '../../messages/oral/message.ts'
import type { RejectionReason } from '../../messages/rejection.ts'

/** The claims of one VIEW-CHANGE, which is valid by rule 4.2. */
export interface ViewChangeClaims {
  readonly sender: ReplicaId
  /** h */
  readonly lowWatermark: Sequence
  /** C: the sender's checkpoints, h included. The initial state, at 0, is not listed. */
  readonly checkpoints: readonly CheckpointClaim[]
  /** P: the latest prepared claim for each s, at most one. */
  readonly preparedClaims: readonly OrderClaim[]
  /** Qset: for each (s, D) the latest view in which it was pre-prepared. */
  readonly prePrepareClaims: readonly OrderClaim[]
}

/** The parameters of the cluster that a choice depends on. */
export interface ChoiceForm {
  readonly n: number
  /** L */
  readonly logWindow: number
  readonly nullDigest: Uint8Array
}

/** The result for S: a complete choice, or the reason to wait until S grows or batches arrive. */
export type ChoiceResult =
  | {
      readonly kind: 'chosen'
      readonly checkpoint: CheckpointClaim
      /** One choice for every s above the checkpoint, in order, up to the last that is not a null batch by B. */
      readonly choices: readonly Choice[]
    }
  | {
      readonly kind: 'waiting'
      /** Choices that satisfy A1 and A2 but whose batches this replica lacks: worth fetching. */
      readonly lacking: readonly Choice[]
    }

/** The initial state, held by every replica that has no later checkpoint. */
const FIRST_STATE: CheckpointClaim = { sequence: 0 as Sequence, root: new Uint8Array(0) }

/**
 * Returns the number of distinct replicas whose claims match `says`. Repetitions do not count.
 * @rule 4.9
 */
function sendersOf(
  claims: readonly ViewChangeClaims[],
  says: (viewChange: ViewChangeClaims) => boolean,
): number {
  return new Set(claims.filter(says).map(({ sender }) => sender)).size
}

/**
 * Returns the highest (s, root) that W replicas hold and whose s is at or above the h of Q; null if there is none yet.
 * These Q need not hold the checkpoint themselves: otherwise a correct replica that is behind could prevent any choice.
 * @rule 4.4
 */
export function chooseCheckpoint(claims: readonly ViewChangeClaims[], n: number): CheckpointClaim | null {
  const candidates = [FIRST_STATE, ...claims.flatMap(({ checkpoints }) => checkpoints)]
  candidates.sort((a, b) => b.sequence - a.sequence || compareBytes(a.root, b.root))
  for (const candidate of candidates) {
    const notAbove = sendersOf(claims, ({ lowWatermark }) => lowWatermark <= candidate.sequence)
    const holders = sendersOf(claims, (viewChange) => holdsCheckpoint(viewChange, candidate))
    if (notAbove >= quorum(n) && holders >= weakQuorum(n)) return candidate
  }
  return null
}

function holdsCheckpoint(
  { lowWatermark, checkpoints }: ViewChangeClaims,
  { sequence, root }: CheckpointClaim,
): boolean {
  if (sequence === 0) return lowWatermark === 0
  return checkpoints.some((one) => one.sequence === sequence && equalBytes(one.root, root))
}

/**
 * Tests A1: Q replicas with h < s prepared nothing at s in a later view, and no other batch in the same view.
 * @rule 4.5
 */
export function satisfiesA1(claims: readonly ViewChangeClaims[], claim: OrderClaim, n: number): boolean {
  const { sequence, view, digest } = claim
  const agrees = (other: OrderClaim): boolean =>
    other.sequence !== sequence ||
    other.view < view ||
    (other.view === view && equalBytes(other.digest, digest))
  const compatible = sendersOf(
    claims,
    ({ lowWatermark, preparedClaims }) => lowWatermark < sequence && preparedClaims.every(agrees),
  )
  return compatible >= quorum(n)
}

/**
 * Tests A2: W replicas pre-prepared the batch, in this view or a later one.
 * @rule 4.5 4.6
 */
export function satisfiesA2(claims: readonly ViewChangeClaims[], claim: OrderClaim, n: number): boolean {
  const { sequence, view, digest } = claim
  const confirms = (other: OrderClaim): boolean =>
    other.sequence === sequence && other.view >= view && equalBytes(other.digest, digest)
  const confirming = sendersOf(claims, ({ prePrepareClaims }) => prePrepareClaims.some(confirms))
  return confirming >= weakQuorum(n)
}

/**
 * Tests B: Q replicas with h < s prepared nothing at s, so no batch was decided there.
 * @rule 4.5
 */
export function satisfiesB(claims: readonly ViewChangeClaims[], sequence: Sequence, n: number): boolean {
  const silent = sendersOf(
    claims,
    ({ lowWatermark, preparedClaims }) =>
      lowWatermark < sequence && !preparedClaims.some((claim) => claim.sequence === sequence),
  )
  return silent >= quorum(n)
}

/**
 * Returns the choice of a new primary from S, or what it still waits for. `hasBatch` is A3, and is true of the null
 * batch.
 *
 * @rule 4.4 4.5
 */
export function choose(
  claims: readonly ViewChangeClaims[],
  form: ChoiceForm,
  hasBatch: (choice: Choice) => boolean,
): ChoiceResult {
  const checkpoint = chooseCheckpoint(claims, form.n)
  if (checkpoint === null) return { kind: 'waiting', lacking: [] }
  const choices: Choice[] = []
  const lacking: Choice[] = []
  let isWaiting = false
  let length = 0
  for (const claimed of claimedAbove(claims, checkpoint.sequence, form.logWindow)) {
    const { sequence } = claimed
    const real = realClaims(claimed, form.n)
    const here = real.find(hasBatch)
    if (here !== undefined) {
      choices.push({ sequence, digest: here.digest })
      length = choices.length
    } else if (satisfiesB(claimed.claims, sequence, form.n)) {
      choices.push({ sequence, digest: form.nullDigest })
    } else {
      isWaiting = true
      lacking.push(...real.map(({ digest }) => ({ sequence, digest })))
    }
  }
  if (isWaiting) return { kind: 'waiting', lacking }
  return { kind: 'chosen', checkpoint, choices: choices.slice(0, length) }
}

/**
 * The claims of the VIEW-CHANGEs about one sequence number, collected once because searching all of P each time is
 * slow.
 */
interface Claimed {
  readonly sequence: Sequence
  readonly claims: readonly ViewChangeClaims[]
}

/** Returns the claims for every s above the checkpoint, up to the last that some P names within L. */
function claimedAbove(
  claims: readonly ViewChangeClaims[],
  checkpoint: Sequence,
  logWindow: number,
): readonly Claimed[] {
  const isInReach = ({ sequence }: OrderClaim): boolean =>
    sequence > checkpoint && sequence <= checkpoint + logWindow
  const sequences = claims.flatMap(({ preparedClaims }) => preparedClaims.filter(isInReach))
  const last = sequences.reduce((most, { sequence }) => Math.max(most, sequence), checkpoint as number)
  const indexed = claims.map((viewChange) => ({
    viewChange,
    prepared: bySequence(viewChange.preparedClaims),
    prePrepared: bySequence(viewChange.prePrepareClaims),
  }))
  return Array.from({ length: last - checkpoint }, (_, place) => {
    const sequence = (checkpoint + 1 + place) as Sequence
    const narrowed = indexed.map(({ viewChange, prepared, prePrepared }) => ({
      ...viewChange,
      preparedClaims: prepared.get(sequence) ?? [],
      prePrepareClaims: prePrepared.get(sequence) ?? [],
    }))
    return { sequence, claims: narrowed }
  })
}

function bySequence(claims: readonly OrderClaim[]): ReadonlyMap<Sequence, readonly OrderClaim[]> {
  const grouped = new Map<Sequence, OrderClaim[]>()
  for (const claim of claims) {
    const group = grouped.get(claim.sequence)
    if (group === undefined) grouped.set(claim.sequence, [claim])
    else group.push(claim)
  }
  return grouped
}

/** Returns the entries of any P that satisfy A1 and A2, the latest view first. */
function realClaims({ claims }: Claimed, n: number): readonly OrderClaim[] {
  const named = claims.flatMap(({ preparedClaims }) => preparedClaims)
  named.sort((a, b) => b.view - a.view || compareBytes(a.digest, b.digest))
  const distinct = named.filter((claim, at) => {
    const before = named[at - 1]
    return before?.view !== claim.view || !equalBytes(before.digest, claim.digest)
  })
  return distinct.filter((claim) => satisfiesA1(claims, claim, n) && satisfiesA2(claims, claim, n))
}

/** The checkpoint and choices that a NEW-VIEW derives from its VIEW-CHANGEs. */
export interface Chosen {
  readonly checkpoint: CheckpointClaim
  readonly choices: readonly Choice[]
}

/**
 * Returns the first fault of a NEW-VIEW that was made from these VIEW-CHANGEs, or null. Each choice must satisfy A1 and
 * A2, or B. The choice is not recomputed, since both can hold and A3 depends on the primary. A sequence number that is
 * left out must satisfy B.
 *
 * @rule 4.7
 */
export function choiceFault(
  { checkpoint, choices }: Chosen,
  claims: readonly ViewChangeClaims[],
  form: ChoiceForm,
): RejectionReason | null {
  const senders = new Set(claims.map(({ sender }) => sender))
  if (senders.size !== claims.length || senders.size < quorum(form.n)) return 'new-view-without-quorum'
  const highest = chooseCheckpoint(claims, form.n)
  const isHighest =
    highest !== null && highest.sequence === checkpoint.sequence && equalBytes(highest.root, checkpoint.root)
  if (!isHighest) return 'new-view-selects-otherwise'
  const claimed = claimedAbove(claims, checkpoint.sequence, form.logWindow)
  // Null batches behind the last claim would only fill the window.
  if (choices.length > claimed.length) return 'new-view-selects-otherwise'
  const isSound = claimed.every((each, place) => mayChoose(choices[place], each, form))
  return isSound ? null : 'new-view-selects-otherwise'
}

/** True if the choice is allowed for a sequence number. Without a choice: true if the number may be left out. */
function mayChoose(choice: Choice | undefined, claimed: Claimed, { n, nullDigest }: ChoiceForm): boolean {
  const { sequence, claims } = claimed
  if (choice === undefined) return satisfiesB(claims, sequence, n)
  if (choice.sequence !== sequence) return false
  if (equalBytes(choice.digest, nullDigest) && satisfiesB(claims, sequence, n)) return true
  return realClaims(claimed, n).some(({ digest }) => equalBytes(digest, choice.digest))
}
