/**
 * The queue of requests that wait for execution. Rule 1.1: requests are first in, first out per client, and round robin
 * across clients. The queue is bounded in bytes and in number. Rule 1.9 needs the oldest request.
 *
 * Each client has its own queue (its room). At the primary, each backup also has one for the requests that it relays
 * (its lane). A backup runs its timer for what it relays, so the primary must not refuse a relayed request because its
 * client's room is full. Otherwise a client could end the view: it fills its room at the primary, then sends one more
 * request to the backups only. Backups cannot simply skip the timer for refused requests: they would have to believe
 * the primary, and a faulty primary would claim a refusal for every client that it starves.
 *
 * A relayed request enters the lane of its backup when its client's room is full, or when so many requests precede it
 * there that it would be served late. Round robin treats a lane as one client. A faulty backup that fills its lane with
 * the requests of a colluding client therefore gains one client's share.
 * @rule 1.9
 */
import type { ClientId, ReplicaId, Timestamp } from '../../base/ids.ts'
import type { Request } from '../../messages/message.ts'
import {
  LANE_BYTES_MAX,
  LANE_REQUESTS_MAX,
  PLACES_CONTESTED,
  RELAYED_PER_CLIENT_MAX,
  WAITING_BYTES_MAX,
  WAITING_BYTES_PER_CLIENT_MAX,
  WAITING_PER_CLIENT_MAX,
} from '../parameters.ts'

export interface WaitingRequest {
  readonly request: Request
  readonly arrivedTick: number
  /** True if few requests of its client waited when it arrived: a long wait is then not caused by its own client. */
  readonly isSample: boolean
  /** True if this replica proposed it, as primary of the current view. */
  isProposed: boolean
  /** The tick at which this replica last relayed it to the primary of the current view; Infinity before. */
  relayedTick: number
  /** True if a pre-prepare that was accepted in the current view holds it. */
  isOrdered: boolean
  /** The number of batches of the current view that had room for this request but did not include it. */
  passedOver: number
}

/** The owner of a queue in the round robin: a client (its room), or a backup that relays (its lane). */
type Owner = ClientId | ReplicaId

interface Queue {
  /** The waiting requests of this queue, oldest first. */
  readonly entries: Map<string, WaitingRequest>
  bytes: number
}

export class WaitingRequests {
  /** Every waiting request, oldest arrival first. */
  readonly #byArrival = new Map<string, WaitingRequest>()
  /** Round-robin order is insertion order: an owner that was served moves to the end. */
  readonly #queues = new Map<Owner, Queue>()
  /** The backups that have a lane in `#queues`. */
  readonly #lanes = new Set<ReplicaId>()
  /** The number of waiting requests of each client, in all rooms and lanes. */
  readonly #counts = new Map<ClientId, number>()
  /**
   * Requests that came from their clients and are not passed on yet, oldest arrival first; perhaps served meanwhile.
   */
  #unrelayed: WaitingRequest[] = []
  /** Of the clients' rooms together. */
  #bytes = 0
  #unproposed = 0

  get size(): number {
    return this.#byArrival.size
  }

  get unproposed(): number {
    return this.#unproposed
  }

  get oldest(): WaitingRequest | null {
    for (const entry of this.#byArrival.values()) return entry
    return null
  }

  /** Returns the oldest requests, at most `count`. */
  oldestEntries(count: number): readonly WaitingRequest[] {
    const oldest: WaitingRequest[] = []
    for (const entry of this.#byArrival.values()) {
      if (oldest.length >= count) break
      oldest.push(entry)
    }
    return oldest
  }

  clients(): readonly ClientId[] {
    return [...this.#counts.keys()]
  }

  find(client: ClientId, timestamp: Timestamp): Request | null {
    return this.entry(client, timestamp)?.request ?? null
  }

  entry(client: ClientId, timestamp: Timestamp): WaitingRequest | null {
    return this.#byArrival.get(keyOf({ client, timestamp })) ?? null
  }

  /** Schedules a waiting request for relaying to the primary; `takeUnrelayed` returns it later. */
  relayLater(entry: WaitingRequest): void {
    this.#unrelayed.push(entry)
  }

  /**
   * Returns the waiting requests that arrived up to this tick and were not relayed yet. The number of relayed requests
   * per client is limited to what the primary surely has room for. The rest follow as these are served.
   */
  takeUnrelayed(upToTick: number): readonly WaitingRequest[] {
    if (this.#unrelayed.length === 0) return []
    const due: WaitingRequest[] = []
    const underWay = new Map<ClientId, number>()
    this.#unrelayed = this.#unrelayed.filter((entry) => {
      const { client } = entry.request
      if (this.#byArrival.get(keyOf(entry.request)) !== entry) return false
      if (entry.arrivedTick > upToTick) return true
      const count = underWay.get(client) ?? this.#countRelayed(client)
      underWay.set(client, count + 1)
      if (count >= RELAYED_PER_CLIENT_MAX) return true
      due.push(entry)
      return false
    })
    return due
  }

  /** True if the request would be taken. `relayedBy` is the backup that relayed it to this primary; null for none. */
  hasRoomFor(request: Request, relayedBy: ReplicaId | null = null): boolean {
    return this.#placeOf(request, relayedBy) !== null
  }

  /** Adds a request whose (client, timestamp) is not waiting. Returns false, and adds nothing, at a bound. */
  add(request: Request, arrivedTick = 0, relayedBy: ReplicaId | null = null): boolean {
    const owner = this.#placeOf(request, relayedBy)
    if (owner === null) return false
    const { client } = request
    const count = this.#counts.get(client) ?? 0
    const isSample = count < PLACES_CONTESTED
    const entry = { request, arrivedTick, isSample, isProposed: false, ...UNTOLD }
    this.#put(owner, entry)
    this.#byArrival.set(keyOf(request), entry)
    this.#counts.set(client, count + 1)
    this.#unproposed++
    return true
  }

  /**
   * True if a relayed request waits here behind many of its client's requests, and the backup's lane has room for it.
   * @rule 1.9
   */
  canHurry(client: ClientId, timestamp: Timestamp, relayedBy: ReplicaId): boolean {
    const entry = this.entry(client, timestamp)
    if (entry === null || entry.isProposed) return false
    const isInRoom = this.#queues.get(client)?.entries.has(keyOf(entry.request)) === true
    return isInRoom && this.#isLate(client, entry) && this.#hasLane(relayedBy, entry.request)
  }

  /** Moves a request from its client's room to the lane of the backup that relayed it, if `canHurry` allows it. */
  hurry(client: ClientId, timestamp: Timestamp, relayedBy: ReplicaId): void {
    const entry = this.entry(client, timestamp)
    if (entry === null || !this.canHurry(client, timestamp, relayedBy)) return
    this.#take(client, entry)
    this.#put(relayedBy, entry)
  }

  /** Drops the requests of a client for which `isOver` returns true: those that were executed, or are stale. */
  drop(client: ClientId, isOver: (request: Request) => boolean): void {
    if (!this.#counts.has(client)) return
    for (const owner of [client, ...this.#lanes]) {
      for (const entry of this.#queues.get(owner)?.entries.values() ?? []) {
        if (entry.request.client === client && isOver(entry.request)) this.#forget(owner, entry)
      }
    }
  }

  /**
   * Takes the next requests for a batch, one per client or lane and round, and marks them as proposed.
   * Stops at the first request that does not fit; an admissible request always fits alone. If several clients wait,
   * none gets many more places than all others together. A client that floods cannot fill the batches alone.
   *
   * @rule 5.5
   */
  takeForBatch(limits: { readonly requests: number; readonly bytes: number }): readonly Request[] {
    const taken: Request[] = []
    const placesOf = new Map<Owner, number>()
    const isContested = this.#counts.size > 1
    let bytes = 0
    while (this.#unproposed > 0 && taken.length < limits.requests) {
      const next = this.#nextInTurn()
      if (next === null) break
      const { owner, entry } = next
      const { length } = entry.request.bytes
      if (bytes + length > limits.bytes) break
      const places = placesOf.get(owner) ?? 0
      if (isContested && places >= PLACES_CONTESTED + (taken.length - places)) break
      placesOf.set(owner, places + 1)
      this.#endTurn(owner)
      entry.isProposed = true
      this.#unproposed--
      taken.push(entry.request)
      bytes += length
    }
    return taken
  }

  /** Marks all requests as neither proposed nor relayed: the next view's primary may need them again. */
  forgetProposals(): void {
    for (const entry of this.#byArrival.values()) {
      if (entry.isProposed) this.#unproposed++
      entry.isProposed = false
      Object.assign(entry, UNTOLD)
    }
  }

  /** Returns the owner of the queue that a new request enters; null if no queue has room for it. */
  #placeOf(request: Request, relayedBy: ReplicaId | null): Owner | null {
    const { client } = request
    const hasRoom = this.#hasRoom(request)
    if (relayedBy === null) return hasRoom ? client : null
    if (hasRoom && !this.#isLate(client, null)) return client
    if (this.#hasLane(relayedBy, request)) return relayedBy
    return hasRoom ? client : null
  }

  /** True if the client's room takes the request. Each client leaves as many bytes free as it uses, for new clients. */
  #hasRoom({ client, bytes: { length } }: Request): boolean {
    const { entries, bytes } = this.#queues.get(client) ?? EMPTY
    const bytesMax = Math.min(WAITING_BYTES_PER_CLIENT_MAX, WAITING_BYTES_MAX - this.#bytes)
    return entries.size < WAITING_PER_CLIENT_MAX && bytes + length <= bytesMax
  }

  #hasLane(replica: ReplicaId, { bytes: { length } }: Request): boolean {
    const { entries, bytes } = this.#queues.get(replica) ?? EMPTY
    return entries.size < LANE_REQUESTS_MAX && bytes + length <= LANE_BYTES_MAX
  }

  /** True if a request would be served late: many precede it in its client's room. `before`: null for a new one. */
  #isLate(client: ClientId, before: WaitingRequest | null): boolean {
    let count = 0
    let bytes = 0
    for (const entry of this.#queues.get(client)?.entries.values() ?? []) {
      if (entry === before) break
      if (entry.isProposed) continue
      count++
      bytes += entry.request.bytes.length
    }
    return count >= PLACES_CONTESTED || bytes > LANE_BYTES_MAX / 4
  }

  #countRelayed(client: ClientId): number {
    let count = 0
    for (const { relayedTick } of this.#queues.get(client)?.entries.values() ?? []) {
      if (relayedTick < Number.POSITIVE_INFINITY) count++
    }
    return count
  }

  #put(owner: Owner, entry: WaitingRequest): void {
    const queue = this.#queues.get(owner) ?? { entries: new Map(), bytes: 0 }
    const { length } = entry.request.bytes
    queue.entries.set(keyOf(entry.request), entry)
    queue.bytes += length
    this.#queues.set(owner, queue)
    if (isLane(owner)) this.#lanes.add(owner)
    else this.#bytes += length
  }

  #take(owner: Owner, entry: WaitingRequest): void {
    const queue = this.#queues.get(owner)
    if (queue === undefined || !queue.entries.delete(keyOf(entry.request))) return
    const { length } = entry.request.bytes
    queue.bytes -= length
    if (!isLane(owner)) this.#bytes -= length
    if (queue.entries.size > 0) return
    this.#queues.delete(owner)
    if (isLane(owner)) this.#lanes.delete(owner)
  }

  #forget(owner: Owner, entry: WaitingRequest): void {
    const { client } = entry.request
    this.#take(owner, entry)
    this.#byArrival.delete(keyOf(entry.request))
    if (!entry.isProposed) this.#unproposed--
    const count = (this.#counts.get(client) ?? 0) - 1
    if (count > 0) this.#counts.set(client, count)
    else this.#counts.delete(client)
  }

  #nextInTurn(): { readonly owner: Owner; readonly entry: WaitingRequest } | null {
    for (const [owner, queue] of this.#queues) {
      for (const entry of queue.entries.values()) if (!entry.isProposed) return { owner, entry }
    }
    return null
  }

  #endTurn(owner: Owner): void {
    const queue = this.#queues.get(owner)
    if (queue === undefined) return
    this.#queues.delete(owner)
    this.#queues.set(owner, queue)
  }
}

const EMPTY: Queue = { entries: new Map(), bytes: 0 }

/** The marks of a request that was neither relayed nor ordered in the current view. */
const UNTOLD = { relayedTick: Number.POSITIVE_INFINITY, isOrdered: false, passedOver: 0 } as const

const isLane = (owner: Owner): owner is ReplicaId => typeof owner === 'number'

const keyOf = ({ client, timestamp }: Pick<Request, 'client' | 'timestamp'>): string =>
  `${client}:${timestamp}`
