/** A session's state, the events that it takes and the effects that it asks of its caller. */
import type { ReplicaId, Timestamp, View } from '../base/ids.ts'
import type { Random } from '../base/random.ts'
import type { Place, Refusal, RefusalReason, Reply, Request, Verified } from '../messages/message.ts'
import { createPlaceState, type PlaceState } from './place.ts'

export interface SessionConfig {
  readonly n: number
  /** The session's nonce, 16 bytes: another one for each start of a process. */
  readonly session: Uint8Array
  readonly random: Random
  /** Authenticates and encodes; deterministic. */
  readonly makeRequest: (content: NewRequest) => Request
  /** The same with a signature, where requests carry MACs otherwise. */
  readonly makeSigned?: (content: NewRequest) => Request
}

export interface NewRequest {
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  readonly responder: number
  readonly operations: Uint8Array
}

export interface Answer {
  readonly resultDigest: Uint8Array
  /** Whole results, from the replica that was asked for them. One for each replica: a liar fills no more than its own. */
  readonly results: Uint8Array | null
}

export interface PendingRequest {
  /** The caller's name for it. */
  readonly token: number
  request: Request
  readonly answers: (Answer | null)[]
  readonly refusals: (RefusalReason | null)[]
  readonly submittedTick: number
  /** Since when only the designated replica's results are missing. */
  agreedTick: number | null
  attempts: number
  retryTick: number
}

export interface SessionState {
  readonly config: SessionConfig
  readonly pending: Map<Timestamp, PendingRequest>
  nextTimestamp: number
  /** The last timestamp that may be used; what lies above is not yet reserved. */
  reservedUpTo: number
  isReserving: boolean
  /** The last reservation failed: it is tried again at this tick. Null while reservations succeed. */
  reserveAgainTick: number | null
  readonly place: PlaceState
  /** The number of times that the counter of the key was behind what replicas executed. */
  leaps: number
  /** The last view that each replica reported. */
  readonly views: View[]
  readonly penaltyUntil: number[]
  /** The usual answering time, smoothed. */
  usualTicks: number
  /** The answering time of quick answers of late. */
  quickTicks: number
  isSlow: boolean
  /** Requests since the last one that went to a backup too. */
  unwitnessed: number
  ticks: number
  /** Replicas complained of this client's MACs: it signs from now on. */
  mustSign: boolean
}

export type SessionEvent =
  | { readonly kind: 'submitted'; readonly token: number; readonly operations: Uint8Array }
  | { readonly kind: 'received'; readonly message: Verified<Reply> | Verified<Refusal> | Verified<Place> }
  | { readonly kind: 'reserved'; readonly upTo: number }
  /** A reservation could not be made durable, for now. */
  | { readonly kind: 'reservation-failed' }
  /** There is a new link to this replica: what was sent on an older one may be lost. */
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
  /** W replicas gave these results. `vouchers` are their ids. */
  | {
      readonly kind: 'answered'
      readonly token: number
      readonly results: Uint8Array
      readonly vouchers: readonly ReplicaId[]
    }
  /** W replicas refused for this reason, so it is a fact. */
  | { readonly kind: 'refused'; readonly token: number; readonly reason: RefusalReason }

/** `reservedUpTo` is the highest timestamp ever reserved for this key: use begins above it. */
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
    usualTicks: 0,
    quickTicks: Number.POSITIVE_INFINITY,
    isSlow: false,
    unwitnessed: 0,
    ticks: 0,
    mustSign: false,
  }
}
