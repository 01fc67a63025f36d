/** The resource `/v1/kv`: keys and their values. A key stands in the path, or in the query, where nothing changes it. */
import { z } from 'zod'
import { fromHex } from '../../src/base/bytes.ts'
import { VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import { endpoint, json, octets } from './endpoint.ts'
import { handedOut, keyBytes, namedKey, text, wholeNumber } from './parameters.ts'

/** Items of one page when none are asked for, and at most. */
export const LIST_LIMIT = 100
export const LIST_LIMIT_MAX = 1000

const KEY_IN_PATH = {
  key: {
    description:
      'Any bytes, percent-encoded; / plain or encoded; 1 to 4,096 bytes. Browsers and `fetch` resolve the segments . and .. before they send a path: such keys go into the query.',
    schema: keyBytes('the key'),
  },
} as const

const KEY_IN_QUERY = {
  key: {
    description: 'Any bytes, percent-encoded, a space also as +; 1 to 4,096 bytes.',
    schema: keyBytes('the key').optional(),
  },
  name: { description: 'In place of `key`: its name, as answers give it.', schema: namedKey.optional() },
} as const

const IF_REVISION = {
  ifRevision: {
    description: 'Only when the key is at this modification revision; 0: only when it does not exist.',
    schema: wholeNumber('ifRevision').optional(),
  },
} as const

const RECEIPT = { receipt: { description: 'To come: refused.', schema: text('receipt').optional() } } as const
const OLDER_REVISION = {
  revision: { description: 'To come: refused.', schema: wholeNumber('revision').optional() },
} as const

const LIST_PARAMETERS = {
  prefix: {
    description: 'Any bytes, percent-encoded, a space also as +.',
    schema: keyBytes('the prefix', 0).optional(),
  },
  limit: {
    description: `Keys of one page: ${LIST_LIMIT} when it is not given.`,
    schema: wholeNumber('limit', LIST_LIMIT_MAX).optional(),
  },
  cursor: { description: 'As an earlier page gave it.', schema: handedOut('cursor', fromHex).optional() },
} as const

const IF_MATCH = 'Only when the key is at one of these entity tags; `*`: only when it exists.'
const WRITE_HEADERS = {
  'If-Match': IF_MATCH,
  'If-None-Match': 'Only when the key is at none of these entity tags; `*`: only when it does not exist.',
} as const
const READ_HEADERS = {
  'If-Match': IF_MATCH,
  'If-None-Match': 'What the reader has: one of these is answered with 304.',
} as const

const KeyName = z
  .string()
  .describe(
    'The name of the key, which leads back to it and to no other: text as it is, but \\\\ for a backslash, \\n, \\r, \\t, and \\xHH for bytes that are no text or not to be seen.',
  )

const StoreRevision = z.int().describe("The store's revision.")

const keyRevisions = {
  version: z.int().describe('The number of writes since the key was created.'),
  createRevision: z.int().describe('The revision that created the key.'),
  modRevision: z.int().describe('The revision that set its value.'),
}

const valueForms = {
  text: z.string().optional().describe('The value, where it is UTF-8.'),
  value: z.string().optional().describe('The value in base64, where it is not.'),
}

const KeySet = z.strictObject({ key: KeyName, revision: StoreRevision, ...keyRevisions })
const KeyDeleted = z.strictObject({ key: KeyName, revision: StoreRevision, deleted: z.boolean() })
const KeyRead = z.strictObject({ key: KeyName, revision: StoreRevision, ...keyRevisions, ...valueForms })
const Page = z.strictObject({
  items: z.array(z.strictObject({ key: KeyName, ...keyRevisions, ...valueForms })),
  count: z.int().describe('All keys with the prefix.'),
  revision: StoreRevision,
  cursor: z.string().nullable().describe('For the next page; null on the last.'),
})

/** Problems of whatever asks the replicas for something. */
export const STORE_PROBLEMS = ['stalled', 'unknown', 'refused', 'key-shared', 'no-timestamps'] as const

const READ_PROBLEMS = [
  ...['bad-key', 'no-evidence', 'not-found', 'revision-moved', 'too-large'],
  ...STORE_PROBLEMS,
] as const

const SET = {
  method: 'PUT',
  summary: 'Sets a key to the bytes of the body.',
  description:
    'Conditions hold at the moment of the write. One that is not known is refused, and so is If-Unmodified-Since, for keys have no dates.',
  headers: WRITE_HEADERS,
  body: { description: 'The value: any bytes, at most 1 MiB.', bytesMax: VALUE_BYTES_MAX, content: octets },
  answers: { 200: json(KeySet, 'The key is set.') },
  problems: [
    ...['bad-key', 'no-evidence', 'too-slow', 'revision-moved', 'too-large', 'unsupported', 'no-space'],
    ...STORE_PROBLEMS,
  ],
} as const

const DELETE = {
  method: 'DELETE',
  summary: 'Deletes a key.',
  headers: WRITE_HEADERS,
  answers: { 200: json(KeyDeleted, 'The key does not exist any more; `deleted` says whether it did.') },
  problems: ['bad-key', 'no-evidence', 'revision-moved', 'unsupported', ...STORE_PROBLEMS],
} as const

const NOT_MODIFIED = {
  304: { description: 'The reader has it: the key is at an entity tag of If-None-Match.' },
} as const

export const putKey = endpoint({
  ...SET,
  path: '/v1/kv/{key}',
  parameters: { ...KEY_IN_PATH, ...IF_REVISION, ...RECEIPT },
})

export const getKey = endpoint({
  method: 'GET',
  path: '/v1/kv/{key}',
  summary: 'Reads a key: its value, or with `Accept: application/json` all about it.',
  parameters: { ...KEY_IN_PATH, ...OLDER_REVISION, ...RECEIPT },
  headers: READ_HEADERS,
  answers: {
    200: {
      description: 'The value; ETag is the modification revision. JSON when Accept asks for it.',
      content: { ...octets, 'application/json': KeyRead },
    },
    ...NOT_MODIFIED,
  },
  problems: READ_PROBLEMS,
})

export const deleteKey = endpoint({
  ...DELETE,
  path: '/v1/kv/{key}',
  parameters: { ...KEY_IN_PATH, ...IF_REVISION, ...RECEIPT },
})

export const putNamedKey = endpoint({
  ...SET,
  path: '/v1/kv',
  parameters: { ...KEY_IN_QUERY, ...IF_REVISION, ...RECEIPT },
})

export const listKeys = endpoint({
  method: 'GET',
  path: '/v1/kv',
  summary:
    'Lists keys and values by prefix, in the order of their bytes; with `key` or `name`, reads that key.',
  parameters: { ...LIST_PARAMETERS, ...KEY_IN_QUERY, ...OLDER_REVISION, ...RECEIPT },
  headers: READ_HEADERS,
  answers: {
    200: {
      description: 'A page of keys and values; or, of one key, what /v1/kv/{key} answers.',
      content: { ...octets, 'application/json': z.union([Page, KeyRead]) },
    },
    ...NOT_MODIFIED,
  },
  problems: READ_PROBLEMS,
})

export const deleteNamedKey = endpoint({
  ...DELETE,
  path: '/v1/kv',
  parameters: { ...KEY_IN_QUERY, ...IF_REVISION, ...RECEIPT },
})

export type KeySetAnswer = z.output<typeof KeySet>
export type KeyDeletedAnswer = z.output<typeof KeyDeleted>
export type KeyReadAnswer = z.output<typeof KeyRead>
export type PageAnswer = z.output<typeof Page>
