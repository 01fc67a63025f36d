/** The HTTP route of watches on a store in the test's process. */
import Fastify, { type FastifyInstance } from 'fastify'
import { vi } from 'vitest'
import { EndpointRoutes } from '../../clients/gateway/endpoint-routes.ts'
import { PathEnds } from '../../clients/gateway/path-ends.ts'
import { Problem, sendProblem } from '../../clients/gateway/problem.ts'
import { watchRoutes } from '../../clients/gateway/watch-routes.ts'
import { OperationFailure } from '../../clients/library/operation-failure.ts'
import { PATIENT } from '../kit/patience.ts'
import { put, remove } from '../store/harness.ts'
import { WatchedStore } from './watched-store.ts'

export class WatchServer {
  /** The number of watches that the connections have room for. */
  room = Number.POSITIVE_INFINITY
  #server: FastifyInstance | null = null
  #store = new WatchedStore()

  /** Restarts with an empty store; returns the address. */
  async clear(): Promise<string> {
    await this.close()
    const server = Fastify({ forceCloseConnections: true })
    server.setErrorHandler((error, _request, reply) =>
      sendProblem(reply, error instanceof Problem ? error : new Problem('internal', `${error}`)),
    )
    this.#store = new WatchedStore()
    this.room = Number.POSITIVE_INFINITY
    const access = {
      watch: (query: Parameters<WatchedStore['open']>[0]) => this.#store.open(query).watch,
      admission: { beginWatch: () => this.room-- > 0 },
    }
    watchRoutes(new EndpointRoutes(server, new PathEnds()), access)
    this.#server = server
    return server.listen({ host: '127.0.0.1', port: 0 })
  }

  async close(): Promise<void> {
    await this.#server?.close()
    this.#store.watches.close()
  }

  get watches(): number {
    return this.#store.watches.count
  }

  /** Resolves when there is no watch any more. */
  idle = (): Promise<void> =>
    vi.waitFor(() => this.watches === 0 || Promise.reject(new Error('watched')), PATIENT).then(() => {})

  put(key: string, value: string): void {
    this.#store.run(put(key, value))
  }

  remove(key: string): void {
    this.#store.run(remove(key))
  }

  compact(revision: number): void {
    this.#store.run({ kind: 'compact', revision })
  }

  /** Makes the replicas refuse the reads of watches. */
  interrupt(why: string): void {
    this.#store.before = async () => {
      throw new OperationFailure('refused', why)
    }
  }

  /** Refuses the reads of watches after a number of reads of changes. */
  endAfter(reads: number): void {
    let left = reads
    this.#store.before = async ({ kind }) => {
      if (kind === 'changes' && left-- <= 0) throw new OperationFailure('refused', 'no such client')
    }
  }

  /**
   * Closes every connection at a read of changes, after a number of them; then changes a key, and refuses later reads.
   */
  loseAfter(reads: number): void {
    let left = reads
    this.#store.before = async ({ kind }) => {
      if (kind !== 'changes' || left-- > 0) return
      this.put('late', '')
      this.endAfter(1)
      this.#server?.server.closeAllConnections()
    }
  }
}
