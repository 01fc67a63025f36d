/**
 * Admission control: bounds on the calls and bytes that the gateway holds, in total and for each connection, so that
 * one caller cannot exhaust it.
 *
 * Calls and bytes count when they arrive, not when they are announced. Beyond the total, each connection still has a
 * small share. So a caller who asks for little is never refused because of others, and memory stays bounded by the
 * total plus the number of connections times the share.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import type { AdmittedCall, CallGate } from '../etcd/grpc/call-gate.ts'
import { WATCHES_MAX } from '../library/watches.ts'
import { type Caller, Connections } from './connections.ts'
import { Problem } from './problem.ts'
import { UnreadAnswers } from './unread-answers.ts'

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
/** The bounds of one connection. A client of gRPC has one for all its calls. */
const HTTP_BOUNDS = { calls: CALLS_PER_CONNECTION_MAX, bytes: BYTES_PER_CONNECTION_MAX }
export const GRPC_BOUNDS = { calls: 256, bytes: 16 * VALUE_BYTES_MAX }
/** The share that every connection has, whatever others hold: 1,024 of them make 16 MiB and 4,096 calls. */
const CALLS_SHARE = 4
const BYTES_SHARE = 16 * KIB
/**
 * Timeouts in milliseconds: for a whole request, for its headers, and for a silent connection; and the interval at
 * which they are checked.
 */
export const TIMEOUTS = { request: 15_000, headers: 5_000, idle: 30_000, look: 1_000 }
/** A route that is always admitted, because it needs no resources. */
const ALWAYS = '/healthz'

interface Bounds {
  readonly calls: number
  readonly bytes: number
}

interface Call {
  readonly caller: Caller
  readonly bounds: Bounds
  bytes: number
  /** Aborts the reading of its body; null while none is read. */
  endBody: (() => void) | null
  /** False once a watch has begun: a watch holds none of the resources that calls share. */
  isWaiting: boolean
  isWatch: boolean
}

export class Admission implements CallGate {
  readonly #connections: Connections
  readonly #calls = new WeakMap<IncomingMessage, Call>()
  /** Calls whose bodies are arriving, the oldest first. */
  readonly #arriving = new Set<Call>()
  readonly #unread = new UnreadAnswers()
  #waiting = 0
  #bytes = 0
  /** Called once no call waits for an answer. */
  #onIdle: (() => void)[] = []

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
      const call = this.#admitRequest(request.raw)
      // Comes once, whether it was answered or its caller went away.
      reply.raw.once('close', () => this.#release(call))
    })
  }

  /** Resolves once no call waits for an answer. Watches count for nothing, because they have no end. */
  idle(): Promise<void> {
    return this.#waiting === 0 ? Promise.resolve() : new Promise((done) => this.#onIdle.push(done))
  }

  /** Takes on a call of gRPC; null if there are too many. */
  admit(socket: Socket): AdmittedCall | null {
    const call = this.#admit(socket, GRPC_BOUNDS)
    if (call === null) return null
    return {
      beginBody: (end) => this.#beginBody(call, end),
      hold: (bytes) => this.#hold(call, bytes),
      endBody: () => this.#endBody(call),
      free: () => this.#free(call),
      beginStream: () => this.#beginWatch(call),
      holdAnswer: (bytes, cut) => this.#unread.add(call, { caller: call.caller, bytes, cut }),
      release: () => {
        this.#unread.remove(call)
        this.#release(call)
      },
    }
  }

  /** A call becomes a watch, whose answer has no end. Returns false if there are too many. */
  beginWatch(request: IncomingMessage): boolean {
    const call = this.#calls.get(request)
    return call === undefined || this.#beginWatch(call)
  }

  /** Notes that the body of a call begins to arrive. `end` is called if its memory is needed for others. */
  beginBody(request: IncomingMessage, end: () => void): void {
    const call = this.#calls.get(request)
    if (call !== undefined) this.#beginBody(call, end)
  }

  /** Reserves bytes for a call. Returns false, and reserves nothing, if there is no room. */
  hold(request: IncomingMessage, bytes: number): boolean {
    const call = this.#calls.get(request)
    return call === undefined || this.#hold(call, bytes)
  }

  /** The body has arrived, or arrives no more. */
  endBody(request: IncomingMessage): void {
    const call = this.#calls.get(request)
    if (call !== undefined) this.#endBody(call)
  }

  #beginWatch(call: Call): boolean {
    if (!this.#connections.beginWatch(call.caller)) return false
    call.isWatch = true
    this.#endWaiting(call)
    return true
  }

  #beginBody(call: Call, end: () => void): void {
    call.endBody = end
    call.caller.arriving++
    this.#arriving.add(call)
  }

  #hold(call: Call, bytes: number): boolean {
    const { caller } = call
    if (caller.bytes + bytes > call.bounds.bytes) return false
    if (caller.bytes + bytes > BYTES_SHARE && !this.#makeRoom(call, bytes)) return false
    call.bytes += bytes
    caller.bytes += bytes
    this.#bytes += bytes
    return true
  }

  #endBody(call: Call): void {
    if (call.endBody === null) return
    call.endBody = null
    call.caller.arriving--
    this.#arriving.delete(call)
  }

  #admitRequest(request: IncomingMessage): Call {
    const call = this.#admit(request.socket, HTTP_BOUNDS)
    if (call === null) throw new Problem('busy', 'too many calls wait for an answer')
    this.#calls.set(request, call)
    // Its key is in its URL.
    if (this.#hold(call, request.url?.length ?? 0)) return call
    this.#release(call)
    throw new Problem('busy', 'too many bytes wait for an answer')
  }

  #admit(socket: Socket, bounds: Bounds): Call | null {
    const caller = this.#connections.callerOf(socket)
    const isOverShare = caller.calls >= CALLS_SHARE
    if (caller.calls >= bounds.calls || (isOverShare && this.#waiting >= CALLS_MAX)) return null
    caller.calls++
    this.#waiting++
    return { caller, bounds, bytes: 0, endBody: null, isWaiting: true, isWatch: false }
  }

  #release(call: Call): void {
    const { caller } = call
    this.#endBody(call)
    caller.calls--
    this.#endWaiting(call)
    this.#free(call)
    if (call.isWatch) this.#connections.endWatch(caller)
    this.#connections.answered(caller)
  }

  #endWaiting(call: Call): void {
    if (!call.isWaiting) return
    call.isWaiting = false
    this.#waiting--
    this.#free(call)
    if (this.#waiting === 0) for (const done of this.#onIdle.splice(0)) done()
  }

  #free(call: Call): void {
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
      this.#free(call)
      endBody?.()
    }
    return this.#bytes + bytes <= BYTES_MAX
  }
}
