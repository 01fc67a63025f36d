/** PUT, GET, DELETE /v1/kv/{key} and GET /v1/kv?prefix= : HTTP to operations, results to HTTP. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { ListItem, Result } from '../../src/store/results.ts'
import { whyNoEvidence } from '../library/no-evidence.ts'
import { OperationFailure, type StoreClient } from '../library/store-client.ts'
import { decodeKey, keyText } from './key-path.ts'
import { Problem, type ProblemCode } from './problem.ts'

/** Items of one page when none are asked for, and at most. */
export const LIST_LIMIT = 100
export const LIST_LIMIT_MAX = 1000

export interface KeyValueContext {
  readonly client: StoreClient
  /** The raw, still encoded key of a request's path. */
  readonly rawKey: (request: FastifyRequest) => string
  /** Why the replicas do not answer: the facts of an `unknown`. */
  readonly diagnose: () => Promise<Readonly<Record<string, unknown>>>
}

/** `path` is where the server has moved `/v1/kv/{key}` to, so that its router does not decode the key. */
export function keyValueRoutes(server: FastifyInstance, path: string, context: KeyValueContext): void {
  server.put(path, { bodyLimit: VALUE_BYTES_MAX }, async (request, reply) => {
    refuseReceipt(request, context)
    const key = keyOf(request, context)
    const value = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
    const result = await execute(context, { kind: 'put', key, value, ...ifRevisionOf(request) })
    if (result.status !== 'ok' || result.kind !== 'put') throw problemOf(result)
    const { revision, version, createRevision, modRevision } = result
    reply.header('etag', etag(modRevision))
    return { key: keyText(key), revision, version, createRevision, modRevision }
  })

  server.get(path, async (request, reply) => {
    if (queryValue(request, 'revision') !== undefined) {
      throw new Problem('bad-request', 'reads at an older revision are not available')
    }
    refuseReceipt(request, context)
    const key = keyOf(request, context)
    const result = await execute(context, { kind: 'get', key })
    if (result.status !== 'ok' || result.kind !== 'get') throw problemOf(result)
    return sendValue(reply, key, result, wantsJson(request))
  })

  server.delete(path, async (request) => {
    refuseReceipt(request, context)
    const key = keyOf(request, context)
    const result = await execute(context, { kind: 'delete', key, ...ifRevisionOf(request) })
    if (result.status !== 'ok' || result.kind !== 'delete') throw problemOf(result)
    return { key: keyText(key), revision: result.revision, deleted: result.deleted }
  })

  server.get('/v1/kv', async (request) => {
    const prefix = decodeQueryKey(request, 'prefix')
    const cursorText = queryValue(request, 'cursor') ?? ''
    const cursor = fromHex(cursorText)
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
  })
}

async function execute({ client, diagnose }: KeyValueContext, operation: Operation): Promise<Result> {
  try {
    return await client.execute(operation)
  } catch (error) {
    if (!(error instanceof OperationFailure)) throw error
    if (error.code === 'refused') throw new Problem('stale', error.message)
    throw new Problem(error.code, error.message, error.code === 'busy' ? {} : await diagnose())
  }
}

/** What a result other than ok says, in HTTP's terms. */
function problemOf(result: Result): Problem {
  const plain = (code: ProblemCode, detail: string): Problem => new Problem(code, detail)
  switch (result.status) {
    case 'not-found':
      return new Problem('not-found', 'the key does not exist', { revision: result.revision })
    case 'revision-moved':
      return new Problem('revision-moved', `the key is at revision ${result.modRevision}`, {
        revision: result.revision,
        modRevision: result.modRevision,
      })
    case 'no-space':
      return plain('no-space', 'the store has reached its size limit; deletes still work')
    case 'bad-key':
      return plain('bad-key', 'a key has 1 to 4,096 bytes')
    case 'too-large':
      return plain('too-large', 'a value has at most 1 MiB')
    case 'denied':
      return plain('denied', 'this client may not do that')
    case 'result-budget':
      return plain('too-large', 'the answer is larger than 2 MiB; ask for fewer items with limit')
    default:
      return plain('bad-request', `the store answered "${result.status}"`)
  }
}

/** A receipt is what f + 1 replicas signed. Who asks for one shall not take an answer without it for one with it. */
function refuseReceipt(request: FastifyRequest, { client }: KeyValueContext): void {
  if (queryValue(request, 'receipt') === undefined) return
  const whyNot = whyNoEvidence(client.connection.cluster)
  if (whyNot !== null) throw new Problem('no-evidence', whyNot)
  throw new Problem('bad-request', 'receipts are not available')
}

function keyOf(request: FastifyRequest, { rawKey }: KeyValueContext): Uint8Array {
  const key = decodeKey(rawKey(request))
  if (key === 'bad-key') throw new Problem('bad-key', 'the key is empty or not percent-encoded')
  if (key === 'too-large') throw new Problem('bad-key', 'the key is longer than 4,096 bytes')
  return key
}

/** A query parameter as it stands in the URL, still encoded. */
function rawQueryValue(request: FastifyRequest, name: string): string | undefined {
  const query = request.raw.url?.split('?').slice(1).join('?') ?? ''
  for (const part of query.split('&')) {
    if (part === name || part.startsWith(`${name}=`)) return part.slice(name.length + 1)
  }
  return undefined
}

function decodeQueryKey(request: FastifyRequest, name: string): Uint8Array {
  queryValue(request, name) // refuses a repeated one
  const key = decodeKey((rawQueryValue(request, name) ?? '').replaceAll('+', '%20'), 0)
  if (typeof key === 'string') throw new Problem('bad-key', `${name} is too long or not percent-encoded`)
  return key
}

function queryValue(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name]
  // Which one is meant? Guessing would make a conditional write an unconditional one.
  if (Array.isArray(value)) throw new Problem('bad-request', `${name} is given more than once`)
  return typeof value === 'string' ? value : undefined
}

function ifRevisionOf(request: FastifyRequest): { readonly ifRevision?: number } {
  const text = queryValue(request, 'ifRevision')
  if (text === undefined) return {}
  const ifRevision = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(ifRevision)) {
    throw new Problem('bad-request', 'ifRevision is not a whole number')
  }
  return { ifRevision }
}

function limitOf(request: FastifyRequest): number {
  const text = queryValue(request, 'limit')
  if (text === undefined) return LIST_LIMIT
  const limit = Number(text)
  if (!/^\d{1,9}$/.test(text) || limit > LIST_LIMIT_MAX) {
    throw new Problem('bad-request', `limit is not a whole number from 0 to ${LIST_LIMIT_MAX}`)
  }
  return limit
}

const etag = (modRevision: number): string => `"${modRevision}"`

function wantsJson(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').includes('application/json')
}

function sendValue(
  reply: FastifyReply,
  key: Uint8Array,
  result: Result & { readonly status: 'ok'; readonly kind: 'get' },
  asJson: boolean,
): unknown {
  const { revision, version, createRevision, modRevision, value } = result
  reply.header('etag', etag(modRevision))
  reply.header('vary', 'accept')
  if (asJson)
    return { key: keyText(key), revision, version, createRevision, modRevision, ...valueJson(value) }
  return reply
    .type('application/octet-stream')
    .send(Buffer.from(value.buffer, value.byteOffset, value.length))
}

function itemJson({ key, value, version, createRevision, modRevision }: ListItem): object {
  return { key: keyText(key), version, createRevision, modRevision, ...valueJson(value) }
}

/** A value in JSON: as text where it is UTF-8, else in base64. */
function valueJson(value: Uint8Array): { readonly text: string } | { readonly value: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value) }
  } catch {
    return { value: Buffer.from(value).toString('base64') }
  }
}
