/**
 * etcd's JSON gateway: each method as a POST under `/v3` and `/v3beta`, beside `/version` and `/health`. It accepts
 * any content type, and its errors have etcd's form, not the form of this gateway's own API.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { loadMethods, type Method } from '../schema/schema.ts'
import { CODES, EtcdError, etcdError } from '../service/errors.ts'
import type { Handlers } from '../service/handlers.ts'
import { VERSIONS } from '../service/versions.ts'
import { JsonError } from './json-reader.ts'
import { type StreamError, sendStream } from './json-streams.ts'
import { readMessage } from './message-reader.ts'
import { messageJson } from './message-writer.ts'

/** The prefixes of the methods' paths. */
export const JSON_ROOTS = ['/v3', '/v3beta'] as const
const BODY_BYTES_MAX = 2 * 1024 * 1024

/** The HTTP status of each gRPC code. */
const HTTP_STATUSES: Readonly<Record<number, number>> = {
  [CODES.cancelled]: 408,
  [CODES['invalid-argument']]: 400,
  [CODES['deadline-exceeded']]: 504,
  [CODES['not-found']]: 404,
  [CODES['permission-denied']]: 403,
  [CODES['resource-exhausted']]: 429,
  [CODES['failed-precondition']]: 412,
  [CODES['out-of-range']]: 400,
  [CODES.unimplemented]: 501,
  [CODES.unavailable]: 503,
  [CODES.unauthenticated]: 401,
}

export interface JsonRoutesParts {
  readonly handlers: Handlers
  /** True if callers may have tokens. Where they may not, none is a valid one. */
  readonly hasTokens: boolean
  /** Resolves to true while requests can be served. */
  isHealthy(): Promise<boolean>
}

/** Adds the routes to a server that passes bodies as bytes. */
export function jsonRoutes(
  server: FastifyInstance,
  { handlers, hasTokens, isHealthy }: JsonRoutesParts,
): void {
  for (const method of loadMethods().values()) {
    for (const path of method.jsonPaths) {
      for (const root of JSON_ROOTS) addMethod(server, `${root}${path}`, { method, handlers, hasTokens })
    }
  }
  server.get('/version', async () => VERSIONS)
  server.get('/health', async (_, reply) => {
    const health = await isHealthy()
    return reply.code(health ? 200 : 503).send({ health: `${health}` })
  })
}

interface MethodParts {
  readonly method: Method
  readonly handlers: Handlers
  readonly hasTokens: boolean
}

function addMethod(server: FastifyInstance, url: string, { method, handlers, hasTokens }: MethodParts): void {
  const handler = handlers.unary.get(method.path)
  const stream = handlers.streams.get(method.path)
  server.route({
    method: 'POST',
    url,
    bodyLimit: BODY_BYTES_MAX,
    errorHandler: (error, _request, reply) => sendError(reply, errorOf(error)),
    handler: async (request, reply) => {
      if (request.headers.authorization !== undefined && !hasTokens) throw etcdError('invalidToken')
      if (stream !== undefined) {
        const message = readMessage(method.request, bodyText(request))
        return sendStream(reply, { method, handler: stream, message, errorOf: streamError })
      }
      if (handler === undefined) throw new EtcdError('unimplemented', `${method.path} is not served here`)
      const answer = await handler(readMessage(method.request, bodyText(request)), leavingOf(reply))
      return reply.type('application/json').send(JSON.stringify(messageJson(method.response, answer)))
    },
  })
}

/** Aborted when the caller leaves before it is answered. */
function leavingOf(reply: FastifyReply): AbortSignal {
  const leaving = new AbortController()
  reply.raw.once('close', () => leaving.abort())
  return leaving.signal
}

function bodyText({ body }: FastifyRequest): string {
  return body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.length).toString() : ''
}

/** etcd's error for an error that a handler or Fastify threw. */
function errorOf(error: unknown): { readonly code: number; readonly message: string } {
  if (error instanceof EtcdError) return error
  if (error instanceof JsonError) return new EtcdError('invalid-argument', error.message)
  const { code, message } = error as { code?: unknown; message: string }
  if (code === 'unauthenticated') return etcdError('invalidToken')
  if (code === 'busy') return etcdError('tooManyRequests')
  if (code === 'too-large') return new EtcdError('resource-exhausted', message)
  if (code === 'denied') return new EtcdError('permission-denied', message)
  return new EtcdError(code === 'internal' ? 'internal' : 'unknown', message)
}

function streamError(error: unknown): StreamError {
  const { code, message } = errorOf(error)
  return { code, message, status: HTTP_STATUSES[code] ?? 500 }
}

function sendError(
  reply: FastifyReply,
  { code, message }: { readonly code: number; readonly message: string },
): FastifyReply {
  const status = HTTP_STATUSES[code] ?? 500
  // Clients of etcd up to 3.5 read `error`, later ones `details`.
  const body = { error: message, message, code, details: [] }
  return reply.code(status).type('application/json').send(JSON.stringify(body))
}
