/** Streamed answers in JSON: one object per line, with a member `result` or, for an error, `error`. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Method } from '../schema/schema.ts'
import type { StreamCaller, StreamHandler } from '../service/handlers.ts'
import { messageJson } from './message-writer.ts'

/** An error in its JSON form. */
export interface StreamError {
  readonly code: number
  readonly message: string
  readonly status: number
}

export interface StreamCall {
  readonly method: Method
  readonly handler: StreamHandler
  /** The single request in a body. */
  readonly message: object
  readonly errorOf: (error: unknown) => StreamError
}

/** Sends the answers as they arrive, until they end or the caller disconnects. */
export function sendStream(reply: FastifyReply, call: StreamCall): FastifyReply {
  const over = new AbortController()
  reply.raw.once('close', () => over.abort())
  const caller = { signal: over.signal, cut: () => void reply.raw.destroy() }
  return reply.type('application/json').send(Readable.from(linesOf(call, caller)))
}

async function* linesOf(
  { method, handler, message, errorOf }: StreamCall,
  caller: StreamCaller,
): AsyncGenerator<string> {
  try {
    for await (const answer of handler(one(message), caller)) {
      yield `${JSON.stringify({ result: messageJson(method.response, answer) })}\n`
    }
  } catch (error) {
    const { code, message: text, status } = errorOf(error)
    yield `${JSON.stringify({ error: { grpc_code: code, http_code: status, message: text } })}\n`
  }
}

async function* one(message: object): AsyncGenerator<object> {
  yield message
}
