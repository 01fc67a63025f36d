/**
 * What goes into the replica and what comes out. The caller's duties, on one page:
 *
 * 1. Give `step` verified messages only, one event at a time, and perform its effects in their order.
 * 2. `persist` appends to the log in order. After a sync say `persisted` with how many records are on disk. The replica
 *    itself withholds whatever depends on a record until then (section 6 of the rules).
 * 3. `broadcast` and `send` give a content its sender and signature. A signed broadcast comes back at once as a
 *    `received` event: the replica counts its own votes like any other's.
 * 4. `execute` gives a decided batch to the application, in the order of the effects; say `executed` afterwards.
 * 5. A failure to persist or execute halts the process. Messages may be lost, doubled and reordered at will.
 */
import type { ClientId, Milliseconds, ReplicaId, Sequence, Timestamp, View } from '../base/ids.ts'
import type { Peer } from '../base/peer.ts'
import type { PrePrepareContent, ReplicaContent } from '../messages/content.ts'
import type {
  Batch,
  BatchDelivery,
  Decision,
  Fetch,
  PrePrepare,
  RefusalReason,
  Request,
  Status,
  Verified,
  Vote,
} from '../messages/message.ts'
import type { RejectionReason } from '../messages/rejection.ts'

/** The messages that the protocol takes. */
export type ProtocolMessage = Request | PrePrepare | Vote | Status | Fetch | BatchDelivery | Decision

export type Event =
  | { readonly kind: 'received'; readonly message: Verified<ProtocolMessage>; readonly from: Peer }
  /** One tick passed; `now` is the own clock, which may drift and step. */
  | { readonly kind: 'ticked'; readonly now: Milliseconds }
  /** The first `records` records that were ever given to `persist` since the start are on disk. */
  | { readonly kind: 'persisted'; readonly records: number }
  | { readonly kind: 'executed'; readonly sequence: Sequence }
  /** The log was replayed to its end, at a start; comes before every other event. */
  | { readonly kind: 'resumed' }

/** What the log has to hold; section 6 of the rules says what waits for which. */
export type LogRecord =
  /** The own proposal: (v, s, D) and the batch. The runtime adds the signature that will be sent. */
  | { readonly kind: 'proposed'; readonly content: PrePrepareContent }
  /** The accepted pre-prepare and its batch. */
  | { readonly kind: 'accepted'; readonly prePrepare: PrePrepare }
  /** The prepared certificate: with the accepted pre-prepare, Q - 1 PREPAREs. */
  | { readonly kind: 'prepared'; readonly prepares: readonly Vote[] }
  /** The decision's certificate, with the batch where the log does not hold it yet. */
  | {
      readonly kind: 'decided'
      readonly commits: readonly Vote[]
      readonly batch: Batch
      readonly isBatchLogged: boolean
    }

/** A message sent on with the bytes it came in: a relayed request, or a signed message retransmitted. */
export interface Relayed {
  readonly kind: 'relayed'
  readonly message: Request | PrePrepare | Vote
}

export type Outgoing = ReplicaContent | Relayed

/** Two different signed messages of one sender for one (kind, v, s): anyone can check that the sender lied. */
export interface Evidence {
  readonly guilty: ReplicaId
  readonly first: PrePrepare | Vote
  readonly second: PrePrepare | Vote
}

export type Effect =
  | { readonly kind: 'persist'; readonly record: LogRecord }
  | { readonly kind: 'send'; readonly to: ReplicaId; readonly outgoing: Outgoing }
  | { readonly kind: 'broadcast'; readonly outgoing: Outgoing }
  | {
      readonly kind: 'execute'
      readonly sequence: Sequence
      readonly batch: Batch
      readonly commits: readonly Vote[]
    }
  /** Answer the clients of the batch executed at `sequence`. */
  | { readonly kind: 'reply'; readonly view: View; readonly sequence: Sequence }
  /** Answer one executed request again, from the session, with its whole results. */
  | { readonly kind: 'reply-again'; readonly view: View; readonly request: Request }
  | {
      readonly kind: 'refuse'
      readonly client: ClientId
      readonly timestamp: Timestamp
      readonly requestDigest: Uint8Array
      readonly reason: RefusalReason
    }
  /** Send the decisions of these executed sequence numbers, from the log. */
  | { readonly kind: 'serve'; readonly to: ReplicaId; readonly sequences: readonly Sequence[] }
  | {
      readonly kind: 'reject'
      readonly from: Peer
      readonly message: ProtocolMessage
      readonly reason: RejectionReason
      readonly evidence?: Evidence
    }
