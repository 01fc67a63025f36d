/**
 * EVIDENCE-INQUIRY: a client asks a replica for the evidence that it holds; payload `[nonce]`. EVIDENCE answers on its
 * sender's link; payload `[sender, nonce]`, body: an evidence list. The receiver must check its signatures.
 */
import type { ReplicaId } from '../base/ids.ts'
import type { Codec, Decoder } from './codec.ts'
import { decodeEvidenceList, type Evidence, encodeEvidenceList } from './evidence.ts'
import { type ContentOf, type Received, receivedOf, withFields, withoutBody } from './received.ts'
import { isRejection } from './rejection.ts'

export interface EvidenceInquiry extends Received {
  readonly kind: 'evidence-inquiry'
  readonly nonce: number
}

export interface EvidenceDelivery extends Received {
  readonly kind: 'evidence'
  readonly sender: ReplicaId
  readonly nonce: number
  readonly proofs: readonly Evidence[]
}

export type EvidenceContent = ContentOf<EvidenceDelivery>

export const evidenceInquiryCodec: Decoder<EvidenceInquiry> = {
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'evidence-inquiry',
      nonce: fields.integer(),
      ...received,
    })),
}

export const evidenceCodec: Codec<EvidenceDelivery> = {
  encode: ({ nonce, proofs }, sender) => ({ payload: [sender, nonce], body: encodeEvidenceList(proofs) }),
  decode(frame) {
    const proofs = decodeEvidenceList(frame.body)
    if (isRejection(proofs)) return proofs
    return withFields(frame, (fields) => ({
      kind: 'evidence',
      sender: fields.integer<ReplicaId>(),
      nonce: fields.integer(),
      proofs,
      ...receivedOf(frame),
    }))
  },
}
