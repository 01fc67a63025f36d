/**
 * Bounds on what the gateway takes on at once, in all and for each connection, so that one caller does not use it all
 * up.
 *
 * Calls and bytes count when they have come, not when they are announced. In all they are bounded; what a connection
 * asks for within a small share of its own is admitted even then. So a caller who asks for little is never refused for
 * what others ask, and the whole stays bounded: by the total, and the number of connections times the share.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import { WATCHES_MAX } from '../library/watches.ts'
import { type Caller, Connections } from './connections.ts'
import { Problem } from './problem.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Connections at once. */
export const CONNECTIONS_MAX = 1_024
/** Calls that wait for their answer, in all and on one connection: HTTP lets a caller send many before it reads. */
const CALLS_MAX = 4_096
export const CALLS_PER_CONNECTION_MAX = 64
/** Bytes held for calls, in all and for one connection. */
export const BYTES_MAX = 48 * MIB
const BYTES_PER_CONNECTION_MAX = 4 * VALUE_BYTES_MAX
/** The share that every connection has, whatever others hold: 1,024 of them make 16 MiB and 4,096 calls. */
const CALLS_SHARE = 4
const BYTES_SHARE = 16 * KIB
/** Milliseconds until a whole request has to be there, its headers, how long a connection may be silent, and between looks at that. */
export const TIMEOUTS = { request: 15_000, headers: 5_000, idle: 30_000, look: 1_000 }
/** Answered even when nothing else is: it asks for nothing. */
const ALWAYS = '/healthz'

interface Call {
  readonly caller: Caller
  bytes: number
  /** Ends the reading of its body; null while none is read. */
  endBody: (() => void) | null
  /** False from the begin of a watch on: it holds nothing of what calls share. */
  isWaiting: boolean
}

export class Admission {
  readonly #connections: Connections
  readonly #calls = new WeakMap<IncomingMessage, Call>()
  /** Calls whose bodies arrive, the oldest first. */
  readonly #arriving = new Set<Call>()
  #waiting = 0
  #bytes = 0

  /** The bounds are for a process that may not have as many connections. */
  constructor({ connectionsMax = CONNECTIONS_MAX, watchesMax = WATCHES_MAX } = {}) {
    this.#connections = new Connections(connectionsMax, watchesMax)
  }

  /**
   * Refuses what is too much with `busy`, before its body is read.
   * @rule 5.5
   */
  guard(server: FastifyInstance): void {
    this.#connections.watch(server.server)
    server.server.headersTimeout = TIMEOUTS.headers
    server.addHook('onRequest', async (request, reply) => {
      if (request.url === ALWAYS) return
      const call = this.#admit(request.raw)
      // Comes once, whether it was answered or its caller went away.
      reply.raw.once('close', () => this.#release(call))
    })
  }

  /** A call becomes a watch, whose answer has no end. Returns false if there are too many. */
  beginWatch(request: IncomingMessage): boolean {
    const call = this.#calls.get(request)
    if (call === undefined) return true
    if (!this.#connections.beginWatch(call.caller)) return false
    this.#endWaiting(call)
    return true
  }

  /** The body of a call begins to arrive. `end` is called when its room is needed for others. */
  beginBody(request: IncomingMessage, end: () => void): void {
    const call = this.#calls.get(request)
    if (call === undefined) return
    call.endBody = end
    call.caller.arriving++
    this.#arriving.add(call)
  }

  /** Counts bytes that are held for a call from now on. False when there is no room for them: then they are not. */
  hold(request: IncomingMessage, bytes: number): boolean {
    const call = this.#calls.get(request)
    if (call === undefined) return true
    const { caller } = call
    if (caller.bytes + bytes > BYTES_PER_CONNECTION_MAX) return false
    if (caller.bytes + bytes > BYTES_SHARE && !this.#makeRoom(call, bytes)) return false
    call.bytes += bytes
    caller.bytes += bytes
    this.#bytes += bytes
    return true
  }

  /** The body has arrived, or arrives no more. */
  endBody(request: IncomingMessage): void {
    const call = this.#calls.get(request)
    if (call === undefined || call.endBody === null) return
    call.endBody = null
    call.caller.arriving--
    this.#arriving.delete(call)
  }

  #admit(request: IncomingMessage): Call {
    const caller = this.#connections.callerOf(request.socket)
    const isOverShare = caller.calls >= CALLS_SHARE
    if (caller.calls >= CALLS_PER_CONNECTION_MAX || (isOverShare && this.#waiting >= CALLS_MAX)) {
      throw new Problem('busy', 'too many calls wait for an answer')
    }
    const call: Call = { caller, bytes: 0, endBody: null, isWaiting: true }
    this.#calls.set(request, call)
    // Its key is in its URL.
    if (!this.hold(request, request.url?.length ?? 0))
      throw new Problem('busy', 'too many bytes wait for an answer')
    caller.calls++
    this.#waiting++
    return call
  }

  #release(call: Call): void {
    const { caller } = call
    if (call.endBody !== null) {
      call.endBody = null
      caller.arriving--
      this.#arriving.delete(call)
    }
    caller.calls--
    this.#endWaiting(call)
    this.#connections.answered(caller)
  }

  #endWaiting(call: Call): void {
    if (!call.isWaiting) return
    call.isWaiting = false
    this.#waiting--
    this.#bytes -= call.bytes
    call.caller.bytes -= call.bytes
    call.bytes = 0
  }

  /** Ends bodies that have been arriving for longest and hold more than a share, until so many bytes have room. */
  #makeRoom(asking: Call, bytes: number): boolean {
    for (const call of this.#arriving) {
      if (this.#bytes + bytes <= BYTES_MAX) return true
      if (call === asking || call.bytes <= BYTES_SHARE) continue
      const { endBody } = call
      this.#bytes -= call.bytes
      call.caller.bytes -= call.bytes
      call.bytes = 0
      endBody?.()
    }
    return this.#bytes + bytes <= BYTES_MAX
  }
}
