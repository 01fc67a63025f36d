/** The pages that the gateway serves: each is one file, and its policy goes with it as a header. */
import type { FastifyInstance } from 'fastify'
import { builtPage } from '../web/bundle/built-pages.ts'

/** Serves a built page at a path. No other page may put it in a frame. */
export function servePage(server: FastifyInstance, path: string, name: string): void {
  const { html, policy } = builtPage(name)
  server.get(path, (_request, reply) =>
    reply
      .header('content-security-policy', `${policy}; frame-ancestors 'none'`)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(html),
  )
}
