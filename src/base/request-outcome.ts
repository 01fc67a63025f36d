import type { ClientId, ReplicaId, Timestamp } from './ids.ts'
import type { RequestStanding } from './request-standing.ts'

/** The outcome of executing one request. */
export interface RequestOutcome {
  readonly client: ClientId
  readonly publicKey: Uint8Array
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  /** Of a `new` request, its results; of an `executed` one, the kept ones if they fit; null when there are none. */
  readonly results: Uint8Array | null
  /** The word of the sessions on the request before it was executed. */
  readonly standing: RequestStanding
  /** Of a replica's recovery operation (rule 6.4), and whether it is accepted here for the first time; else null. */
  readonly recovery: { readonly replica: ReplicaId; readonly isAccepted: boolean } | null
}

/**
 * A decided batch that is being executed, some of it at a time: it stops where its allowance is used up, and ends with
 * one outcome for each request, in their order. Where it stops makes no difference to state or outcomes.
 */
export type BatchExecution = Generator<undefined, readonly RequestOutcome[], undefined>
