/** Watches whose readers stop reading: what is held for them is bounded, counted in bytes, and others are served. */
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeMessage, encodeMessage } from '../../clients/etcd/schema/message-codec.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { PATIENT } from '../kit/patience.ts'
import { Driver } from '../store/harness.ts'
import { GrpcClient, methodAt } from './grpc-client.ts'
import { startStoreGateway, testStore } from './store-gateway.ts'

const MIB = 1024 * 1024
const HELD_BYTES_MAX = 4 * MIB
/** Reads of the past that may be under way when the bound is reached, each of at most so many bytes. */
const UNDER_WAY_BYTES = 8 * 2 * MIB
const PATH = '/etcdserverpb.Watch/Watch'
const { request, response } = methodAt(PATH)

let store: ReturnType<typeof testStore>
let gateway: Awaited<ReturnType<typeof startStoreGateway>>
let clients: GrpcClient[]

beforeEach(async () => {
  store = testStore(new Driver(), HELD_BYTES_MAX)
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

test('watches whose readers stop reading hold a bounded number of bytes, and are ended when others need the room', async () => {
  const keys = Array.from({ length: 40 }, (_, index) => `k/${index}`)
  const stuck = open()
  for (const key of keys) stuck.call.write({ createRequest: { key: utf8(key) } })
  await until(() => expect(stuck.said).toHaveLength(keys.length))
  // The library takes a few messages more.
  stuck.call.pause()
  let heldMax = 0
  const sampling = setInterval(() => {
    heldMax = Math.max(heldMax, store.watches.heldBytes)
  }, 1)
  for (const key of keys) await put(key, 'x'.repeat(500_000))
  await until(() => expect(heldMax).toBeGreaterThan(HELD_BYTES_MAX))
  // Another one wants the past, and gets all of it.
  const other = open()
  other.call.write({ createRequest: { key: utf8('k/'), rangeEnd: utf8('k0'), startRevision: 1 } })
  const eventsOf = (said: readonly Said[]): number => said.reduce((sum, { events }) => sum + events.length, 0)
  await until(() => expect(eventsOf(other.said)).toBe(keys.length))
  await put('k/new', 'x')
  await until(() => expect(eventsOf(other.said)).toBe(keys.length + 1))
  clearInterval(sampling)
  expect(heldMax).toBeLessThanOrEqual(HELD_BYTES_MAX + UNDER_WAY_BYTES)
  stuck.call.resume()
  await until(() => expect(stuck.ended()).not.toBe(null))
})
