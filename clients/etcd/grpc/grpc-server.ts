/** etcd's services over gRPC. Connections come from outside, after their preface was seen. */
import type { Http2Server } from 'node:http2'
import type { Socket } from 'node:net'
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { decodeMessage, encodeMessage } from '../schema/message-codec.ts'
import { loadMethods, type Method } from '../schema/schema.ts'
import { CODES, EtcdError, etcdError } from '../service/errors.ts'
import type { Handlers, StreamHandler, UnaryHandler } from '../service/handlers.ts'
import type { CallCounts } from './call-counts.ts'
import type { CallGate } from './call-gate.ts'
import { answerStream, type StreamCall } from './stream-calls.ts'
import { CALL_HEADER, StreamGuard } from './stream-guard.ts'

/** The maximum bytes of a request: etcd's limit plus the overhead of gRPC. */
const REQUEST_BYTES_MAX = 2 * 1024 * 1024
/** The maximum number of concurrent calls on a connection; a client opens another connection for more. */
const STREAMS_MAX = 256
/** The MiB that the HTTP/2 layer may hold for one connection. */
const SESSION_MEMORY_MIB = 16
/** The idle time after which a connection is pinged, and closed if it does not answer. */
const KEEPALIVE = { timeMs: 60_000, timeoutMs: 20_000 }
/** Characters of the text of an error. It may repeat what a caller sent. */
const DETAILS_MAX = 1_024
/** The time that calls have to end in when the server is closed. */
const CLOSE_MS = 200

/** A call that has come, before it is answered. */
export interface IncomingCall {
  /** The path of its method. */
  readonly path: string
  /** The name under which the server is asked. */
  readonly host: string
  /** Its connection; undefined where that is gone already. */
  readonly socket: Socket | undefined
  header(name: string): string | undefined
}

/** Lets a call in and returns what is to be done when it is over, or throws an `EtcdError`. */
export type EnterCall = (call: IncomingCall) => () => void

export interface GrpcServerOptions {
  readonly enter: EnterCall
  readonly gate: CallGate
  readonly counts: CallCounts
  /** Milliseconds until the whole request of a call must be there. */
  readonly requestMs: number
}

export class GrpcServer {
  readonly #server: Server
  readonly #injector: ReturnType<Server['createConnectionInjector']>
  readonly #guard: StreamGuard
  readonly #counts: CallCounts
  /** The connections, by where they come from. */
  readonly #sockets = new Map<string, Socket>()

  constructor(handlers: Handlers, { enter, gate, counts, requestMs }: GrpcServerOptions) {
    this.#counts = counts
    this.#server = new Server({
      'grpc.max_receive_message_length': REQUEST_BYTES_MAX,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': STREAMS_MAX,
      'grpc-node.max_session_memory': SESSION_MEMORY_MIB,
      'grpc.keepalive_time_ms': KEEPALIVE.timeMs,
      'grpc.keepalive_timeout_ms': KEEPALIVE.timeoutMs,
      'grpc.enable_channelz': 0,
    })
    const isStream = (path: string): boolean => handlers.streams.has(path)
    this.#guard = new StreamGuard({ gate, isStream, requestMs })
    for (const [definition, implementation] of servicesOf({
      handlers,
      guard: this.#guard,
      counts,
      enter: (path, call) => enter(this.#incoming(path, call)),
    })) {
      this.#server.addService(definition, implementation)
    }
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure())
    this.#guard.guard(http2ServerOf(this.#server))
  }

  /** Serves a connection, from the first byte of its preface on. */
  take(socket: Socket): void {
    const place = `${socket.remoteAddress}:${socket.remotePort}`
    this.#sockets.set(place, socket)
    this.#counts.countBytesOf(socket)
    socket.once('close', () => this.#sockets.delete(place))
    this.#guard.enter(socket, () => this.#injector.injectConnection(socket))
  }

  /** Ends all connections. */
  close(): void {
    this.#injector.drain(CLOSE_MS)
    for (const socket of this.#sockets.values()) socket.destroySoon()
    this.#server.forceShutdown()
  }

  #incoming(path: string, call: AnyCall): IncomingCall {
    return {
      path,
      host: call.getHost(),
      socket: this.#sockets.get(call.getPeer()),
      header: (name) => call.metadata.get(name)[0]?.toString(),
    }
  }
}

/**
 * The server of HTTP/2 within that of gRPC, which has no public name for it. Without it no bound could be put on streams
 * before gRPC reads them, so the version of the library is fixed.
 */
function http2ServerOf(server: Server): Http2Server {
  const { http2Servers } = server as unknown as { http2Servers?: ReadonlyMap<Http2Server, unknown> }
  const [http2Server] = http2Servers?.keys() ?? []
  if (http2Server === undefined) throw new TypeError('this version of @grpc/grpc-js has no http2Servers')
  return http2Server
}

type AnyCall = ServerUnaryCall<unknown, object> | StreamCall

interface ServiceParts {
  readonly handlers: Handlers
  enter(path: string, call: AnyCall): () => void
  readonly guard: StreamGuard
  readonly counts: CallCounts
}

/** The services of the schema, each with its implementation. */
function servicesOf(
  parts: ServiceParts,
): readonly (readonly [ServiceDefinition, UntypedServiceImplementation])[] {
  const services = new Map<string, Method[]>()
  for (const method of loadMethods().values()) {
    const service = method.path.slice(0, method.path.lastIndexOf('/'))
    services.set(service, [...(services.get(service) ?? []), method])
  }
  return [...services.values()].map((methods) => [
    Object.fromEntries(methods.map((method) => [method.path, definitionOf(method)])),
    Object.fromEntries(methods.map((method) => [method.path, implementationOf(method, parts)])),
  ])
}

function definitionOf(method: Method): ServiceDefinition[string] {
  const { path, request, response } = method
  return {
    path,
    requestStream: method.isRequestStream,
    responseStream: method.isResponseStream,
    requestSerialize: (message: object) => Buffer.from(encodeMessage(request, message)),
    requestDeserialize: (bytes: Buffer) => decodeMessage(request, bytes),
    responseSerialize: (message: object) => Buffer.from(encodeMessage(response, message)),
    responseDeserialize: (bytes: Buffer) => decodeMessage(response, bytes),
  }
}

function implementationOf(method: Method, parts: ServiceParts): UntypedServiceImplementation[string] {
  const { unary, streams } = parts.handlers
  const stream = streams.get(method.path)
  return stream === undefined
    ? unaryCall(method.path, unary.get(method.path) ?? missing(method), parts)
    : streamCall(method.path, stream, parts)
}

/** The metadata of callers who want to know when there is no leader. */
const wantsLeader = (metadata: Metadata): boolean => metadata.get('hasleader')[0] === 'true'

const missing =
  ({ path }: Method): UnaryHandler =>
  async () => {
    throw new EtcdError('unimplemented', `etcdserver: ${path} is not served here`)
  }

const unaryCall =
  (path: string, handler: UnaryHandler, { handlers: { leader }, guard, counts, enter }: ServiceParts) =>
  (call: ServerUnaryCall<unknown, object>, done: sendUnaryData<object>): void => {
    const { end, cut } = guard.begin(call.metadata.get(CALL_HEADER)[0])
    const handled = counts.start(path)
    let leave = (): void => {}
    const answer = async (): Promise<object> => {
      leave = enter(path, call)
      if (wantsLeader(call.metadata) && !(await leader.hasLeader())) throw etcdError('noLeader')
      return handler(call.request, leavingOf(call))
    }
    answer()
      .then(
        (answer) => {
          handled(CODES.ok)
          done(null, answer)
        },
        (error: unknown) => {
          const status = statusOf(error)
          handled(status.code)
          done(status)
        },
      )
      // What the library throws ends this call and nothing else.
      .catch(cut)
      .finally(end)
      .finally(() => leave())
  }

const streamCall =
  (path: string, handler: StreamHandler, { handlers: { leader }, guard, counts, enter }: ServiceParts) =>
  (call: StreamCall): void => {
    const { end, cut } = guard.begin(call.metadata.get(CALL_HEADER)[0])
    const handled = counts.start(path)
    const { metadata } = call
    const untilNoLeader = wantsLeader(metadata) ? (over: AbortSignal) => leader.untilNoLeader(over) : null
    const { refusal, leave } = entered(() => enter(path, call))
    void answerStream(call, handler, { statusOf, cut, refusal, untilNoLeader })
      .then(handled)
      .catch(cut)
      .finally(end)
      .finally(leave)
  }

/** The refusal of a call that is not let in, or what is to be done when it is over. */
function entered(enter: () => () => void): { readonly refusal: EtcdError | null; leave(): void } {
  try {
    return { refusal: null, leave: enter() }
  } catch (error) {
    if (error instanceof EtcdError) return { refusal: error, leave: () => {} }
    throw error
  }
}

/** Aborted when the caller leaves, or its deadline passes, before it is answered. */
function leavingOf(call: ServerUnaryCall<unknown, object>): AbortSignal {
  const leaving = new AbortController()
  call.once('cancelled', () => leaving.abort())
  return leaving.signal
}

/** The status of gRPC for whatever a handler threw. */
function statusOf(error: unknown): { readonly code: number; readonly details: string } {
  if (error instanceof EtcdError) return { code: error.code, details: sendable(error.message) }
  return { code: CODES.internal, details: 'etcdserver: an unexpected error' }
}

/** Returns a text that gRPC can write into a header: well-formed, and not too long for one. */
const sendable = (text: string): string => Buffer.from(text.slice(0, DETAILS_MAX)).toString()
