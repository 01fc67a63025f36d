/**
 * The commands put, get and del: one key, or a range to delete, through a gateway. The key is a query parameter,
 * because proxies resolve `..` in a path.
 */
import { OperatorError } from '../../src/base/operator-error.ts'
import { encodeKey } from '../api/key-path.ts'
import type {
  deleteNamedKey,
  KeyDeletedAnswer,
  KeySetAnswer,
  listKeys,
  putNamedKey,
  RangeDeletedAnswer,
} from '../api/keys.ts'
import { answerReader } from './answer-reader.ts'
import { callGateway, type GatewayFlags, withGateway } from './gateway-call.ts'
import { keyOf, wholeText } from './key-argument.ts'
import { type RangeFlags, type RangeQuery, rangeOf } from './range-argument.ts'
import { readInput } from './standard-input.ts'

export interface KeyFlags extends GatewayFlags {
  readonly name?: true
  readonly ifRevision?: number
}

export interface PutFlags extends KeyFlags {
  readonly lease?: string
}

export interface ReadFlags extends KeyFlags {
  readonly revision?: number
}

export interface DeletionFlags extends KeyFlags, RangeFlags {
  readonly all?: true
}

const readSet = answerReader<KeySetAnswer>()({ revision: 'number', version: 'number' })
const readDeleted = answerReader<KeyDeletedAnswer>()({ deleted: 'boolean' })
const readRangeDeleted = answerReader<RangeDeletedAnswer>()({ revision: 'number', deleted: 'number' })

export const put = (key: string, value: string, flags: PutFlags): Promise<void> =>
  withGateway(async () => {
    const body =
      value === '-'
        ? await readInput()
        : wholeText(value, 'The value', 'give it on standard input, and - as the value')
    const { ifRevision, lease } = flags
    const query = { key: encodeKey(keyOf(key, flags)), ifRevision: ifRevision?.toString(), lease }
    const answer = await callGateway<typeof putNamedKey>(flags, {
      method: 'PUT',
      path: '/v1/kv',
      query,
      body,
    })
    const { revision, version } = readSet(answer)
    console.log(flags.json ? answer.toString('utf8') : `revision ${revision}, version ${version}`)
  })

export const get = (key: string, flags: ReadFlags): Promise<void> =>
  withGateway(async () => {
    const accept = flags.json ? 'application/json' : '*/*'
    const query = { key: encodeKey(keyOf(key, flags)), revision: flags.revision?.toString() }
    const answer = await callGateway<typeof listKeys>(flags, { method: 'GET', path: '/v1/kv', query, accept })
    process.stdout.write(answer)
    if (flags.json || process.stdout.isTTY) process.stdout.write('\n')
  })

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
  const query = { key: encodeKey(keyOf(key, flags)), ifRevision: flags.ifRevision?.toString() }
  const answer = await callGateway<typeof deleteNamedKey>(flags, {
    method: 'DELETE',
    path: '/v1/kv',
    query,
  })
  const { deleted } = readDeleted(answer)
  if (flags.json) console.log(answer.toString('utf8'))
  else console.log(deleted ? 'deleted' : 'no such key existed')
}

async function deleteRange(range: RangeQuery, flags: DeletionFlags): Promise<void> {
  const answer = await callGateway<typeof deleteNamedKey>(flags, {
    method: 'DELETE',
    path: '/v1/kv',
    query: { ...range },
  })
  const { deleted, revision } = readRangeDeleted(answer)
  if (flags.json) console.log(answer.toString('utf8'))
  else if (deleted === 0) console.log('no such key existed')
  else console.log(`deleted ${deleted} ${deleted === 1 ? 'key' : 'keys'} at revision ${revision}`)
}
