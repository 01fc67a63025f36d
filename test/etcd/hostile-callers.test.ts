/**
 * Callers of gRPC whom no library would make. Whatever they send, what is held and what is done for them stays within the
 * bounds, and others are served beside them.
 */
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { encodeMessage } from '../../clients/etcd/schema/message-codec.ts'
import { GRPC_BOUNDS } from '../../clients/gateway/admission.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { PATIENT } from '../kit/patience.ts'
import { GrpcClient, methodAt } from './grpc-client.ts'
import {
  callFields,
  callFrame,
  dataFrame,
  FLAGS,
  FRAME_TYPES,
  fieldBlock,
  frame,
  grpcMessage,
  literal,
  PREFACE,
  resetFrame,
  SETTINGS,
} from './http2-frames.ts'
import { startStoreGateway, testStore } from './store-gateway.ts'

const PUT = '/etcdserverpb.KV/Put'
const RANGE = '/etcdserverpb.KV/Range'
/** A key whose operations wait until they are let go. */
const SLOW = utf8('slow')

let gateway: Awaited<ReturnType<typeof startStoreGateway>>
let client: GrpcClient
const sockets: Socket[] = []
let running = 0
let runningMax = 0
const letGo: (() => void)[] = []

beforeAll(async () => {
  const store = testStore()
  gateway = await startStoreGateway({
    ...store,
    view: store.view,
    execute: async (operation) => {
      if (operation.kind === 'put' && Buffer.compare(operation.key, SLOW) === 0) {
        runningMax = Math.max(runningMax, ++running)
        await new Promise<void>((resolve) => letGo.push(resolve))
        running--
      }
      return store.execute(operation)
    },
  })
  client = new GrpcClient(gateway.url)
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const go of letGo.splice(0)) go()
  // Others are served, whatever was tried.
  expect(await client.call(RANGE, { key: utf8('a') })).toHaveProperty('answer')
})
afterAll(async () => {
  client.close()
  await gateway.server.close()
})

const putMessage = (key: Uint8Array, value = ''): Buffer =>
  Buffer.from(encodeMessage(methodAt(PUT).request, { key, value: utf8(value) }))

interface Stranger {
  readonly socket: Socket
  /** Everything that came, as text of one byte a character. */
  readonly said: () => string
}

async function stranger(...said: readonly Uint8Array[]): Promise<Stranger> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  sockets.push(socket)
  let text = ''
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await once(socket, 'connect')
  socket.write(Buffer.concat([PREFACE, SETTINGS, ...said]))
  return { socket, said: () => text }
}

interface Asked {
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly body: readonly Uint8Array[]
  /** True for a caller that goes on with its request after the answer. */
  readonly isEndless?: boolean
}

/** Asks by a library, and returns what gRPC says at the end, and the code with which the stream was ended. */
async function ask({ path = PUT, fields = {}, body, isEndless = false }: Asked) {
  const session = connectHttp2(gateway.url)
  session.on('error', () => {})
  try {
    const stream = session.request(callFields(path, fields), { endStream: false })
    stream.on('error', () => {})
    let said: Readonly<Record<string, unknown>> = {}
    const hear = (headers: object): void => {
      said = { ...said, ...headers }
    }
    stream.on('response', hear).on('trailers', hear)
    for (const part of body) stream.write(part)
    if (!isEndless) stream.end()
    stream.resume()
    await once(stream, 'close')
    return { status: said['grpc-status'], text: decodeURI(`${said['grpc-message']}`), ended: stream.rstCode }
  } finally {
    session.destroy()
  }
}

const until = (holds: () => void) => vi.waitFor(holds, PATIENT)
const idOf = (call: number): number => 2 * call + 1
/** The first bytes of the frames with which the server ends a stream, and a connection. */
const RESET = frame(FRAME_TYPES.rstStream, 0, 1, Buffer.alloc(4)).subarray(0, 9).toString('latin1')
const GO_AWAY = frame(FRAME_TYPES.goAway, 0, 0, Buffer.alloc(8)).subarray(0, 9).toString('latin1')

describe('a caller who', () => {
  test('opens calls and resets them has no more of them running than it may have', async () => {
    const calls = Array.from({ length: 2 * GRPC_BOUNDS.calls }, (_, call) => idOf(call))
    const { socket } = await stranger()
    for (const id of calls) {
      const message = dataFrame(id, grpcMessage(putMessage(SLOW)), FLAGS.endStream)
      socket.write(Buffer.concat([callFrame(id, PUT), message]))
      if (id % 32 === 31) await new Promise((resolve) => setImmediate(resolve))
      socket.write(resetFrame(id))
    }
    await until(() => expect(running).toBeGreaterThan(0))
    expect(await client.call(PUT, { key: utf8('beside') })).toHaveProperty('answer')
    expect(runningMax).toBeLessThanOrEqual(GRPC_BOUNDS.calls)
  })

  test('resets thousands of calls at once is sent away', async () => {
    const flood = Array.from({ length: 5_000 }, (_, call) =>
      Buffer.concat([callFrame(idOf(call), PUT), resetFrame(idOf(call))]),
    )
    const { said } = await stranger(...flood)
    await until(() => expect(said()).toContain(GO_AWAY))
  })

  test('sends a message in frames of one byte has no more of them held than count for its bytes', async () => {
    const begin = [callFrame(1, PUT), dataFrame(1, grpcMessage(Buffer.alloc(0), { announced: 1 << 20 }))]
    const frames = Array.from({ length: 40_000 }, () => dataFrame(1, Buffer.of(1)))
    const { said } = await stranger(...begin, ...frames)
    await until(() => expect(said()).toContain(RESET))
  })

  test('begins messages and ends none keeps no room from others', async () => {
    const calls = Array.from({ length: 64 }, (_, call) => [
      callFrame(idOf(call), PUT),
      dataFrame(idOf(call), grpcMessage(Buffer.alloc(900), { announced: 1 << 20 })),
    ])
    for (let made = 0; made < 4; made++) await stranger(...calls.flat())
    const large = { key: utf8('beside'), value: utf8('x'.repeat(900_000)) }
    expect(await client.call(PUT, large)).toHaveProperty('answer')
  })

  test('goes on sending to what is not served is not listened to', async () => {
    const asked = { path: '/no.Service/Method', body: [Buffer.alloc(8_000)], isEndless: true }
    expect(await ask(asked)).toMatchObject({ status: '12', ended: constants.NGHTTP2_NO_ERROR })
    const other = { fields: { 'content-type': 'text/plain' }, body: [Buffer.alloc(8_000)], isEndless: true }
    expect(await ask(other)).toMatchObject({ ended: constants.NGHTTP2_NO_ERROR })
  })

  test.each([
    [
      'a field block of many fields',
      Buffer.concat(Array.from({ length: 900 }, (_, at) => literal(`x${at}`, 'y'))),
    ],
    ['a field block that never ends', Buffer.alloc(0)],
  ])('sends %s holds up nobody', async (_, fields) => {
    const block = Buffer.concat([fieldBlock(callFields(PUT)), fields])
    const begin = frame(FRAME_TYPES.headers, 0, 1, block.subarray(0, 16_000))
    const rest = Array.from({ length: 2_000 }, () =>
      frame(
        FRAME_TYPES.continuation,
        0,
        1,
        Buffer.concat([literal('more', 'x'.repeat(100)), literal('of', 'it')]),
      ),
    )
    const { socket } = await stranger(begin, ...rest)
    await until(() => expect(socket.destroyed).toBe(true))
  })

  test.each([
    ['a message that is compressed in no known way', { flag: 1 }, { 'grpc-encoding': 'zstd' }, 12],
    ['a message that is not what its encoding says', { flag: 1 }, { 'grpc-encoding': 'gzip' }, 13],
    ['a message of four gigabytes, as it says', { announced: 0xffff_ffff }, {}, 8],
    ['a message with a flag that there is not, as if it had none', { flag: 7 }, {}, 0],
  ])('sends %s is answered', async (_, framing, fields, status) => {
    const asked = await ask({ fields, body: [grpcMessage(putMessage(utf8('odd')), framing)] })
    expect(asked.status).toBe(`${status}`)
  })

  test('sends a small message that is large when it is unpacked is refused', async () => {
    const bomb = grpcMessage(gzipSync(Buffer.alloc(16 << 20)), { flag: 1 })
    const asked = await ask({ fields: { 'grpc-encoding': 'gzip' }, body: [bomb] })
    expect(asked).toMatchObject({ status: '8', text: expect.stringContaining('decompresses') })
  })

  test('has a long text repeated in an error gets one that can be sent', async () => {
    const path = '/grpc.health.v1.Health/Check'
    expect(await client.call(path, { service: 'x'.repeat(1 << 20) })).toMatchObject({ code: 5 })
    const halfOfCharacter = Buffer.of(0x0a, 3, 0xed, 0xa0, 0x80)
    expect((await ask({ path, body: [grpcMessage(halfOfCharacter)] })).status).toBe('13')
  })

  test('is a page in a browser is refused', async () => {
    const body = [grpcMessage(putMessage(utf8('page')))]
    expect(await ask({ fields: { origin: 'http://example.org' }, body })).toMatchObject({ status: '7' })
    const { answer } = (await client.call(RANGE, { key: utf8('page') })) as { answer: { count: bigint } }
    expect(answer.count).toBe(0n)
  })
})
