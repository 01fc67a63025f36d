/**
 * The repetition of operations. A read may be sent again, and so may whatever surely did not happen. A write whose
 * outcome is unknown is sent again only with an idempotency key: the store executes it once.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { NoAnswerError, StoreError, UnknownOutcomeError } from './store-errors.ts'
import type { StoreTransport } from './store-transport.ts'

/** The codes of failures after which an operation surely did not happen, and another try may help. */
const NOT_DONE: ReadonlySet<string> = new Set(['busy', 'stalled', 'unreachable'])

/** The operations that change nothing, or nothing more when they are repeated. */
const REPEATABLE: ReadonlySet<Operation['kind']> = new Set([
  ...(['get', 'list', 'range', 'changes'] as const),
  ...(['lease-time-to-live', 'leases', 'lease-keep-alive', 'access-list'] as const),
])

/** True for an operation that changes something and may have an idempotency key. */
export const isWrite = ({ kind }: Operation): boolean => !REPEATABLE.has(kind)

/** Milliseconds before the second try; twice as many before each further one. */
const PAUSE_MS = 50

export interface RetryOptions {
  readonly tries: number
  readonly signal: AbortSignal | null
}

/** Executes an operation, more than once if that is safe. Rejects with the last error, or with the reason of an abort. */
export async function executeSafely(
  transport: StoreTransport,
  operation: Operation,
  { tries, signal }: RetryOptions,
): Promise<Result> {
  const isRepeatable = REPEATABLE.has(operation.kind) || operation.idempotencyKey !== undefined
  for (let left = tries - 1, wait = PAUSE_MS; ; left--, wait *= 2) {
    signal?.throwIfAborted()
    try {
      return await transport.execute(operation, signal)
    } catch (error) {
      const failure = finalFailure(error, operation, signal)
      const mayRepeat = NOT_DONE.has(failure.code) || (failure instanceof UnknownOutcomeError && isRepeatable)
      if (left <= 0 || !mayRepeat || signal?.aborted === true) throw withoutOutcome(failure, operation)
    }
    // An abort ends the pause, and the next turn throws its reason.
    await pause(wait, null, signal === null ? {} : { signal }).catch(() => {})
  }
}

/** Throws the reason of an abort where nothing was changed; for a write that was sent its outcome is unknown. */
function finalFailure(error: unknown, { kind }: Operation, signal: AbortSignal | null): StoreError {
  if (!(error instanceof StoreError)) throw error
  if (signal?.aborted !== true) return error
  if (!(error instanceof UnknownOutcomeError) || REPEATABLE.has(kind)) throw signal.reason
  const aborted = new UnknownOutcomeError('the wait was aborted after the write was sent')
  aborted.cause = signal.reason
  return aborted
}

/** A read has no outcome beside its answer. */
const withoutOutcome = (failure: StoreError, { kind }: Operation): StoreError =>
  failure instanceof UnknownOutcomeError && REPEATABLE.has(kind)
    ? new NoAnswerError(failure.message)
    : failure
