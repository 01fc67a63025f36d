/** An endpoint that is declared is served as declared: parameters, body, methods, problems, description. */
import Fastify from 'fastify'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { endpoint, json } from '../../clients/api/endpoint.ts'
import { ENDPOINTS } from '../../clients/api/endpoints.ts'
import { describeEndpoints, openApiDocument } from '../../clients/api/openapi.ts'
import { text, wholeNumber } from '../../clients/api/parameters.ts'
import { EndpointRoutes } from '../../clients/gateway/endpoint-routes.ts'
import { PathEnds } from '../../clients/gateway/path-ends.ts'
import { Problem, sendProblem } from '../../clients/gateway/problem.ts'
import { answerUnrouted } from '../../clients/gateway/unrouted.ts'

const postThing = endpoint({
  method: 'POST',
  path: '/v1/things',
  summary: 'Makes a thing.',
  parameters: {
    size: { description: 'Its size.', schema: wholeNumber('size', 9) },
    colour: { description: 'Its colour.', schema: text('colour').optional() },
  },
  body: {
    description: 'Its parts.',
    bytesMax: 64,
    content: { 'application/json': z.strictObject({ parts: z.array(z.int()) }) },
  },
  answers: { 200: json(z.strictObject({ said: z.string() }), 'It is made.') },
  problems: ['no-space'],
})
const watchThings = endpoint({
  method: 'GET',
  path: '/v1/things',
  summary: 'Streams what happens to things.',
  answers: {
    200: {
      description: 'An event for each change.',
      content: { 'text/event-stream': z.strictObject({ size: z.int() }) },
    },
  },
  problems: [],
})

const server = Fastify()
server.setErrorHandler((error, _request, reply) =>
  sendProblem(reply, error instanceof Problem ? error : new Problem('internal', `${error}`)),
)
server.removeAllContentTypeParsers()
server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
answerUnrouted(server)
const routes = new EndpointRoutes(server, new PathEnds())
routes.add(postThing, async ({ parameters: { size, colour }, body: { parts } }) => ({
  said: `${size} ${colour ?? 'plain'} ${parts.join('+')}`,
}))
routes.add(watchThings, async ({ reply }) => reply.type('text/event-stream').send('data: {"size":1}\n\n'))
afterAll(() => server.close())

const post = async (query: string, payload = '{"parts":[1,2]}') => {
  const { statusCode, body } = await server.inject({
    ...{ method: 'POST', url: `/v1/things${query}`, payload },
    headers: { 'content-type': 'application/json' },
  })
  return { status: statusCode, ...(JSON.parse(body) as Record<string, unknown>) }
}

describe('an endpoint', () => {
  test('gets its parameters and its document, of the types that it declares', async () => {
    expect(await post('?size=3&colour=dark+red')).toEqual({ status: 200, said: '3 dark red 1+2' })
    expect(await post('?size=0')).toEqual({ status: 200, said: '0 plain 1+2' })
  })

  test.each([
    ['?siz=3', '{"parts":[]}', /did you mean size/],
    ['?size=10', '{"parts":[]}', /^size is not a whole number from 0 to 9$/],
    ['?size=x', '{"parts":[]}', /^size is not a whole number from 0 to 9$/],
    ['?size=1&size=1', '{"parts":[]}', /more than once/],
    ['?size=1&colour=%FF', '{"parts":[]}', /^colour is not percent-encoded UTF-8$/],
    ['?size=1', '{"parts":', /^the body is not JSON$/],
    ['?size=1', '', /^the body is not JSON$/],
    ['?size=1', '{"parts":["a"]}', /^the body does not match the description: at "parts\.0": /],
    ['?size=1', '{"parts":[],"more":1}', /^the body does not match the description: at "top level": /],
  ])('with %s and %s is refused', async (query, payload, saying) => {
    expect(await post(query, payload)).toMatchObject({
      status: 400,
      code: 'bad-request',
      detail: expect.stringMatching(saying),
    })
  })

  test('may answer with a stream of events', async () => {
    const { headers, body } = await server.inject({ method: 'GET', url: '/v1/things' })
    expect([headers['content-type'], body]).toEqual(['text/event-stream', 'data: {"size":1}\n\n'])
  })

  test('takes its methods and no others', async () => {
    const { statusCode, headers } = await server.inject({ method: 'DELETE', url: '/v1/things' })
    expect([statusCode, headers['allow']]).toEqual([405, 'GET, HEAD, POST, OPTIONS'])
  })

  test('is described as it is declared', () => {
    const { paths } = describeEndpoints([postThing, watchThings])
    expect(Object.keys(paths)).toEqual(['/v1/things'])
    expect(paths['/v1/things']?.['post']).toMatchObject({
      summary: 'Makes a thing.',
      parameters: [
        { name: 'size', in: 'query', schema: { type: 'integer', minimum: 0, maximum: 9 } },
        { name: 'colour', in: 'query', schema: { type: 'string' } },
      ],
      requestBody: {
        content: {
          'application/json': { schema: { properties: { parts: { items: { type: 'integer' } } } } },
        },
      },
      responses: {
        200: { content: { 'application/json': { schema: { required: ['said'] } } } },
        507: { description: '`no-space`: The store is full' },
      },
    })
    expect(paths['/v1/things']?.['get']).toMatchObject({
      responses: { 200: { content: { 'text/event-stream': { schema: { type: 'object' } } } } },
    })
  })
})

describe('the endpoints of the gateway', () => {
  test('are each declared once, in a sentence', () => {
    const names = ENDPOINTS.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(names).size).toBe(names.length)
    for (const { summary } of ENDPOINTS) expect(summary).toMatch(/^[A-Z][^.]*\.$/)
  })

  test('all stand in the description, whose references lead somewhere', () => {
    const described = Object.entries(openApiDocument.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(ENDPOINTS.map(({ method, path }) => `${method} ${path}`).sort())
    const references = JSON.stringify(openApiDocument).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)
    const named = new Set([...references].map(([, name = '']) => name))
    expect([...named].sort()).toEqual([
      'Evidence',
      'Problem',
      'ReadProof',
      'Receipt',
      'Status',
      'Transaction',
      'TransactionDone',
    ])
    expect(Object.keys(openApiDocument.components.schemas).sort()).toEqual([...named].sort())
  })

  test('describe what a URL stands for, and bound it', () => {
    expect(openApiDocument.paths['/v1/kv']?.['get']?.['parameters']).toContainEqual(
      expect.objectContaining({
        ...{ name: 'limit', in: 'query' },
        schema: { type: 'integer', minimum: 0, maximum: 1000 },
      }),
    )
    expect(openApiDocument.paths['/v1/kv/{key}']?.['get']?.['parameters']).toContainEqual(
      expect.objectContaining({ name: 'key', in: 'path', required: true, schema: { type: 'string' } }),
    )
  })
})
