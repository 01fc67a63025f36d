/** Messages between replicas as a person reads them: a phrase for each kind, with the rule that the message follows. */
import type { ClientId } from '../../base/ids.ts'
import type { ReplicaContent } from '../../messages/content.ts'
import type { Message, ProtocolMessage } from '../../messages/message.ts'
import { shortDigest } from './moment.ts'
import { type Phrase, placeText, type RuleTag } from './phrase.ts'

/** A message that was received, or the content of one that is sent. */
type Readable = Extract<Message, { readonly kind: ReadableKind }> | ReplicaContent
type ReadableKind = ProtocolMessage['kind'] | ReplicaContent['kind']
/** The members of the union that may be of this kind. */
type OfKind<K extends ReadableKind, M = Readable> = M extends { readonly kind: infer Kinds }
  ? K extends Kinds
    ? M
    : never
  : never

/** Returns the words for a client. */
export type ClientName = (id: ClientId) => string

interface Row<K extends ReadableKind> {
  readonly rule: RuleTag
  text(message: OfKind<K>, clientName: ClientName): string
}

const PHRASES: { readonly [K in ReadableKind]: Row<K> } = {
  request: {
    rule: '1.1',
    text: ({ client, timestamp }, clientName) => `REQUEST ${timestamp} of ${clientName(client)}`,
  },
  'pre-prepare': {
    rule: '1.2',
    text: ({ view, sequence, batch }) => `PRE-PREPARE for ${placeText(view, sequence, batch.digest)}`,
  },
  prepare: {
    rule: '1.3',
    text: ({ view, sequence, digest }) => `PREPARE for ${placeText(view, sequence, digest)}`,
  },
  commit: {
    rule: '1.4',
    text: ({ view, sequence, digest }) => `COMMIT for ${placeText(view, sequence, digest)}`,
  },
  status: {
    rule: '1.11',
    text: ({ view, isActive, lastExecuted, complaint }) =>
      `STATUS: ${isActive ? 'in' : 'on the way to'} view ${view}, executed up to ${lastExecuted}${
        complaint === null ? '' : `; its complaint: the primary is ${complaint}`
      }`,
  },
  fetch: {
    rule: '3.5',
    text: ({ sequence, digest }) => `FETCH of batch ${shortDigest(digest)} for ${sequence}`,
  },
  batch: {
    rule: '3.5',
    text: ({ sequence, batch }) => `batch ${shortDigest(batch.digest)} for ${sequence}`,
  },
  decision: {
    rule: '1.4',
    text: ({ sequence, batch }) => `the decision of batch ${shortDigest(batch.digest)} for ${sequence}`,
  },
  checkpoint: {
    rule: '2.1',
    text: ({ sequence, root }) => `CHECKPOINT at ${sequence}, root ${shortDigest(root)}`,
  },
  'stable-checkpoint': {
    rule: '2.8',
    text: ({ stable }) => `the certificate of the stable checkpoint at ${stable.sequence}`,
  },
  'view-change': {
    rule: '3.1',
    text: ({ view, stable, preparedCertificates }) =>
      `VIEW-CHANGE for view ${view}, h ${stable.sequence}, ${preparedCertificates.length} prepared`,
  },
  'new-view': { rule: '3.3', text: ({ view }) => `NEW-VIEW of view ${view}` },
  'oral-view-change': {
    rule: '4.2',
    text: ({ view, lowWatermark, preparedClaims }) =>
      `VIEW-CHANGE for view ${view}, h ${lowWatermark}, ${preparedClaims.length} claimed prepared`,
  },
  'oral-new-view': {
    rule: '4.7',
    text: ({ view, choices }) => `NEW-VIEW of view ${view}, ${choices.length} chosen`,
  },
  'view-change-ack': {
    rule: '4.3',
    text: ({ view, of }) => `VIEW-CHANGE-ACK for replica ${of} and view ${view}`,
  },
  'view-change-fetch': {
    rule: '4.7',
    text: ({ view, of }) => `VIEW-CHANGE-FETCH for replica ${of} and view ${view}`,
  },
  'view-change-delivery': { rule: '4.7', text: () => "another replica's VIEW-CHANGE" },
  'mac-complaint': {
    rule: '4.10',
    text: ({ client }, clientName) => `a complaint about ${clientName(client)}`,
  },
  exhibit: {
    rule: '1.5',
    text: ({ messages }) =>
      `EXHIBIT of ${messages.length} signed ${messages.length === 1 ? 'message' : 'messages'}`,
  },
  recall: { rule: '6.4', text: () => 'RECALL: the question what it sent before its restart' },
  recollection: { rule: '6.4', text: () => 'RECOLLECTION: what the other sent before its restart' },
  'oral-recollection': { rule: '6.4', text: () => 'RECOLLECTION: what the other sent before its restart' },
  'page-fetch': { rule: '2.5', text: () => 'PAGE-FETCH for pages of the state' },
  page: { rule: '2.5', text: () => 'a page of the state' },
}

/** True for a message that has a phrase: one that replicas exchange. */
export const isBetweenReplicas = (
  message: Message,
): message is Extract<Message, { readonly kind: ReadableKind }> => message.kind in PHRASES

/** Returns the phrase for a message. */
export function messagePhrase(message: Readable, clientName: ClientName): Phrase {
  // The table pairs each kind with its message, which the type system cannot express for a union's member.
  const { rule, text } = PHRASES[message.kind] as Row<ReadableKind>
  return { rule, text: text(message as never, clientName) }
}
