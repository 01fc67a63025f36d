/** Errors as RFC 9457 problem documents with a stable `code`. */
import type { FastifyReply } from 'fastify'
import { PROBLEMS, type ProblemCode } from '../api/problems.ts'

/** An error that becomes a problem document; handlers throw it. `facts` are additional members of the document. */
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

/** Seconds after which a refused caller may try again. */
const RETRY_AFTER_SECONDS = '1'

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.code === 'busy') reply.header('retry-after', RETRY_AFTER_SECONDS)
  if (problem.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
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

/** Returns the document of a problem. */
export function problemJson({ code, message, facts }: Problem): string {
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
