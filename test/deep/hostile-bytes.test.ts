/**
 * Hostile bytes over real sockets: whatever a stranger, a client or a traitor with its key sends to the port of a
 * replica, or anyone to the gateway's, no process ends, no loop is held up, memory stays bounded, and all serve on. How
 * long a loop was held, sockets and all, each process tells of itself; it is judged by what this machine takes for a turn.
 * HOSTILE_ROUNDS makes it longer; HOSTILE_SEED repeats a run.
 */
import { once } from 'node:events'
import { connect as dial, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryOf } from '../../attacks/run/processes/process-memory.ts'
import { delayMsMax, measureTurnMs } from '../../attacks/run/turn-allowance.ts'
import type { ClusterStatus } from '../../clients/api/status.ts'
import { StoreClient } from '../../clients/library/store-client.ts'
import { initCluster } from '../../replicas/init.ts'
import { concatBytes, writeU16, writeU32 } from '../../src/base/bytes.ts'
import { toReplicaId, toTimestamp } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { replicaKey } from '../../src/io/cluster-directory.ts'
import { FrameReader } from '../../src/io/frame-reader.ts'
import { readKeyFile } from '../../src/io/key-file.ts'
import { systemEntropy } from '../../src/io/system.ts'
import type { Address, Cluster } from '../../src/messages/cluster.ts'
import { createSigningDigest, KIND_AT, kindNumberIn } from '../../src/messages/frame.ts'
import { HEARTBEAT } from '../../src/messages/heartbeat.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { FRAME_BYTES_MAX, LINK_TAG_BYTES, SESSION_NONCE_BYTES } from '../../src/messages/limits.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import type { SecureLink, Signer } from '../../src/ports.ts'
import { createLinkSecurity, type LinkIdentity } from '../../src/runtime/links/secure-link.ts'
import { OPERATIONS_MAX } from '../../src/store/operations.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { http, ProcessKit, until } from '../integration/process-kit.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { frameSamples } from '../kit/frame-samples.ts'
import { PATIENCE_MS } from '../kit/patience.ts'

const SEED = Number(process.env['HOSTILE_SEED'] ?? 1)
const ROUNDS = Number(process.env['HOSTILE_ROUNDS'] ?? 1)
const MIB = 1024 * 1024
const GROWTH_BYTES_MAX = 256 * MIB
/** The traitor: its key is used here, and no replica runs with it. */
const TRAITOR = 3
/** Requests of the client that asks for much, each of as many operations as one may have: some batches' worth. */
const GLUTTONS_REQUESTS = 60
/** Milliseconds between two heartbeats of a client that only waits. */
const HEARTBEAT_MS = 500
const NO_BYTES = new Uint8Array(0)
/** The maximum wait for the other end before the test continues; all must serve in any case. */
const WAIT_MS = 500

const random = createRandom(SEED)
const suite = suiteNamed('sodium')
const kit = new ProcessKit()
const samples = frameSamples(createClusterKit(4)).map(({ bytes }) => bytes)
const open: Socket[] = []
let cluster: Cluster
let directory = ''
let store: StoreClient
let gatewayUrl = ''
/** Of the client that asks for much. */
let lastTimestamp = 0
/** The time that this machine takes for the checks of a turn, at the slowest. */
let turnMs = 0
const children: { readonly pid: number; readonly firstBytes: number }[] = []

beforeAll(async () => {
  directory = kit.directory()
  cluster = await initCluster({
    directory,
    replicas: 4,
    suite: 'sodium',
    basePort: 0,
    clients: ['gateway', 'reader', 'glutton'],
  })
  const replicas = [0, 1, 2].map((id) => kit.start('replica', '--dir', directory, '--id', `${id}`))
  for (const child of replicas)
    await until('a replica is ready', () => child.output.stdout.includes('"msg":"ready"'))
  const gateway = kit.start('gateway', '--dir', directory, '--port', '0')
  await until('the gateway is ready', () => gateway.output.stdout.includes('http://'))
  gatewayUrl = /http:\/\/\S+/.exec(gateway.output.stdout)?.[0] ?? ''
  store = await StoreClient.open({ directory, name: 'reader', timeoutMs: PATIENCE_MS })
  await serves('first')
  for (const { pid = 0 } of [...replicas, gateway]) {
    children.push({ pid, firstBytes: memoryOf(pid)?.residentBytes ?? 0 })
  }
})

afterAll(async () => {
  for (const socket of open) socket.destroy()
  await store?.close()
  await kit.cleanUp()
})

/** A write through the whole cluster, and a read of it. Three of four replicas run: each of them is needed. */
async function serves(value: string): Promise<void> {
  const key = Buffer.from('alive')
  const put = await store.execute({ kind: 'put', key, value: Buffer.from(value) })
  expect(put.status).toBe('ok')
  expect(await store.execute({ kind: 'get', key })).toMatchObject({
    status: 'ok',
    value: new Uint8Array(Buffer.from(value)),
  })
}

async function endures(name: string): Promise<void> {
  await serves(name)
  for (const { pid, firstBytes } of children) {
    const memory = memoryOf(pid)
    if (memory === null) throw new Error('a process ended')
    expect(memory.residentBytes - firstBytes).toBeLessThan(GROWTH_BYTES_MAX)
  }
  const held = await delayMs()
  turnMs = Math.max(turnMs, measureTurnMs(suite))
  const tooLong = held.filter((ms) => ms > delayMsMax(turnMs))
  expect(tooLong, `${name}, seed ${SEED}: ${held} ms, where a turn takes ${turnMs} ms`).toEqual([])
}

/** Of the gateway and of each replica. What was abused is cut off for a while, and answers again. */
async function delayMs(): Promise<readonly number[]> {
  let held: readonly (number | null)[] = [null]
  await until('all tell how long their loops were held', async () => {
    const { json } = await http(`${gatewayUrl}/v1/status`)
    const { replicas, gateway } = json as unknown as ClusterStatus & { gateway: { eventLoopDelayMs: number } }
    held = [gateway, ...replicas.slice(0, TRAITOR)].map(({ eventLoopDelayMs }) => eventLoopDelayMs)
    return !held.includes(null)
  })
  return held as readonly number[]
}

const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.below(256))
const pick = <T>(items: readonly T[]): T => items[random.below(items.length)] as T

function flipped(bytes: Uint8Array, from = 0): Uint8Array {
  const changed = bytes.slice()
  for (let flips = 1 + random.below(4); flips > 0 && changed.length > from; flips--) {
    const at = from + random.below(changed.length - from)
    changed[at] = (changed[at] as number) ^ (1 << random.below(8))
  }
  return changed
}

/** A frame whose lengths are right, so that it gets a tag, and whose parts are anything. */
function oddFrame(signer: Signer): Uint8Array {
  const kind = pick([...samples.map((bytes) => bytes[4] ?? 0), random.below(256)])
  const payload = bytesOf(random.below(200))
  const authentication = random.below(2) === 0 ? signer.sign(suite.hash(payload)) : bytesOf(random.below(80))
  const body = new Uint8Array(pick([0, 0, 1, 64, 4_096, MIB])).fill(random.below(256))
  const head = new Uint8Array(5)
  const lengths = [new Uint8Array(2), new Uint8Array(2)] as const
  writeU16(lengths[0], 0, payload.length)
  writeU16(lengths[1], 0, authentication.length)
  const frame = concatBytes(head, lengths[0], payload, lengths[1], authentication, body)
  frame[KIND_AT] = kind
  writeU32(frame, 0, frame.length - 4)
  return frame
}

function dialTo(address: Address): Socket {
  const socket = dial({ host: address.host, port: address.port, noDelay: true })
  socket.on('error', () => {})
  open.push(socket)
  return socket
}

const addressOf = (id: number): Address => (cluster.replicas[id] as { address: Address }).address

/** Writes, and waits until it is read. False when the other end has had enough, or has cut this end off. */
async function write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false
  if (socket.write(bytes)) return true
  const held = new Promise<boolean>((done) => setTimeout(() => done(false), WAIT_MS).unref())
  const isRead = once(socket, 'drain').then(() => true)
  const isOver = once(socket, 'close').then(() => false)
  return Promise.race([isRead, isOver, held]).catch(() => false)
}

/** An established link as this identity, or null where the other end refused it. */
async function linkTo(
  id: number,
  identity: LinkIdentity,
): Promise<{ socket: Socket; link: SecureLink } | null> {
  const socket = dialTo(addressOf(id))
  const security = createLinkSecurity({
    ...{ suite, entropy: systemEntropy, clusterId: cluster.clusterId, identity },
    replicaKeys: cluster.replicas.map(({ publicKey }) => publicKey),
  })
  const handshake = security.initiate(toReplicaId(id))
  socket.write(handshake.opening ?? new Uint8Array(0))
  const reader = new FrameReader()
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    reader.push(chunk as Uint8Array)
    const read = reader.next({ lengthMax: 1_024, tagBytes: 0 })
    if (read.kind !== 'frame') continue
    const step = handshake.receive(read.frame)
    if (step.kind !== 'established' || step.send === null) return null
    socket.write(step.send)
    socket.resume()
    return { socket, link: step.link }
  }
  return null
}

/** Frames of all sorts with good tags; at the end one that has none, is cut off, or claims to be giant. */
async function pester(id: number, identity: LinkIdentity, frames: number): Promise<void> {
  const linked = await linkTo(id, identity)
  if (linked === null) return
  const { socket, link } = linked
  for (let count = 0; count < frames; count++) {
    const sample = flipped(pick(samples), 8)
    const frame = random.below(2) === 0 ? oddFrame(identity.signer) : sample
    // A sample whose inner lengths were flipped gets no tag.
    const tag = sealOf(link, frame)
    if (tag !== null && !(await write(socket, concatBytes(frame, tag)))) return
  }
  const end = pick([bytesOf(200), Uint8Array.of(0x7f, 0xff, 0xff, 0xff), pick(samples).subarray(0, 9)])
  await write(socket, concatBytes(end, bytesOf(LINK_TAG_BYTES)))
}

function sealOf(link: SecureLink, frame: Uint8Array): Uint8Array | null {
  try {
    return link.seal(frame)
  } catch {
    return null
  }
}

/** Counts the replies that come in. */
function answersOf(socket: Socket): () => number {
  const reader = new FrameReader()
  let replies = 0
  socket.on('data', (chunk: Uint8Array) => {
    reader.push(chunk)
    for (;;) {
      const read = reader.next({ lengthMax: FRAME_BYTES_MAX, tagBytes: LINK_TAG_BYTES })
      if (read.kind !== 'frame') return
      if (kindNumberIn(read.frame) === FRAME_KINDS.reply) replies++
    }
  })
  return () => replies
}

describe("a replica's port", () => {
  test('before the handshake: noise, cut-off and flipped frames, giant lengths, silence', async () => {
    for (let round = 0; round < 40 * ROUNDS; round++) {
      const giant = new Uint8Array(4)
      writeU32(giant, 0, pick([0, 1, 1_025, MIB, 2 ** 31, 2 ** 32 - 1]))
      const hello = pick(samples)
      const said = pick([
        bytesOf(random.below(2_000)),
        flipped(hello),
        hello.subarray(0, random.below(20)),
        giant,
        new Uint8Array(0),
      ])
      await write(dialTo(addressOf(round % TRAITOR)), said)
    }
    await endures('before the handshake')
  })

  test('as unknown clients, and as a known one', async () => {
    for (let round = 0; round < 12 * ROUNDS; round++) {
      const known = suite.signer(readKeyFile(`${directory}/clients/gateway.key`).signingSeed)
      const signer = round % 4 === 0 ? known : suite.signer(systemEntropy(32))
      await pester(round % TRAITOR, { kind: 'client', signer }, 60)
    }
    await endures('as clients')
  })

  test('as a replica, with the key of a traitor', async () => {
    const signer = suite.signer(readKeyFile(replicaKey(directory, TRAITOR)).signingSeed)
    for (let round = 0; round < 6 * ROUNDS; round++) {
      await pester(round % TRAITOR, { kind: 'replica', id: toReplicaId(TRAITOR), signer }, 200)
    }
    await endures('as a replica')
  })
})

describe('what a client asks for', () => {
  const lists: Operation = { kind: 'list', prefix: NO_BYTES, limit: 0, cursor: NO_BYTES }
  const smallPut = (key: string): Operation => ({ kind: 'put', key: Buffer.from(key), value: NO_BYTES })
  /** Each request has as many operations as it may have. */
  const said: readonly (readonly [string, (request: number) => readonly Operation[]])[] = [
    ['lists of nothing', () => new Array<Operation>(OPERATIONS_MAX).fill(lists)],
    [
      'small writes all over the store',
      (request) =>
        Array.from({ length: OPERATIONS_MAX }, (_, at) =>
          smallPut(`${(request * OPERATIONS_MAX + at) % 7919}-${request}-${at}`),
        ),
    ],
  ]

  test.each(said)('%s, as many as there is room for', async (name, operationsOf) => {
    const signer = suite.signer(readKeyFile(`${directory}/clients/glutton.key`).signingSeed)
    const tools = {
      hash: suite.hash,
      signingDigest: createSigningDigest(suite.hash, cluster.clusterId),
      sign: (digest: Uint8Array) => signer.sign(digest),
    }
    const frames = Array.from({ length: GLUTTONS_REQUESTS }, (_, request) => {
      const operations = encodeOperations(operationsOf(request))
      const timestamp = toTimestamp(++lastTimestamp)
      const session = new Uint8Array(SESSION_NONCE_BYTES)
      const { publicKey } = signer
      return encodeRequest({ publicKey, session, timestamp, responder: 0, operations }, tools)
    })
    const linked = await linkTo(0, { kind: 'client', signer })
    if (linked === null) throw new Error('the client was refused')
    const answered = answersOf(linked.socket)
    for (const { bytes } of frames) await write(linked.socket, concatBytes(bytes, linked.link.seal(bytes)))
    // While it waits it says that it lives: a replica ends links that are silent for long.
    const heartbeats = setInterval(() => {
      linked.socket.write(concatBytes(HEARTBEAT, linked.link.seal(HEARTBEAT)))
    }, HEARTBEAT_MS)
    await until('all of it is executed', () => answered() >= frames.length).finally(() =>
      clearInterval(heartbeats),
    )
    linked.socket.destroy()
    await endures(name)
  })
})

describe("the gateway's port", () => {
  const deep = (depth: number): string => `${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`
  const post = (type: string, body: string, path = '/v1/kv/odd'): string =>
    `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const said: readonly (readonly [string, () => string | Uint8Array])[] = [
    ['noise', () => bytesOf(5_000)],
    ['not HTTP', () => 'HELLO\r\n\r\n'],
    ['a method that is none', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['two lengths', () => 'PUT /v1/kv/a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a negative length', () => 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
    [
      'a giant length',
      () => 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\nx',
    ],
    [
      'a chunk that never ends',
      () => 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\nx',
    ],
    ['giant headers', () => `GET / HTTP/1.1\r\nHost: localhost\r\n${'X: y\r\n'.repeat(30_000)}\r\n`],
    ['a giant path', () => `GET /v1/kv/${'%00'.repeat(50_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    [
      'a path that is badly encoded',
      () => 'GET /v1/kv/%zz?limit=%ff&limit HTTP/1.1\r\nHost: localhost\r\n\r\n',
    ],
    ['deep JSON', () => post('application/json', deep(50_000))],
    ['JSON that is none', () => post('application/json', '{"a":')],
    [
      'prototype keys',
      () =>
        post('application/json', '{"__proto__":{"a":1},"constructor":{"prototype":{}}}', '/v1/kv/__proto__'),
    ],
    [
      'a query of prototype keys',
      () => 'GET /v1/kv?__proto__=1&constructor=2&prefix=a&prefix=b HTTP/1.1\r\nHost: localhost\r\n\r\n',
    ],
    ['a content type that is none', () => post('\u00e9/\u00ff; =', 'x')],
    ['a body in too many bytes', () => post('text/plain', 'x'.repeat(2 * MIB))],
    ['a thousand calls at once', () => 'GET /v1/kv/alive HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1_000)],
  ]
  const portOf = (): Address => ({ host: '127.0.0.1', port: Number(new URL(gatewayUrl).port) })

  test.each(said)('%s', async (name, bytes) => {
    const socket = dialTo(portOf())
    let answer = ''
    socket.on('data', (chunk) => {
      if (answer.length < MIB) answer += chunk
    })
    await write(socket, Buffer.from(bytes() as string))
    if (name === 'a thousand calls at once') {
      await until('some of them are refused', () => answer.includes('HTTP/1.1 429'))
    } else {
      const over = new Promise((done) => setTimeout(done, WAIT_MS).unref())
      const ends = ['close', 'data'].map((event) => once(socket, event).catch(() => {}))
      await Promise.race([...ends, over])
    }
    socket.destroy()
    // Whatever it answers to this, it failed at nothing.
    expect(answer.includes('HTTP/1.1 500')).toBe(false)
    const health = await fetch(`${gatewayUrl}/healthz`)
    expect(health.status).toBe(200)
  })

  test('slow bodies and silent connections, and others are served meanwhile', async () => {
    const slow = Array.from({ length: 200 }, (_, index) => {
      const socket = dialTo(portOf())
      if (index % 2 === 0) {
        socket.write('PUT /v1/kv/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx')
      }
      return socket
    })
    const answer = await fetch(`${gatewayUrl}/v1/kv/served`, { method: 'PUT', body: 'v' })
    expect(answer.status).toBe(200)
    for (const socket of slow) socket.destroy()
    await endures('slow bodies')
  })
})
