/** The HTTP routes of the store's history on a store in the test's process. */
import Fastify from 'fastify'
import { compactionRoutes } from '../../clients/gateway/compaction-routes.ts'
import { EndpointRoutes } from '../../clients/gateway/endpoint-routes.ts'
import type { StoreAccess } from '../../clients/gateway/key-operations.ts'
import { keyValueRoutes } from '../../clients/gateway/key-value-routes.ts'
import { leaseRoutes } from '../../clients/gateway/lease-routes.ts'
import { PathEnds } from '../../clients/gateway/path-ends.ts'
import { Problem, sendProblem } from '../../clients/gateway/problem.ts'
import { transactionRoutes } from '../../clients/gateway/transaction-routes.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import { Driver } from '../store/harness.ts'

export class StoreServer {
  readonly #pathEnds = new PathEnds()
  readonly server = Fastify({
    forceCloseConnections: true,
    rewriteUrl: (request) => this.#pathEnds.rewrite(request as never),
  })
  readonly routes = new EndpointRoutes(this.server, this.#pathEnds)
  store = new Driver()

  constructor() {
    const { server } = this
    server.setErrorHandler((error, _request, reply) =>
      sendProblem(reply, error instanceof Problem ? error : new Problem('internal', `${error}`)),
    )
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const client = {
      execute: async (operation: Operation) => this.store.run(operation)[0],
      connection: { cluster: { mode: 'signed' } },
    }
    const access = { client, diagnose: async () => ({}) } as unknown as StoreAccess
    const { routes } = this
    keyValueRoutes(routes, access)
    transactionRoutes(routes, access)
    compactionRoutes(routes, access)
    leaseRoutes(routes, access)
  }

  /** Puts an empty store in the place of the one there is. */
  clear(): void {
    this.store = new Driver()
  }
}
