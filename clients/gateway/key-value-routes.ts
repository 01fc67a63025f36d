/** PUT, GET, DELETE of /v1/kv/{key} and of /v1/kv?key=, and GET /v1/kv?prefix= : HTTP to operations, results to HTTP. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import type { ListItem, Result } from '../../src/store/results.ts'
import { keyName, keyOfName } from '../library/key-name.ts'
import { whyNoEvidence } from '../library/no-evidence.ts'
import { etag, readOutcome, refuseConditions, writeTest } from './conditions.ts'
import { execute, executeIf, problemOf, revisionMoved, type StoreAccess } from './key-operations.ts'
import { decodeKey, type KeyFault } from './key-path.ts'
import { parameter, rawParameter } from './parameters.ts'
import { Problem } from './problem.ts'

/** Items of one page when none are asked for, and at most. */
export const LIST_LIMIT = 100
export const LIST_LIMIT_MAX = 1000

/** Of a list, of a read, of a write; and how a key is named where it does not stand in the path. */
const LIST_PARAMETERS = ['prefix', 'limit', 'cursor']
const READ_PARAMETERS = ['revision', 'receipt']
const WRITE_PARAMETERS = ['ifRevision', 'receipt']
const KEY_PARAMETERS = ['key', 'name']

export interface KeyValueContext extends StoreAccess {
  /** The still encoded key of a request's path; undefined where it has none. */
  readonly rawKey: (request: FastifyRequest) => string | undefined
}

/** The routes of one key stand at `/v1/kv`, where the query names it, and at `path`, where the URL's path does. */
export function keyValueRoutes(server: FastifyInstance, path: string, context: KeyValueContext): void {
  const write = (request: FastifyRequest) => ({
    key: keyOf(request, context),
    test: writeTest(request.headers, ifRevisionOf(request)),
  })

  const put = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    refuseReceipt(request, context)
    const { key, test } = write(request)
    const value = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
    const result = await executeIf(context, { kind: 'put', key, value }, test)
    if (result.status !== 'ok' || result.kind !== 'put') throw problemOf(result)
    const { revision, version, createRevision, modRevision } = result
    reply.header('etag', etag(modRevision))
    return { key: keyName(key), revision, version, createRevision, modRevision }
  }

  const get = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    refuseOlderRevision(request)
    refuseReceipt(request, context)
    const key = keyOf(request, context)
    const result = await execute(context, { kind: 'get', key })
    if (result.status !== 'ok' || result.kind !== 'get') throw problemOf(result)
    return sendValue(request, reply, key, result)
  }

  const remove = async (request: FastifyRequest): Promise<unknown> => {
    refuseReceipt(request, context)
    const { key, test } = write(request)
    const result = await executeIf(context, { kind: 'delete', key }, test)
    if (result.status !== 'ok' || result.kind !== 'delete') throw problemOf(result)
    return { key: keyName(key), revision: result.revision, deleted: result.deleted }
  }

  const writing = { bodyLimit: VALUE_BYTES_MAX, config: { parameters: WRITE_PARAMETERS } }
  server.put(path, writing, put)
  server.get(path, { config: { parameters: READ_PARAMETERS } }, get)
  server.delete(path, { config: { parameters: WRITE_PARAMETERS } }, remove)
  const writingNamed = { parameters: [...KEY_PARAMETERS, ...WRITE_PARAMETERS] }
  server.put('/v1/kv', { bodyLimit: VALUE_BYTES_MAX, config: writingNamed }, put)
  server.delete('/v1/kv', { config: writingNamed }, remove)
  const reading = { parameters: [...LIST_PARAMETERS, ...KEY_PARAMETERS, ...READ_PARAMETERS] }
  server.get('/v1/kv', { config: reading }, async (request, reply) => {
    const isOneKey = KEY_PARAMETERS.some((name) => rawParameter(request, name) !== undefined)
    if (!isOneKey) return list(request, context)
    if (LIST_PARAMETERS.some((name) => rawParameter(request, name) !== undefined)) {
      throw new Problem('bad-request', 'key and name read one key, prefix, limit and cursor list many')
    }
    return get(request, reply)
  })
}

async function list(request: FastifyRequest, context: KeyValueContext): Promise<unknown> {
  refuseConditions(request.headers)
  refuseOlderRevision(request)
  refuseReceipt(request, context)
  const prefix = wellFormed(decodeKey(rawParameter(request, 'prefix') ?? '', 0), 'the prefix')
  const cursor = fromHex(parameter(request, 'cursor') ?? '')
  if (cursor === null) throw new Problem('bad-request', 'the cursor is not one that this server gave out')
  const result = await execute(context, { kind: 'list', prefix, limit: limitOf(request), cursor })
  if (result.status !== 'ok' || result.kind !== 'list') throw problemOf(result)
  const { items, count, revision } = result
  return {
    items: items.map(itemJson),
    count,
    revision,
    cursor: result.cursor.length > 0 ? toHex(result.cursor) : null,
  }
}

function refuseOlderRevision(request: FastifyRequest): void {
  if (rawParameter(request, 'revision') === undefined) return
  throw new Problem('bad-request', 'reads at an older revision are not available')
}

/** A receipt is what f + 1 replicas signed. Who asks for one shall not take an answer without it for one with it. */
function refuseReceipt(request: FastifyRequest, { client }: KeyValueContext): void {
  if (rawParameter(request, 'receipt') === undefined) return
  const whyNot = whyNoEvidence(client.connection.cluster)
  if (whyNot !== null) throw new Problem('no-evidence', whyNot)
  throw new Problem('bad-request', 'receipts are not available')
}

/** The key of a request: from its path, else from `key` (its bytes) or `name` (as answers name it). */
function keyOf(request: FastifyRequest, { rawKey }: KeyValueContext): Uint8Array {
  const inPath = rawKey(request)
  if (inPath !== undefined) return wellFormed(decodeKey(inPath), 'the key')
  const raw = rawParameter(request, 'key')
  const name = parameter(request, 'name')
  if (raw !== undefined && name !== undefined) {
    throw new Problem('bad-request', 'key and name are two ways to say which key: give one of them')
  }
  if (raw !== undefined) return wellFormed(decodeKey(raw), 'the key')
  if (name === undefined) {
    throw new Problem('bad-key', 'no key is given: in the path (/v1/kv/{key}) or in the query (?key=)')
  }
  const key = keyOfName(name)
  if (key === null) {
    throw new Problem('bad-key', 'the name has a backslash that no name has: it is written as two of them')
  }
  if (key.length > KEY_BYTES_MAX) return wellFormed('too-large', 'the key')
  return wellFormed(key.length === 0 ? 'bad-key' : key, 'the key')
}

function wellFormed(key: Uint8Array | KeyFault, said: string): Uint8Array {
  if (key === 'bad-key') throw new Problem('bad-key', `${said} is empty or not percent-encoded`)
  if (key === 'too-large') throw new Problem('bad-key', `${said} is longer than 4,096 bytes`)
  return key
}

function ifRevisionOf(request: FastifyRequest): number | null {
  const text = parameter(request, 'ifRevision')
  if (text === undefined) return null
  const ifRevision = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(ifRevision)) {
    throw new Problem('bad-request', 'ifRevision is not a whole number')
  }
  return ifRevision
}

function limitOf(request: FastifyRequest): number {
  const text = parameter(request, 'limit')
  if (text === undefined) return LIST_LIMIT
  const limit = Number(text)
  if (!/^\d{1,9}$/.test(text) || limit > LIST_LIMIT_MAX) {
    throw new Problem('bad-request', `limit is not a whole number from 0 to ${LIST_LIMIT_MAX}`)
  }
  return limit
}

function sendValue(
  request: FastifyRequest,
  reply: FastifyReply,
  key: Uint8Array,
  result: Result & { readonly status: 'ok'; readonly kind: 'get' },
): unknown {
  const { revision, version, createRevision, modRevision, value } = result
  const outcome = readOutcome(request.headers, modRevision)
  if (outcome === 'revision-moved') throw revisionMoved({ revision, modRevision })
  reply.header('etag', etag(modRevision))
  reply.header('vary', 'accept')
  if (outcome === 'not-modified') return reply.code(304).send()
  if (wantsJson(request.headers.accept ?? ''))
    return { key: keyName(key), revision, version, createRevision, modRevision, ...valueJson(value) }
  return reply
    .type('application/octet-stream')
    .send(Buffer.from(value.buffer, value.byteOffset, value.length))
}

/** True if an Accept header names JSON, and likes nothing better that could be sent. */
function wantsJson(accept: string): boolean {
  let json = 0
  let bytes = 0
  for (const part of accept.split(',')) {
    const [type = '', ...rest] = part
      .toLowerCase()
      .split(';')
      .map((each) => each.trim())
    const quality = Number(rest.find((each) => each.startsWith('q='))?.slice(2) ?? 1)
    if (type === 'application/json') json = quality
    if (type === 'application/octet-stream') bytes = quality
  }
  return json > 0 && json >= bytes
}

function itemJson({ key, value, version, createRevision, modRevision }: ListItem): object {
  return { key: keyName(key), version, createRevision, modRevision, ...valueJson(value) }
}

/** A value in JSON: as text where it is UTF-8, else in base64. */
function valueJson(value: Uint8Array): { readonly text: string } | { readonly value: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value) }
  } catch {
    return { value: Buffer.from(value).toString('base64') }
  }
}
