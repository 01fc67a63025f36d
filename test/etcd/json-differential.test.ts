/**
 * The JSON gateway against that of a real etcd: the same bodies to both, equal statuses and equal texts. What is not
 * compared: the ids of cluster and member, and the term; `details`, which clients of later versions read; the texts of
 * errors about JSON itself, which are Go's.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { deeper } from '../kit/depth.ts'
import { answerOf, messageOf, refusalOf } from '../store/etcd-model/etcd-json.ts'
import { EtcdProcess } from '../store/etcd-model/etcd-process.ts'
import { Generator } from '../store/etcd-model/generator.ts'
import type { Request } from '../store/etcd-model/requests.ts'
import { isElsewhere } from './differential.ts'
import { startStoreGateway } from './store-gateway.ts'

const REQUESTS = deeper(200, 20_000)
const WHY_NOT = EtcdProcess.whyNot()
/** Requests that the gateway serves. */
const SERVED: ReadonlySet<Request['kind']> = new Set([
  'put',
  'range',
  'deleteRange',
  'txn',
  'compact',
  'leaseGrant',
  'leaseRevoke',
  'leaseKeepAlive',
  'leaseTimeToLive',
  'leaseLeases',
])

interface Text {
  readonly status: number
  readonly text: string
}

async function post(url: string, path: string, body: string): Promise<Text> {
  const response = await fetch(`${url}${path}`, { method: 'POST', body })
  return { status: response.status, text: await response.text() }
}

/** The answer without what is different by nature. */
const comparable = ({ status, text }: Text): Text => ({
  status,
  text: text
    .replaceAll(/"(cluster_id|member_id|raft_term)":"\d+"/g, '"$1":"?"')
    .replace(/,"details":\[\]/, '')
    .replace(/"etcdserver":"[\d.]+","etcdcluster":"[\d.]+"/, '"versions"')
    .replace(/("error":|,"message":)"(?!etcdserver: )(.+)",("message"|"code":3)/g, '$1"of JSON",$3'),
})

describe.skipIf(WHY_NOT !== null)(
  `the JSON gateway and that of a real etcd${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`,
  () => {
    let etcd: EtcdProcess
    let own: Awaited<ReturnType<typeof startStoreGateway>>
    beforeAll(async () => {
      etcd = await EtcdProcess.start()
      own = await startStoreGateway()
    })
    afterAll(async () => {
      await own?.server.close()
      await etcd?.stop()
    })
    const both = async (path: string, body: string): Promise<readonly [Text, Text]> => [
      await post(etcd.url, path, body),
      await post(own.url, path, body),
    ]

    test(`answer ${REQUESTS} drawn requests alike`, async () => {
      const generator = new Generator(createRandom(7))
      const seen = new Map<string, number>()
      for (let index = 0; index < REQUESTS; ) {
        const request = generator.next()
        if (request.kind === 'tick' || !SERVED.has(request.kind) || isElsewhere(request)) continue
        index++
        const { path, body } = messageOf(request)
        const text = JSON.stringify(body)
        const root = index % 5 === 0 ? '/v3beta/' : '/v3/'
        const [real, ours] = await both(root + path, text)
        const [left, right] = [ours, real].map((each) => withoutTime(request, comparable(each)))
        expect(left, `request ${index}: ${path} ${text}`).toEqual(right)
        const json = JSON.parse(real.text)
        const answer = real.status === 200 ? answerOf(request, json) : refusalOf(json)
        generator.hear(request, answer)
        const name = answer.kind === 'refusal' ? answer.message : answer.kind
        seen.set(name, (seen.get(name) ?? 0) + 1)
      }
      expect([...seen.keys()]).toEqual(expect.arrayContaining([...SERVED]))
    })

    test.each([
      ['an empty body', '/v3/kv/range', ''],
      ['another type', '/v3/kv/range', '[1]'],
      ['no JSON', '/v3/kv/range', '{bad'],
      ['half of it', '/v3/kv/range', '{"key":"YQ==",'],
      ['a string without end', '/v3/kv/range', '{"key":"YQ=='],
      ['bytes behind it', '/v3/kv/range', '{"key":"YQ=="} and more'],
      [
        'both spellings',
        '/v3/kv/range',
        '{"key":"AA==","rangeEnd":"AA==","range_end":"AA==","sortTarget":"MOD"}',
      ],
      ['equal names', '/v3/kv/range', '{"key":"YQ==","key":"AA==","key":"Yg=="}'],
      ['a name of all objects', '/v3/kv/range', '{"key":"YQ==","__proto__":{"limit":1},"constructor":7}'],
      ['null', '/v3/kv/range', '{"key":"YQ==","limit":null,"range_end":null}'],
      ['a number as text', '/v3/kv/range', '{"key":"YQ==","limit":"3"}'],
      ['a fraction', '/v3/kv/range', '{"key":"YQ==","limit":1.0}'],
      ['an exponent', '/v3/kv/range', '{"key":"YQ==","limit":1e0}'],
      ['a plus', '/v3/kv/range', '{"key":"YQ==","limit":"+1"}'],
      ['no digits', '/v3/kv/range', '{"key":"YQ==","limit":""}'],
      ['a boolean as a number', '/v3/kv/range', '{"key":"YQ==","limit":true}'],
      ['the largest number', '/v3/kv/range', '{"key":"YQ==","limit":9223372036854775807}'],
      ['one more', '/v3/kv/range', '{"key":"YQ==","limit":9223372036854775808}'],
      ['a large revision', '/v3/kv/range', '{"key":"YQ==","revision":"9223372036854775807"}'],
      ['a negative revision', '/v3/kv/compaction', '{"revision":-5}'],
      ['no revision', '/v3/kv/compaction', '{}'],
      ['base64 without padding', '/v3/kv/range', '{"key":"YQ"}'],
      ['base64 for URLs', '/v3/kv/range', '{"key":"_w=="}'],
      ['bytes as a number', '/v3/kv/range', '{"key":1}'],
      ['text as a boolean', '/v3/kv/range', '{"key":"YQ==","keys_only":"yes"}'],
      ['an unknown enumerator', '/v3/kv/range', '{"key":"YQ==","sort_order":"BAD"}'],
      ['an enumerator by number', '/v3/kv/range', '{"key":"AA==","range_end":"AA==","sort_order":2}'],
      ['a wrong put', '/v3/kv/put', '{"key":"YQ==","value":"YQ==","ignore_value":true}'],
      ['a put of nothing', '/v3/kv/put', '{"value":"YQ=="}'],
      ['a put with a lease that is not there', '/v3/kv/put', '{"key":"YQ==","lease":"77"}'],
      ['a put that keeps what is not there', '/v3/kv/put', '{"key":"bm9uZQ==","ignore_lease":true}'],
      ['a deletion of nothing', '/v3/kv/deleterange', '{"key":"eg==","range_end":"YQ=="}'],
      ['a path that is not there', '/v3/kv/nothing', '{}'],
    ])('take %s alike', async (_, path, body) => {
      const [real, ours] = await both(path, body)
      expect(comparable(ours)).toEqual(comparable(real))
    })

    test('refuse a token alike', async () => {
      const refused = async (url: string): Promise<Text> => {
        const headers = { authorization: 'no token' }
        const response = await fetch(`${url}/v3/kv/range`, {
          method: 'POST',
          body: '{"key":"YQ=="}',
          headers,
        })
        return comparable({ status: response.status, text: await response.text() })
      }
      expect(await refused(own.url)).toEqual(await refused(etcd.url))
    })

    test.each(['/version', '/health'])('answer %s alike', async (path) => {
      const asked = async (url: string): Promise<Text> => {
        const response = await fetch(`${url}${path}`)
        return comparable({ status: response.status, text: await response.text() })
      }
      expect(await asked(own.url)).toEqual(await asked(etcd.url))
    })
  },
)

/** A lease's keys and the leases themselves have no order of their own, and its life runs. */
function withoutTime(request: Request, { status, text }: Text): Text {
  if (request.kind !== 'leaseTimeToLive' && request.kind !== 'leaseLeases') return { status, text }
  const json = JSON.parse(text) as { TTL?: string; keys?: string[]; leases?: { ID: string }[] }
  json.keys?.sort()
  json.leases?.sort((a, b) => (a.ID < b.ID ? -1 : 1))
  if (json.TTL !== undefined && json.TTL !== '-1') json.TTL = 'running'
  return { status, text: JSON.stringify(json) }
}
