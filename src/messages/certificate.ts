/**
 * Certificates: lists of envelopes, byte for byte as they were received:
 *
 *   count u8 | (envelope length u16 | envelope) *
 */
import { equalBytes, readU16, writeU16 } from '../base/bytes.ts'
import type { ReplicaId } from '../base/ids.ts'
import { primaryOf, quorum, REPLICAS_MAX } from '../base/quorum.ts'
import type { CheckpointCertificate } from './checkpoint.ts'
import { frameOfEnvelope } from './frame.ts'
import type { PrePrepareHeader } from './pre-prepare.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import type { Vote } from './vote.ts'

/** An entry of P: a PRE-PREPARE and Q - 1 PREPAREs for it. */
export interface PreparedCertificate {
  readonly prePrepare: PrePrepareHeader
  readonly prepares: readonly Vote[]
}

export function encodeCertificate(votes: readonly { readonly envelope: Uint8Array }[]): Uint8Array {
  let length = 1
  for (const { envelope } of votes) length += 2 + envelope.length
  const bytes = new Uint8Array(length)
  bytes[0] = votes.length
  let at = 1
  for (const { envelope } of votes) {
    writeU16(bytes, at, envelope.length)
    bytes.set(envelope, at + 2)
    at += 2 + envelope.length
  }
  return bytes
}

/** Reads the messages of a certificate, each with `decode`. Their signatures are not checked here. */
export function decodeCertificate<M extends object>(
  bytes: Uint8Array,
  decode: (frame: Uint8Array) => M | Rejection,
): readonly M[] | Rejection {
  const count = bytes[0]
  if (count === undefined || count > REPLICAS_MAX) return rejection('body-malformed')
  const votes: M[] = []
  let at = 1
  for (let index = 0; index < count; index++) {
    if (at + 2 > bytes.length) return rejection('body-malformed')
    const end = at + 2 + readU16(bytes, at)
    if (end > bytes.length) return rejection('body-malformed')
    const vote = decode(frameOfEnvelope(bytes.subarray(at + 2, end)))
    if (isRejection(vote)) return vote
    votes.push(vote)
    at = end
  }
  return at === bytes.length ? votes : rejection('frame-has-trailing-bytes')
}

type CertificateFault = 'certificate-too-small' | 'certificate-mixed' | 'certificate-repeats-a-sender'

/**
 * Returns the first fault of a stable certificate, or null. Signatures are not checked here.
 * @rule 2.1
 */
export function checkpointCertificateFault(
  { sequence, root, checkpoints }: CheckpointCertificate,
  { n, checkpointInterval }: { readonly n: number; readonly checkpointInterval: number },
): CertificateFault | null {
  if (sequence === 0) return checkpoints.length === 0 ? null : 'certificate-mixed'
  if (sequence % checkpointInterval !== 0) return 'certificate-mixed'
  if (checkpoints.length < quorum(n)) return 'certificate-too-small'
  const isSame = checkpoints.every((one) => one.sequence === sequence && equalBytes(one.root, root))
  if (!isSame) return 'certificate-mixed'
  return hasRepeatedSender(checkpoints) ? 'certificate-repeats-a-sender' : null
}

/**
 * Returns the first fault of an entry of P, or null. Signatures are not checked here.
 * @rule 3.2
 */
export function preparedCertificateFault(
  { prePrepare, prepares }: PreparedCertificate,
  n: number,
): CertificateFault | null {
  const { view, sequence, digest, sender } = prePrepare
  const primary = primaryOf(view, n)
  if (sender !== primary) return 'certificate-mixed'
  if (prepares.some((prepare) => prepare.sender === primary)) return 'certificate-mixed'
  const [first] = prepares
  if (first !== undefined && (first.view !== view || first.sequence !== sequence)) return 'certificate-mixed'
  return certificateFault(prepares, { kind: 'prepare', needed: quorum(n) - 1, digest })
}

const hasRepeatedSender = (messages: readonly { readonly sender: ReplicaId }[]): boolean =>
  new Set(messages.map(({ sender }) => sender)).size < messages.length

/** Returns the first fault of `needed` votes of one kind for one (v, s, D) from distinct senders, or null. */
export function certificateFault(
  votes: readonly Vote[],
  expected: { readonly kind: Vote['kind']; readonly needed: number; readonly digest: Uint8Array },
): CertificateFault | null {
  const [first] = votes
  if (first === undefined || votes.length < expected.needed) return 'certificate-too-small'
  for (const vote of votes) {
    const isSame =
      vote.kind === expected.kind &&
      vote.view === first.view &&
      vote.sequence === first.sequence &&
      equalBytes(vote.digest, expected.digest)
    if (!isSame) return 'certificate-mixed'
  }
  return hasRepeatedSender(votes) ? 'certificate-repeats-a-sender' : null
}
