/** The keys over HTTP: requests to operations of the store, results to answers. */
import type { FastifyReply } from 'fastify'
import { toHex } from '../../src/base/bytes.ts'
import type { ListItem, Result } from '../../src/store/results.ts'
import type { AnswerOf } from '../api/endpoint.ts'
import { keyName } from '../api/key-name.ts'
import {
  deleteKey,
  deleteNamedKey,
  getKey,
  type KeyDeletedAnswer,
  type KeyReadAnswer,
  type KeySetAnswer,
  LIST_LIMIT,
  listKeys,
  type PageAnswer,
  putKey,
  putNamedKey,
} from '../api/keys.ts'
import { whyNoEvidence } from '../library/no-evidence.ts'
import { etag, readOutcome, refuseConditions, writeTest } from './conditions.ts'
import type { Call, EndpointRoutes } from './endpoint-routes.ts'
import { execute, executeIf, problemOf, revisionMoved, type StoreAccess } from './key-operations.ts'
import { Problem } from './problem.ts'

type ReadCall = Call<typeof listKeys>
type GivenKey = Pick<ReadCall['parameters'], 'key' | 'name'>

export function keyValueRoutes(routes: EndpointRoutes, access: StoreAccess): void {
  const write = ({ parameters, headers }: Omit<Call<typeof deleteNamedKey>, 'body'>) => {
    refuseReceipt(parameters, access)
    return { key: keyOf(parameters), test: writeTest(headers, parameters.ifRevision ?? null) }
  }

  const put = async (call: Call<typeof putNamedKey>): Promise<KeySetAnswer> => {
    const { key, test } = write(call)
    const result = await executeIf(access, { kind: 'put', key, value: call.body }, test)
    if (result.status !== 'ok' || result.kind !== 'put') throw problemOf(result)
    const { revision, version, createRevision, modRevision } = result
    call.reply.header('etag', etag(modRevision))
    return { key: keyName(key), revision, version, createRevision, modRevision }
  }

  const get = async (call: ReadCall): Promise<KeyReadAnswer | FastifyReply> => {
    refuseOlderRevision(call.parameters)
    refuseReceipt(call.parameters, access)
    const key = keyOf(call.parameters)
    const result = await execute(access, { kind: 'get', key })
    if (result.status !== 'ok' || result.kind !== 'get') throw problemOf(result)
    return readAnswer(call, key, result)
  }

  const remove = async (call: Call<typeof deleteNamedKey>): Promise<KeyDeletedAnswer> => {
    const { key, test } = write(call)
    const result = await executeIf(access, { kind: 'delete', key }, test)
    if (result.status !== 'ok' || result.kind !== 'delete') throw problemOf(result)
    return { key: keyName(key), revision: result.revision, deleted: result.deleted }
  }

  const listOrGet = async (call: ReadCall): Promise<AnswerOf<typeof listKeys> | FastifyReply> => {
    const { key, name, prefix, limit, cursor } = call.parameters
    if (key === undefined && name === undefined) return list(call, access)
    if (prefix !== undefined || limit !== undefined || cursor !== undefined) {
      throw new Problem('bad-request', 'key and name read one key, prefix, limit and cursor list many')
    }
    return get(call)
  }

  routes.add(putKey, put)
  routes.add(getKey, get)
  routes.add(deleteKey, remove)
  routes.add(putNamedKey, put)
  routes.add(listKeys, listOrGet)
  routes.add(deleteNamedKey, remove)
}

const NO_BYTES = new Uint8Array(0)

async function list({ parameters, headers }: ReadCall, access: StoreAccess): Promise<PageAnswer> {
  refuseConditions(headers)
  refuseOlderRevision(parameters)
  refuseReceipt(parameters, access)
  const { prefix = NO_BYTES, limit = LIST_LIMIT, cursor = NO_BYTES } = parameters
  const result = await execute(access, { kind: 'list', prefix, limit, cursor })
  if (result.status !== 'ok' || result.kind !== 'list') throw problemOf(result)
  const { items, count, revision } = result
  return {
    items: items.map(itemJson),
    count,
    revision,
    cursor: result.cursor.length > 0 ? toHex(result.cursor) : null,
  }
}

function refuseOlderRevision({ revision }: ReadCall['parameters']): void {
  if (revision === undefined) return
  throw new Problem('bad-request', 'reads at an older revision are not available')
}

/** A receipt is what f + 1 replicas signed. Who asks for one shall not take an answer without it for one with it. */
function refuseReceipt(
  { receipt }: { readonly receipt?: string | undefined },
  { client }: StoreAccess,
): void {
  if (receipt === undefined) return
  const whyNot = whyNoEvidence(client.connection.cluster)
  if (whyNot !== null) throw new Problem('no-evidence', whyNot)
  throw new Problem('bad-request', 'receipts are not available')
}

/** The key of a request: `key` is its bytes, from the path or the query, `name` as answers name it. */
function keyOf({ key, name }: GivenKey): Uint8Array {
  if (key !== undefined && name !== undefined) {
    throw new Problem('bad-request', 'key and name are two ways to say which key: give one of them')
  }
  const given = key ?? name
  if (given !== undefined) return given
  throw new Problem('bad-key', 'no key is given: in the path (/v1/kv/{key}) or in the query (?key=)')
}

function readAnswer(
  { headers, reply }: ReadCall,
  key: Uint8Array,
  result: Result & { readonly status: 'ok'; readonly kind: 'get' },
): KeyReadAnswer | FastifyReply {
  const { revision, version, createRevision, modRevision, value } = result
  const outcome = readOutcome(headers, modRevision)
  if (outcome === 'revision-moved') throw revisionMoved({ revision, modRevision })
  reply.header('etag', etag(modRevision))
  reply.header('vary', 'accept')
  if (outcome === 'not-modified') return reply.code(304).send()
  if (wantsJson(headers.accept ?? ''))
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

function itemJson({
  key,
  value,
  version,
  createRevision,
  modRevision,
}: ListItem): PageAnswer['items'][number] {
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
