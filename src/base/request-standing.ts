import type { ClientId, Timestamp } from './ids.ts'

/** The identity of a request: two requests that are equal in all four fields are the same request. */
export interface RequestName {
  readonly client: ClientId
  /** The nonce of the client's session, 16 bytes. */
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  /** The request digest, 32 bytes. */
  readonly digest: Uint8Array
}

/**
 * A request's standing in the replicated sessions (rule 1.8):
 * `new`: not executed yet, and may be executed. `executed`: already executed; the stored results answer it again.
 * `stale`: its timestamp is at or below the client's floor. `another-session`: its timestamp was executed for another
 * session of its client. `timestamp-reused`: its timestamp was executed for the same session with another digest.
 * `unknown-client`: no such client is admitted.
 */
export type RequestStanding =
  | 'new'
  | 'executed'
  | 'stale'
  | 'another-session'
  | 'timestamp-reused'
  | 'unknown-client'

/** The highest executed timestamp of a client, t*, and the session that used it. */
export interface LastUse {
  /** 0 before the first request. */
  readonly timestamp: Timestamp
  /** Null before the first request. */
  readonly session: Uint8Array | null
}
