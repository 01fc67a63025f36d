/**
 * The sessions (rule 1.8). For each client they hold the highest executed timestamp t* and the floor t* - 64. For each
 * executed timestamp above the floor they hold the session that sent it, the request's digest and its results. All of
 * this is replicated state, kept in the tree.
 *
 * A client key may be used by several sessions: in succession, or at the same time if it was copied. Nonces distinguish
 * them, so that a timestamp used by one session is refused to the others and never answered with its results.
 *
 * Results are limited in total and per client. Beyond a limit, the results that were executed first are dropped, and
 * only the fact of execution is kept. This depends on the order of execution only, so it is the same on every replica.
 * A client's t* is never forgotten, since old requests would be executed again.
 * @rule 1.8
 */
import { assert } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { ClientId, Timestamp } from '../base/ids.ts'
import type { LastUse, RequestName, RequestStanding } from '../base/request-standing.ts'
import type { Tree } from '../tree/tree.ts'
import {
  type RecordPosition,
  readRecords,
  readResultsOf,
  removeRecord,
  removeRest,
  writeRecord,
} from './executed-record.ts'
import { clientOfStateKey, clientStateKey, SECTIONS } from './state-keys.ts'

/** The distance of the floor below t*. The same limit as in `messages/limits.ts`. */
export const CLIENT_WINDOW = 64
/** The maximum bytes of kept results of all clients together. */
export const RETAINED_BYTES_MAX = 64 * 1024 * 1024
/** The maximum bytes of kept results of one client. */
export const CLIENT_RETAINED_BYTES_MAX = 8 * 1024 * 1024

export interface RetentionLimits {
  readonly retainedBytesMax: number
  readonly clientRetainedBytesMax: number
}

export const RETENTION: RetentionLimits = {
  retainedBytesMax: RETAINED_BYTES_MAX,
  clientRetainedBytesMax: CLIENT_RETAINED_BYTES_MAX,
}

interface Executed {
  readonly owner: Owner
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  /** The nonce of the session that sent the request. */
  readonly session: Uint8Array
  readonly order: number
  /** The bytes of its results; null if they are no longer kept. */
  resultsBytes: number | null
}

/** The sessions as they were before the batch that is being executed. */
interface Standings {
  /** t*; 0 before the first request. It is the highest of the timestamps in the tree. */
  readonly highest: number
  /** The executed requests above the floor. Timestamp t has index t modulo the window. */
  readonly executed: readonly (Executed | undefined)[]
}

/** A client and its executed requests. */
interface Owner extends Standings {
  readonly client: ClientId
  highest: number
  readonly executed: (Executed | undefined)[]
  /** The state before the current batch, if that batch has changed it; else null. */
  published: Standings | null
  /** The executed requests with results, in the order of execution. */
  readonly kept: Set<Executed>
  keptBytes: number
}

/**
 * The sessions of the admitted clients. The fields are only an index of the tree, and are rebuilt from it at a restart.
 */
export class Sessions {
  readonly #tree: Tree
  readonly #owners = new Map<ClientId, Owner>()
  /** The executed requests of all clients with results, in the order of execution. */
  readonly #kept = new Set<Executed>()
  /** The clients that the current batch has changed. */
  readonly #changed: Owner[] = []
  #limits: RetentionLimits = RETENTION
  #keptBytes = 0
  #executedCount = 0

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** Writes the clients of the initial state. */
  begin(clients: Iterable<ClientId>): void {
    for (const client of clients) this.#tree.set(clientStateKey(SECTIONS.client, client), new Uint8Array(0))
  }

  /** Continues from the current contents of the tree, after `executedCount` requests. */
  restore(executedCount: number, limits: RetentionLimits): void {
    this.#limits = limits
    this.#executedCount = executedCount
    this.#owners.clear()
    this.#kept.clear()
    this.#changed.length = 0
    this.#keptBytes = 0
    const cursor = this.#tree.cursor(Uint8Array.of(SECTIONS.client))
    for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.client; cursor.next()) {
      const client = clientOfStateKey(cursor.key)
      const empty = { highest: 0, executed: [], kept: new Set<Executed>(), keptBytes: 0, published: null }
      this.#owners.set(client, { client, ...empty })
    }
    const records: Executed[] = []
    for (const { place, record } of readRecords(this.#tree)) {
      const owner = this.#owners.get(place.client)
      assert(owner, 'the state holds what a client executed that is not admitted')
      records.push({ owner, ...record })
    }
    for (const executed of records.sort((a, b) => a.order - b.order)) this.#note(executed)
  }

  /** The number of executed requests, of all clients together. */
  get executedCount(): number {
    return this.#executedCount
  }

  /** The bytes of kept results of all clients together. */
  get retainedBytes(): number {
    return this.#keptBytes
  }

  /** True for a client whose requests are executed. */
  isServed(client: ClientId): boolean {
    return this.#owners.has(client)
  }

  /** Returns the standing of a request as the requests of the current batch see it, one after another. */
  standing(request: RequestName): RequestStanding {
    return standingIn(this.#owners.get(request.client), request)
  }

  /** Returns the standing of a request after the last whole batch. */
  publishedStanding(request: RequestName): RequestStanding {
    return standingIn(publishedOf(this.#owners.get(request.client)), request)
  }

  /** Returns a client's t* after the last whole batch, and the session that used it. */
  publishedLastUse(client: ClientId): LastUse {
    const standings = publishedOf(this.#owners.get(client))
    const highest = standings?.highest ?? 0
    const last = standings === undefined ? undefined : executedAt(standings, highest)
    return { timestamp: highest as Timestamp, session: last?.session ?? null }
  }

  /** Returns a copy of the kept results of an executed request, or null. */
  results(client: ClientId, timestamp: Timestamp): Uint8Array | null {
    return this.#resultsIn(this.#owners.get(client), timestamp)
  }

  /**
   * Returns a copy of the kept results of a request executed up to the last whole batch; null if there are none, or if
   * the current batch dropped them.
   */
  publishedResults(client: ClientId, timestamp: Timestamp): Uint8Array | null {
    return this.#resultsIn(publishedOf(this.#owners.get(client)), timestamp)
  }

  /** Notes the end of a batch. */
  publish(): void {
    for (const owner of this.#changed) owner.published = null
    this.#changed.length = 0
  }

  #resultsIn(standings: Standings | undefined, timestamp: Timestamp): Uint8Array | null {
    if (standings === undefined || timestamp <= floorOf(standings)) return null
    const executed = executedAt(standings, timestamp)
    if (executed === undefined || executed.resultsBytes === null) return null
    return readResultsOf(this.#tree, placeOf(executed))
  }

  /** Records the execution of a request whose standing is `new`. Copies its arguments. */
  record(request: RequestName, results: Uint8Array): void {
    const { client, timestamp, digest, session } = request
    const owner = this.#owners.get(client)
    assert(owner && timestamp > floorOf(owner), 'recorded a request that was not to be executed')
    assert(executedAt(owner, timestamp) === undefined, 'recorded a request twice')
    if (owner.published === null) {
      owner.published = { highest: owner.highest, executed: owner.executed.slice() }
      this.#changed.push(owner)
    }
    if (timestamp > owner.highest) this.#raise(owner, timestamp)
    const executed: Executed = {
      owner,
      timestamp,
      requestDigest: Uint8Array.from(digest),
      session: Uint8Array.from(session),
      order: this.#executedCount++,
      resultsBytes: results.length,
    }
    this.#note(executed)
    const isKept = this.#enforceLimits(executed)
    writeRecord(this.#tree, placeOf(executed), executed, isKept ? results : null)
  }

  /** Raises t* and with it the floor. Forgets the timestamps that fall below the floor. */
  #raise(owner: Owner, highest: Timestamp): void {
    owner.highest = highest
    const floor = floorOf(owner)
    for (const [index, executed] of owner.executed.entries()) {
      if (executed === undefined || executed.timestamp > floor) continue
      removeRest(this.#tree, placeOf(executed), executed.resultsBytes)
      // The new request overwrites the record with its index.
      if (index !== highest % CLIENT_WINDOW) removeRecord(this.#tree, placeOf(executed))
      this.#letGo(executed)
      owner.executed[index] = undefined
    }
  }

  #note(executed: Executed): void {
    const { owner, timestamp, resultsBytes } = executed
    owner.highest = Math.max(owner.highest, timestamp)
    owner.executed[timestamp % CLIENT_WINDOW] = executed
    if (resultsBytes === null) return
    owner.kept.add(executed)
    owner.keptBytes += resultsBytes
    this.#kept.add(executed)
    this.#keptBytes += resultsBytes
  }

  #letGo(executed: Executed): void {
    if (executed.resultsBytes === null) return
    executed.owner.kept.delete(executed)
    executed.owner.keptBytes -= executed.resultsBytes
    this.#kept.delete(executed)
    this.#keptBytes -= executed.resultsBytes
    executed.resultsBytes = null
  }

  /**
   * Drops the oldest results until the limits hold. Returns false if the newest, which are not written yet, are among
   * them.
   */
  #enforceLimits(newest: Executed): boolean {
    const { owner } = newest
    for (const oldest of owner.kept) {
      if (owner.keptBytes <= this.#limits.clientRetainedBytesMax) break
      this.#shrink(oldest, newest)
    }
    for (const oldest of this.#kept) {
      if (this.#keptBytes <= this.#limits.retainedBytesMax) break
      this.#shrink(oldest, newest)
    }
    return newest.resultsBytes !== null
  }

  /** Drops the results of a request, which still counts as executed. */
  #shrink(executed: Executed, newest: Executed): void {
    const { resultsBytes } = executed
    this.#letGo(executed)
    if (executed === newest) return
    removeRest(this.#tree, placeOf(executed), resultsBytes)
    writeRecord(this.#tree, placeOf(executed), executed, null)
  }
}

const publishedOf = (owner: Owner | undefined): Standings | undefined => owner?.published ?? owner

function standingIn(standings: Standings | undefined, request: RequestName): RequestStanding {
  const { timestamp, digest, session } = request
  if (standings === undefined) return 'unknown-client'
  if (timestamp <= floorOf(standings)) return 'stale'
  const executed = executedAt(standings, timestamp)
  if (executed === undefined) return 'new'
  if (!equalBytes(executed.session, session)) return 'another-session'
  return equalBytes(executed.requestDigest, digest) ? 'executed' : 'timestamp-reused'
}

const placeOf = ({ owner, timestamp }: Executed): RecordPosition => ({
  client: owner.client,
  slot: timestamp % CLIENT_WINDOW,
})

/** Returns the floor: timestamps at or below it are stale. The first timestamp is 1, so a new client's floor is 0. */
function floorOf({ highest }: Standings): number {
  return Math.max(0, highest - CLIENT_WINDOW)
}

/** Returns the executed request of a timestamp above the floor. */
function executedAt(standings: Standings, timestamp: number): Executed | undefined {
  const executed = standings.executed[timestamp % CLIENT_WINDOW]
  return executed?.timestamp === timestamp ? executed : undefined
}
