/**
 * What was executed for whom (PBFT-1.8): per client the highest executed timestamp t*, the floor t* - 64, and for each
 * executed timestamp above the floor the request's digest and its results. All of it is replicated state.
 *
 * Results are bounded in all and per client. Beyond a bound the results that were executed first shrink to "executed,
 * no longer kept". This depends on the order of execution alone, so it is the same on every replica. A client's t* is
 * never forgotten: an old request would run again.
 */
import { assert } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { ClientId, Timestamp } from '../base/ids.ts'
import type { Standing } from '../base/standing.ts'
import type { StateDigest } from './state-digest.ts'

/** How far below t* the floor lies. The same limit as in `messages/limits.ts`. */
export const CLIENT_WINDOW = 64
/** Bytes of kept results, all clients together. */
export const RETAINED_BYTES_MAX = 64 * 1024 * 1024
/** Bytes of kept results of one client. */
export const CLIENT_RETAINED_BYTES_MAX = 8 * 1024 * 1024

export interface RetentionLimits {
  readonly retainedBytesMax: number
  readonly clientRetainedBytesMax: number
}

const RETENTION: RetentionLimits = {
  retainedBytesMax: RETAINED_BYTES_MAX,
  clientRetainedBytesMax: CLIENT_RETAINED_BYTES_MAX,
}

interface Executed {
  readonly session: Session
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  /** How many requests were executed before this one. */
  readonly order: number
  /** Null when they are no longer kept. */
  results: Uint8Array | null
}

interface Session {
  readonly client: ClientId
  /** t*; 0 before the first request. */
  highest: number
  /** Timestamp t stands at t modulo the window; no other one above the floor does. */
  readonly executed: (Executed | undefined)[]
  /** Those with results, in the order of their execution. */
  readonly kept: Set<Executed>
  keptBytes: number
}

/** The sessions of the admitted clients. */
export class Sessions {
  readonly #sessions = new Map<ClientId, Session>()
  /** Those with results, of all clients, in the order of their execution. */
  readonly #kept = new Set<Executed>()
  readonly #limits: RetentionLimits
  #keptBytes = 0
  #executedCount = 0

  constructor(clients: Iterable<ClientId>, limits: RetentionLimits = RETENTION) {
    this.#limits = limits
    for (const client of [...clients].sort()) {
      this.#sessions.set(client, { client, highest: 0, executed: [], kept: new Set(), keptBytes: 0 })
    }
  }

  /** Bytes of kept results, all clients together. */
  get retainedBytes(): number {
    return this.#keptBytes
  }

  standing(client: ClientId, timestamp: Timestamp, requestDigest: Uint8Array): Standing {
    const session = this.#sessions.get(client)
    if (session === undefined) return 'unknown-client'
    if (timestamp <= floorOf(session)) return 'stale'
    const executed = executedAt(session, timestamp)
    if (executed === undefined) return 'new'
    return equalBytes(executed.requestDigest, requestDigest) ? 'executed' : 'timestamp-reused'
  }

  /** The kept results of an executed request, or null. */
  results(client: ClientId, timestamp: Timestamp): Uint8Array | null {
    const session = this.#sessions.get(client)
    if (session === undefined || timestamp <= floorOf(session)) return null
    return executedAt(session, timestamp)?.results ?? null
  }

  /** Remembers the execution of a request whose standing is `new`. `results` is kept as it is, the digest copied. */
  record(client: ClientId, timestamp: Timestamp, requestDigest: Uint8Array, results: Uint8Array): void {
    const session = this.#sessions.get(client)
    assert(session && timestamp > floorOf(session), 'recorded a request that was not to be executed')
    assert(executedAt(session, timestamp) === undefined, 'recorded a request twice')
    if (timestamp > session.highest) this.#raise(session, timestamp)
    const executed: Executed = {
      session,
      timestamp,
      requestDigest: Uint8Array.from(requestDigest),
      order: this.#executedCount++,
      results,
    }
    session.executed[timestamp % CLIENT_WINDOW] = executed
    this.#keep(executed, results.length)
    this.#enforceLimits(session)
  }

  /** Adds every session to the digest of the state, in the order of the clients. */
  addTo(digest: StateDigest): void {
    digest.integer(this.#executedCount)
    digest.integer(this.#sessions.size)
    for (const session of this.#sessions.values()) {
      digest.text(session.client)
      digest.integer(session.highest)
      const executed = session.executed.filter((each) => each !== undefined)
      digest.integer(executed.length)
      for (const each of executed.sort((a, b) => a.timestamp - b.timestamp)) {
        digest.integer(each.timestamp)
        digest.bytes(each.requestDigest)
        digest.integer(each.order)
        digest.integer(each.results === null ? 0 : 1)
        if (each.results !== null) digest.bytes(each.results)
      }
    }
  }

  /** Moves t*, and with it the floor; what the floor passes is forgotten. */
  #raise(session: Session, highest: Timestamp): void {
    session.highest = highest
    const floor = floorOf(session)
    for (const [index, executed] of session.executed.entries()) {
      if (executed === undefined || executed.timestamp > floor) continue
      this.#shrink(executed)
      session.executed[index] = undefined
    }
  }

  #keep(executed: Executed, bytes: number): void {
    executed.session.kept.add(executed)
    executed.session.keptBytes += bytes
    this.#kept.add(executed)
    this.#keptBytes += bytes
  }

  /** Lets go of the results; the request stays executed. */
  #shrink(executed: Executed): void {
    if (executed.results === null) return
    executed.session.kept.delete(executed)
    executed.session.keptBytes -= executed.results.length
    this.#kept.delete(executed)
    this.#keptBytes -= executed.results.length
    executed.results = null
  }

  #enforceLimits(session: Session): void {
    for (const oldest of session.kept) {
      if (session.keptBytes <= this.#limits.clientRetainedBytesMax) break
      this.#shrink(oldest)
    }
    for (const oldest of this.#kept) {
      if (this.#keptBytes <= this.#limits.retainedBytesMax) break
      this.#shrink(oldest)
    }
  }
}

/** Timestamps at or below it are stale. The first timestamp is 1, so a new client's floor is 0. */
function floorOf(session: Session): number {
  return Math.max(0, session.highest - CLIENT_WINDOW)
}

/** The execution of a timestamp above the floor. */
function executedAt(session: Session, timestamp: number): Executed | undefined {
  const executed = session.executed[timestamp % CLIENT_WINDOW]
  return executed?.timestamp === timestamp ? executed : undefined
}
