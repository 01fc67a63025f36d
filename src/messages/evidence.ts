/**
 * Evidence of equivocation: two different messages of one signer for one (kind, v, s), which a correct replica never
 * signs (rule 1.5). The cluster's public keys are enough to check it, so its source does not matter. Evidence shows
 * that one key signed both messages, but not the reason: a replica that runs on an old copy of its disk may sign twice
 * too.
 *
 *   evidence = certificate of the two envelopes                  [certificate.ts]
 *   list     = count u8 | (length u16 | evidence) * count
 */
import { concatBytes, equalBytes, readU16, writeU16 } from '../base/bytes.ts'
import type { ReplicaId } from '../base/ids.ts'
import { REPLICAS_MAX } from '../base/quorum.ts'
import { decodeCertificate, encodeCertificate } from './certificate.ts'
import type { Checkpoint } from './checkpoint.ts'
import { decodeCited } from './cited.ts'
import { EVIDENCE_PER_REPLICA_MAX } from './limits.ts'
import type { PrePrepareHeader } from './pre-prepare.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import type { Vote } from './vote.ts'

/** A message that a correct replica signs at most once for each (kind, v, s); a CHECKPOINT for each s. */
export type SignedOnce = PrePrepareHeader | Vote | Checkpoint

/** Two different signed messages of one sender for one (kind, v, s), which anyone can check. */
export interface Evidence {
  readonly guilty: ReplicaId
  readonly first: SignedOnce
  readonly second: SignedOnce
}

/** The subject of a piece of evidence: the replica, and the kind and place of both messages. */
export interface EvidenceSubject {
  readonly kind: SignedOnce['kind']
  /** Null for a CHECKPOINT: it belongs to no view. */
  readonly view: number | null
  readonly sequence: number
}

/** The reason why two messages prove nothing, apart from signatures. */
export type EvidenceFault = 'different-signers' | 'different-kinds' | 'different-places' | 'same-content'

export const placeOf = (message: SignedOnce): EvidenceSubject => ({
  kind: message.kind,
  view: message.kind === 'checkpoint' ? null : message.view,
  sequence: message.sequence,
})

/** True if two messages have the same kind and (v, s), from one signer or two. */
export function isSamePlace(a: SignedOnce, b: SignedOnce): boolean {
  if (a.kind !== b.kind || a.sequence !== b.sequence) return false
  return a.kind === 'checkpoint' || b.kind === 'checkpoint' || a.view === b.view
}

const contentOf = (message: SignedOnce): Uint8Array =>
  message.kind === 'checkpoint' ? message.root : message.digest

/**
 * Returns the first reason why two messages do not contradict each other; null if they do. Signatures are not checked
 * here.
 * @rule 1.5
 */
export function evidenceFault(first: SignedOnce, second: SignedOnce): EvidenceFault | null {
  if (first.sender !== second.sender) return 'different-signers'
  if (first.kind !== second.kind) return 'different-kinds'
  if (!isSamePlace(first, second)) return 'different-places'
  // Two signatures of the same content do not contradict each other.
  return equalBytes(contentOf(first), contentOf(second)) ? 'same-content' : null
}

/** Returns two messages as evidence, valid if their signatures are; null if they do not contradict each other. */
export function evidenceOf(first: SignedOnce, second: SignedOnce): Evidence | null {
  return evidenceFault(first, second) === null ? { guilty: first.sender, first, second } : null
}

export const encodeEvidence = ({ first, second }: Pick<Evidence, 'first' | 'second'>): Uint8Array =>
  encodeCertificate([first, second])

/**
 * Reads evidence. Returns a rejection unless it is two messages that contradict each other. Signatures are not checked
 * here.
 */
export function decodeEvidence(bytes: Uint8Array): Evidence | Rejection {
  const cited = decodeCertificate(bytes, decodeCited)
  if (isRejection(cited)) return cited
  const [first, second, ...more] = cited
  if (first === undefined || second === undefined || more.length > 0) return rejection('body-malformed')
  return evidenceOf(first, second) ?? rejection('proves-nothing')
}

export function encodeEvidenceList(proofs: readonly Pick<Evidence, 'first' | 'second'>[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(proofs.length)]
  for (const proof of proofs) {
    const bytes = encodeEvidence(proof)
    const length = new Uint8Array(2)
    writeU16(length, 0, bytes.length)
    parts.push(length, bytes)
  }
  return concatBytes(...parts)
}

/** The maximum number of pieces of evidence that a replica holds, against all replicas. */
export const EVIDENCE_MAX = REPLICAS_MAX * EVIDENCE_PER_REPLICA_MAX

/**
 * Reads a list of evidence. Rejects the whole list if one piece proves nothing, because a correct replica sends none.
 */
export function decodeEvidenceList(bytes: Uint8Array): readonly Evidence[] | Rejection {
  const count = bytes[0]
  if (count === undefined || count > EVIDENCE_MAX) return rejection('body-malformed')
  const proofs: Evidence[] = []
  let at = 1
  for (let index = 0; index < count; index++) {
    if (at + 2 > bytes.length) return rejection('body-malformed')
    const end = at + 2 + readU16(bytes, at)
    if (end > bytes.length) return rejection('body-malformed')
    const proof = decodeEvidence(bytes.subarray(at + 2, end))
    if (isRejection(proof)) return proof
    proofs.push(proof)
    at = end
  }
  return at === bytes.length ? proofs : rejection('frame-has-trailing-bytes')
}
