/**
 * Prevents a web page in the user's browser from writing through a gateway on loopback. The Host header must be on a
 * list, which stops a page whose own name points to 127.0.0.1 (DNS rebinding), and cross-site requests are refused.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from './problem.ts'

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

export function guardAgainstBrowsers(server: FastifyInstance, extraHosts: readonly string[]): void {
  const allowed = new Set([...LOOPBACK_NAMES, ...extraHosts])
  server.addHook('onRequest', async (request) => {
    const host = hostName(request.headers.host ?? '')
    if (!allowed.has(host)) throw new Problem('denied', `this gateway is not known as "${host}"`)
    if (isCrossSite(request)) throw new Problem('denied', 'requests from other sites are refused')
  })
}

function isCrossSite({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin, host } = headers
  return origin !== undefined && origin !== `http://${host}`
}

/** Returns a Host header without its port. */
function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}
