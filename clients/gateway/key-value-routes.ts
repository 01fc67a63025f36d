/** The routes of keys: they turn requests into operations of the store, and results into answers. */
import type { FastifyReply } from 'fastify'
import { given } from '../../src/base/given.ts'
import { oneKey } from '../../src/store/key-range.ts'
import { leaseIdBytes, NO_LEASE } from '../../src/store/lease-id.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { RangeOperation } from '../../src/store/range-operations.ts'
import type { RangeItem } from '../../src/store/range-results.ts'
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
import type { ReceiptWish } from '../library/store-client.ts'
import { whyNoEvidence } from '../verify/no-evidence.ts'
import { etag, readOutcome, refuseConditions, writeTest } from './conditions.ts'
import type { Call, EndpointRoutes } from './endpoint-routes.ts'
import { idempotencyOf } from './idempotency.ts'
import { itemJson } from './key-json.ts'
import {
  type Executed,
  executeIf,
  executeWith,
  problemOf,
  revisionMoved,
  type StoreAccess,
} from './key-operations.ts'
import { Problem } from './problem.ts'
import { behindCursor, cursorBehind, queryOf, rangeOf, rangeParameterIn } from './range-query.ts'

type ReadCall = Call<typeof listKeys>
export type GivenKey = Pick<ReadCall['parameters'], 'key' | 'name'>

export function keyValueRoutes(routes: EndpointRoutes, access: StoreAccess): void {
  const write = ({ parameters, headers }: Omit<Call<typeof deleteNamedKey>, 'body'>) => {
    const wish = wishIn(parameters, access)
    return {
      key: keyOf(parameters),
      condition: { wish, test: writeTest(headers, parameters.ifRevision ?? null) },
      idempotency: idempotencyOf(headers),
    }
  }

  const put = async (call: Call<typeof putNamedKey>): Promise<KeySetAnswer> => {
    const { key, condition, idempotency } = write(call)
    const { lease = NO_LEASE } = call.parameters
    const options = { ...(lease === NO_LEASE ? {} : { lease }), ...idempotency }
    const put: Operation & { kind: 'put' } = { kind: 'put', key, value: call.body, ...options }
    const { result, ...proof } = await executeIf(access, put, condition)
    if (result.status !== 'ok' || result.kind !== 'put') throw problemOf(result, proof)
    const { revision, version, createRevision, modRevision } = result
    call.reply.header('etag', etag(modRevision))
    return { key: keyName(key), revision, version, createRevision, modRevision, ...proof }
  }

  const get = async (call: ReadCall): Promise<KeyReadAnswer | FastifyReply> => {
    const wish = wishIn(call.parameters, access)
    const key = keyOf(call.parameters)
    return readAnswer(
      call,
      key,
      await readKey(access, { key, revision: call.parameters.revision ?? 0, wish }),
    )
  }

  const remove = async (call: Call<typeof deleteNamedKey>): Promise<KeyDeletedAnswer> => {
    const { key, condition, idempotency } = write(call)
    const { result, ...proof } = await executeIf(access, { kind: 'delete', key, ...idempotency }, condition)
    if (result.status !== 'ok' || result.kind !== 'delete') throw problemOf(result, proof)
    return { key: keyName(key), revision: result.revision, deleted: result.deleted, ...proof }
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

interface Read extends Omit<Executed, 'result'> {
  readonly found: Omit<RangeItem, 'key'> & { readonly revision: number }
}

/** Reads one key; throws a problem if that fails. */
async function readKey(
  access: StoreAccess,
  asked: { readonly key: Uint8Array; readonly revision: number; readonly wish: ReceiptWish | null },
): Promise<Read> {
  const { key, revision, wish } = asked
  if (revision === 0 && wish !== null) {
    // What a receipt proves is the answer to a get, which names no lease.
    const { result, ...proof } = await executeWith(access, { kind: 'get', key }, wish)
    if (result.status !== 'ok' || result.kind !== 'get') throw problemOf(result, proof)
    return { found: { ...result, lease: leaseIdBytes(NO_LEASE) }, ...proof }
  }
  const range: RangeOperation = { kind: 'range', ...oneKey(key), revision }
  const { read, ...proof } = await readRange(access, range, wish)
  const [item] = read.items
  if (item === undefined) throw problemOf({ status: 'not-found', revision: read.revision }, proof)
  return { found: { ...item, revision: read.revision }, ...proof }
}

async function list({ parameters, headers, reply }: ReadCall, access: StoreAccess): Promise<PageAnswer> {
  refuseConditions(headers)
  const wish = wishIn(parameters, access)
  const query = queryOf(parameters)
  const page = parameters.cursor === undefined ? query : behindCursor(query, parameters.cursor)
  const count: RangeOperation = { ...query, countOnly: true }
  const { read: shown, ...proof } = await readRange(access, page ?? count, wish)
  // A page after a cursor counts only the remaining keys, so the whole range is counted at the same revision.
  const whole =
    page === query || page === null
      ? shown
      : (await readRange(access, { ...count, revision: shown.revision }, null)).read
  reply.header('strategos-revision', `${shown.revision}`)
  return {
    items: shown.items.map((item) => itemJson(item, query.keysOnly)),
    count: whole.count,
    revision: shown.revision,
    more: shown.more !== null,
    cursor: cursorBehind(query, shown),
    ...proof,
  }
}

/** Reads a range; throws a problem if that fails. */
async function readRange(access: StoreAccess, operation: RangeOperation, wish: ReceiptWish | null) {
  const { result, ...proof } = await executeWith(access, operation, wish)
  if (result.status !== 'ok' || result.kind !== 'range') throw problemOf(result, proof)
  return { read: result, ...proof }
}

async function removeRange(
  { parameters, headers, reply }: Call<typeof deleteNamedKey>,
  access: StoreAccess,
): Promise<RangeDeletedAnswer> {
  const wish = wishIn(parameters, access)
  refuseConditions(headers)
  if (writeTest(headers, parameters.ifRevision ?? null) !== null) {
    throw new Problem('bad-request', 'ifRevision has no meaning here: only keys have revisions')
  }
  const { prefix, start, end, previous = false } = parameters
  if (prefix === undefined && start === undefined && end === undefined) throw noKey()
  const deletion = { kind: 'delete-range', ...rangeOf(parameters), previous } as const
  const { result, ...proof } = await executeWith(access, { ...deletion, ...idempotencyOf(headers) }, wish)
  if (result.status !== 'ok' || result.kind !== 'delete-range') throw problemOf(result)
  const { revision, deleted, items } = result
  reply.header('strategos-revision', `${revision}`)
  const shown = given({ items: previous ? items.map((item) => itemJson(item)) : null })
  return { revision, deleted, ...shown, ...proof }
}

/** The receipt that a request asks for; null for none. Throws the problem of a cluster that has none. */
export function wishIn(
  {
    receipt = false,
    challenge,
  }: { readonly receipt?: boolean | undefined; readonly challenge?: Uint8Array | undefined },
  { client }: StoreAccess,
): ReceiptWish | null {
  if (!receipt && challenge !== undefined) {
    throw new Problem('bad-request', 'a challenge has no meaning without receipt')
  }
  if (!receipt) return null
  const whyNot = whyNoEvidence(client.connection.cluster)
  if (whyNot !== null) throw new Problem('no-evidence', whyNot)
  return { challenge: challenge ?? null }
}

/** The key of a request, from `key` (its bytes, in the path or the query) or `name` (its name in answers). */
export function keyOf({ key, name }: GivenKey): Uint8Array {
  if (key !== undefined && name !== undefined) {
    throw new Problem('bad-request', 'key and name both select the key: give only one of them')
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
  { found, ...proof }: Read,
): KeyReadAnswer | FastifyReply {
  const { revision, version, createRevision, modRevision, value } = found
  const outcome = readOutcome(headers, modRevision)
  if (outcome === 'revision-moved') throw revisionMoved({ revision, modRevision }, proof)
  reply.header('etag', etag(modRevision))
  reply.header('strategos-revision', `${revision}`)
  reply.header('strategos-create-revision', `${createRevision}`)
  reply.header('strategos-version', `${version}`)
  reply.header('vary', 'accept')
  if (outcome === 'not-modified') return reply.code(304).send()
  if (proof.receipt !== undefined || wantsJson(headers.accept ?? '')) {
    return { ...itemJson({ ...found, key }), revision, ...proof }
  }
  return reply
    .type('application/octet-stream')
    .send(Buffer.from(value.buffer, value.byteOffset, value.length))
}

/** True if an Accept header names JSON, and prefers no other type that could be sent. */
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
