/**
 * The messages of a view change without signatures: TOCS 2002 section 4.5. A MAC convinces its receiver only. So a
 * VIEW-CHANGE holds claims instead of certificates, others vouch for it by acknowledgements, and a NEW-VIEW cites
 * VIEW-CHANGEs by their digests. Each message has its own file; this file collects all types.
 */
import type { KindWith } from '../kinds.ts'
import type { Message } from '../message.ts'

export type {
  ViewChangeAck,
  ViewChangeAckContent,
  ViewChangeDelivery,
  ViewChangeDeliveryContent,
  ViewChangeFetch,
  ViewChangeFetchContent,
} from './acknowledgement.ts'
export type { MacComplaint, MacComplaintContent } from './mac-complaint.ts'
export type { CitedViewChange, OralNewView, OralNewViewContent } from './new-view.ts'
export type { OralRecollection, OralRecollectionContent, Reminder } from './recollection.ts'
export type { CheckpointClaim, OralViewChange, OralViewChangeContent, OrderClaim } from './view-change.ts'

/** The messages that only oral mode has. */
export type OralMessage = Extract<Message, { readonly kind: KindWith<{ mode: 'oral' }> }>
