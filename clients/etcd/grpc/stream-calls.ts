/** Calls of gRPC whose answers are streams, as async iterables. */
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'
import { CODES, etcdError } from '../service/errors.ts'
import type { StreamHandler } from '../service/handlers.ts'

/** The side of a call that only the transport has. */
export interface StreamTransport {
  readonly statusOf: (error: unknown) => CallStatus
  /** Ends the call with everything that waits for its caller. */
  readonly cut: () => void
  /** The reason why the call is not answered; null for none. */
  readonly refusal: Error | null
  /** Resolves when the caller wants its call ended for lack of a leader; null if it does not want that. */
  readonly untilNoLeader: ((over: AbortSignal) => Promise<void>) | null
}

/** A call whose answer is a stream; it may have one request, or a stream of them. */
export type StreamCall = ServerDuplexStream<unknown, object> | ServerWritableStream<unknown, object>

/** The end of a call: its code and its text. */
export interface CallStatus {
  readonly code: number
  readonly details: string
}

/**
 * Answers a call by a handler. Answers are taken from it no faster than the caller reads them, and requests are read no
 * faster than it asks for them. Resolves to the code with which the call ended.
 */
export async function answerStream(
  call: StreamCall,
  handler: StreamHandler,
  { statusOf, cut, refusal, untilNoLeader }: StreamTransport,
): Promise<number> {
  const over = new AbortController()
  const end = (): void => over.abort()
  call.once('cancelled', end)
  call.once('close', end)
  // A call may also end because its connection does.
  call.on('error', end)
  const fail = (error: unknown): number => {
    const status = statusOf(error)
    call.emit('error', status)
    return status.code
  }
  if (refusal !== null) return fail(refusal)
  let isWithoutLeader = false
  void untilNoLeader?.(over.signal).then(() => {
    if (over.signal.aborted) return
    isWithoutLeader = true
    fail(etcdError('noLeader'))
  })
  try {
    for await (const answer of handler(requestsOf(call), { signal: over.signal, cut })) {
      if (over.signal.aborted) break
      if (!call.write(answer)) await drained(call, over.signal)
    }
    if (isWithoutLeader) return CODES.unavailable
    if (over.signal.aborted) return CODES.cancelled
    call.end()
    return CODES.ok
  } catch (error) {
    if (isWithoutLeader) return CODES.unavailable
    return over.signal.aborted ? CODES.cancelled : fail(error)
  } finally {
    over.abort()
  }
}

/** The requests of a call. That they end, or that nobody asks for more, does not end the call. */
async function* requestsOf(call: StreamCall): AsyncGenerator<unknown> {
  if ('request' in call) return yield call.request
  try {
    yield* call.iterator({ destroyOnReturn: false })
  } catch {
    // The caller has disconnected, so there are no more requests.
  }
}

function drained(call: StreamCall, signal: AbortSignal): Promise<void> {
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
