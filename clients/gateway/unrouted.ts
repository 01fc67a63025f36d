/**
 * The answers to requests without a route: `no-such-route`, or `no-such-method` with the methods in Allow. OPTIONS is
 * answered with the methods only.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Method } from '../api/endpoint.ts'
import { answerAsEtcd, isOfEtcd } from '../etcd/json/unrouted-json.ts'
import { shownPath } from './path-ends.ts'
import { Problem } from './problem.ts'

/** The supported methods, in the order in which Allow lists them. A route with GET also has HEAD. */
const METHODS: readonly Method[] = ['GET', 'PUT', 'POST', 'DELETE']
/** The maximum number of letters of a path that an answer repeats. */
const REPEATED_LENGTH_MAX = 200

/** Answers requests without a route, before a body is read. */
export function answerUnrouted(server: FastifyInstance): void {
  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const [path = ''] = request.url.split('?')
    const methods =
      path === '*' ? METHODS : METHODS.filter((method) => server.hasRoute({ method, url: path }))
    if (isOfEtcd(path)) return answerAsEtcd(reply, methods)
    const shown = shownPath(path).slice(0, REPEATED_LENGTH_MAX)
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
