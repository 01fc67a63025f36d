/**
 * The commands put, get and del: one key, or a range to delete, through a gateway. The key is a query parameter,
 * because proxies resolve `..` in a path.
 */
import { utf8 } from '../../src/base/bytes.ts'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { leaseIdOf, NO_LEASE } from '../../src/store/lease-id.ts'
import { encodeKey } from '../api/key-path.ts'
import type {
  deleteNamedKey,
  KeyDeletedAnswer,
  KeyReadAnswer,
  KeySetAnswer,
  listKeys,
  putNamedKey,
  RangeDeletedAnswer,
} from '../api/keys.ts'
import type { proveKey } from '../api/read-proof.ts'
import { answerReader } from '../library/answer-reader.ts'
import {
  callGateway,
  type GatewayFlags,
  Refused,
  type WriteFlags,
  withGateway,
  writeHeaders,
} from './gateway-call.ts'
import { keyOf, wholeText } from './key-argument.ts'
import type { WantedReceipt } from './proof-file.ts'
import { type RangeFlags, type RangeQuery, rangeOf } from './range-argument.ts'
import { readInput } from './standard-input.ts'

/** The end of a range of one key; named here, so that a command does not load the store for it. */
const NO_END = new Uint8Array(0)

export interface KeyFlags extends GatewayFlags {
  readonly name?: true
  readonly ifRevision?: number
  readonly receipt?: string
}

export interface PutFlags extends KeyFlags, WriteFlags {
  readonly lease?: string
}

export interface ReadFlags extends KeyFlags {
  readonly revision?: number
  readonly proof?: string
}

export interface DeletionFlags extends KeyFlags, RangeFlags, WriteFlags {
  readonly all?: true
}

const readSet = answerReader<KeySetAnswer>()({ revision: 'number', version: 'number' })
const readValue = answerReader<KeyReadAnswer>()({
  text: { ifThere: 'string' },
  value: { ifThere: 'string' },
})
const readDeleted = answerReader<KeyDeletedAnswer>()({ deleted: 'boolean' })
const readRangeDeleted = answerReader<RangeDeletedAnswer>()({ revision: 'number', deleted: 'number' })

export const put = (key: string, value: string, flags: PutFlags): Promise<void> =>
  withGateway(async () => {
    const body =
      value === '-'
        ? await readInput()
        : wholeText(value, 'The value', 'give it on standard input, and - as the value')
    const { ifRevision, lease } = flags
    const wanted = await wantedOf(flags)
    const bytes = keyOf(key, flags)
    const query = { key: encodeKey(bytes), ifRevision: ifRevision?.toString(), lease, ...wanted?.query }
    const answer = await callGateway<typeof putNamedKey>(flags, {
      method: 'PUT',
      path: '/v1/kv',
      query,
      body,
      ...writeHeaders(flags),
    })
    const { revision, version } = readSet(answer)
    wanted?.keep(answer, {
      kind: 'put',
      key: bytes,
      value: typeof body === 'string' ? utf8(body) : body,
      ...given({ ifRevision, lease: leaseIn(lease) }),
    })
    console.log(flags.json ? answer.toString('utf8') : `revision ${revision}, version ${version}`)
  })

export const get = (key: string, flags: ReadFlags): Promise<void> =>
  withGateway(async () => {
    if (flags.proof !== undefined) return getProved(key, flags, flags.proof)
    const wanted = await wantedOf(flags)
    const accept = flags.json ? 'application/json' : '*/*'
    const bytes = keyOf(key, flags)
    const { revision } = flags
    const query = { key: encodeKey(bytes), revision: revision?.toString(), ...wanted?.query }
    const answer = await callGateway<typeof listKeys>(flags, { method: 'GET', path: '/v1/kv', query, accept })
    wanted?.keep(
      answer,
      revision === undefined
        ? { kind: 'get', key: bytes }
        : { kind: 'range', key: bytes, end: NO_END, revision },
    )
    process.stdout.write(wanted === null || flags.json ? answer : valueIn(answer))
    if (flags.json || process.stdout.isTTY) process.stdout.write('\n')
  })

/** Prints the value of a key in a certified state that covers all that was answered before; keeps the proof. */
async function getProved(key: string, flags: ReadFlags, file: string): Promise<void> {
  const { keepProof } = await import('./proof-file.ts')
  const bytes = keyOf(key, flags)
  const answer = await callGateway<typeof proveKey>(flags, {
    method: 'GET',
    path: '/v1/proof',
    query: { key: encodeKey(bytes), state: 'next' },
  })
  const value = keepProof(answer, bytes, { file, flags })
  if (value === null) throw new Refused('not-found: the key does not exist')
  process.stdout.write(flags.json ? answer : Buffer.from(value))
  if (flags.json || process.stdout.isTTY) process.stdout.write('\n')
}

/** The value in an answer in JSON. */
function valueIn(answer: Uint8Array): Uint8Array | string {
  const { text, value } = readValue(answer)
  return text ?? Buffer.from(value ?? '', 'base64')
}

/** The id of a lease, whose digits were checked with the options; null for none. */
function leaseIn(digits: string | undefined): bigint | null {
  const lease = digits === undefined ? NO_LEASE : leaseIdOf(digits)
  return lease === NO_LEASE ? null : lease
}

/** The receipt that a command asks for. What it takes is loaded only then. */
async function wantedOf(flags: KeyFlags): Promise<WantedReceipt | null> {
  if (flags.receipt === undefined) return null
  return (await import('./proof-file.ts')).wantedReceipt(flags.receipt, flags)
}

export const del = (key: string | undefined, flags: DeletionFlags): Promise<void> =>
  withGateway(() => {
    const range = flags.all ? { prefix: '' } : rangeOf(flags)
    if (range === null) return deleteKey(key, flags)
    if (key === undefined) return deleteRange(range, flags)
    throw new OperatorError(
      `Both the key "${key}" and a range are named: give the key, or --prefix, --from, --to or --all.`,
    )
  })

async function deleteKey(key: string | undefined, flags: DeletionFlags): Promise<void> {
  if (key === undefined) {
    throw new OperatorError('Name the key to delete, or a range with --prefix, --from and --to, or --all.')
  }
  const wanted = await wantedOf(flags)
  const bytes = keyOf(key, flags)
  const { ifRevision } = flags
  const query = { key: encodeKey(bytes), ifRevision: ifRevision?.toString(), ...wanted?.query }
  const answer = await callGateway<typeof deleteNamedKey>(flags, {
    method: 'DELETE',
    path: '/v1/kv',
    query,
    ...writeHeaders(flags),
  })
  const { deleted } = readDeleted(answer)
  wanted?.keep(answer, { kind: 'delete', key: bytes, ...given({ ifRevision }) })
  if (flags.json) console.log(answer.toString('utf8'))
  else console.log(deleted ? 'deleted' : 'no such key existed')
}

async function deleteRange(range: RangeQuery, flags: DeletionFlags): Promise<void> {
  const answer = await callGateway<typeof deleteNamedKey>(flags, {
    method: 'DELETE',
    path: '/v1/kv',
    query: { ...range },
    ...writeHeaders(flags),
  })
  const { deleted, revision } = readRangeDeleted(answer)
  if (flags.json) console.log(answer.toString('utf8'))
  else if (deleted === 0) console.log('no such key existed')
  else console.log(`deleted ${deleted} ${deleted === 1 ? 'key' : 'keys'} at revision ${revision}`)
}
