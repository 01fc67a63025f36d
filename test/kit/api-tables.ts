/** The tables of `clients/README.md`: the routes, and the problems. */
import { z } from 'zod'
import { type Endpoint, queryNames } from '../../clients/api/endpoint.ts'
import { ENDPOINTS } from '../../clients/api/endpoints.ts'
import { PROBLEMS } from '../../clients/api/problems.ts'

const code = (text: string): string => `\`${text}\``

const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [`| ${headings.join(' | ')} |`, `|${headings.map(() => '---').join('|')}|`]
    .concat(rows.map((cells) => `| ${cells.join(' | ')} |`))
    .join('\n')
    .concat('\n')

/** The forms of an endpoint's first answer, in brief. */
function answerText({ answers }: Endpoint): string {
  const [first] = Object.values(answers)
  return Object.entries(first?.content ?? {})
    .flatMap(([mediaType, schema]) => (mediaType === 'application/json' ? documentsIn(schema) : ['bytes']))
    .join(' or ')
}

function documentsIn(schema: z.ZodType): readonly string[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((each) => documentsIn(each as z.ZodType))
  const members = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return [members.length === 0 ? 'JSON' : code(`{${members.join(', ')}}`)]
}

export const routesTable = (): string =>
  table(
    ['route', 'what it does', 'parameters', 'answer'],
    ENDPOINTS.map((declared) => [
      code(`${declared.method} ${declared.path}`),
      declared.summary,
      queryNames(declared).map(code).join(', '),
      answerText(declared),
    ]),
  )

export const problemsTable = (): string =>
  table(
    ['code', 'status', 'meaning'],
    Object.entries(PROBLEMS).map(([name, { status, title }]) => [code(name), `${status}`, title]),
  )
