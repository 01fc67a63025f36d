/**
 * Query parameters. Each route names those that it takes; any other one is refused with the nearest of them, since a
 * condition that is misspelt and passed over would make a conditional write an unconditional one.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { percentDecoded } from './key-path.ts'
import { nearestName } from './nearest-name.ts'
import { Problem } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The names of the query parameters that the route takes; none unless it says so. */
    readonly parameters?: readonly string[]
  }
}

/** Letters of a name that an answer repeats. */
const REPEATED_LENGTH_MAX = 40

/** Values as they stand in the URL, still encoded. */
type Parameters = ReadonlyMap<string, string>
const NONE: Parameters = new Map()
const parametersOf = new WeakMap<IncomingMessage, Parameters>()

export function checkParameters(server: FastifyInstance): void {
  server.addHook('onRequest', async (request) => {
    const { url = '' } = request.raw
    const start = url.indexOf('?')
    if (start === -1 || request.method === 'OPTIONS') return
    const known = request.routeOptions.config.parameters ?? []
    parametersOf.set(request.raw, readParameters(url.slice(start + 1), known))
  })
}

/** Throws a problem for a name that is not known, given twice or not well encoded. */
export function readParameters(query: string, known: readonly string[]): Parameters {
  const parameters = new Map<string, string>()
  for (const part of query.split('&')) {
    if (part === '') continue
    const end = part.indexOf('=')
    const name = decodedText(end === -1 ? part : part.slice(0, end))
    if (name === null) throw new Problem('bad-request', 'a parameter name is not percent-encoded UTF-8')
    if (!known.includes(name)) throw unknownParameter(name, known)
    // Which one is meant? Guessing would make a conditional write an unconditional one.
    if (parameters.has(name)) throw new Problem('bad-request', `${name} is given more than once`)
    parameters.set(name, end === -1 ? '' : part.slice(end + 1))
  }
  return parameters
}

/** A parameter as it stands in the URL, percent-encoded; undefined where it is not given. */
export function rawParameter(request: FastifyRequest, name: string): string | undefined {
  const text = (parametersOf.get(request.raw) ?? NONE).get(name)
  // A plus sign is a space in a query, as forms and URLSearchParams write it.
  return text?.replaceAll('+', '%20')
}

/** A parameter as text; undefined where it is not given. */
export function parameter(request: FastifyRequest, name: string): string | undefined {
  const raw = rawParameter(request, name)
  if (raw === undefined) return undefined
  const text = decodedText(raw)
  if (text === null) throw new Problem('bad-request', `${name} is not percent-encoded UTF-8`)
  return text
}

function decodedText(encoded: string): string | null {
  const bytes = percentDecoded(encoded.replaceAll('+', '%20'))
  if (bytes === null) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

function unknownParameter(name: string, known: readonly string[]): Problem {
  const said = `there is no parameter "${name.slice(0, REPEATED_LENGTH_MAX)}" here`
  if (known.length === 0) return new Problem('bad-request', `${said}: this route takes none`, { known })
  const nearest = nearestName(name, known)
  const hint = nearest === null ? `it takes ${known.join(', ')}` : `did you mean ${nearest}?`
  return new Problem('bad-request', `${said}: ${hint}`, { known })
}
