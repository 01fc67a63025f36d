/** The messages of OSDI 1999 section 4, and what keeps lossy links going. Field names are the paper's in full. */
import type { ClientId, Milliseconds, ReplicaId, Sequence, Timestamp, View } from '../base/ids.ts'
import type { EvidenceInquiry, Inquiry, Place, PlaceInquiry } from './inquiry.ts'
import type { OralMessage } from './oral/message.ts'
import type { Rejection } from './rejection.ts'

export type { AnyInquiry, EvidenceInquiry, Inquiry, Place, PlaceInquiry } from './inquiry.ts'

/** What every decoded message keeps of the bytes it came in. */
export interface Received {
  /** kind .. authentication: what a certificate carries and what the authentication is checked over. */
  readonly envelope: Uint8Array
  /** The whole frame, length field included. */
  readonly bytes: Uint8Array
  readonly payload: Uint8Array
  readonly authentication: Uint8Array
}

/** REQUEST, m: one client's bundle of operations. The operations are the application's; here they are bytes. */
export interface Request extends Received {
  readonly kind: 'request'
  readonly client: ClientId
  readonly publicKey: Uint8Array
  /** The nonce of its client's session, 16 bytes: two sessions of one key never get one another's answers. // PBFT-1.8 */
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  /** The replica asked to send whole results; any value of n or above asks all of them. */
  readonly responder: number
  readonly operations: Uint8Array
  /** The signed digest, 32 bytes. It covers client, session, timestamp, responder and, through their digest, the operations. */
  readonly digest: Uint8Array
  /** Its client, where it was passed on by a replica and its MAC for this one is wrong; else absent. // PBFT-4.10 */
  readonly doubtful?: readonly ClientId[]
}

/** The ordered requests of one sequence number and the proposed time. */
export interface Batch {
  /** Proposed time; 0 with no requests is the null batch. */
  readonly time: Milliseconds
  readonly requests: readonly Request[]
  /** The batch as it stands in a PRE-PREPARE's body. */
  readonly bytes: Uint8Array
  /** D, 32 bytes: over the time and the requests. */
  readonly digest: Uint8Array
}

/** PRE-PREPARE(v, s, D) without its batch: what certificates and a NEW-VIEW cite. `bytes` is a frame with no body. */
export interface PrePrepareHeader extends Received {
  readonly kind: 'pre-prepare'
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

/** PRE-PREPARE(v, s, D) with its batch. */
export interface PrePrepare extends PrePrepareHeader {
  readonly batch: Batch
  /** Clients whose MACs for this replica are wrong; absent where there are none. It waits for others to vouch. // PBFT-4.10 */
  readonly doubtful?: readonly ClientId[]
}

/** PREPARE(v, s, D, i) or COMMIT(v, s, D, i). */
export interface Vote extends Received {
  readonly kind: 'prepare' | 'commit'
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

/** CHECKPOINT(s, root, i): the root of the state after batch s. */
export interface Checkpoint extends Received {
  readonly kind: 'checkpoint'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly root: Uint8Array
}

/** C: Q CHECKPOINTs of distinct replicas for one (s, root). The first state's, at 0, needs none. */
export interface CheckpointCertificate {
  readonly sequence: Sequence
  /** Empty at 0. */
  readonly root: Uint8Array
  readonly checkpoints: readonly Checkpoint[]
}

/** An entry of P: a PRE-PREPARE and Q - 1 PREPAREs for it. */
export interface PreparedCertificate {
  readonly prePrepare: PrePrepareHeader
  readonly prepares: readonly Vote[]
}

/** VIEW-CHANGE(v', h, C, P, i). */
export interface ViewChange extends Received {
  readonly kind: 'view-change'
  readonly sender: ReplicaId
  /** v': the view that the sender moves to. */
  readonly view: View
  /** h and C. */
  readonly stable: CheckpointCertificate
  /** P, in the order of their sequence numbers. */
  readonly preparedCertificates: readonly PreparedCertificate[]
}

/** V and O. */
export interface NewViewContents {
  readonly viewChanges: readonly ViewChange[]
  /** In the order of their sequence numbers. */
  readonly prePrepares: readonly PrePrepareHeader[]
}

/** NEW-VIEW(v', V, O). */
export interface NewView extends Received {
  readonly kind: 'new-view'
  readonly sender: ReplicaId
  readonly view: View
  /** A rejection where its primary signed contents that do not check out: that ends the view (rule 3.4). */
  readonly contents: NewViewContents | Rejection
}

/** STABLE-CHECKPOINT: hands a certificate to a replica that lacks it (rule 2.8). Anyone may check it. */
export interface StableCheckpoint extends Received {
  readonly kind: 'stable-checkpoint'
  readonly sender: ReplicaId
  readonly stable: CheckpointCertificate
}

/** VIEW-CHANGE without its body: shows that its sender left for a view, and nothing more. */
export interface ViewChangeHeader extends Received {
  readonly kind: 'view-change'
  readonly sender: ReplicaId
  readonly view: View
}

/** RECALL: a replica that starts asks what the others have from it (rule 6.4). Valid on its sender's link only. */
export interface Recall extends Received {
  readonly kind: 'recall'
  readonly sender: ReplicaId
  /** Tells the answers to this start from those to an earlier one. */
  readonly nonce: number
}

/** What a RECALL may bring back, each signed by the one that asked. */
export type Remembered = PrePrepareHeader | Vote | Checkpoint | ViewChangeHeader

/** RECOLLECTION: answers a RECALL with the newest of what the sender has from its asker. */
export interface Recollection extends Received {
  readonly kind: 'recollection'
  readonly sender: ReplicaId
  readonly nonce: number
  readonly remembered: readonly Remembered[]
}

/** What a correct replica signs at most once for each (kind, v, s); a CHECKPOINT for each s. */
export type SignedOnce = PrePrepareHeader | Vote | Checkpoint

/** Two different signed messages of one sender for one (kind, v, s): anyone can check that it signed both. */
export interface Evidence {
  readonly guilty: ReplicaId
  readonly first: SignedOnce
  readonly second: SignedOnce
}

/**
 * EXHIBIT: shows one or two messages of whatever signers (rule 1.5). Two that contradict each other are evidence, passed
 * on; others are for the receiver to compare with what it holds. Valid on its sender's link only.
 */
export interface Exhibit extends Received {
  readonly kind: 'exhibit'
  readonly sender: ReplicaId
  readonly messages: readonly SignedOnce[]
}

/** PAGE-FETCH: asks for pages of the state after batch s. Valid on its sender's link only. */
export interface PageFetch extends Received {
  readonly kind: 'page-fetch'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly paths: readonly (readonly number[])[]
}

/** PAGE: answers for one path of a PAGE-FETCH. The hash in its parent vouches for it. */
export interface PageDelivery extends Received {
  readonly kind: 'page'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly path: readonly number[]
  /** Empty: there is no such page here. */
  readonly page: Uint8Array
}

/** What a replica authenticates once per batch: the root over the batch's reply leaves. */
export interface Reply extends Received {
  readonly kind: 'reply'
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly root: Uint8Array
  readonly client: ClientId
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly resultDigest: Uint8Array
  /** The whole results, checked against `resultDigest`; null when another replica was asked to send them. */
  readonly results: Uint8Array | null
}

/** STATUS: what a replica has, so that others can send what it lacks (rule 1.11). Valid on its sender's link only. */
export interface Status extends Received {
  readonly kind: 'status'
  readonly sender: ReplicaId
  readonly view: View
  /** Whether it holds the NEW-VIEW of its view. */
  readonly isActive: boolean
  /** Bit i: it holds replica i's VIEW-CHANGE for its view. */
  readonly viewChanges: number
  /** Why it wants its view to end; null while it does not (rule 5.4). */
  readonly complaint: Complaint | null
  readonly lowWatermark: Sequence
  readonly lastExecuted: Sequence
  /** Bit k of each stands for sequence lastExecuted + 1 + k: pre-prepare accepted, prepared, committed. */
  readonly accepted: Uint8Array
  readonly prepared: Uint8Array
  readonly committed: Uint8Array
}

/** FETCH: asks for the batch with this digest. Valid on its sender's link only. */
export interface Fetch extends Received {
  readonly kind: 'fetch'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

/** BATCH: answers a FETCH. The digest vouches for it. */
export interface BatchDelivery extends Received {
  readonly kind: 'batch'
  readonly sender: ReplicaId
  readonly sequence: Sequence
  readonly batch: Batch
}

/**
 * DECISION: a batch and the Q COMMIT envelopes that decide it; anyone may check it (rule 1.4). In oral mode there are
 * none: it is its sender's word, and W of them are believed (rule 4.8).
 */
export interface Decision extends Received {
  readonly kind: 'decision'
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
  readonly batch: Batch
  readonly commits: readonly Vote[]
}

/**
 * `results-gone`: it was executed, and its results are no longer kept. `must-sign`: MACs of this client were wrong.
 * `another-session`: another session of this client used the timestamp, so this request never happens.
 */
export type RefusalReason =
  | 'unknown-client'
  | 'stale'
  | 'timestamp-reused'
  | 'busy'
  | 'malformed'
  | 'results-gone'
  | 'must-sign'
  | 'another-session'

/** REFUSAL: tells a client why its request is not taken. Valid on its sender's link only; W equal ones are a fact. */
export interface Refusal extends Received {
  readonly kind: 'refusal'
  readonly sender: ReplicaId
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly reason: RefusalReason
}

/** EVIDENCE: answers an EVIDENCE-INQUIRY. Its signatures are for the receiver to check. */
export interface EvidenceDelivery extends Received {
  readonly kind: 'evidence'
  readonly sender: ReplicaId
  readonly nonce: number
  readonly proofs: readonly Evidence[]
}

/**
 * `transferring` it fetches the state of a checkpoint; `amnesiac` it lost synced data and does not vote until it is
 * healed (rule 6.4); `diverged` its state was not the one that a quorum certified, and it fetches that one;
 * `recalling` it has just started, asks the others what they have from it, and does not vote before it knows.
 */
export type ReplicaStanding = 'voting' | 'transferring' | 'amnesiac' | 'diverged' | 'recalling'

/** Why a sender is cut off: what it sends fails its checks, or it sends far more than is of use. */
export type CutOffReason = 'fails-checks' | 'floods'

/** A replica whose messages are not taken for a while, and how often that was so. */
export interface CutOff {
  readonly id: ReplicaId
  readonly because: CutOffReason
  readonly times: number
}

/**
 * What a primary is blamed for (rule 5.4): `slow` it delivers less than others did, `late` it proposes long after it
 * could, `unfair` it passes a client over, `two-faced` it signed two messages that contradict each other (rule 1.5).
 */
export type Complaint = 'slow' | 'late' | 'unfair' | 'two-faced'

/** A replica that another one will not have as primary for a while. */
export interface Blacklisted {
  readonly replica: ReplicaId
  readonly complaint: Complaint
}

/** What a replica says of itself. Nobody else vouches for it. */
export interface ReplicaReport {
  readonly view: View
  /** False between a view and the next. */
  readonly isActive: boolean
  readonly standing: ReplicaStanding
  readonly lowWatermark: Sequence
  readonly lastExecuted: Sequence
  /** The store's revision. */
  readonly revision: number
  /** Requests that wait to be executed. */
  readonly waiting: number
  /** Since when the oldest waiting request has waited past its timer, on the replica's clock; 0 when it has not. */
  readonly stalledSince: Milliseconds
  /** The replicas that it has a link to, itself included. */
  readonly reachable: readonly ReplicaId[]
  /** The replicas that did not vote on the oldest open sequence number; empty when nothing is open. */
  readonly missing: readonly ReplicaId[]
  /** The replicas that its failure detector suspects. */
  readonly suspected: readonly ReplicaId[]
  /** The replicas against which it holds evidence. */
  readonly guilty: readonly ReplicaId[]
  /** The replicas that are cut off at it, and how many clients are. */
  readonly cutOff: readonly CutOff[]
  readonly cutOffClients: number
  /** The replicas that it will not have as primary, and why. */
  readonly blacklisted: readonly Blacklisted[]
  /** The longest that its loop took nothing in because of its own work, in milliseconds. */
  readonly loopHeldMs: number
}

/** REPORT: answers an INQUIRY. Valid on its sender's link only. */
export interface Report extends Received {
  readonly kind: 'report'
  readonly sender: ReplicaId
  readonly nonce: number
  readonly report: ReplicaReport
}

export type Message =
  | Request
  | PrePrepare
  | Vote
  | Reply
  | Status
  | Fetch
  | BatchDelivery
  | Decision
  | Checkpoint
  | StableCheckpoint
  | ViewChange
  | NewView
  | PageFetch
  | PageDelivery
  | Recall
  | Recollection
  | Exhibit
  | Refusal
  | Inquiry
  | Report
  | PlaceInquiry
  | Place
  | EvidenceInquiry
  | EvidenceDelivery
  | OralMessage

export type MessageKind = Message['kind']

declare const verified: unique symbol
/**
 * A message whose authentication was checked over the bytes received: signature, or link for the kinds that are valid
 * only there. Minted in `runtime/authentication.ts` and nowhere else; an architecture test keeps it so.
 */
export type Verified<M extends Message> = M & { readonly [verified]: true }
