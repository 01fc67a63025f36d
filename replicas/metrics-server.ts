/** Serves `/metrics` for Prometheus, `/healthz` and `/readyz`, on a separate port. It is read-only and serves nothing else. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import { OperatorError } from '../src/base/operator-error.ts'
import { formatAddress } from '../src/io/address.ts'
import type { Address } from '../src/messages/cluster.ts'

/** The maximum number of connections; there are few scrapers. */
const CONNECTIONS_MAX = 16
const TIMEOUT_MS = 5_000

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * Listens at an address; port 0 takes a free one. Throws an `OperatorError` if it cannot. `whyNotReady` returns a reason in
 * a word, or null.
 */
export async function serveMetrics(
  registry: Registry,
  address: Address,
  whyNotReady: () => string | null,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const asked = `${request.method} ${request.url}`
    if (asked === 'GET /readyz') answerReadiness(whyNotReady(), response)
    else void answer(registry, asked, response)
  })
  server.maxConnections = CONNECTIONS_MAX
  server.requestTimeout = TIMEOUT_MS
  server.headersTimeout = TIMEOUT_MS
  await listen(server, address)
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  return {
    url: `http://${formatAddress({ host: address.host, port })}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answerReadiness(because: string | null, response: ServerResponse): void {
  response.writeHead(because === null ? 200 : 503).end(`${because ?? 'ready'}\n`)
}

async function answer(registry: Registry, asked: string, response: ServerResponse): Promise<void> {
  if (asked === 'GET /healthz') return void response.end('ok\n')
  if (asked !== 'GET /metrics')
    return void response.writeHead(404).end('only GET /metrics, GET /healthz and GET /readyz\n')
  const text = await registry.metrics()
  response
    .writeHead(200, { 'content-type': registry.contentType })
    .end(text.endsWith('\n') ? text : `${text}\n`)
}

function listen(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRINUSE' ? 'the port is taken' : message
      reject(new OperatorError(`--metrics: ${formatAddress({ host, port })} cannot be used: ${why}.`))
    })
    server.listen(port, host, resolve)
  })
}
