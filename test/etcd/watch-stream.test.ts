/** Watches over gRPC and in JSON: created first, whole revisions, cancelled when asked, and no end with the requests. */
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { decodeMessage, encodeMessage } from '../../clients/etcd/schema/message-codec.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { PATIENT } from '../kit/patience.ts'
import { GrpcClient, methodAt } from './grpc-client.ts'
import { startStoreGateway } from './store-gateway.ts'

let gateway: Awaited<ReturnType<typeof startStoreGateway>>
let client: GrpcClient
const calls: ClientDuplexStream<object, object>[] = []

beforeAll(async () => {
  gateway = await startStoreGateway()
  client = new GrpcClient(gateway.url)
})
afterEach(() => {
  for (const call of calls.splice(0)) call.cancel()
})
afterAll(async () => {
  client.close()
  await gateway.server.close()
})

interface Said {
  readonly watchId: bigint
  readonly created: boolean
  readonly canceled: boolean
  readonly compactRevision: bigint
  readonly cancelReason: string
  readonly header: { readonly revision: bigint }
  readonly events: readonly { readonly type: number; readonly kv: { readonly key: Uint8Array } }[]
}

function open(...requests: readonly object[]): { call: ClientDuplexStream<object, object>; said: Said[] } {
  const path = '/etcdserverpb.Watch/Watch'
  const { request, response } = methodAt(path)
  const call = client.client.makeBidiStreamRequest(
    path,
    (message: object) => Buffer.from(encodeMessage(request, message)),
    (bytes) => decodeMessage(response, bytes),
  )
  const said: Said[] = []
  call.on('data', (message: Said) => said.push(message))
  call.on('error', () => {})
  calls.push(call)
  for (const each of requests) call.write(each)
  return { call, said }
}

const until = (holds: () => void) => vi.waitFor(holds, PATIENT)
const put = (key: string, value = '1') =>
  client.call('/etcdserverpb.KV/Put', { key: utf8(key), value: utf8(value) })
const create = (key: string, options: object = {}) => ({ createRequest: { key: utf8(key), ...options } })
const PREFIX_A = { rangeEnd: utf8('b') }

test('a watch is created first, then come its events, also after the requests have ended', async () => {
  const { call, said } = open(create('a', PREFIX_A))
  call.end()
  await until(() => expect(said).toMatchObject([{ created: true, watchId: 0n }]))
  await put('a1')
  await put('other')
  await client.call('/etcdserverpb.KV/DeleteRange', { key: utf8('a1') })
  await until(() => expect(said).toHaveLength(3))
  const [created, first, second] = said
  expect([first?.events[0]?.type, second?.events[0]?.type]).toEqual([0, 1])
  expect(first?.header.revision).toBe((created?.header.revision ?? 0n) + 1n)
  expect(second?.header.revision).toBe((created?.header.revision ?? 0n) + 3n)
})

test('a transaction comes whole, with the pairs before where they are asked for', async () => {
  await put('t1', 'old')
  const { said } = open(create('t', { rangeEnd: utf8('u'), prevKv: true, filters: [] }))
  await until(() => expect(said).toHaveLength(1))
  const puts = ['t1', 't2', 't3'].map((key) => ({ requestPut: { key: utf8(key), value: utf8('new') } }))
  await client.call('/etcdserverpb.KV/Txn', { success: puts })
  await until(() => expect(said).toHaveLength(2))
  expect(said[1]?.events).toMatchObject([{ prevKv: { version: 1n } }, { prevKv: null }, { prevKv: null }])
})

test('filters, an id of the caller, a second watch with it, an empty range, and cancelling', async () => {
  const { call, said } = open(
    create('f', { watchId: 7, filters: ['NOPUT'] }),
    create('f', { watchId: 7 }),
    create('z', { rangeEnd: utf8('a') }),
    { cancelRequest: { watchId: 99 } },
  )
  await until(() => expect(said).toHaveLength(3))
  expect(
    said.map(({ watchId, created, canceled, cancelReason }) => [watchId, created, canceled, cancelReason]),
  ).toEqual([
    [7n, true, false, ''],
    [-1n, true, true, 'mvcc: duplicate watch ID provided on the WatchStream'],
    [-1n, true, true, 'mvcc: watcher range is empty'],
  ])
  await put('f')
  await client.call('/etcdserverpb.KV/DeleteRange', { key: utf8('f') })
  await until(() => expect(said).toHaveLength(4))
  expect(said[3]).toMatchObject({ watchId: 7n, events: [{ type: 1 }] })
  call.write({ cancelRequest: { watchId: 7 } })
  await until(() => expect(said[4]).toMatchObject({ watchId: 7n, canceled: true, cancelReason: '' }))
})

test('progress is said when all watches are at the present', async () => {
  const { call, said } = open(create('p'), create('q', { startRevision: 1 }))
  await put('p')
  await put('q')
  await until(() => expect(said.length).toBeGreaterThanOrEqual(4))
  call.write({ progressRequest: {} })
  await until(() => expect(said.at(-1)).toMatchObject({ watchId: -1n, events: [] }))
})

test('a watch of what is compacted is created, and then ended with the first revision that can be watched', async () => {
  const { answer } = (await put('c')) as { answer: { header: { revision: bigint } } }
  const { revision } = answer.header
  await client.call('/etcdserverpb.KV/Compact', { revision })
  const { said } = open(create('c', { startRevision: 2 }))
  await until(() => expect(said).toHaveLength(2))
  expect(said[0]).toMatchObject({ created: true, watchId: 0n })
  expect(said[1]).toMatchObject({
    canceled: true,
    watchId: 0n,
    compactRevision: revision,
    header: { revision: 0n },
  })
})

test('in JSON, each answer is a line', async () => {
  const leaving = new AbortController()
  const body = JSON.stringify({ create_request: { key: Buffer.from('j').toString('base64') } })
  const response = await fetch(`${gateway.url}/v3/watch`, { method: 'POST', body, signal: leaving.signal })
  let text = ''
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString()
  })().catch(() => {})
  await until(() => expect(text).toContain('"created":true'))
  await put('j', 'x')
  await until(() => expect(text.trimEnd().split('\n')).toHaveLength(2))
  expect(JSON.parse(text.trimEnd().split('\n')[1] ?? '')).toMatchObject({
    result: { events: [{ kv: { key: 'ag==', value: 'eA==', version: '1' } }] },
  })
  leaving.abort()
  await reading
})
