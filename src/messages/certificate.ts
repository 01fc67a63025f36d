/**
 * A certificate is a list of envelopes, byte for byte as they were received:
 *
 *   count u8 | (envelope length u16 | envelope) *
 */
import { equalBytes, readU16, writeU16 } from '../base/bytes.ts'
import { REPLICAS_MAX } from '../base/quorum.ts'
import { frameOfEnvelope } from './frame.ts'
import type { Vote } from './message.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'

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

/** The votes of a certificate; their signatures are not checked here. */
export function decodeCertificate(
  bytes: Uint8Array,
  decodeVote: (frame: Uint8Array) => Vote | Rejection,
): readonly Vote[] | Rejection {
  const count = bytes[0]
  if (count === undefined || count > REPLICAS_MAX) return rejection('body-malformed')
  const votes: Vote[] = []
  let at = 1
  for (let index = 0; index < count; index++) {
    if (at + 2 > bytes.length) return rejection('body-malformed')
    const end = at + 2 + readU16(bytes, at)
    if (end > bytes.length) return rejection('body-malformed')
    const vote = decodeVote(frameOfEnvelope(bytes.subarray(at + 2, end)))
    if (isRejection(vote)) return vote
    votes.push(vote)
    at = end
  }
  return at === bytes.length ? votes : rejection('frame-has-trailing-bytes')
}

/** Whether these are `needed` votes of one kind for one (v, s, D) from distinct senders; the first fault, or null. */
export function certificateFault(
  votes: readonly Vote[],
  expected: { readonly kind: Vote['kind']; readonly needed: number; readonly digest: Uint8Array },
): 'certificate-too-small' | 'certificate-mixed' | 'certificate-repeats-a-sender' | null {
  const [first] = votes
  if (first === undefined || votes.length < expected.needed) return 'certificate-too-small'
  const senders = new Set<number>()
  for (const vote of votes) {
    const isSame =
      vote.kind === expected.kind &&
      vote.view === first.view &&
      vote.sequence === first.sequence &&
      equalBytes(vote.digest, expected.digest)
    if (!isSame) return 'certificate-mixed'
    if (senders.has(vote.sender)) return 'certificate-repeats-a-sender'
    senders.add(vote.sender)
  }
  return null
}
