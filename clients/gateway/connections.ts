/**
 * The connections of the gateway. If there are too many, the least recently used one is closed, so that silent
 * connections cannot exclude other callers. A connection whose call is being executed is never closed.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { carrierOf } from './encryption.ts'

/** A caller: a connection, with the resources that the gateway holds for it. */
export interface Caller {
  readonly socket: Socket
  /** The number of calls without an answer, and of those whose bodies are still arriving. */
  calls: number
  arriving: number
  /** Bytes held for its calls. */
  bytes: number
  /** Watches that are answered on it. With any, it counts among the connections with watches. */
  watches: number
}

/** Closed connections still count for the system until they are gone: this many more may be open for a moment. */
const LEAVING_MAX = 64

export class Connections {
  readonly #max: number
  readonly #watchingMax: number
  #watching = 0
  readonly #callers = new Map<Socket, Caller>()
  /** Connections without an answer so far, and the others; the least recently used first. */
  readonly #fresh = new Set<Caller>()
  readonly #known = new Set<Caller>()

  /** Connections with watches are counted separately, so that they do not exclude other callers. */
  constructor(max: number, watchingMax: number) {
    this.#max = max
    this.#watchingMax = watchingMax
  }

  watch(server: Server): void {
    server.maxConnections = this.#max + this.#watchingMax + LEAVING_MAX
    server.on('connection', (socket: Socket) => {
      if (this.#callers.size - this.#watching >= this.#max) this.#endIdlest()
      const caller = { socket, calls: 0, arriving: 0, bytes: 0, watches: 0 }
      this.#callers.set(socket, caller)
      this.#fresh.add(caller)
      socket.once('close', () => this.#forget(caller))
    })
  }

  callerOf(socket: Socket): Caller {
    const caller = this.#callers.get(carrierOf(socket))
    // A call of a connection that is gone already: it holds nothing any more.
    return caller ?? { socket, calls: 0, arriving: 0, bytes: 0, watches: 0 }
  }

  /** Notes that a watch begins on this connection. Returns false if there are too many. */
  beginWatch(caller: Caller): boolean {
    if (!this.#callers.has(caller.socket)) return true
    if (caller.watches === 0) {
      if (this.#watching >= this.#watchingMax) return false
      this.#watching++
      this.#fresh.delete(caller)
      this.#known.delete(caller)
    }
    caller.watches++
    return true
  }

  /** Notes that a watch on this connection has ended. */
  endWatch(caller: Caller): void {
    if (caller.watches === 0) return
    caller.watches--
    if (caller.watches === 0) this.#watching--
  }

  /** Notes that a call of this connection was answered. */
  answered(caller: Caller): void {
    if (caller.watches > 0 || !this.#callers.has(caller.socket)) return
    this.#fresh.delete(caller)
    this.#known.delete(caller)
    this.#known.add(caller)
  }

  #endIdlest(): void {
    const [first, second] =
      this.#fresh.size >= this.#known.size ? [this.#fresh, this.#known] : [this.#known, this.#fresh]
    const idle = idlestOf(first) ?? idlestOf(second)
    if (idle === null) return
    this.#forget(idle)
    idle.socket.destroy()
  }

  #forget(caller: Caller): void {
    if (!this.#callers.delete(caller.socket)) return
    if (caller.watches > 0) this.#watching--
    caller.watches = 0
    this.#fresh.delete(caller)
    this.#known.delete(caller)
  }
}

function idlestOf(callers: Iterable<Caller>): Caller | null {
  for (const caller of callers) if (caller.calls === caller.arriving) return caller
  return null
}
