/** etcd's services over gRPC. The caller passes connections in, after it has seen their preface. */
import type { Socket } from 'node:net'
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { decodeMessage, encodeMessage } from '../schema/message-codec.ts'
import { loadMethods, type Method } from '../schema/schema.ts'
import { CODES, EtcdError, etcdError } from '../service/errors.ts'
import type { Handlers, UnaryHandler } from '../service/handlers.ts'
import { answerStream } from './stream-calls.ts'

/** The maximum bytes of a request: etcd's limit plus the overhead of gRPC. */
const REQUEST_BYTES_MAX = 2 * 1024 * 1024
/** The maximum number of concurrent calls on a connection; a client opens another connection for more. */
const STREAMS_MAX = 256
/** The MiB that the HTTP/2 layer may hold for one connection. */
const SESSION_MEMORY_MIB = 16
/** The idle time after which a connection is pinged, and closed if it does not answer. */
const KEEPALIVE = { timeMs: 60_000, timeoutMs: 20_000 }
/** The time for calls to end when the server is closed. */
const CLOSE_MS = 200

export class GrpcServer {
  readonly #server: Server
  readonly #injector: ReturnType<Server['createConnectionInjector']>
  readonly #sockets = new Set<Socket>()

  constructor(handlers: Handlers) {
    this.#server = new Server({
      'grpc.max_receive_message_length': REQUEST_BYTES_MAX,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': STREAMS_MAX,
      'grpc-node.max_session_memory': SESSION_MEMORY_MIB,
      'grpc.keepalive_time_ms': KEEPALIVE.timeMs,
      'grpc.keepalive_timeout_ms': KEEPALIVE.timeoutMs,
      'grpc.enable_channelz': 0,
    })
    for (const [definition, implementation] of servicesOf(handlers)) {
      this.#server.addService(definition, implementation)
    }
    this.#injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure())
  }

  /** Serves a connection, from the first byte of its preface on. */
  take(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    this.#injector.injectConnection(socket)
  }

  /** Ends all connections. */
  close(): void {
    this.#injector.drain(CLOSE_MS)
    for (const socket of this.#sockets) socket.destroySoon()
    this.#server.forceShutdown()
  }
}

/** The services of the schema, each with its implementation. */
function servicesOf(
  handlers: Handlers,
): readonly (readonly [ServiceDefinition, UntypedServiceImplementation])[] {
  const services = new Map<string, Method[]>()
  for (const method of loadMethods().values()) {
    const service = method.path.slice(0, method.path.lastIndexOf('/'))
    services.set(service, [...(services.get(service) ?? []), method])
  }
  return [...services.values()].map((methods) => [
    Object.fromEntries(methods.map((method) => [method.path, definitionOf(method)])),
    Object.fromEntries(methods.map((method) => [method.path, implementationOf(method, handlers)])),
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

function implementationOf(
  method: Method,
  { unary, streams }: Handlers,
): UntypedServiceImplementation[string] {
  const stream = streams.get(method.path)
  if (stream === undefined) return unaryCall(unary.get(method.path) ?? missing(method))
  return (call: ServerDuplexStream<unknown, object>) => {
    if (isWithToken(call.metadata)) call.emit('error', statusOf(etcdError('invalidToken')))
    else void answerStream(call, stream, statusOf)
  }
}

/** There is no authentication, so no token is valid. */
const isWithToken = (metadata: Metadata): boolean => metadata.get('token').length > 0

const missing =
  ({ path }: Method): UnaryHandler =>
  async () => {
    throw new EtcdError('unimplemented', `etcdserver: ${path} is not served here`)
  }

const unaryCall =
  (handler: UnaryHandler) =>
  (call: ServerUnaryCall<unknown, object>, done: sendUnaryData<object>): void => {
    const answered = isWithToken(call.metadata)
      ? Promise.reject(etcdError('invalidToken'))
      : handler(call.request)
    answered.then(
      (answer) => done(null, answer),
      (error: unknown) => done(statusOf(error)),
    )
  }

/** The gRPC status for an error that a handler threw. */
function statusOf(error: unknown): { readonly code: number; readonly details: string } {
  if (error instanceof EtcdError) return { code: error.code, details: error.message }
  return { code: CODES.internal, details: 'etcdserver: an unexpected error' }
}
