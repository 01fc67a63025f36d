/** The transport straight to the replicas: what it answers, f + 1 of them said alike (with unordered reads 2f + 1). */
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import type { ClusterStatus } from '../api/status.ts'
import { collectReports, statusOf } from './cluster-status.ts'
import type { ConnectionOptions } from './connection.ts'
import { StoreClient } from './store-client.ts'
import { errorOf } from './store-errors.ts'
import type { ResumableQuery, StoreTransport, WatchSteps } from './store-transport.ts'

/** The longest wait for the reports of the replicas, in milliseconds. */
const STATUS_WAIT_MS = 2_000

export class ReplicaTransport implements StoreTransport {
  readonly #client: StoreClient

  private constructor(client: StoreClient) {
    this.#client = client
  }

  static async open(options: ConnectionOptions & { readonly timeoutMs: number }): Promise<ReplicaTransport> {
    return new ReplicaTransport(await StoreClient.open(options))
  }

  async execute(operation: Operation, signal: AbortSignal | null): Promise<Result> {
    return await this.#client.execute(operation, signal).catch(rejectWithStoreError)
  }

  watch(query: ResumableQuery): WatchSteps {
    try {
      const watch = this.#client.watch(query)
      return {
        next: () => watch.next().catch(rejectWithStoreError),
        return: () => watch.return(),
        close: () => watch.close(),
        [Symbol.asyncIterator]() {
          return this
        },
      }
    } catch (error) {
      return rejectWithStoreError(error)
    }
  }

  async status(): Promise<ClusterStatus> {
    const { connection } = this.#client
    const reports = await collectReports(connection, STATUS_WAIT_MS)
    return statusOf(connection.cluster, reports, Date.now())
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

/** Throws the library's error for the failure of an operation or of a watch. */
function rejectWithStoreError(error: unknown): never {
  const { code, message, revision, floor } = error as Error &
    Readonly<Record<'code' | 'revision' | 'floor', never>>
  if (!(error instanceof Error) || typeof code !== 'string') throw error
  throw errorOf(code, message, { revision, floor })
}
