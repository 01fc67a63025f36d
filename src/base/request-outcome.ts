import type { ClientId, ReplicaId, Timestamp } from './ids.ts'
import type { RequestStanding } from './request-standing.ts'

/** The outcome of executing one request. */
export interface RequestOutcome {
  readonly client: ClientId
  readonly publicKey: Uint8Array
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  /**
   * The results of a `new` request; for an `executed` request the stored results if they fit; null when there are none.
   */
  readonly results: Uint8Array | null
  /** The request's standing in the sessions before it was executed. */
  readonly standing: RequestStanding
  /**
   * For a replica's recovery operation (rule 6.4): the replica, and true if it is accepted here for the first time.
   * Otherwise null.
   */
  readonly recovery: { readonly replica: ReplicaId; readonly isAccepted: boolean } | null
}

/**
 * The execution of a decided batch in slices. It yields when its allowance is used up, and returns one outcome for each
 * request, in their order. Where it yields does not affect the state or the outcomes.
 */
export type BatchExecution = Generator<undefined, readonly RequestOutcome[], undefined>
