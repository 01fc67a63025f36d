/** The description served at /openapi.json. A test compares its paths and methods with the server's. */
import { LIST_LIMIT, LIST_LIMIT_MAX } from './key-value-routes.ts'
import { statusSchema } from './openapi-status.ts'
import { PROBLEMS, type ProblemCode } from './problem.ts'

const keyInPath = {
  name: 'key',
  in: 'path',
  required: true,
  description:
    'Any bytes, percent-encoded; / plain or encoded; 1 to 4,096 bytes. Browsers and `fetch` resolve the segments . and .. before they send a path: such keys go into the query.',
  schema: { type: 'string' },
}

const inQuery = (name: string, description: string, schema: object = { type: 'string' }) => ({
  name,
  in: 'query',
  description,
  schema,
})

const keyInQuery = [
  inQuery('key', 'Any bytes, percent-encoded, a space also as +; 1 to 4,096 bytes.'),
  inQuery('name', 'In place of `key`: its name, as answers give it.'),
]

const inHeader = (name: string, description: string) => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' },
})

const ifMatch = inHeader(
  'If-Match',
  'Only when the key is at one of these entity tags; `*`: only when it exists.',
)
const writeIfNoneMatch = inHeader(
  'If-None-Match',
  'Only when the key is at none of these entity tags; `*`: only when it does not exist.',
)
const readIfNoneMatch = inHeader('If-None-Match', 'What the reader has: one of these is answered with 304.')
const receipt = inQuery('receipt', 'To come: refused.')
const olderRevision = inQuery('revision', 'To come: refused.', { type: 'integer' })

const ifRevision = {
  name: 'ifRevision',
  in: 'query',
  description: 'Only when the key is at this modification revision; 0: only when it does not exist.',
  schema: { type: 'integer', minimum: 0 },
}

const keyName = {
  type: 'string',
  description:
    'The name of the key, which leads back to it and to no other: text as it is, but \\\\ for a backslash, \\n, \\r, \\t, and \\xHH for bytes that are no text or not to be seen.',
}

const revisions = {
  key: keyName,
  revision: { type: 'integer', description: "The store's revision." },
  version: { type: 'integer' },
  createRevision: { type: 'integer' },
  modRevision: { type: 'integer' },
}

const valueForms = {
  text: { type: 'string', description: 'The value, where it is UTF-8.' },
  value: { type: 'string', description: 'The value in base64, where it is not.' },
}

const json = (properties: object, description: string) => ({
  description,
  content: { 'application/json': { schema: { type: 'object', properties } } },
})

const octets = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }

const envelope = {
  type: 'string',
  contentEncoding: 'base64',
  description: 'A signed message: kind u8, payload length u16, payload, signature length u16, signature.',
}

const readiness = {
  ready: { type: 'boolean' },
  answering: { type: 'integer', description: 'Replicas that answered just now.' },
  needed: { type: 'integer', description: 'As many have to.' },
  because: { type: ['string', 'null'], description: 'Why nothing moves, where nothing does.' },
}

/** The problem responses of an operation, by status. */
function problems(...codes: readonly ProblemCode[]): Record<string, object> {
  const byStatus: Record<string, object> = {}
  for (const { status } of codes.map((code) => PROBLEMS[code])) {
    const same = codes.filter((code) => PROBLEMS[code].status === status)
    byStatus[status] = {
      description: same.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }
  }
  return byStatus
}

const GENERAL = ['bad-key', 'bad-request', 'denied', 'busy', 'stalled', 'unknown'] as const

const valueSchema = { type: 'object', properties: { ...revisions, ...valueForms } }

const pageSchema = {
  type: 'object',
  properties: {
    items: { type: 'array', items: valueSchema },
    count: { type: 'integer', description: 'All keys with the prefix.' },
    revision: { type: 'integer' },
    cursor: { type: ['string', 'null'], description: 'For the next page; null on the last.' },
  },
}

const readResponses = {
  200: {
    description: 'The value; ETag is the modification revision. JSON when Accept asks for it.',
    content: { ...octets, 'application/json': { schema: valueSchema } },
  },
  304: { description: 'The reader has it: the key is at an entity tag of If-None-Match.' },
  ...problems(...GENERAL, 'not-found', 'revision-moved', 'too-large'),
}

const putOperation = (keyParameters: readonly object[]) => ({
  summary: 'Set a key',
  description:
    'Conditions hold at the moment of the write. One that is not known is refused, and so is If-Unmodified-Since, for keys have no dates.',
  parameters: [...keyParameters, ifRevision, ifMatch, writeIfNoneMatch, receipt],
  requestBody: { description: 'The value: any bytes, at most 1 MiB.', content: octets },
  responses: {
    200: json(revisions, 'The key is set.'),
    ...problems(...GENERAL, 'revision-moved', 'too-slow', 'too-large', 'unsupported', 'no-space'),
  },
})

const deleteOperation = (keyParameters: readonly object[]) => ({
  summary: 'Delete a key',
  parameters: [...keyParameters, ifRevision, ifMatch, writeIfNoneMatch, receipt],
  responses: {
    200: json(
      { key: keyName, revision: { type: 'integer' }, deleted: { type: 'boolean' } },
      'The key does not exist any more; `deleted` says whether it did.',
    ),
    ...problems(...GENERAL, 'revision-moved'),
  },
})

export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'strategos gateway',
    version: '0.1.0',
    description:
      'A key-value store on n = 3f + 1 replicas. An answer leaves after f + 1 replicas gave the same one. HEAD answers as GET does, without the body; OPTIONS tells the methods of a route. Another method is `no-such-method` (405, with Allow), another route `no-such-route` (404), another parameter `bad-request` (400, with the nearest known name).',
  },
  paths: {
    '/v1/kv/{key}': {
      put: putOperation([keyInPath]),
      get: {
        summary: 'Read a key',
        parameters: [keyInPath, ifMatch, readIfNoneMatch, olderRevision, receipt],
        responses: readResponses,
      },
      delete: deleteOperation([keyInPath]),
    },
    '/v1/kv': {
      put: putOperation(keyInQuery),
      get: {
        summary: 'List keys by prefix, in the order of their bytes; or, with `key` or `name`, read that key',
        parameters: [
          inQuery('prefix', 'Any bytes, percent-encoded, a space also as +.'),
          inQuery('limit', 'Keys of one page.', {
            type: 'integer',
            minimum: 0,
            maximum: LIST_LIMIT_MAX,
            default: LIST_LIMIT,
          }),
          inQuery('cursor', 'As an earlier page gave it.'),
          ...keyInQuery,
          ifMatch,
          readIfNoneMatch,
          olderRevision,
          receipt,
        ],
        responses: {
          ...readResponses,
          200: {
            description: 'A page of keys and values; or, of one key, what /v1/kv/{key} answers.',
            content: { ...octets, 'application/json': { schema: { anyOf: [pageSchema, valueSchema] } } },
          },
        },
      },
      delete: deleteOperation(keyInQuery),
    },
    '/v1/status': {
      get: {
        summary: 'Who is primary, who lags, and why nothing moves when it does not',
        responses: {
          200: {
            description: 'What the replicas say of themselves.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Status' } } },
          },
        },
      },
    },
    '/v1/evidence': {
      get: {
        summary: 'Replicas that signed two messages that contradict each other',
        description:
          'Gathered from the replicas and checked here; whoever has the cluster file can check it again: `strategos verify`. It proves that the key signed both messages, not why.',
        responses: {
          200: json(
            {
              evidence: { type: 'array', items: { $ref: '#/components/schemas/Evidence' } },
            },
            'One entry for each kind, view and sequence number; at most 8 against one replica. Empty when nobody lied.',
          ),
          ...problems('no-evidence'),
        },
      },
    },
    '/healthz': {
      get: { summary: 'The gateway runs', responses: { 200: json({ status: { const: 'ok' } }, 'It does.') } },
    },
    '/readyz': {
      get: {
        summary: 'A quorum of replicas answers',
        responses: { 200: json(readiness, 'It does.'), 503: json(readiness, 'It does not.') },
      },
    },
    '/openapi.json': { get: { summary: 'This document', responses: { 200: json({}, 'OpenAPI 3.1.') } } },
  },
  components: {
    schemas: {
      Status: statusSchema,
      Evidence: {
        type: 'object',
        required: ['guilty', 'kind', 'view', 'sequence', 'first', 'second'],
        properties: {
          guilty: { type: 'integer', description: 'The replica whose key signed both.' },
          kind: { type: 'string', enum: ['pre-prepare', 'prepare', 'commit', 'checkpoint'] },
          view: { type: ['integer', 'null'], description: 'Null for a checkpoint: it belongs to no view.' },
          sequence: { type: 'integer' },
          first: envelope,
          second: envelope,
        },
      },
      Problem: {
        type: 'object',
        description: 'RFC 9457, with a code that does not change.',
        required: ['type', 'title', 'status', 'code', 'detail'],
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          code: { type: 'string', enum: Object.keys(PROBLEMS) },
          detail: { type: 'string' },
          missing: {
            type: 'array',
            items: { type: 'integer' },
            description: 'Replicas that are waited for.',
          },
          because: { type: 'string' },
          known: {
            type: 'array',
            items: { type: 'string' },
            description: 'The parameters that the route takes, where another one was given.',
          },
          modRevision: { type: 'integer', description: 'Where the key is; 0 where it does not exist.' },
        },
      },
    },
  },
}
