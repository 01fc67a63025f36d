/**
 * A checker watches one invariant over the correct replicas and says at once when it does not hold. It sees every
 * step, before its effects are performed, and everything that was executed, sent to a client or answered.
 */
import { toHex } from '../../base/bytes.ts'
import type { ClientId, ReplicaId, Sequence, Timestamp } from '../../base/ids.ts'
import type { RequestOutcome } from '../../base/request-outcome.ts'
import type { Batch } from '../../messages/message.ts'
import type { Effect, Event } from '../../pbft/effects.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import type { Application } from '../../ports.ts'

export interface SeenStep {
  readonly replica: ReplicaId
  /** The number of starts of the replica, this one included. */
  readonly incarnation: number
  /** True if it is still replaying its log. */
  readonly isRecovering: boolean
  /** As the step left it. Not to be changed. */
  readonly state: ReplicaState
  readonly event: Event
  readonly effects: readonly Effect[]
  /** Records on its disk before these effects are performed, and how many of them are synced. */
  readonly appendedRecords: number
  readonly syncedRecords: number
}

export interface SeenExecution {
  readonly replica: ReplicaId
  readonly incarnation: number
  /** True if the state that it was executed on had just been put in place whole. */
  readonly isRestored: boolean
  readonly sequence: Sequence
  readonly batch: Batch
  readonly outcomes: readonly RequestOutcome[]
  readonly application: Application
}

/** A reply on its way to a client. */
export interface SeenReply {
  readonly replica: ReplicaId
  readonly client: ClientId
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly resultDigest: Uint8Array
}

/** An answer to a read without ordering, on its way to a client. */
export interface SeenReadAnswer {
  readonly replica: ReplicaId
  /** True if it leaves the read to be ordered. */
  readonly isRefused: boolean
  /** The revision of the state that it shows. It leaves at the end of a turn, in which more may have been executed. */
  readonly revision: number
}

/** A client's request. */
export interface SeenRequest {
  readonly client: ClientId
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly operations: Uint8Array
  /** True for a read that was to be answered without ordering and is ordered after all. */
  readonly isOrderedRead?: true
}

/** The name of a request: two processes with one key may use one timestamp, and their requests differ by their digests. */
export const requestKey = (request: Pick<SeenRequest, 'client' | 'timestamp' | 'requestDigest'>): string =>
  `${request.client}:${request.timestamp}:${toHex(request.requestDigest)}`

/** An answer that enough replicas gave: W, or Q if reads are not ordered. */
export interface SeenAnswer {
  readonly client: ClientId
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly results: Uint8Array
  /** True for a read that was not ordered: it has no place among the executed requests. */
  readonly isUnordered?: true
}

/** A correct replica at the end of a run, between two batches. */
export interface SeenSettled {
  readonly replica: ReplicaId
  readonly lastExecuted: Sequence
  readonly application: Application
}

/** Each method gives null, or one sentence that says what does not hold. */
export interface Checker {
  /** The invariant's number in the list of the protocol's invariants. */
  readonly invariant: number
  readonly name: string
  onStep?(seen: SeenStep): string | null
  onExecuted?(seen: SeenExecution): string | null
  onReply?(seen: SeenReply): string | null
  onReadAnswer?(seen: SeenReadAnswer): string | null
  onRequest?(seen: SeenRequest): string | null
  /** A client that is no part of the load signed this, perhaps beside other things under the same timestamp. */
  onSigned?(seen: SeenRequest): string | null
  onAnswer?(seen: SeenAnswer): string | null
  /** Nobody waits for the answer any more: the process that asked has ended, or was refused. */
  onGivenUp?(seen: Omit<SeenAnswer, 'results'>): string | null
  /** All requests of the load are answered, and no correct replica has begun a batch behind this one. */
  onLoadOver?(final: Sequence): string | null
  onSettled?(seen: SeenSettled): string | null
  /** The run is over, settled or not. */
  onEnd?(): string | null
  /** A replica crashed; so many records of its log are left. */
  onCrash?(crashed: { readonly replica: ReplicaId; readonly survivingRecords: number }): string | null
}

/** An invariant that did not hold. */
export interface Violation {
  readonly invariant: number
  readonly name: string
  /** The replica at which it was seen; null when a client saw it. */
  readonly replica: ReplicaId | null
  readonly atMs: number
  readonly explanation: string
}
