/** The keys over HTTP: requests to operations of the store, results to answers. */
import type { FastifyReply } from 'fastify'
import { given } from '../../src/base/given.ts'
import { oneKey } from '../../src/store/key-range.ts'
import { NO_LEASE } from '../../src/store/lease-id.ts'
import type { RangeOperation } from '../../src/store/range-operations.ts'
import type { Result } from '../../src/store/results.ts'
import type { AnswerOf } from '../api/endpoint.ts'
import { keyName } from '../api/key-name.ts'
import {
  deleteKey,
  deleteNamedKey,
  getKey,
  type KeyDeletedAnswer,
  type KeyReadAnswer,
  type KeySetAnswer,
  listKeys,
  type PageAnswer,
  putKey,
  putNamedKey,
  type RangeDeletedAnswer,
} from '../api/keys.ts'
import { whyNoEvidence } from '../library/no-evidence.ts'
import { etag, readOutcome, refuseConditions, writeTest } from './conditions.ts'
import type { Call, EndpointRoutes } from './endpoint-routes.ts'
import { itemJson, valueJson } from './key-json.ts'
import { execute, executeIf, problemOf, revisionMoved, type StoreAccess } from './key-operations.ts'
import { Problem } from './problem.ts'
import { behindCursor, cursorBehind, queryOf, rangeOf, rangeParameterIn } from './range-query.ts'

type ReadCall = Call<typeof listKeys>
export type GivenKey = Pick<ReadCall['parameters'], 'key' | 'name'>

export function keyValueRoutes(routes: EndpointRoutes, access: StoreAccess): void {
  const write = ({ parameters, headers }: Omit<Call<typeof deleteNamedKey>, 'body'>) => {
    refuseReceipt(parameters, access)
    return { key: keyOf(parameters), test: writeTest(headers, parameters.ifRevision ?? null) }
  }

  const put = async (call: Call<typeof putNamedKey>): Promise<KeySetAnswer> => {
    const { key, test } = write(call)
    const { lease = NO_LEASE } = call.parameters
    const attached = lease === NO_LEASE ? {} : { lease }
    const result = await executeIf(access, { kind: 'put', key, value: call.body, ...attached }, test)
    if (result.status !== 'ok' || result.kind !== 'put') throw problemOf(result)
    const { revision, version, createRevision, modRevision } = result
    call.reply.header('etag', etag(modRevision))
    return { key: keyName(key), revision, version, createRevision, modRevision }
  }

  const get = async (call: ReadCall): Promise<KeyReadAnswer | FastifyReply> => {
    refuseReceipt(call.parameters, access)
    const key = keyOf(call.parameters)
    return readAnswer(call, key, await readKey(access, key, call.parameters.revision ?? 0))
  }

  const remove = async (call: Call<typeof deleteNamedKey>): Promise<KeyDeletedAnswer> => {
    const { key, test } = write(call)
    const result = await executeIf(access, { kind: 'delete', key }, test)
    if (result.status !== 'ok' || result.kind !== 'delete') throw problemOf(result)
    return { key: keyName(key), revision: result.revision, deleted: result.deleted }
  }

  const listOrGet = async (call: ReadCall): Promise<AnswerOf<typeof listKeys> | FastifyReply> => {
    if (!namesOneKey(call.parameters)) return list(call, access)
    refuseRangeOfOne(call.parameters)
    return get(call)
  }

  const removeNamed = async (
    call: Call<typeof deleteNamedKey>,
  ): Promise<KeyDeletedAnswer | RangeDeletedAnswer> => {
    const { parameters } = call
    if (!namesOneKey(parameters) && rangeParameterIn(parameters) !== null) return removeRange(call, access)
    refuseRangeOfOne(parameters)
    return remove(call)
  }

  routes.add(putKey, put)
  routes.add(getKey, get)
  routes.add(deleteKey, remove)
  routes.add(putNamedKey, put)
  routes.add(listKeys, listOrGet)
  routes.add(deleteNamedKey, removeNamed)
}

export const namesOneKey = ({ key, name }: GivenKey): boolean => key !== undefined || name !== undefined

function refuseRangeOfOne(parameters: Readonly<Record<string, unknown>>): void {
  const name = rangeParameterIn(parameters)
  if (name === null) return
  throw new Problem('bad-request', `key and name stand for one key, and ${name} for a range of them`)
}

type Read = Result & { readonly status: 'ok'; readonly kind: 'get' }

/** Reads one key; throws the problem where that fails. */
async function readKey(access: StoreAccess, key: Uint8Array, revision: number): Promise<Read> {
  if (revision === 0) {
    const result = await execute(access, { kind: 'get', key })
    if (result.status !== 'ok' || result.kind !== 'get') throw problemOf(result)
    return result
  }
  const { items, revision: newest } = await readRange(access, { kind: 'range', ...oneKey(key), revision })
  const [item] = items
  if (item === undefined) throw problemOf({ status: 'not-found', revision: newest })
  return { ...item, status: 'ok', kind: 'get', revision: newest }
}

async function list({ parameters, headers, reply }: ReadCall, access: StoreAccess): Promise<PageAnswer> {
  refuseConditions(headers)
  refuseReceipt(parameters, access)
  const query = queryOf(parameters)
  const page = parameters.cursor === undefined ? query : behindCursor(query, parameters.cursor)
  const count: RangeOperation = { ...query, countOnly: true }
  const shown = await readRange(access, page ?? count)
  // Behind a cursor the page counts what is left: the whole range is counted as it was at that moment.
  const whole =
    page === query || page === null ? shown : await readRange(access, { ...count, revision: shown.revision })
  reply.header('strategos-revision', `${shown.revision}`)
  return {
    items: shown.items.map((item) => itemJson(item, query.keysOnly)),
    count: whole.count,
    revision: shown.revision,
    more: shown.more !== null,
    cursor: cursorBehind(query, shown),
  }
}

/** Reads a range; throws the problem where that fails. */
async function readRange(access: StoreAccess, operation: RangeOperation) {
  const result = await execute(access, operation)
  if (result.status !== 'ok' || result.kind !== 'range') throw problemOf(result)
  return result
}

async function removeRange(
  { parameters, headers, reply }: Call<typeof deleteNamedKey>,
  access: StoreAccess,
): Promise<RangeDeletedAnswer> {
  refuseReceipt(parameters, access)
  refuseConditions(headers)
  if (writeTest(headers, parameters.ifRevision ?? null) !== null) {
    throw new Problem('bad-request', 'ifRevision has no meaning here: only keys have revisions')
  }
  const { prefix, start, end, previous = false } = parameters
  if (prefix === undefined && start === undefined && end === undefined) throw noKey()
  const result = await execute(access, { kind: 'delete-range', ...rangeOf(parameters), previous })
  if (result.status !== 'ok' || result.kind !== 'delete-range') throw problemOf(result)
  const { revision, deleted, items } = result
  reply.header('strategos-revision', `${revision}`)
  return { revision, deleted, ...given({ items: previous ? items.map((item) => itemJson(item)) : null }) }
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
export function keyOf({ key, name }: GivenKey): Uint8Array {
  if (key !== undefined && name !== undefined) {
    throw new Problem('bad-request', 'key and name are two ways to say which key: give one of them')
  }
  const given = key ?? name
  if (given !== undefined) return given
  throw noKey()
}

const noKey = (): Problem =>
  new Problem('bad-key', 'no key is given: in the path (/v1/kv/{key}) or in the query (?key=)')

function readAnswer(
  { headers, reply }: ReadCall,
  key: Uint8Array,
  result: Read,
): KeyReadAnswer | FastifyReply {
  const { revision, version, createRevision, modRevision, value } = result
  const outcome = readOutcome(headers, modRevision)
  if (outcome === 'revision-moved') throw revisionMoved({ revision, modRevision })
  reply.header('etag', etag(modRevision))
  reply.header('strategos-revision', `${revision}`)
  reply.header('strategos-create-revision', `${createRevision}`)
  reply.header('strategos-version', `${version}`)
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
