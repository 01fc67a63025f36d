/** Stores of the library on a store of the test's own process: straight, and through the routes of the gateway. */
import { setImmediate as turn } from 'node:timers/promises'
import { watchRoutes } from '../../clients/gateway/watch-routes.ts'
import { connect } from '../../clients/library/connect.ts'
import { Store } from '../../clients/library/store.ts'
import type { ResumableQuery, StoreTransport } from '../../clients/library/store-transport.ts'
import type { WatchQuery } from '../../clients/library/watch.ts'
import { Watches } from '../../clients/library/watches.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { StoreServer } from './store-server.ts'

export class LibraryStores {
  readonly server = new StoreServer()
  /** Comes before an operation of a straight store is executed; may throw. */
  before: (operation: Operation) => void = () => {}
  /** Comes after it; may throw. */
  after: (operation: Operation) => void = () => {}
  readonly #execute = async (operation: Operation): Promise<Result> => {
    // A store elsewhere answers in a later turn.
    await turn()
    return this.server.store.run(operation)[0] as Result
  }
  watches = this.#newWatches()
  url = ''

  #newWatches(): Watches {
    return new Watches({ execute: this.#execute }, { pauseMin: 2, pauseMax: 10, progress: 1_000 })
  }

  /** Puts an empty store in the place of the one there is. */
  clear(): void {
    this.watches.close()
    this.server.clear()
    this.watches = this.#newWatches()
    this.before = () => {}
    this.after = () => {}
  }

  async listen(): Promise<void> {
    watchRoutes(this.server.routes, {
      watch: (query: WatchQuery) => this.watches.open(query),
      admission: { beginWatch: () => true },
    } as never)
    this.url = await this.server.server.listen({ host: '127.0.0.1', port: 0 })
  }

  async close(): Promise<void> {
    this.watches.close()
    await this.server.server.close()
  }

  readonly #transport: StoreTransport = {
    execute: async (operation) => {
      this.before(operation)
      const result = await this.#execute(operation)
      this.after(operation)
      return result
    },
    watch: (query: ResumableQuery) => this.watches.open(query),
    status: () => Promise.reject(new Error('there are no replicas')),
    close: async () => {},
  }

  open(by: 'straight' | 'gateway'): Promise<Store> {
    return by === 'gateway'
      ? connect(this.url)
      : Promise.resolve(new Store(this.#transport, { tries: 3, retryWrites: false }))
  }
}
