/** The way of operations to the replicas and of results back: straight, or through a gateway. */
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import type { ClusterStatus } from '../api/status.ts'
import type { WatchQuery, WatchStep } from './watch-steps.ts'

export interface StoreTransport {
  /** Executes one operation once. Rejects with a `StoreError`; `unknown` if it may have happened or not. */
  execute(operation: Operation, signal: AbortSignal | null): Promise<Result>
  /** Begins a watch behind a revision. Its iterator rejects with a `StoreError`. */
  watch(query: ResumableQuery): WatchSteps
  status(signal: AbortSignal | null): Promise<ClusterStatus>
  close(): Promise<void>
}

/** A watch with a place, from which it can go on. */
export type ResumableQuery = WatchQuery & { readonly after: number }

export interface WatchSteps extends AsyncIterableIterator<WatchStep> {
  close(): void
}
