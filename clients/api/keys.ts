/**
 * The resource `/v1/kv`: keys and their values. A key is part of the path, or of the query, where no client or proxy
 * changes it.
 */
import { z } from 'zod'
import { VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import { type Described, endpoint, IDEMPOTENCY_HEADER, json, octets } from './endpoint.ts'
import { keyBytes, leaseId, namedKey, wholeNumber } from './parameters.ts'
import { DELETION_PARAMETERS, RANGE_PARAMETERS, READ_REVISION } from './range-parameters.ts'
import { RECEIPT_PARAMETERS, receiptMember } from './receipt.ts'
import { IDEMPOTENCY_PROBLEMS, STORE_PROBLEMS } from './store-problems.ts'

const KEY_IN_PATH = {
  key: {
    description:
      'Any bytes, percent-encoded; / plain or encoded; 1 to 4,096 bytes. Browsers and `fetch` resolve the segments . and .. of a path, so pass such keys in the query.',
    schema: keyBytes('the key'),
  },
} as const

export const KEY_IN_QUERY = {
  key: {
    description: 'Any bytes, percent-encoded, a space also as +; 1 to 4,096 bytes.',
    schema: keyBytes('the key').optional(),
  },
  name: { description: 'The name of the key, as in answers; replaces `key`.', schema: namedKey.optional() },
} as const

const IF_REVISION = {
  ifRevision: {
    description:
      'Succeeds only if this is the modification revision of the key; 0: only if it does not exist.',
    schema: wholeNumber('ifRevision').optional(),
  },
} as const

const LEASE = {
  lease: {
    description:
      'The lease that the key is attached to; the key is deleted when the lease ends. Without it, or with 0, the key has no lease.',
    schema: leaseId('lease').optional(),
  },
} as const

const IF_MATCH = 'Succeeds only if the key has one of these entity tags; `*`: only if it exists.'
const WRITE_HEADERS = {
  'If-Match': IF_MATCH,
  'If-None-Match': 'Only when the key is at none of these entity tags; `*`: only when it does not exist.',
  ...IDEMPOTENCY_HEADER,
} as const
const READ_HEADERS = {
  'If-Match': IF_MATCH,
  'If-None-Match':
    'The entity tags that the reader has cached; the answer is 304 if the key still has one of them.',
} as const

export const KeyName = z
  .string()
  .describe(
    'The name of the key, which leads back to it and to no other: text as it is, but \\\\ for a backslash, \\n, \\r, \\t, and \\xHH for bytes that are no text or not to be seen.',
  )

export const StoreRevision = z.int().describe('The revision of the store.')

export const keyRevisions = {
  version: z.int().describe('The number of writes since the key was created.'),
  createRevision: z.int().describe('The revision that created the key.'),
  modRevision: z.int().describe('The revision that last set its value.'),
}

export const valueForms = {
  text: z.string().optional().describe('The value, if it is UTF-8.'),
  value: z.string().optional().describe('The value in base64, if it is not UTF-8.'),
}

export const attachedLease = {
  lease: z
    .string()
    .optional()
    .describe('The id of the lease that the key ends with; absent without one, and beside a receipt.'),
}

const KeySet = z.strictObject({
  key: KeyName,
  revision: StoreRevision,
  ...keyRevisions,
  ...receiptMember,
})
const KeyDeleted = z.strictObject({
  key: KeyName,
  revision: StoreRevision,
  deleted: z.boolean(),
  ...receiptMember,
})
export const KeyFound = z.strictObject({
  key: KeyName,
  revision: StoreRevision,
  ...keyRevisions,
  ...attachedLease,
  ...valueForms,
})
const KeyRead = KeyFound.extend(receiptMember)
export const Item = z.strictObject({ key: KeyName, ...keyRevisions, ...attachedLease, ...valueForms })
const Page = z.strictObject({
  items: z.array(Item),
  count: z.int().describe('The number of keys in the range, regardless of limit, cursor and filters.'),
  revision: StoreRevision,
  more: z.boolean().describe('True if the limit, or the size of the values, truncated the answer.'),
  cursor: z
    .string()
    .nullable()
    .describe('The cursor of the next page; null on the last page, and if the answer is not sorted by key.'),
  ...receiptMember,
})
const RangeDeleted = z.strictObject({
  revision: StoreRevision,
  deleted: z.int().describe('The number of keys that were deleted.'),
  items: z.array(Item).optional().describe('The deleted keys, with `previous`.'),
  ...receiptMember,
})

const READ_PROBLEMS = [
  ...['bad-key', 'future-revision', 'no-evidence', 'not-found', 'compacted', 'revision-moved', 'too-large'],
  ...STORE_PROBLEMS,
] as const

const SET = {
  method: 'PUT',
  summary: 'Sets a key to the bytes of the body.',
  description:
    'Conditions are checked at the moment of the write. Unknown conditions are refused, and so is If-Unmodified-Since, because keys have no dates.',
  headers: WRITE_HEADERS,
  body: { description: 'The value: any bytes, at most 1 MiB.', bytesMax: VALUE_BYTES_MAX, content: octets },
  answers: { 200: json(KeySet, 'The key was set.') },
  problems: [
    ...[
      'bad-key',
      'lease-not-found',
      'no-evidence',
      'too-slow',
      'revision-moved',
      'too-large',
      'unsupported',
    ],
    ...['too-many-lease-keys', 'no-space'],
    ...IDEMPOTENCY_PROBLEMS,
    ...STORE_PROBLEMS,
  ],
} as const

const DELETE = {
  method: 'DELETE',
  summary: 'Deletes a key.',
  headers: WRITE_HEADERS,
  answers: { 200: json(KeyDeleted, 'The key does not exist any more; `deleted` says whether it did.') },
  problems: [
    ...['bad-key', 'no-evidence', 'revision-moved', 'unsupported'],
    ...IDEMPOTENCY_PROBLEMS,
    ...STORE_PROBLEMS,
  ],
} as const

/** The headers of an answer whose body is the value. */
const VALUE_HEADERS = {
  ETag: 'The modification revision of the key, in quotes.',
  'Strategos-Revision': 'The revision of the store.',
  'Strategos-Create-Revision': 'The revision that created the key.',
  'Strategos-Version': 'The number of writes since the key was created.',
} as const

const NOT_MODIFIED = {
  304: {
    description: 'The cached value is current: the key has an entity tag of If-None-Match.',
    headers: VALUE_HEADERS,
  },
} as const

export const putKey = endpoint({
  ...SET,
  path: '/v1/kv/{key}',
  parameters: { ...KEY_IN_PATH, ...IF_REVISION, ...LEASE, ...RECEIPT_PARAMETERS },
})

export const getKey = endpoint({
  method: 'GET',
  path: '/v1/kv/{key}',
  summary: 'Reads a key: its value, or with `Accept: application/json` the value and all its facts.',
  parameters: { ...KEY_IN_PATH, ...READ_REVISION, ...RECEIPT_PARAMETERS },
  headers: READ_HEADERS,
  answers: {
    200: {
      description: 'The value; JSON if Accept asks for it.',
      headers: VALUE_HEADERS,
      content: { ...octets, 'application/json': KeyRead },
    },
    ...NOT_MODIFIED,
  },
  problems: READ_PROBLEMS,
})

export const deleteKey = endpoint({
  ...DELETE,
  path: '/v1/kv/{key}',
  parameters: { ...KEY_IN_PATH, ...IF_REVISION, ...RECEIPT_PARAMETERS },
})

export const putNamedKey = endpoint({
  ...SET,
  path: '/v1/kv',
  parameters: { ...KEY_IN_QUERY, ...IF_REVISION, ...LEASE, ...RECEIPT_PARAMETERS },
})

export const listKeys = endpoint({
  method: 'GET',
  path: '/v1/kv',
  summary: 'Reads a range of keys, in byte order or sorted by `sort`; with `key` or `name`, reads that key.',
  parameters: { ...RANGE_PARAMETERS, ...KEY_IN_QUERY, ...READ_REVISION, ...RECEIPT_PARAMETERS },
  headers: READ_HEADERS,
  answers: {
    200: {
      description: 'A page of keys and values; for one key, the answer of /v1/kv/{key}.',
      content: { ...octets, 'application/json': z.union([Page, KeyRead]) },
    },
    ...NOT_MODIFIED,
  },
  problems: READ_PROBLEMS,
})

export const deleteNamedKey = endpoint({
  ...DELETE,
  path: '/v1/kv',
  summary: 'Deletes a key; with `prefix`, `start` or `end`, every key of that range at one revision.',
  parameters: { ...KEY_IN_QUERY, ...DELETION_PARAMETERS, ...IF_REVISION, ...RECEIPT_PARAMETERS },
  answers: {
    200: json(
      z.union([KeyDeleted, RangeDeleted]),
      'The keys no longer exist; `deleted` is the number of keys that existed before.',
    ),
  },
  problems: [...DELETE.problems, 'too-large'],
})

export type KeySetAnswer = Described<typeof KeySet>
export type KeyDeletedAnswer = Described<typeof KeyDeleted>
export type KeyReadAnswer = Described<typeof KeyRead>
export type RangeDeletedAnswer = Described<typeof RangeDeleted>
export type PageAnswer = Described<typeof Page>
