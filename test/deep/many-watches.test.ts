/** Many watches on one stream: each gets its own, and there are no more than there may be. */
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeMessage, encodeMessage } from '../../clients/etcd/schema/message-codec.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { GrpcClient, methodAt } from '../etcd/grpc-client.ts'
import { startStoreGateway, testStore } from '../etcd/store-gateway.ts'
import { PATIENT } from '../kit/patience.ts'

const PATH = '/etcdserverpb.Watch/Watch'
const { request, response } = methodAt(PATH)

let store: ReturnType<typeof testStore>
let gateway: Awaited<ReturnType<typeof startStoreGateway>>
let clients: GrpcClient[]

beforeEach(async () => {
  store = testStore()
  gateway = await startStoreGateway(store)
  clients = []
})
afterEach(async () => {
  for (const client of clients) client.close()
  await gateway.server.close()
})

const until = (holds: () => void) => vi.waitFor(holds, PATIENT)

interface Said {
  readonly watchId: bigint
  readonly created: boolean
  readonly events: readonly object[]
}

function open(): { call: ClientDuplexStream<object, object>; said: Said[]; ended: () => number | null } {
  const client = new GrpcClient(gateway.url)
  clients.push(client)
  const call = client.client.makeBidiStreamRequest(
    PATH,
    (message: object) => Buffer.from(encodeMessage(request, message)),
    (bytes) => decodeMessage(response, bytes),
  )
  const said: Said[] = []
  let code: number | null = null
  call.on('data', (message: Said) => said.push(message))
  call.on('error', (error: { code: number }) => {
    code = error.code
  })
  return { call, said, ended: () => code }
}

const put = (key: string, value: string) =>
  store.execute({ kind: 'put', key: utf8(key), value: utf8(value), lease: 0n })

test('a thousand watches on one stream each get their own', async () => {
  const { call, said } = open()
  const keys = Array.from({ length: 1_000 }, (_, index) => `k/${index}`)
  for (const key of keys) call.write({ createRequest: { key: utf8(key) } })
  await until(() => expect(said).toHaveLength(1_000))
  expect(new Set(said.map(({ watchId }) => watchId)).size).toBe(1_000)
  for (const key of keys) await put(key, 'x')
  await until(() => expect(said).toHaveLength(2_000))
  const served = said.slice(1_000)
  expect(new Set(served.map(({ watchId }) => watchId)).size).toBe(1_000)
  expect(served.every(({ events }) => events.length === 1)).toBe(true)
  for (let id = 0; id < 1_000; id++) call.write({ cancelRequest: { watchId: id } })
  await until(() => expect(said).toHaveLength(3_000))
  expect(store.watches.count).toBe(0)
})

test('a stream has no more watches than it may have, and those that it has go on', async () => {
  const { call, said } = open()
  for (let index = 0; index < 2_001; index++) call.write({ createRequest: { key: utf8('many') } })
  await until(() => expect(said).toHaveLength(2_001))
  expect(said[2_000]).toMatchObject({ watchId: -1n, created: true, canceled: true })
  await put('many', 'x')
  await until(() => expect(said).toHaveLength(4_001))
})
