/**
 * The certificate of a checkpoint: CHECKPOINTs of Q replicas that name one root of the state after batch s.
 *
 *   count u8 | (envelope length u16 | envelope) *
 *
 * @rule 2.1
 */
import { equalBytes, readU16 } from '../../src/base/bytes.ts'
import { DIGEST_BYTES } from '../../src/base/hash.ts'
import { quorum } from '../../src/base/quorum.ts'
import { frameOfEnvelope, splitFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { type ProofContext, signatureCheck } from './proof-context.ts'
import { refuse } from './refusal.ts'
import { readPayload } from './signed-payload.ts'

/** The bytes of the largest certificate: 13 envelopes. */
export const CERTIFICATE_BYTES_MAX = 4096

/** A checkpoint that Q replicas signed. */
export interface CertifiedCheckpoint {
  readonly sequence: number
  readonly root: Uint8Array
  /** The replicas that signed. */
  readonly replicas: readonly number[]
}

interface SignedCheckpoint {
  readonly sender: number
  readonly sequence: number
  readonly root: Uint8Array
}

/** Reads and checks a certificate. Refuses one that proves nothing. */
export function readCertificate(context: ProofContext, certificate: Uint8Array): CertifiedCheckpoint {
  const { replicas, checkpointInterval } = context.cluster
  const signed = envelopesIn(certificate).map((envelope, index) => readCheckpoint(context, envelope, index))
  const [first] = signed
  const needed = quorum(replicas.length)
  if (first === undefined || signed.length < needed) {
    return refuse('certificate-too-small', `${signed.length} replicas certify it, and ${needed} are needed`)
  }
  const { sequence, root } = first
  const senders = signed.map(({ sender }) => sender)
  const repeated = senders.find((sender, index) => senders.indexOf(sender) < index)
  if (repeated !== undefined) refuse('certificate-repeated', `replica ${repeated} certifies it twice`)
  const isSame = signed.every((one) => one.sequence === sequence && equalBytes(one.root, root))
  if (!isSame) refuse('certificate', 'its replicas certify different checkpoints')
  if (sequence === 0 || sequence % checkpointInterval !== 0) {
    refuse('certificate', `there is no checkpoint at sequence number ${sequence}`)
  }
  return { sequence, root, replicas: senders }
}

function envelopesIn(certificate: Uint8Array): readonly Uint8Array[] {
  const envelopes: Uint8Array[] = []
  let at = 1
  for (let index = 0; index < (certificate[0] ?? 0); index++) {
    const end = at + 2 + (at + 2 <= certificate.length ? readU16(certificate, at) : certificate.length)
    if (end > certificate.length) refuse('certificate', 'its certificate breaks its layout')
    envelopes.push(certificate.subarray(at + 2, end))
    at = end
  }
  if (at !== certificate.length) refuse('certificate', 'its certificate breaks its layout')
  return envelopes
}

function readCheckpoint(context: ProofContext, envelope: Uint8Array, index: number): SignedCheckpoint {
  const frame = splitFrame(frameOfEnvelope(envelope))
  if (isRejection(frame) || frame.kind !== FRAME_KINDS.checkpoint || frame.body.length > 0) {
    return refuse('certificate', `message ${index} of its certificate is no CHECKPOINT`)
  }
  const items = readPayload(frame.payload, ['integer', 'integer', DIGEST_BYTES])
  if (items === null) {
    return refuse('certificate', `the payload of message ${index} of its certificate breaks its layout`)
  }
  const [sender, sequence, root] = items as [number, number, Uint8Array]
  const publicKey = context.cluster.replicas[sender]?.publicKey
  if (publicKey === undefined) {
    return refuse(
      'certificate',
      `message ${index} of its certificate names replica ${sender}, which does not exist`,
    )
  }
  if (!signatureCheck(context)(frame, publicKey)) {
    refuse('certificate-signature', `message ${index} of its certificate is not signed by replica ${sender}`)
  }
  return { sender, sequence, root }
}
