/**
 * The messages of a view change without signatures: TOCS 2002 section 4.5. A MAC convinces only its receiver, so a
 * VIEW-CHANGE holds claims instead of certificates, others vouch for it by acknowledgements, and a NEW-VIEW names
 * VIEW-CHANGEs by their digests instead of showing them.
 */
import type { ClientId, ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { Choice } from '../content.ts'
import type { Received } from '../message.ts'

/** An entry of P or of Qset: that D was prepared, or pre-prepared, for s in view v. */
export interface OrderClaim {
  readonly sequence: Sequence
  readonly view: View
  readonly digest: Uint8Array
}

/** An entry of C: that the state after batch s has this root. */
export interface HeldCheckpoint {
  readonly sequence: Sequence
  /** Empty at 0. */
  readonly root: Uint8Array
}

/** VIEW-CHANGE(v', h, C, P, Qset, i), before it is encoded. */
export interface OralViewChangeContent {
  readonly kind: 'oral-view-change'
  /** v' */
  readonly view: View
  /** h */
  readonly lowWatermark: Sequence
  /** C, h included, in the order of s. At 0 nothing is listed. */
  readonly checkpoints: readonly HeldCheckpoint[]
  /** P, in the order of s; one entry for each. */
  readonly preparedClaims: readonly OrderClaim[]
  /** Qset, in the order of (s, v). */
  readonly prePrepareClaims: readonly OrderClaim[]
}

/** The same as it was received. */
export interface OralViewChange extends OralViewChangeContent, Received {
  readonly sender: ReplicaId
  /** Over its kind and payload, which holds the hash of the body; no MAC is part of it. */
  readonly digest: Uint8Array
  readonly body: Uint8Array
}

/** VIEW-CHANGE-ACK(v', i, j, d): i got j's VIEW-CHANGE for v' from j itself, and its digest is d. */
export interface ViewChangeAckContent {
  readonly kind: 'view-change-ack'
  readonly view: View
  /** j */
  readonly of: ReplicaId
  readonly digest: Uint8Array
}

export interface ViewChangeAck extends ViewChangeAckContent, Received {
  /** i */
  readonly sender: ReplicaId
}

/** VIEW-CHANGE-FETCH: asks for the VIEW-CHANGE with this digest, and for an acknowledgement of it. */
export interface ViewChangeFetchContent {
  readonly kind: 'view-change-fetch'
  readonly view: View
  readonly of: ReplicaId
  readonly digest: Uint8Array
}

export interface ViewChangeFetch extends ViewChangeFetchContent, Received {
  readonly sender: ReplicaId
}

/** VIEW-CHANGE-DELIVERY: answers a VIEW-CHANGE-FETCH. The digest vouches for what is in it, its sender for nothing. */
export interface ViewChangeDeliveryContent {
  readonly kind: 'view-change-delivery'
  readonly viewChange: Pick<OralViewChange, 'payload' | 'body'>
}

export interface ViewChangeDelivery extends Received {
  readonly kind: 'view-change-delivery'
  readonly sender: ReplicaId
  /** With no authentication of its own. */
  readonly viewChange: OralViewChange
}

/** An entry of V: whose VIEW-CHANGE, and which. */
export interface CitedViewChange {
  readonly sender: ReplicaId
  readonly digest: Uint8Array
}

/** NEW-VIEW(v', V, checkpoint, O): V names the VIEW-CHANGEs, O gives a digest for every s above the checkpoint. */
export interface OralNewViewContent {
  readonly kind: 'oral-new-view'
  readonly view: View
  /** In the order of their senders. */
  readonly cited: readonly CitedViewChange[]
  readonly checkpoint: HeldCheckpoint
  readonly choices: readonly Choice[]
}

export interface OralNewView extends OralNewViewContent, Received {
  readonly sender: ReplicaId
}

/** What a replica says that it got from another one: the highest (v, s) of one kind of message. */
export interface Reminder {
  readonly kind: 'pre-prepare' | 'prepare' | 'commit' | 'checkpoint' | 'view-change'
  /** 0 for a CHECKPOINT, which belongs to no view. */
  readonly view: View
  /** 0 for a VIEW-CHANGE. */
  readonly sequence: Sequence
}

/** RECOLLECTION without signatures: answers a RECALL with the newest of what the sender has from its asker. */
export interface OralRecollectionContent {
  readonly kind: 'oral-recollection'
  readonly nonce: number
  /** At most one of each kind. */
  readonly reminders: readonly Reminder[]
}

export interface OralRecollection extends OralRecollectionContent, Received {
  readonly sender: ReplicaId
}

/** MAC-COMPLAINT: a request of this client came with a MAC that its sender cannot check. */
export interface MacComplaintContent {
  readonly kind: 'mac-complaint'
  readonly client: ClientId
}

export interface MacComplaint extends MacComplaintContent, Received {
  readonly sender: ReplicaId
}

export type OralContent =
  | OralViewChangeContent
  | ViewChangeAckContent
  | ViewChangeFetchContent
  | ViewChangeDeliveryContent
  | OralNewViewContent
  | OralRecollectionContent
  | MacComplaintContent

export type OralMessage =
  | OralViewChange
  | ViewChangeAck
  | ViewChangeFetch
  | ViewChangeDelivery
  | OralNewView
  | OralRecollection
  | MacComplaint
