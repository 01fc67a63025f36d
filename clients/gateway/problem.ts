/** Errors as RFC 9457 problem documents with a stable `code`. */
import type { FastifyReply } from 'fastify'

export const PROBLEMS = {
  'bad-key': { status: 400, title: 'The key is empty, too long or not well encoded' },
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  denied: { status: 403, title: 'This is not allowed' },
  'no-evidence': { status: 404, title: 'In this cluster nobody can prove to others what a replica said' },
  'not-found': { status: 404, title: 'The key does not exist' },
  'no-such-route': { status: 404, title: 'The gateway has no such route' },
  'no-such-method': { status: 405, title: 'The route does not take this method' },
  'too-slow': { status: 408, title: 'The request took too long to arrive' },
  'revision-moved': { status: 412, title: 'The key is at another revision' },
  'too-large': { status: 413, title: 'The value or the request is too large' },
  unsupported: { status: 415, title: 'The request is in a form that is not supported' },
  busy: { status: 429, title: 'Too much waits already' },
  'long-head': { status: 431, title: 'The request line and headers are too long' },
  internal: { status: 500, title: 'The gateway failed' },
  'key-shared': { status: 503, title: 'Another process uses the client key of this gateway' },
  refused: { status: 503, title: 'The replicas refuse the requests of this gateway' },
  stalled: { status: 503, title: 'Earlier requests wait for the replicas, and this one was not sent' },
  unknown: { status: 504, title: 'The replicas did not answer in time: it may have happened or not' },
  'no-space': { status: 507, title: 'The store is full' },
  'no-timestamps': { status: 507, title: 'The disk of the gateway takes no more request numbers' },
} as const

export type ProblemCode = keyof typeof PROBLEMS

/** Thrown by handlers; becomes a problem document. `facts` are further members of it. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: ProblemCode, detail: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.code = code
    this.facts = facts
  }
}

/** Seconds after which a caller that was refused may try again. */
const RETRY_AFTER_SECONDS = '1'

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.code === 'busy') reply.header('retry-after', RETRY_AFTER_SECONDS)
  return reply.code(PROBLEMS[problem.code].status).type('application/problem+json').send(problemJson(problem))
}

/** A whole HTTP response, for a connection on which no request could be parsed. */
export function rawProblem(problem: Problem): string {
  const body = problemJson(problem)
  return [
    `HTTP/1.1 ${PROBLEMS[problem.code].status} ${problem.code}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

function problemJson({ code, message, facts }: Problem): string {
  const { status, title } = PROBLEMS[code]
  return JSON.stringify({
    type: `urn:strategos:problem:${code}`,
    title,
    status,
    code,
    detail: message,
    ...facts,
  })
}
