/**
 * From a request's target to a route, and what is said where none takes it: `no-such-route`, or `no-such-method` with
 * the methods in Allow. OPTIONS is answered with the methods alone.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { Problem } from './problem.ts'

/**
 * The route of `/v1/kv/{key}`, which the router never sees: it would decode the key as UTF-8, and keys are any bytes,
 * so it does not see them. No request can ask for this route in another way: every URL that begins so has its key
 * taken out.
 */
export const KEY_ROUTE = '/v1/kv/'
/** Methods that some route takes, in the order in which Allow names them. A route that takes GET takes HEAD. */
const METHODS: readonly HTTPMethods[] = ['GET', 'PUT', 'POST', 'DELETE']
/** Letters of a path that an answer repeats. */
const REPEATED_LENGTH_MAX = 200

/** The keys of requests, as they stand in the path. */
export class KeyPaths {
  readonly #keys = new WeakMap<IncomingMessage, string>()

  /** The URL by which the request is routed. */
  rewrite(request: IncomingMessage): string {
    const url = originForm(request)
    if (!url.startsWith(KEY_ROUTE)) return url
    const [key = '', ...query] = url.slice(KEY_ROUTE.length).split('?')
    this.#keys.set(request, key)
    return [KEY_ROUTE, ...query].join('?')
  }

  keyOf(request: IncomingMessage): string | undefined {
    return this.#keys.get(request)
  }
}

/** A target with scheme and host (RFC 9112, 3.2.2) without them; its host counts, and not the Host header. */
function originForm(request: IncomingMessage): string {
  const { url = '/' } = request
  const [start, host] = /^https?:\/\/([^/?]*)/i.exec(url) ?? []
  if (start === undefined) return url
  request.headers.host = host
  const rest = url.slice(start.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Answers what no route takes, before a body is read. */
export function answerUnrouted(server: FastifyInstance): void {
  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const [path = ''] = request.url.split('?')
    const methods =
      path === '*' ? METHODS : METHODS.filter((method) => server.hasRoute({ method, url: path }))
    const shown = path === KEY_ROUTE ? `${KEY_ROUTE}{key}` : path.slice(0, REPEATED_LENGTH_MAX)
    if (methods.length === 0) {
      throw new Problem('no-such-route', `there is no ${shown}: /openapi.json describes the routes`)
    }
    const allowed = [...methods.flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each])), 'OPTIONS']
    reply.header('allow', allowed.join(', '))
    if (request.method === 'OPTIONS') return reply.code(204).send()
    throw new Problem('no-such-method', `${shown} takes ${allowed.join(', ')}, and not ${request.method}`)
  }
  server.addHook('onRequest', async (request, reply) => (request.is404 ? answer(request, reply) : undefined))
  server.setNotFoundHandler(answer)
}
