/**
 * Parses the query of a URL. Each endpoint names its parameters. Any other parameter is refused, with the nearest
 * known name: ignoring a misspelt condition would make a conditional write unconditional.
 */
import { decodedText } from '../api/key-path.ts'
import { nearestName } from './nearest-name.ts'
import { Problem } from './problem.ts'

/** The maximum number of letters of a name that an answer repeats. */
const REPEATED_LENGTH_MAX = 40

/** The values, still percent-encoded. */
export type RawParameters = ReadonlyMap<string, string>

/** Parses the query. Throws a problem for a name that is unknown, repeated or wrongly encoded. */
export function readParameters(query: string, known: readonly string[]): RawParameters {
  const parameters = new Map<string, string>()
  for (const part of query.split('&')) {
    if (part === '') continue
    const end = part.indexOf('=')
    const name = decodedText(spacesEncoded(end === -1 ? part : part.slice(0, end)))
    if (name === null) throw new Problem('bad-request', 'a parameter name is not percent-encoded UTF-8')
    if (!known.includes(name)) throw unknownParameter(name, known)
    // The intended value is unknown, and guessing could make a conditional write unconditional.
    if (parameters.has(name)) throw new Problem('bad-request', `${name} is given more than once`)
    parameters.set(name, end === -1 ? '' : spacesEncoded(part.slice(end + 1)))
  }
  return parameters
}

/** A plus sign is a space in a query, as forms and URLSearchParams write it. */
const spacesEncoded = (text: string): string => text.replaceAll('+', '%20')

function unknownParameter(name: string, known: readonly string[]): Problem {
  const said = `there is no parameter "${name.slice(0, REPEATED_LENGTH_MAX)}" here`
  if (known.length === 0) return new Problem('bad-request', `${said}: this route takes none`, { known })
  const nearest = nearestName(name, known)
  const hint = nearest === null ? `it takes ${known.join(', ')}` : `did you mean ${nearest}?`
  return new Problem('bad-request', `${said}: ${hint}`, { known })
}
