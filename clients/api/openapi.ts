/** The OpenAPI document, made from the endpoints. */
import { z } from 'zod'
import { given } from '../../src/base/given.ts'
import { type Answer, type Content, type Endpoint, isInPath } from './endpoint.ts'
import { COMPONENTS, ENDPOINTS } from './endpoints.ts'
import { GENERAL_PROBLEMS, PROBLEMS, type ProblemCode, ProblemDocument } from './problems.ts'

type Json = Readonly<Record<string, unknown>>

const componentNames: ReadonlyMap<unknown, string> = new Map(
  Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]),
)

/** A schema as JSON Schema; named schemas are references. */
function schemaJson(schema: z.ZodType, isComponent = false): Json {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      const name = componentNames.get(zodSchema)
      if (name !== undefined && !(isComponent && path.length === 0)) {
        for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword]
        jsonSchema.$ref = `#/components/schemas/${name}`
      }
      // Clients ignore unknown members: later versions may add some.
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  return described
}

/** A named schema. If it contains itself, it refers to its own place in the document. */
function componentJson(name: string, schema: z.ZodType): Json {
  const text = JSON.stringify(schemaJson(schema, true))
  return JSON.parse(text.replaceAll('"$ref":"#"', `"$ref":"#/components/schemas/${name}"`))
}

const contentJson = (content: Content): Json =>
  Object.fromEntries(
    Object.entries(content).map(([mediaType, schema]) => [mediaType, { schema: schemaJson(schema) }]),
  )

const answerJson = ({ description, headers, content }: Answer): Json => ({
  description,
  ...given({ headers: headers && headersJson(headers), content: content && contentJson(content) }),
})

const headersJson = (headers: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(
    Object.entries(headers).map(([name, described]) => [
      name,
      { description: described, schema: { type: 'string' } },
    ]),
  )

function parametersJson(declared: Endpoint): readonly Json[] {
  const inUrl = Object.entries(declared.parameters ?? {}).map(([name, { description, schema }]) => ({
    name,
    ...(isInPath(declared, name) ? { in: 'path', required: true } : { in: 'query' }),
    description,
    schema: schemaJson(schema),
  }))
  const inHeaders = Object.entries(declared.headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }))
  return [...inUrl, ...inHeaders]
}

/** The answers that are problems, by status. */
function problemsJson(codes: readonly ProblemCode[]): Json {
  const byStatus: Record<number, Json> = {}
  for (const { status } of codes.map((code) => PROBLEMS[code])) {
    const same = codes.filter((code) => PROBLEMS[code].status === status)
    byStatus[status] = answerJson({
      description: same.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
      content: { 'application/problem+json': ProblemDocument },
    })
  }
  return byStatus
}

function operationJson(declared: Endpoint): Json {
  const { summary, description, body, answers, problems } = declared
  const parameters = parametersJson(declared)
  return {
    summary,
    ...given({
      description,
      parameters: parameters.length === 0 ? null : parameters,
      requestBody: body && { description: body.description, content: contentJson(body.content) },
    }),
    responses: {
      ...problemsJson([...GENERAL_PROBLEMS, ...problems]),
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerJson(answer)])),
    },
  }
}

export interface OpenApi {
  readonly openapi: string
  readonly info: Json
  /** Operations by path and method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
}

/** The document of some endpoints; `openApiDocument` describes all. */
export function describeEndpoints(endpoints: readonly Endpoint[]): OpenApi {
  const paths: Record<string, Record<string, Json>> = {}
  for (const declared of endpoints) {
    paths[declared.path] ??= {}
    const methods = paths[declared.path] as Record<string, Json>
    methods[declared.method.toLowerCase()] = operationJson(declared)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'strategos gateway',
      version: '0.1.0',
      description:
        'A key-value store on n = 3f + 1 replicas. An answer is sent after f + 1 replicas gave the same one. HEAD answers as GET does, without the body; OPTIONS lists the methods of a route. An unknown method is `no-such-method` (405, with Allow), an unknown route `no-such-route` (404), an unknown parameter `bad-request` (400, with the nearest known name).',
    },
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(COMPONENTS).map(([name, schema]) => [name, componentJson(name, schema)]),
      ),
    },
  }
}

export const openApiDocument = describeEndpoints(ENDPOINTS)
