/**
 * Contents: messages before they are encoded and authenticated. The protocol produces contents; the runtime adds their
 * sender, their bytes and their signature. Each type is derived from its message and stands beside it.
 */
import type { ReplicaId } from '../base/ids.ts'
import type { Codec, EncodeTools, Parts } from './codec.ts'
import { CODECS } from './codecs.ts'
import { FRAME_KINDS, KINDS, type KindWith } from './kinds.ts'
import type { Received } from './received.ts'

export type { CheckpointContent } from './checkpoint.ts'
export type { DecisionContent } from './decision.ts'
export type { EvidenceContent } from './evidence-delivery.ts'
export type { ExhibitContent } from './exhibit.ts'
export type { BatchContent, FetchContent } from './fetch.ts'
export type { Choice, NewViewContent } from './new-view.ts'
export type { OccurrencesContent } from './occurrence.ts'
export type { PageContent, PageFetchContent } from './page.ts'
export type { PlaceContent } from './place.ts'
export type { PrePrepareContent } from './pre-prepare.ts'
export type { ReadAnswerContent } from './read.ts'
export type { RecallContent, RecollectionContent } from './recall.ts'
export type { RefusalContent } from './refusal.ts'
export type { ReportContent } from './report.ts'
export type { StableCheckpointContent } from './stable-checkpoint.ts'
export type { StatePagesContent } from './state-pages.ts'
export type { StatusContent } from './status.ts'
export type { ViewChangeContent } from './view-change.ts'
export type { VoteContent } from './vote.ts'

type ContentIn<C> = C extends { encode(content: infer Content, ...more: never[]): unknown } ? Content : never

/** Any content that a replica sends and a codec encodes. */
export type Content = ContentIn<(typeof CODECS)[keyof typeof CODECS]>

/** Contents that a replica sends to replicas. */
export type ReplicaContent = Extract<Content, { readonly kind: KindWith<{ taker: 'protocol' | 'pages' }> }>

/** Contents that are signed or carry a MAC for each replica. They are kept in certificates and in the log. */
export type SignedContent = Extract<Content, { readonly kind: KindWith<{ vouched: 'author' }> }>

/** True for the kinds that their author's signature vouches for. The others are valid on their author's link only. */
export const isSigned = (content: Content): content is SignedContent =>
  KINDS[content.kind].vouched === 'author'

/** Returns the payload and body of a content, as its decoder reads them. */
export function contentParts(content: Content, sender: ReplicaId, tools: EncodeTools): Parts {
  // The table pairs each kind with the codec of its content, which the type system cannot express for a union's member.
  const codec = CODECS[content.kind] as Codec<Received, Content>
  return codec.encode(content, sender, tools)
}

export const kindNumber = (kind: Content['kind']) => FRAME_KINDS[kind]
