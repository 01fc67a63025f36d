/** The description served at /openapi.json. A test compares its paths and methods with the server's. */
import { LIST_LIMIT, LIST_LIMIT_MAX } from './key-value-routes.ts'
import { statusSchema } from './openapi-status.ts'
import { PROBLEMS, type ProblemCode } from './problem.ts'

const keyParameter = {
  name: 'key',
  in: 'path',
  required: true,
  description: 'Any bytes, percent-encoded; / plain or encoded; 1 to 4,096 bytes.',
  schema: { type: 'string' },
}

const ifRevision = {
  name: 'ifRevision',
  in: 'query',
  description: 'Only when the key is at this modification revision; 0: only when it does not exist.',
  schema: { type: 'integer', minimum: 0 },
}

const revisions = {
  key: { type: 'string' },
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
  for (const code of codes) {
    const { status, title } = PROBLEMS[code]
    byStatus[status] = {
      description: `\`${code}\`: ${title}`,
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }
  }
  return byStatus
}

const GENERAL = ['bad-key', 'denied', 'busy', 'stalled', 'unknown'] as const

export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'strategos gateway',
    version: '0.1.0',
    description:
      'A key-value store on n = 3f + 1 replicas. An answer leaves after f + 1 replicas gave the same one.',
  },
  paths: {
    '/v1/kv/{key}': {
      put: {
        summary: 'Set a key',
        parameters: [keyParameter, ifRevision],
        requestBody: { description: 'The value: any bytes, at most 1 MiB.', content: octets },
        responses: {
          200: json(revisions, 'The key is set.'),
          ...problems(...GENERAL, 'revision-moved', 'too-large', 'no-space'),
        },
      },
      get: {
        summary: 'Read a key',
        parameters: [keyParameter],
        responses: {
          200: {
            description: 'The value; ETag is the modification revision. JSON when Accept asks for it.',
            content: {
              ...octets,
              'application/json': { schema: { type: 'object', properties: { ...revisions, ...valueForms } } },
            },
          },
          ...problems(...GENERAL, 'not-found'),
        },
      },
      delete: {
        summary: 'Delete a key',
        parameters: [keyParameter, ifRevision],
        responses: {
          200: json(
            { key: { type: 'string' }, revision: { type: 'integer' }, deleted: { type: 'boolean' } },
            'The key does not exist any more; `deleted` says whether it did.',
          ),
          ...problems(...GENERAL, 'revision-moved'),
        },
      },
    },
    '/v1/kv': {
      get: {
        summary: 'List keys by prefix, in the order of their bytes',
        parameters: [
          { name: 'prefix', in: 'query', schema: { type: 'string' } },
          {
            name: 'limit',
            in: 'query',
            schema: { type: 'integer', minimum: 0, maximum: LIST_LIMIT_MAX, default: LIST_LIMIT },
          },
          {
            name: 'cursor',
            in: 'query',
            description: 'As an earlier page gave it.',
            schema: { type: 'string' },
          },
        ],
        responses: {
          200: json(
            {
              items: {
                type: 'array',
                items: { type: 'object', properties: { ...revisions, ...valueForms } },
              },
              count: { type: 'integer', description: 'All keys with the prefix.' },
              revision: { type: 'integer' },
              cursor: { type: ['string', 'null'], description: 'For the next page; null on the last.' },
            },
            'A page of keys and values.',
          ),
          ...problems(...GENERAL, 'too-large'),
        },
      },
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
        },
      },
    },
  },
}
