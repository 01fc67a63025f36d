/**
 * A checker watches one invariant over the correct replicas and reports a violation at once. It sees every step,
 * before its effects are performed, and every execution, reply and answer.
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
  /** The state after the step; read-only. */
  readonly state: ReplicaState
  readonly event: Event
  readonly effects: readonly Effect[]
  /** The number of records on its disk before these effects are performed, and the number of synced ones. */
  readonly appendedRecords: number
  readonly syncedRecords: number
}

export interface SeenExecution {
  readonly replica: ReplicaId
  readonly incarnation: number
  /** True if it was executed on a state that was just installed by a transfer. */
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
  /** True if the replica declines, so that the read must be ordered. */
  readonly isRefused: boolean
  /**
   * The revision of the state that it shows. It is sent at the end of a turn, in which more may have been executed.
   */
  readonly revision: number
}

/** A client's request. */
export interface SeenRequest {
  readonly client: ClientId
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly operations: Uint8Array
  /** True for a read that could not be answered without ordering, so that it is ordered after all. */
  readonly isOrderedRead?: true
}

/** The name of a request: two processes with one key may use one timestamp, and their requests differ by their digests. */
export const requestKey = (request: Pick<SeenRequest, 'client' | 'timestamp' | 'requestDigest'>): string =>
  `${request.client}:${request.timestamp}:${toHex(request.requestDigest)}`

/** An answer that enough replicas agree on: W, or Q if reads are not ordered. */
export interface SeenAnswer {
  readonly client: ClientId
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly results: Uint8Array
  /** True for a read that was not ordered: it has no place among the executed requests. */
  readonly isUnordered?: true
}

/** The state of a correct replica at the end of a run, between two batches. */
export interface SeenSettled {
  readonly replica: ReplicaId
  readonly lastExecuted: Sequence
  readonly application: Application
}

/** Each method returns null, or a sentence that describes the violation. */
export interface Checker {
  /** The invariant's number in the list of the protocol's invariants. */
  readonly invariant: number
  readonly name: string
  onStep?(seen: SeenStep): string | null
  onExecuted?(seen: SeenExecution): string | null
  onReply?(seen: SeenReply): string | null
  onReadAnswer?(seen: SeenReadAnswer): string | null
  onRequest?(seen: SeenRequest): string | null
  /** A client outside the load signed this request, perhaps among others with the same timestamp. */
  onSigned?(seen: SeenRequest): string | null
  onAnswer?(seen: SeenAnswer): string | null
  /** The answer is no longer awaited: the process that sent the request has ended, or was refused. */
  onGivenUp?(seen: Omit<SeenAnswer, 'results'>): string | null
  /** All requests of the load are answered, and no correct replica has begun a batch after this one. */
  onLoadOver?(final: Sequence): string | null
  onSettled?(seen: SeenSettled): string | null
  /** The run is over, settled or not. */
  onEnd?(): string | null
  /** A replica crashed; this many records of its log survived. */
  onCrash?(crashed: { readonly replica: ReplicaId; readonly survivingRecords: number }): string | null
}

/** A violated invariant. */
export interface Violation {
  readonly invariant: number
  readonly name: string
  /** The replica at which it was observed; null if a client observed it. */
  readonly replica: ReplicaId | null
  readonly atMs: number
  readonly explanation: string
}
