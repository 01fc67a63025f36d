/** The pages that the gateway serves: each is one file, and its policy goes with it as a header. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { builtPage } from '../web/bundle/built-pages.ts'
import { Problem } from './problem.ts'

/** Serves a built page at a path, to the requests for which it is meant. No other page may put it in a frame. */
export function servePage(
  server: FastifyInstance,
  path: string,
  name: string,
  isMeant: (request: FastifyRequest) => boolean = () => true,
): void {
  const { html, policy } = builtPage(name)
  server.get(path, (request, reply) => {
    if (!isMeant(request))
      throw new Problem('no-such-route', `there is no ${path}: /openapi.json describes the routes`)
    return reply
      .header('content-security-policy', `${policy}; frame-ancestors 'none'`)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(html)
  })
}

/** Serves the dashboard at the gateway's address to browsers. To programs there is nothing. */
export function serveDashboard(server: FastifyInstance): void {
  servePage(server, '/', 'dashboard', ({ headers }) => headers.accept?.includes('text/html') === true)
}
