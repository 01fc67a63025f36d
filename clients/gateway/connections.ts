/**
 * The connections of the gateway. When there are too many, the one that has been of no use for longest is ended, so
 * that silent connections keep nobody out; one whose call is being executed is never ended.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** A caller: a connection, and what the gateway holds for it. */
export interface Caller {
  readonly socket: Socket
  /** Calls without an answer, and those of them whose bodies still arrive. */
  calls: number
  arriving: number
  /** Bytes held for its calls. */
  bytes: number
  /** True while a watch is answered on it. It counts among the watches then. */
  isWatching: boolean
}

/** Connections that are ended and not yet gone count for the system: so many more may be open for a moment. */
const LEAVING_MAX = 64

export class Connections {
  readonly #max: number
  readonly #watchingMax: number
  #watching = 0
  readonly #callers = new Map<Socket, Caller>()
  /** Connections on which nothing was answered yet, and the others; of least recent use first. */
  readonly #fresh = new Set<Caller>()
  readonly #known = new Set<Caller>()

  /** Connections with watches are counted apart, so that they keep nobody out. */
  constructor(max: number, watchingMax: number) {
    this.#max = max
    this.#watchingMax = watchingMax
  }

  watch(server: Server): void {
    server.maxConnections = this.#max + this.#watchingMax + LEAVING_MAX
    server.on('connection', (socket: Socket) => {
      if (this.#callers.size - this.#watching >= this.#max) this.#endIdlest()
      const caller = { socket, calls: 0, arriving: 0, bytes: 0, isWatching: false }
      this.#callers.set(socket, caller)
      this.#fresh.add(caller)
      socket.once('close', () => this.#forget(caller))
    })
  }

  callerOf(socket: Socket): Caller {
    const caller = this.#callers.get(socket)
    // A call of a connection that is gone already: it holds nothing any more.
    return caller ?? { socket, calls: 0, arriving: 0, bytes: 0, isWatching: false }
  }

  /** Notes that a watch begins on this connection. Returns false if there are too many. */
  beginWatch(caller: Caller): boolean {
    if (caller.isWatching || !this.#callers.has(caller.socket)) return true
    if (this.#watching >= this.#watchingMax) return false
    this.#watching++
    caller.isWatching = true
    this.#fresh.delete(caller)
    this.#known.delete(caller)
    return true
  }

  /** Notes that a call of this connection was answered. */
  answered(caller: Caller): void {
    if (!this.#callers.has(caller.socket)) return
    this.#endWatch(caller)
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

  #endWatch(caller: Caller): void {
    if (caller.isWatching) this.#watching--
    caller.isWatching = false
  }

  #forget(caller: Caller): void {
    if (!this.#callers.delete(caller.socket)) return
    this.#endWatch(caller)
    this.#fresh.delete(caller)
    this.#known.delete(caller)
  }
}

function idlestOf(callers: Iterable<Caller>): Caller | null {
  for (const caller of callers) if (caller.calls === caller.arriving) return caller
  return null
}
