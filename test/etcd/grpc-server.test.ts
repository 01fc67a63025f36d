/** gRPC and HTTP/1.1 on one port: each connection is served by what it speaks, and none that speaks neither harms others. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Metadata } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decodeMessage } from '../../clients/etcd/schema/message-codec.ts'
import { loadType } from '../../clients/etcd/schema/schema.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { GrpcClient, methodAt } from './grpc-client.ts'
import { CLUSTER_ID, MEMBER_ID, startStoreGateway } from './store-gateway.ts'

let gateway: Awaited<ReturnType<typeof startStoreGateway>>
let client: GrpcClient
const sockets: Socket[] = []

beforeAll(async () => {
  gateway = await startStoreGateway()
  client = new GrpcClient(gateway.url)
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})
afterAll(async () => {
  client.close()
  await gateway.server.close()
})

const put = (key: string, value: string) => ({ key: utf8(key), value: utf8(value) })

test('a put over gRPC is read over gRPC and in JSON', async () => {
  const header = { clusterId: CLUSTER_ID, memberId: MEMBER_ID, raftTerm: 2n }
  expect(await client.call('/etcdserverpb.KV/Put', put('a', '1'))).toEqual({
    answer: { header: { ...header, revision: 2n }, prevKv: null },
  })
  const read = await client.call('/etcdserverpb.KV/Range', { key: utf8('a') })
  expect(read).toMatchObject({
    answer: { header: { revision: 2n }, count: 1n, more: false, kvs: [{ modRevision: 2n, version: 1n }] },
  })
  const response = await fetch(`${gateway.url}/v3/kv/range`, { method: 'POST', body: '{"key":"YQ=="}' })
  expect(await response.json()).toMatchObject({ kvs: [{ key: 'YQ==', value: 'MQ==', version: '1' }] })
})

test('errors have their codes and texts', async () => {
  expect(await client.call('/etcdserverpb.KV/Range', {})).toEqual({
    code: 3,
    text: 'etcdserver: key is not provided',
  })
  expect(await client.call('/etcdserverpb.KV/Compact', { revision: 99 })).toEqual({
    code: 11,
    text: 'etcdserver: mvcc: required revision is a future revision',
  })
  const metadata = new Metadata()
  metadata.set('token', 'none of mine')
  expect(await client.call('/etcdserverpb.KV/Range', { key: utf8('a') }, metadata)).toEqual({
    code: 16,
    text: 'etcdserver: invalid auth token',
  })
})

test('a request that is too large is refused, and the connection stays open', async () => {
  const refused = await client.call('/etcdserverpb.KV/Put', put('large', 'x'.repeat(3 << 20)))
  expect(refused).toMatchObject({ code: 8, text: expect.stringContaining('larger than max') })
  const tooLarge = await client.call('/etcdserverpb.KV/Put', put('large', 'x'.repeat(1.2 * (1 << 20))))
  expect(tooLarge).toEqual({ code: 3, text: 'etcdserver: request is too large' })
  expect(await client.call('/etcdserverpb.KV/Put', put('small', 'x'))).toHaveProperty('answer')
})

test('an answer may be larger than one result of the store', async () => {
  for (let index = 0; index < 6; index++) {
    await client.call('/etcdserverpb.KV/Put', put(`page/${index}`, `${index}`.repeat(900_000)))
  }
  const range = { key: utf8('page/'), rangeEnd: utf8('page0') }
  const whole = await client.call('/etcdserverpb.KV/Range', range)
  expect(whole).toMatchObject({ answer: { count: 6n, more: false, kvs: { length: 6 } } })
  const cut = await client.call('/etcdserverpb.KV/Range', { ...range, limit: 5 })
  expect(cut).toMatchObject({ answer: { count: 6n, more: true, kvs: { length: 5 } } })
})

test('the cluster, its condition and its health are said', async () => {
  expect(await client.call('/etcdserverpb.Cluster/MemberList', {})).toMatchObject({
    answer: { header: { revision: 0n }, members: { length: 4, 0: { ID: 1n, clientURLs: { length: 1 } } } },
  })
  expect(await client.call('/etcdserverpb.Maintenance/Status', {})).toMatchObject({
    answer: { leader: 2n, raftTerm: 2n, raftIndex: 9n, errors: ['memberID:4 alarm:CORRUPT'] },
  })
  expect(await client.call('/etcdserverpb.Maintenance/Alarm', {})).toMatchObject({
    answer: { alarms: [{ memberID: 4n, alarm: 2 }] },
  })
  expect(await client.call('/grpc.health.v1.Health/Check', {})).toEqual({ answer: { status: 1 } })
  expect(await client.call('/grpc.health.v1.Health/Check', { service: 'x' })).toMatchObject({ code: 5 })
})

test('a hash and a file of the keys are equal for equal keys, whichever gateway gives them', async () => {
  const twins = await Promise.all([startStoreGateway(), startStoreGateway()])
  try {
    const outputs: { hash: unknown; file: Buffer }[] = []
    for (const { url } of twins) {
      const own = new GrpcClient(url)
      for (let index = 0; index < 3; index++) await own.call('/etcdserverpb.KV/Put', put(`k${index}`, 'v'))
      const hashed = await own.call('/etcdserverpb.Maintenance/HashKV', { revision: 3 })
      outputs.push({ hash: hashed, file: await snapshotOf(own) })
      own.close()
    }
    const [first, second] = outputs
    expect(first?.hash).toMatchObject({ answer: { hashRevision: 3n, compactRevision: 0n } })
    expect(first).toEqual(second)
    const { file = Buffer.alloc(0) } = first ?? {}
    expect(file.length % 512).toBe(32)
    expect(createHash('sha256').update(file.subarray(0, -32)).digest()).toEqual(file.subarray(-32))
    const entries = file.subarray('strategos keys 1\n'.length)
    const length = entries[0] ?? 0
    const type = loadType('mvccpb.KeyValue')
    expect(decodeMessage(type, entries.subarray(1, 1 + length))).toMatchObject({
      modRevision: 2n,
      version: 1n,
    })
  } finally {
    for (const { server } of twins) await server.close()
  }
})

function snapshotOf({ client: own }: GrpcClient): Promise<Buffer> {
  const path = '/etcdserverpb.Maintenance/Snapshot'
  const { response } = methodAt(path)
  const call = own.makeServerStreamRequest(
    path,
    () => Buffer.alloc(0),
    (bytes) => decodeMessage(response, bytes) as { blob: Uint8Array },
    {},
  )
  const blobs: Uint8Array[] = []
  return new Promise((resolve, reject) => {
    call.on('data', ({ blob }: { blob: Uint8Array }) => blobs.push(blob))
    call.on('error', reject)
    call.on('end', () => resolve(Buffer.concat(blobs)))
  })
}

test('a caller who wants a leader is refused while there is none', async () => {
  const own = await startStoreGateway(undefined, { condition: { leader: null } })
  const caller = new GrpcClient(own.url)
  const metadata = new Metadata()
  metadata.set('hasleader', 'true')
  const range = { key: utf8('a') }
  expect(await caller.call('/etcdserverpb.KV/Range', range, metadata)).toEqual({
    code: 14,
    text: 'etcdserver: no leader',
  })
  expect(await caller.call('/etcdserverpb.KV/Range', range)).toHaveProperty('answer')
  caller.close()
  await own.server.close()
})

test('methods without a meaning here answer with the reason', async () => {
  expect(await client.call('/etcdserverpb.Auth/Authenticate', {})).toEqual({
    code: 9,
    text: 'etcdserver: authentication is not enabled',
  })
  const added = await client.call('/etcdserverpb.Cluster/MemberAdd', { peerURLs: ['tcp://127.0.0.1:1'] })
  expect(added).toMatchObject({ code: 12, text: expect.stringContaining('fixed when it is created') })
})

describe('a connection that', () => {
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  /** Everything that comes until the connection ends. */
  const answerTo = async (bytes: string | Buffer, isEnded = true): Promise<string> => {
    const socket = await open()
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    const ended = new Promise((resolve) => socket.once('close', resolve))
    if (isEnded) socket.end(bytes)
    else socket.write(bytes)
    await ended
    return text
  }

  test('sends half a preface and ends gets the answer that it does not speak HTTP', async () => {
    expect(await answerTo('PRI * HTTP/2.0\r\n')).toContain('400')
  })

  test('sends its request byte by byte is served', async () => {
    const socket = await open()
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    for (const byte of 'PUT /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n') {
      socket.write(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await once(socket, 'close')
    expect(text).toContain('404')
  })

  test.each([
    ['garbage', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 37 + 1) & 0xff))],
    [
      'a preface and garbage',
      Buffer.from(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\xff'.repeat(4096)}`, 'latin1'),
    ],
    ['a preface with other bytes in it', Buffer.from('PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n')],
    [
      'a frame that is too long',
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x00\x00\x00\x00\x00\x00', 'latin1'),
    ],
  ])('sends %s is ended, and others are served', async (_, bytes) => {
    await answerTo(bytes, false)
    expect(await client.call('/etcdserverpb.KV/Range', { key: utf8('a') })).toHaveProperty('answer')
  })
})

test('closing ends calls and connections', async () => {
  const own = await startStoreGateway()
  const caller = new GrpcClient(own.url)
  expect(await caller.call('/etcdserverpb.KV/Range', { key: utf8('a') })).toHaveProperty('answer')
  const half = connect(Number(new URL(own.url).port), '127.0.0.1')
  half.on('error', () => {})
  await once(half, 'connect')
  half.write('PRI')
  const ended = new Promise((resolve) => half.once('close', resolve))
  await own.server.close()
  await ended
  caller.close()
})
