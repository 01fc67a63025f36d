/** The commands put, get and del: one key, through a gateway. It stands in the query, since proxies resolve `..` in a path. */
import { encodeKey } from '../api/key-path.ts'
import type { deleteNamedKey, KeyDeletedAnswer, KeySetAnswer, listKeys, putNamedKey } from '../api/keys.ts'
import { answerReader } from './answer-reader.ts'
import { callGateway, type GatewayFlags, withGateway } from './gateway-call.ts'
import { keyOf, wholeText } from './key-argument.ts'

export interface KeyFlags extends GatewayFlags {
  readonly name?: true
  readonly ifRevision?: number
}

const readSet = answerReader<KeySetAnswer>()({ revision: 'number', version: 'number' })
const readDeleted = answerReader<KeyDeletedAnswer>()({ deleted: 'boolean' })

export const put = (key: string, value: string, flags: KeyFlags): Promise<void> =>
  withGateway(async () => {
    const body =
      value === '-'
        ? await readInput()
        : wholeText(value, 'The value', 'give it on standard input, with - in its place')
    const query = { key: encodeKey(keyOf(key, flags)), ifRevision: flags.ifRevision?.toString() }
    const answer = await callGateway<typeof putNamedKey>(flags, {
      method: 'PUT',
      path: '/v1/kv',
      query,
      body,
    })
    const { revision, version } = readSet(answer)
    console.log(flags.json ? answer.toString('utf8') : `revision ${revision}, version ${version}`)
  })

export const get = (key: string, flags: KeyFlags): Promise<void> =>
  withGateway(async () => {
    const accept = flags.json ? 'application/json' : '*/*'
    const query = { key: encodeKey(keyOf(key, flags)) }
    const answer = await callGateway<typeof listKeys>(flags, { method: 'GET', path: '/v1/kv', query, accept })
    process.stdout.write(answer)
    if (flags.json || process.stdout.isTTY) process.stdout.write('\n')
  })

export const del = (key: string, flags: KeyFlags): Promise<void> =>
  withGateway(async () => {
    const query = { key: encodeKey(keyOf(key, flags)), ifRevision: flags.ifRevision?.toString() }
    const answer = await callGateway<typeof deleteNamedKey>(flags, {
      method: 'DELETE',
      path: '/v1/kv',
      query,
    })
    const { deleted } = readDeleted(answer)
    if (flags.json) console.log(answer.toString('utf8'))
    else console.log(deleted ? 'deleted' : 'there was no such key')
  })

async function readInput(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
