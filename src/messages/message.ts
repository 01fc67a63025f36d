/**
 * The messages of OSDI 1999 section 4, and those that keep the protocol going over lossy links. Field names are the
 * paper's, spelled out. Each message has its own file with its type, encoding, decoding and description; this file
 * collects all types.
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
export type { Occurrence, OccurrenceDelivery, OccurrenceInquiry, OccurrenceKind } from './occurrence.ts'
export type { PageDelivery, PageFetch } from './page.ts'
export type { Place, PlaceInquiry } from './place.ts'
export type { PrePrepare, PrePrepareHeader } from './pre-prepare.ts'
export type { Read, ReadAnswer } from './read.ts'
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
export type { StateInquiry, StatePages } from './state-pages.ts'
export type { Complaint, Status } from './status.ts'
export type { ViewChange, ViewChangeHeader } from './view-change.ts'
export type { Vote } from './vote.ts'

/** Every message that a codec decodes. */
export type Message = Exclude<ReturnType<(typeof CODECS)[keyof typeof CODECS]['decode']>, Rejection>

export type MessageKind = Message['kind']

/** The messages whose kinds have these properties. */
export type MessageWith<F extends Partial<KindFacts>> = Extract<Message, { readonly kind: KindWith<F> }>

/** The messages that `step` handles. */
export type ProtocolMessage = MessageWith<{ taker: 'protocol' }>

/** The questions that clients ask of a replica apart from their requests. */
export type AnyInquiry = MessageWith<{ taker: 'inquiries' }>

declare const verified: unique symbol
/**
 * A message whose authentication was checked over the received bytes: its signature, or its link for kinds that are
 * valid only there. Created in `runtime/authentication/authentication.ts` only, as an architecture test ensures.
 */
export type Verified<M extends Message> = M & { readonly [verified]: true }
