/** Bidirectional streaming calls of gRPC, as async iterables. */
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { StreamHandler } from '../service/handlers.ts'

/** The status of a call: its code and its text. */
export interface CallStatus {
  readonly code: number
  readonly details: string
}

/**
 * Answers a call with a handler. It takes answers from the handler no faster than the caller reads them, and reads
 * requests no faster than the handler asks for them.
 */
export async function answerStream(
  call: ServerDuplexStream<unknown, object>,
  handler: StreamHandler,
  statusOf: (error: unknown) => CallStatus,
): Promise<void> {
  const over = new AbortController()
  const end = (): void => over.abort()
  call.once('cancelled', end)
  call.once('close', end)
  // A call may also end because its connection does.
  call.on('error', end)
  try {
    for await (const answer of handler(requestsOf(call), over.signal)) {
      if (over.signal.aborted) return
      if (!call.write(answer)) await drained(call, over.signal)
    }
    if (!over.signal.aborted) call.end()
  } catch (error) {
    if (!over.signal.aborted) call.emit('error', statusOf(error))
  }
}

/** The requests of a call. The call continues when they end, or when nobody reads them. */
async function* requestsOf(call: ServerDuplexStream<unknown, object>): AsyncGenerator<unknown> {
  try {
    yield* call.iterator({ destroyOnReturn: false })
  } catch {
    // The caller has disconnected, so there are no more requests.
  }
}

function drained(call: ServerDuplexStream<unknown, object>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    call.once('drain', done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
