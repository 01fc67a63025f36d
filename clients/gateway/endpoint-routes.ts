/**
 * Serves the endpoints of `clients/api`, each as a route. The parameters are checked before the body is read, the body
 * is parsed as declared, and the types of the answers are checked against the declaration by the compiler.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { given } from '../../src/base/given.ts'
import {
  type AnswerOf,
  type BodyOf,
  type Endpoint,
  isInPath,
  type ParametersOf,
  queryNames,
} from '../api/endpoint.ts'
import type { IssueFacts } from '../api/parameters.ts'
import { type PathEnds, routePath } from './path-ends.ts'
import { Problem } from './problem.ts'
import { type RawParameters, readParameters } from './query.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly endpoint?: Endpoint
  }
}

export interface Call<E extends Endpoint> {
  readonly parameters: ParametersOf<E>
  readonly headers: IncomingHttpHeaders
  readonly body: BodyOf<E>
  readonly reply: FastifyReply
}

const NONE: RawParameters = new Map()
const NO_VALUES: Readonly<Record<string, unknown>> = {}
const NO_BYTES = new Uint8Array(0)

export class EndpointRoutes {
  readonly #server: FastifyInstance
  readonly #values = new WeakMap<IncomingMessage, Readonly<Record<string, unknown>>>()

  /** `pathEnds` has removed the ends of paths that may be any bytes. */
  constructor(server: FastifyInstance, pathEnds: PathEnds) {
    this.#server = server
    server.addHook('onRequest', async (request) => {
      const { endpoint } = request.routeOptions.config
      // OPTIONS lists the methods; no endpoint handles it.
      if (request.method === 'OPTIONS') return
      const given = queryOf(request, endpoint)
      if (endpoint !== undefined) {
        this.#values.set(request.raw, readValues(endpoint, given, pathEnds.of(request.raw)))
      }
    })
  }

  add<E extends Endpoint>(
    endpoint: E,
    answer: (call: Call<NoInfer<E>>) => Promise<AnswerOf<NoInfer<E>> | FastifyReply>,
  ): void {
    const { method, body } = endpoint
    this.#server.route({
      method,
      url: routePath(endpoint.path),
      config: { endpoint },
      ...given({ bodyLimit: body?.bytesMax }),
      handler: (request, reply) =>
        answer({
          parameters: (this.#values.get(request.raw) ?? NO_VALUES) as Call<NoInfer<E>>['parameters'],
          headers: request.headers,
          body: bodyOf(endpoint, request.body) as Call<NoInfer<E>>['body'],
          reply,
        }),
    })
  }
}

function queryOf(request: FastifyRequest, endpoint: Endpoint | undefined): RawParameters {
  const { url = '' } = request.raw
  const start = url.indexOf('?')
  if (start === -1) return NONE
  return readParameters(url.slice(start + 1), endpoint === undefined ? [] : queryNames(endpoint))
}

/** Throws the problem of the first parameter that is wrong. */
function readValues(
  endpoint: Endpoint,
  given: RawParameters,
  pathEnd: string | undefined,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {}
  for (const [name, { schema }] of Object.entries(endpoint.parameters ?? {})) {
    const read = schema.safeParse(isInPath(endpoint, name) ? (pathEnd ?? '') : given.get(name))
    if (!read.success) throw problemOfIssue(read.error)
    values[name] = read.data
  }
  return values
}

function problemOfIssue({ issues: [issue] }: z.ZodError): Problem {
  const { problem = 'bad-request' } = (issue?.code === 'custom' ? (issue.params as IssueFacts) : null) ?? {}
  return new Problem(problem, issue?.message ?? 'a parameter is wrong')
}

function bodyOf({ body }: Endpoint, received: unknown): unknown {
  if (body === undefined) return undefined
  const bytes = received instanceof Uint8Array ? received : NO_BYTES
  const schema = body.content['application/json']
  return schema === undefined ? bytes : documentIn(bytes, schema)
}

/** Parses the JSON document of a body; throws a problem that names the first wrong member. */
function documentIn(bytes: Uint8Array, schema: z.ZodType): unknown {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Problem('bad-request', 'the body is not JSON')
  }
  const read = schema.safeParse(json)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const where = issue?.path.join('.') || 'top level'
  throw new Problem(
    'bad-request',
    `the body does not match the description: at "${where}": ${issue?.message}`,
  )
}
