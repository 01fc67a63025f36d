/**
 * The sessions (rule 1.8): per client the highest executed timestamp t*, the floor t* - 64, and for each executed
 * timestamp above the floor the session that asked, the request's digest and its results. All of it is replicated
 * state, in the tree.
 *
 * A client key may be used by several sessions: one after the other, or at once where it was copied. Their nonces tell
 * them apart, so that a timestamp used by one of them is refused to the others and never answered with its results.
 *
 * Results are bounded in all and per client. Beyond a bound the results that were executed first shrink to "executed,
 * no longer kept". This depends on the order of execution alone, so it is the same on every replica. A client's t* is
 * never forgotten: an old request would run again.
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
/** Bytes of kept results, all clients together. */
export const RETAINED_BYTES_MAX = 64 * 1024 * 1024
/** Bytes of kept results of one client. */
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
  /** The nonce of the session that asked. */
  readonly session: Uint8Array
  readonly order: number
  /** Null when they are no longer kept. */
  resultsBytes: number | null
}

/** The sessions as they were before the batch that is being executed. */
interface Standings {
  /** t*; 0 before the first request. It is the highest of the timestamps in the tree. */
  readonly highest: number
  /** Timestamp t stands at t modulo the window; no other one above the floor does. */
  readonly executed: readonly (Executed | undefined)[]
}

/** A client and what was executed for its sessions. */
interface Owner extends Standings {
  readonly client: ClientId
  highest: number
  readonly executed: (Executed | undefined)[]
  /** As it was before the batch that is being executed, which has changed it; else null. */
  published: Standings | null
  /** Those with results, in the order of their execution. */
  readonly kept: Set<Executed>
  keptBytes: number
}

/**
 * The sessions of the admitted clients. What is held here beside the tree only finds things there, and comes from it on
 * a restart.
 */
export class Sessions {
  readonly #tree: Tree
  readonly #owners = new Map<ClientId, Owner>()
  /** Those with results, of all clients, in the order of their execution. */
  readonly #kept = new Set<Executed>()
  /** Those that the batch which is being executed has changed. */
  readonly #changed: Owner[] = []
  #limits: RetentionLimits = RETENTION
  #keptBytes = 0
  #executedCount = 0

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** Writes the clients of the first state. */
  begin(clients: Iterable<ClientId>): void {
    for (const client of clients) this.#tree.set(clientStateKey(SECTIONS.client, client), new Uint8Array(0))
  }

  /** Goes on from what the tree holds now, where so many requests were executed. */
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

  /** Bytes of kept results, all clients together. */
  get retainedBytes(): number {
    return this.#keptBytes
  }

  /** As the requests of the batch that is being executed see it, one after another. */
  standing(request: RequestName): RequestStanding {
    return standingIn(this.#owners.get(request.client), request)
  }

  /** As it was after the last whole batch. */
  publishedStanding(request: RequestName): RequestStanding {
    return standingIn(publishedOf(this.#owners.get(request.client)), request)
  }

  /** A client's t* after the last whole batch, and the session that used it. */
  publishedLastUse(client: ClientId): LastUse {
    const standings = publishedOf(this.#owners.get(client))
    const highest = standings?.highest ?? 0
    const last = standings === undefined ? undefined : executedAt(standings, highest)
    return { timestamp: highest as Timestamp, session: last?.session ?? null }
  }

  /** A copy of the kept results of an executed request, or null; so too the next. */
  results(client: ClientId, timestamp: Timestamp): Uint8Array | null {
    return this.#resultsIn(this.#owners.get(client), timestamp)
  }

  /** Of what was executed when the last whole batch was, unless the one that is being executed let go of it. */
  publishedResults(client: ClientId, timestamp: Timestamp): Uint8Array | null {
    return this.#resultsIn(publishedOf(this.#owners.get(client)), timestamp)
  }

  /** A batch is executed to its end. */
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

  /** Remembers the execution of a request whose standing is `new`. What it is given is copied. */
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

  /** Moves t*, and with it the floor; what the floor passes is forgotten. */
  #raise(owner: Owner, highest: Timestamp): void {
    owner.highest = highest
    const floor = floorOf(owner)
    for (const [index, executed] of owner.executed.entries()) {
      if (executed === undefined || executed.timestamp > floor) continue
      removeRest(this.#tree, placeOf(executed), executed.resultsBytes)
      // The one that makes room for the new request is overwritten by it.
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

  /** Shrinks the oldest until the bounds hold; false when the newest one, which is not written yet, is among them. */
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

  /** Lets go of the results; the request stays executed. */
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

/** Timestamps at or below it are stale. The first timestamp is 1, so a new client's floor is 0. */
function floorOf({ highest }: Standings): number {
  return Math.max(0, highest - CLIENT_WINDOW)
}

/** The execution of a timestamp above the floor. */
function executedAt(standings: Standings, timestamp: number): Executed | undefined {
  const executed = standings.executed[timestamp % CLIENT_WINDOW]
  return executed?.timestamp === timestamp ? executed : undefined
}
