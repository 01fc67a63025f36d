/**
 * Requests that wait to be executed. Rule 1.1: first in first out per client, round robin across clients, bounded in
 * bytes and in number. Rule 1.9 asks for the oldest one.
 */
import type { ClientId, Timestamp } from '../base/ids.ts'
import type { Request } from '../messages/message.ts'
import {
  PLACES_CONTESTED,
  WAITING_BYTES_MAX,
  WAITING_BYTES_PER_CLIENT_MAX,
  WAITING_PER_CLIENT_MAX,
} from './parameters.ts'

export interface WaitingRequest {
  readonly request: Request
  readonly arrivedTick: number
  /** Whether this replica proposed it, as primary of the current view. */
  isProposed: boolean
  /** When the primary of the current view was last sent it by this replica; Infinity before. */
  relayedTick: number
  /** Whether a pre-prepare that was accepted in the current view holds it. */
  isOrdered: boolean
  /** Batches of the current view that had room for it, and did without. */
  passedOver: number
}

interface ClientQueue {
  /** All that wait, oldest first. */
  readonly entries: Map<Timestamp, WaitingRequest>
  bytes: number
}

export class WaitingRequests {
  /** Every waiting request, oldest arrival first. */
  readonly #byArrival = new Map<string, WaitingRequest>()
  /** Insertion order is the order of turns: a client that had its turn goes to the end. */
  readonly #clients = new Map<ClientId, ClientQueue>()
  /** What came from its client and is not passed on yet, oldest arrival first; perhaps served meanwhile. */
  #unrelayed: WaitingRequest[] = []
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

  /** The oldest arrivals, at most `count` of them. */
  oldestEntries(count: number): readonly WaitingRequest[] {
    const oldest: WaitingRequest[] = []
    for (const entry of this.#byArrival.values()) {
      if (oldest.length >= count) break
      oldest.push(entry)
    }
    return oldest
  }

  clients(): readonly ClientId[] {
    return [...this.#clients.keys()]
  }

  find(client: ClientId, timestamp: Timestamp): Request | null {
    return this.entry(client, timestamp)?.request ?? null
  }

  entry(client: ClientId, timestamp: Timestamp): WaitingRequest | null {
    return this.#clients.get(client)?.entries.get(timestamp) ?? null
  }

  /** What waits is to be passed on to the primary, later: `takeUnrelayed` gives it then. */
  relayLater(entry: WaitingRequest): void {
    this.#unrelayed.push(entry)
  }

  /** What arrived up to this tick, still waits, and was not passed on yet. */
  takeUnrelayed(upToTick: number): readonly WaitingRequest[] {
    const first = this.#unrelayed.findIndex(({ arrivedTick }) => arrivedTick > upToTick)
    const due = this.#unrelayed.splice(0, first < 0 ? this.#unrelayed.length : first)
    return due.filter((entry) => this.#byArrival.get(keyOf(entry.request)) === entry)
  }

  hasRoomFor({ client, bytes: { length } }: Request): boolean {
    const queue = this.#clients.get(client)
    return (
      (queue?.entries.size ?? 0) < WAITING_PER_CLIENT_MAX &&
      (queue?.bytes ?? 0) + length <= WAITING_BYTES_PER_CLIENT_MAX &&
      this.#bytes + length <= WAITING_BYTES_MAX
    )
  }

  /** False when a bound is reached; the request is then not taken. Nothing waits under its (client, timestamp) yet. */
  add(request: Request, arrivedTick = 0): boolean {
    if (!this.hasRoomFor(request)) return false
    const queue = this.#clients.get(request.client) ?? { entries: new Map(), bytes: 0 }
    const { length } = request.bytes
    const entry = { request, arrivedTick, isProposed: false, ...UNTOLD }
    queue.entries.set(request.timestamp, entry)
    queue.bytes += length
    this.#clients.set(request.client, queue)
    this.#byArrival.set(keyOf(request), entry)
    this.#bytes += length
    this.#unproposed++
    return true
  }

  /** Drops a client's requests for which this holds: executed, or stale. */
  drop(client: ClientId, isOver: (request: Request) => boolean): void {
    const queue = this.#clients.get(client)
    if (queue === undefined) return
    for (const [timestamp, entry] of queue.entries) {
      if (!isOver(entry.request)) continue
      queue.entries.delete(timestamp)
      queue.bytes -= entry.request.bytes.length
      this.#bytes -= entry.request.bytes.length
      if (!entry.isProposed) this.#unproposed--
      this.#byArrival.delete(keyOf(entry.request))
    }
    if (queue.entries.size === 0) this.#clients.delete(client)
  }

  /**
   * Takes the next requests for a batch, one per client and round, and marks them as proposed.
   * Stops at the first request that does not fit; an admissible one always fits alone. Where several clients wait, none
   * has many more places than all others together: who floods fills no batches that the others have to sit through.
   * // PBFT-5.5
   */
  takeForBatch(limits: { readonly requests: number; readonly bytes: number }): readonly Request[] {
    const taken: Request[] = []
    const placesOf = new Map<ClientId, number>()
    const isContested = this.#clients.size > 1
    let bytes = 0
    while (this.#unproposed > 0 && taken.length < limits.requests) {
      const next = this.#nextInTurn()
      if (next === null) break
      const {
        client,
        bytes: { length },
      } = next.request
      if (bytes + length > limits.bytes) break
      const places = placesOf.get(client) ?? 0
      if (isContested && places >= PLACES_CONTESTED + (taken.length - places)) break
      placesOf.set(client, places + 1)
      this.#endTurn(client)
      next.isProposed = true
      this.#unproposed--
      taken.push(next.request)
      bytes += length
    }
    return taken
  }

  /** A view ended: what was proposed in it, or told its primary, may have to be again. */
  forgetProposals(): void {
    for (const entry of this.#byArrival.values()) {
      if (entry.isProposed) this.#unproposed++
      entry.isProposed = false
      Object.assign(entry, UNTOLD)
    }
  }

  #nextInTurn(): WaitingRequest | null {
    for (const queue of this.#clients.values()) {
      for (const entry of queue.entries.values()) if (!entry.isProposed) return entry
    }
    return null
  }

  #endTurn(client: ClientId): void {
    const queue = this.#clients.get(client)
    if (queue === undefined) return
    this.#clients.delete(client)
    this.#clients.set(client, queue)
  }
}

/** What a view has not seen of a request that waits. */
const UNTOLD = { relayedTick: Number.POSITIVE_INFINITY, isOrdered: false, passedOver: 0 } as const

const keyOf = ({ client, timestamp }: Request): string => `${client}:${timestamp}`
