/**
 * The messages of OSDI 1999 section 4, and what keeps lossy links going. Field names are the paper's in full. Each message
 * has a file of its own, with its type, its encoding, its decoding and its description; all their types are found here.
 */
import type { CODECS } from './codecs.ts'
import type { KindFacts, KindWith } from './kinds.ts'
import type { Rejection } from './rejection.ts'

export type { Batch } from './batch.ts'
export type { PreparedCertificate } from './certificate.ts'
export type { Checkpoint, CheckpointCertificate } from './checkpoint.ts'
export type { Decision } from './decision.ts'
export type { Evidence, SignedOnce } from './evidence.ts'
export type { EvidenceDelivery, EvidenceInquiry } from './evidence-delivery.ts'
export type { Exhibit } from './exhibit.ts'
export type { BatchDelivery, Fetch } from './fetch.ts'
export type { NewView, NewViewContents } from './new-view.ts'
export type { PageDelivery, PageFetch } from './page.ts'
export type { Place, PlaceInquiry } from './place.ts'
export type { PrePrepare, PrePrepareHeader } from './pre-prepare.ts'
export type { Recall, Recollection, Remembered } from './recall.ts'
export type { Received } from './received.ts'
export type { Refusal, RefusalReason } from './refusal.ts'
export type { Reply } from './reply.ts'
export type {
  Blacklisted,
  CutOff,
  CutOffReason,
  Inquiry,
  ReplicaCondition,
  ReplicaReport,
  Report,
} from './report.ts'
export type { Request } from './request.ts'
export type { StableCheckpoint } from './stable-checkpoint.ts'
export type { Complaint, Status } from './status.ts'
export type { ViewChange, ViewChangeHeader } from './view-change.ts'
export type { Vote } from './vote.ts'

/** Every message that a codec decodes. */
export type Message = Exclude<ReturnType<(typeof CODECS)[keyof typeof CODECS]['decode']>, Rejection>

export type MessageKind = Message['kind']

/** The messages whose kinds have these facts. */
export type MessageWith<F extends Partial<KindFacts>> = Extract<Message, { readonly kind: KindWith<F> }>

/** The messages that `step` takes. */
export type ProtocolMessage = MessageWith<{ taker: 'protocol' }>

/** The questions that clients ask of a replica beside their requests. */
export type AnyInquiry = MessageWith<{ taker: 'inquiries' }>

declare const verified: unique symbol
/**
 * A message whose authentication was checked over the bytes received: signature, or link for the kinds that are valid
 * only there. Minted in `runtime/authentication/authentication.ts` and nowhere else; an architecture test keeps it so.
 */
export type Verified<M extends Message> = M & { readonly [verified]: true }
