/**
 * What was executed for whom (PBFT-1.8): per client the highest executed timestamp t*, the floor t* - 64, and for each
 * executed timestamp above the floor the request's digest and its results. All of it is replicated state, in the tree.
 *
 * Results are bounded in all and per client. Beyond a bound the results that were executed first shrink to "executed,
 * no longer kept". This depends on the order of execution alone, so it is the same on every replica. A client's t* is
 * never forgotten: an old request would run again.
 */
import { assert } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { ClientId, Timestamp } from '../base/ids.ts'
import type { Standing } from '../base/standing.ts'
import type { Tree } from '../tree/tree.ts'
import {
  type RecordPlace,
  readRecords,
  readResultsOf,
  removeRecord,
  removeRest,
  writeRecord,
} from './executed-record.ts'
import { clientOfStateKey, clientStateKey, SECTIONS } from './state-keys.ts'

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

export const RETENTION: RetentionLimits = {
  retainedBytesMax: RETAINED_BYTES_MAX,
  clientRetainedBytesMax: CLIENT_RETAINED_BYTES_MAX,
}

interface Executed {
  readonly session: Session
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly order: number
  /** Null when they are no longer kept. */
  resultsBytes: number | null
}

/** What a batch that is being executed has not changed yet. */
interface Standings {
  /** t*; 0 before the first request. It is the highest of the timestamps in the tree. */
  readonly highest: number
  /** Timestamp t stands at t modulo the window; no other one above the floor does. */
  readonly executed: readonly (Executed | undefined)[]
}

interface Session extends Standings {
  readonly client: ClientId
  highest: number
  readonly executed: (Executed | undefined)[]
  /** As it was before the batch that is being executed, which has changed it; else null. */
  settled: Standings | null
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
  readonly #sessions = new Map<ClientId, Session>()
  /** Those with results, of all clients, in the order of their execution. */
  readonly #kept = new Set<Executed>()
  /** Those that the batch which is being executed has changed. */
  readonly #changed: Session[] = []
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
    this.#sessions.clear()
    this.#kept.clear()
    this.#changed.length = 0
    this.#keptBytes = 0
    const cursor = this.#tree.cursor(Uint8Array.of(SECTIONS.client))
    for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.client; cursor.next()) {
      const client = clientOfStateKey(cursor.key)
      const empty = { highest: 0, executed: [], kept: new Set<Executed>(), keptBytes: 0, settled: null }
      this.#sessions.set(client, { client, ...empty })
    }
    const records: Executed[] = []
    for (const { place, record } of readRecords(this.#tree)) {
      const session = this.#sessions.get(place.client)
      assert(session, 'the state holds what a client executed that is not admitted')
      records.push({ session, ...record })
    }
    for (const executed of records.sort((a, b) => a.order - b.order)) this.#note(executed)
  }

  /** How many requests were executed, all clients together. */
  get executedCount(): number {
    return this.#executedCount
  }

  /** Bytes of kept results, all clients together. */
  get retainedBytes(): number {
    return this.#keptBytes
  }

  /** As the requests of the batch that is being executed see it, one after another. */
  standing(client: ClientId, timestamp: Timestamp, requestDigest: Uint8Array): Standing {
    return standingIn(this.#sessions.get(client), timestamp, requestDigest)
  }

  /** As it was after the last whole batch. */
  settledStanding(client: ClientId, timestamp: Timestamp, requestDigest: Uint8Array): Standing {
    return standingIn(settled(this.#sessions.get(client)), timestamp, requestDigest)
  }

  /** A copy of the kept results of an executed request, or null; so too the next. */
  results(client: ClientId, timestamp: Timestamp): Uint8Array | null {
    return this.#resultsIn(this.#sessions.get(client), timestamp)
  }

  /** Of what was executed when the last whole batch was, unless the one that is being executed let go of it. */
  settledResults(client: ClientId, timestamp: Timestamp): Uint8Array | null {
    return this.#resultsIn(settled(this.#sessions.get(client)), timestamp)
  }

  /** A batch is executed to its end. */
  settle(): void {
    for (const session of this.#changed) session.settled = null
    this.#changed.length = 0
  }

  #resultsIn(standings: Standings | undefined, timestamp: Timestamp): Uint8Array | null {
    if (standings === undefined || timestamp <= floorOf(standings)) return null
    const executed = executedAt(standings, timestamp)
    if (executed === undefined || executed.resultsBytes === null) return null
    return readResultsOf(this.#tree, placeOf(executed))
  }

  /** Remembers the execution of a request whose standing is `new`. Digest and results are copied. */
  record(client: ClientId, timestamp: Timestamp, requestDigest: Uint8Array, results: Uint8Array): void {
    const session = this.#sessions.get(client)
    assert(session && timestamp > floorOf(session), 'recorded a request that was not to be executed')
    assert(executedAt(session, timestamp) === undefined, 'recorded a request twice')
    if (session.settled === null) {
      session.settled = { highest: session.highest, executed: session.executed.slice() }
      this.#changed.push(session)
    }
    if (timestamp > session.highest) this.#raise(session, timestamp)
    const executed: Executed = {
      session,
      timestamp,
      requestDigest: Uint8Array.from(requestDigest),
      order: this.#executedCount++,
      resultsBytes: results.length,
    }
    this.#note(executed)
    const isKept = this.#enforceLimits(executed)
    writeRecord(this.#tree, placeOf(executed), executed, isKept ? results : null)
  }

  /** Moves t*, and with it the floor; what the floor passes is forgotten. */
  #raise(session: Session, highest: Timestamp): void {
    session.highest = highest
    const floor = floorOf(session)
    for (const [index, executed] of session.executed.entries()) {
      if (executed === undefined || executed.timestamp > floor) continue
      removeRest(this.#tree, placeOf(executed), executed.resultsBytes)
      // The one that makes room for the new request is overwritten by it.
      if (index !== highest % CLIENT_WINDOW) removeRecord(this.#tree, placeOf(executed))
      this.#letGo(executed)
      session.executed[index] = undefined
    }
  }

  #note(executed: Executed): void {
    const { session, timestamp, resultsBytes } = executed
    session.highest = Math.max(session.highest, timestamp)
    session.executed[timestamp % CLIENT_WINDOW] = executed
    if (resultsBytes === null) return
    session.kept.add(executed)
    session.keptBytes += resultsBytes
    this.#kept.add(executed)
    this.#keptBytes += resultsBytes
  }

  #letGo(executed: Executed): void {
    if (executed.resultsBytes === null) return
    executed.session.kept.delete(executed)
    executed.session.keptBytes -= executed.resultsBytes
    this.#kept.delete(executed)
    this.#keptBytes -= executed.resultsBytes
    executed.resultsBytes = null
  }

  /** Shrinks the oldest until the bounds hold; false when the newest one, which is not written yet, is among them. */
  #enforceLimits(newest: Executed): boolean {
    const { session } = newest
    for (const oldest of session.kept) {
      if (session.keptBytes <= this.#limits.clientRetainedBytesMax) break
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

const settled = (session: Session | undefined): Standings | undefined => session?.settled ?? session

function standingIn(
  standings: Standings | undefined,
  timestamp: Timestamp,
  requestDigest: Uint8Array,
): Standing {
  if (standings === undefined) return 'unknown-client'
  if (timestamp <= floorOf(standings)) return 'stale'
  const executed = executedAt(standings, timestamp)
  if (executed === undefined) return 'new'
  return equalBytes(executed.requestDigest, requestDigest) ? 'executed' : 'timestamp-reused'
}

const placeOf = ({ session, timestamp }: Executed): RecordPlace => ({
  client: session.client,
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
