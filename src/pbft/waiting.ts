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
  /** Whether this replica proposed it, as primary of the current view. */
  isProposed: boolean
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
  oldestRequests(count: number): readonly Request[] {
    const oldest: Request[] = []
    for (const { request } of this.#byArrival.values()) {
      if (oldest.length >= count) break
      oldest.push(request)
    }
    return oldest
  }

  clients(): readonly ClientId[] {
    return [...this.#clients.keys()]
  }

  find(client: ClientId, timestamp: Timestamp): Request | null {
    return this.#clients.get(client)?.entries.get(timestamp)?.request ?? null
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
  add(request: Request): boolean {
    if (!this.hasRoomFor(request)) return false
    const queue = this.#clients.get(request.client) ?? { entries: new Map(), bytes: 0 }
    const { length } = request.bytes
    const entry = { request, isProposed: false }
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

  /** A view ended: what was proposed in it may have to be proposed again. */
  forgetProposals(): void {
    for (const entry of this.#byArrival.values()) {
      if (entry.isProposed) this.#unproposed++
      entry.isProposed = false
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

const keyOf = ({ client, timestamp }: Request): string => `${client}:${timestamp}`
