/** The state of a session, its events and its effects. */
import type { ReplicaId, Timestamp, View } from '../base/ids.ts'
import type { Random } from '../base/random.ts'
import type {
  Place,
  ReadAnswer,
  Refusal,
  RefusalReason,
  Reply,
  Request,
  Verified,
} from '../messages/message.ts'
import { createPlaceState, type PlaceState } from './place.ts'
import { createSessionReads, type SessionReads } from './reads.ts'

export interface SessionConfig {
  readonly n: number
  /** The session's nonce, 16 bytes; different at each start of a process. */
  readonly session: Uint8Array
  readonly random: Random
  /** True if replicas answer reads without ordering (rule 5.1). */
  readonly hasUnorderedReads?: boolean
  /** Authenticates and encodes a request. Deterministic. */
  readonly makeRequest: (content: NewRequest) => Request
  /** The same, but with a signature. Given if requests usually carry MACs. */
  readonly makeSigned?: (content: NewRequest) => Request
}

export interface NewRequest {
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  readonly responder: number
  readonly operations: Uint8Array
}

/** A request and the replies that agree on its results: the material of a receipt. */
export interface Agreement {
  readonly request: Request
  readonly replies: readonly Reply[]
}

export interface PendingRequest {
  /** The caller's identifier of the request. */
  readonly token: number
  request: Request
  /** The latest reply of each replica, so that a faulty one replaces its own only; for a receipt, as it was signed. */
  readonly answers: (Reply | null)[]
  readonly refusals: (RefusalReason | null)[]
  readonly submittedTick: number
  /** The tick since when only the designated replica's results are missing. */
  agreedTick: number | null
  attempts: number
  retryTick: number
}

export interface SessionState {
  readonly config: SessionConfig
  readonly pending: Map<Timestamp, PendingRequest>
  nextTimestamp: number
  /** The last timestamp that may be used; higher ones are not reserved yet. */
  reservedUpTo: number
  isReserving: boolean
  /** The tick at which a failed reservation is retried; null if the last one succeeded. */
  reserveAgainTick: number | null
  readonly place: PlaceState
  /** The number of times that the key's counter was behind the timestamps that replicas had executed. */
  leaps: number
  /** The last view that each replica reported. */
  readonly views: View[]
  readonly penaltyUntil: number[]
  readonly reads: SessionReads
  /** The smoothed usual answering time. */
  usualTicks: number
  /** The answering time of recent quick answers. */
  quickTicks: number
  isSlow: boolean
  /** The number of requests since the last one that was sent to a backup too. */
  unwitnessed: number
  ticks: number
  /** True if replicas complained about this client's MACs: it signs its requests from now on. */
  mustSign: boolean
}

export type SessionEvent =
  | { readonly kind: 'submitted'; readonly token: number; readonly operations: Uint8Array }
  /** The operations only read. They are ordered only if too few replicas answer alike. */
  | { readonly kind: 'read-submitted'; readonly token: number; readonly operations: Uint8Array }
  | {
      readonly kind: 'received'
      readonly message: Verified<Reply> | Verified<Refusal> | Verified<Place> | Verified<ReadAnswer>
    }
  | { readonly kind: 'reserved'; readonly upTo: number }
  /** A reservation could not be made durable. It may succeed later. */
  | { readonly kind: 'reservation-failed' }
  /** There is a new link to this replica. Messages sent on an older one may be lost. */
  | { readonly kind: 'linked'; readonly replica: ReplicaId }
  | { readonly kind: 'ticked' }

export type SessionEffect =
  | { readonly kind: 'reserve'; readonly upTo: number }
  | {
      readonly kind: 'ask-place'
      readonly to: ReplicaId
      readonly session: Uint8Array
      readonly token: number
    }
  | { readonly kind: 'send'; readonly to: ReplicaId; readonly request: Request }
  | { readonly kind: 'broadcast'; readonly request: Request }
  /** Ask all replicas for these reads, without ordering. */
  | {
      readonly kind: 'read'
      readonly session: Uint8Array
      readonly number: number
      readonly responder: number
      readonly operations: Uint8Array
    }
  /** The read of this token is ordered now, as this request. */
  | { readonly kind: 'read-ordered'; readonly token: number; readonly request: Request }
  /**
   * W replicas sent these results, or Q if reads are not ordered. `vouchers` are their ids. `agreement` is null for a
   * read without ordering, whose answers prove nothing to others.
   */
  | {
      readonly kind: 'answered'
      readonly token: number
      readonly results: Uint8Array
      readonly vouchers: readonly ReplicaId[]
      readonly agreement: Agreement | null
    }
  /** W replicas refused for this reason, so a correct one did. */
  | { readonly kind: 'refused'; readonly token: number; readonly reason: RefusalReason }

/**
 * Creates the state. `reservedUpTo` is the highest timestamp ever reserved for this key: the session uses higher ones.
 */
export function createSessionState(config: SessionConfig, reservedUpTo: number): SessionState {
  return {
    config,
    pending: new Map(),
    nextTimestamp: reservedUpTo + 1,
    reservedUpTo,
    isReserving: false,
    reserveAgainTick: null,
    place: createPlaceState(config.n),
    leaps: 0,
    views: new Array<View>(config.n).fill(0 as View),
    penaltyUntil: new Array<number>(config.n).fill(0),
    reads: createSessionReads(),
    usualTicks: 0,
    quickTicks: Number.POSITIVE_INFINITY,
    isSlow: false,
    unwitnessed: 0,
    ticks: 0,
    mustSign: false,
  }
}
