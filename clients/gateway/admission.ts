/**
 * Admission control: bounds on the calls and bytes that the gateway holds, in total and for each connection, so that
 * one caller cannot exhaust it.
 *
 * Calls and bytes count when they arrive, not when they are announced. Beyond the total, each connection still has a
 * small share. So a caller who asks for little is never refused because of others, and memory stays bounded by the
 * total plus the number of connections times the share.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import { WATCHES_MAX } from '../library/watches.ts'
import { type Caller, Connections } from './connections.ts'
import { Problem } from './problem.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** The maximum number of connections. */
export const CONNECTIONS_MAX = 1_024
/**
 * The maximum number of calls without an answer, in total and on one connection: HTTP lets a caller send many before
 * it reads.
 */
const CALLS_MAX = 4_096
export const CALLS_PER_CONNECTION_MAX = 64
/** The maximum bytes held for calls, in total and for one connection. */
export const BYTES_MAX = 48 * MIB
const BYTES_PER_CONNECTION_MAX = 4 * VALUE_BYTES_MAX
/** The share of every connection, regardless of the others: 1,024 of them make 16 MiB and 4,096 calls. */
const CALLS_SHARE = 4
const BYTES_SHARE = 16 * KIB
/**
 * Timeouts in milliseconds: for a whole request, for its headers, and for a silent connection; and the interval at
 * which they are checked.
 */
export const TIMEOUTS = { request: 15_000, headers: 5_000, idle: 30_000, look: 1_000 }
/** A route that is always admitted, because it needs no resources. */
const ALWAYS = '/healthz'

interface Call {
  readonly caller: Caller
  bytes: number
  /** Aborts the reading of its body; null while none is read. */
  endBody: (() => void) | null
  /** False once a watch has begun: a watch holds none of the resources that calls share. */
  isWaiting: boolean
}

export class Admission {
  readonly #connections: Connections
  readonly #calls = new WeakMap<IncomingMessage, Call>()
  /** Calls whose bodies are arriving, the oldest first. */
  readonly #arriving = new Set<Call>()
  #waiting = 0
  #bytes = 0

  /** The bounds may be lower if the process may open fewer connections. */
  constructor({ connectionsMax = CONNECTIONS_MAX, watchesMax = WATCHES_MAX } = {}) {
    this.#connections = new Connections(connectionsMax, watchesMax)
  }

  /**
   * Refuses a call beyond the bounds with `busy`, before its body is read.
   * @rule 5.5
   */
  guard(server: FastifyInstance): void {
    this.#connections.watch(server.server)
    server.server.headersTimeout = TIMEOUTS.headers
    server.addHook('onRequest', async (request, reply) => {
      if (request.url === ALWAYS) return
      const call = this.#admit(request.raw)
      // Called once, after the answer or when the caller has disconnected.
      reply.raw.once('close', () => this.#release(call))
    })
  }

  /** Turns a call into a watch, whose answer is endless. Returns false if there are too many watches. */
  beginWatch(request: IncomingMessage): boolean {
    const call = this.#calls.get(request)
    if (call === undefined) return true
    if (!this.#connections.beginWatch(call.caller)) return false
    this.#endWaiting(call)
    return true
  }

  /** Notes that the body of a call begins to arrive. `end` is called if its memory is needed for others. */
  beginBody(request: IncomingMessage, end: () => void): void {
    const call = this.#calls.get(request)
    if (call === undefined) return
    call.endBody = end
    call.caller.arriving++
    this.#arriving.add(call)
  }

  /** Reserves bytes for a call. Returns false, and reserves nothing, if there is no room. */
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

  /** Notes that the body has arrived, or was aborted. */
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
      throw new Problem('busy', 'too many calls are waiting for an answer')
    }
    const call: Call = { caller, bytes: 0, endBody: null, isWaiting: true }
    this.#calls.set(request, call)
    // Counts the URL, which contains the key.
    if (!this.hold(request, request.url?.length ?? 0))
      throw new Problem('busy', 'too many bytes are waiting for an answer')
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

  /** Aborts the oldest arriving bodies that hold more than a share, until `bytes` have room. */
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
