/** Transports over real sockets on the loopback interface, with tools for their tests. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { toHex } from '../../src/base/bytes.ts'
import { type ClientId, toReplicaId } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { FrameReader } from '../../src/io/frame-reader.ts'
import {
  createTcpTransport,
  type TcpTransport,
  type TcpTransportOptions,
  type TransportEvent,
} from '../../src/io/tcp-transport.ts'
import type { Address } from '../../src/messages/cluster.ts'
import { encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { packPayload } from '../../src/messages/payload.ts'
import type { LinkSecurity, Peer, SecureLink, TransportHandler } from '../../src/ports.ts'
import { createLinkSecurity } from '../../src/runtime/links/secure-link.ts'
import { PATIENCE_MS } from '../kit/patience.ts'

export const KIB = 1024
export const MIB = 1024 * KIB
export const HERE: Address = { host: '127.0.0.1', port: 0 }
/** Nothing listens on the discard port. */
export const NOWHERE: Address = { host: '127.0.0.1', port: 9 }

export const suite = suiteNamed('sodium')
export const signerOf = (number: number) => suite.signer(new Uint8Array(32).fill(number))
export const replicaKeys = [0, 1, 2, 3].map((id) => signerOf(id).publicKey)
const agreementSecretOf = (number: number) => new Uint8Array(32).fill(100 + number)
const agreementKeys = [0, 1, 2, 3].map((id) => suite.agreementPublicKey(agreementSecretOf(id)))
const clusterId = suite.hash(Uint8Array.of(1))
const entropy = (size: number) => crypto.getRandomValues(new Uint8Array(size))
export const replicaPeer = (id: number): Peer => ({ kind: 'replica', id: toReplicaId(id) })
export const clientIdOf = (number: number) => toHex(signerOf(number).publicKey) as ClientId

export function replicaSecurity(
  id: number,
  keys: readonly Uint8Array[] = replicaKeys,
  key = id,
  helloMacsAs = key,
): LinkSecurity {
  const identity = { kind: 'replica', id: toReplicaId(id), signer: signerOf(key) } as const
  const helloMacKeys = { agreementSecret: agreementSecretOf(helloMacsAs), agreementKeys }
  return createLinkSecurity({ suite, entropy, clusterId, replicaKeys: keys, identity, helloMacKeys })
}

export function clientSecurity(number: number): LinkSecurity {
  const identity = { kind: 'client', signer: signerOf(number) } as const
  return createLinkSecurity({ suite, entropy, clusterId, replicaKeys, identity })
}

/** A frame with a number and a body whose bytes depend on both. */
export function frameOf(number: number, bodyBytes = 0): Uint8Array {
  const body = new Uint8Array(bodyBytes)
  for (let at = 0; at < bodyBytes; at += 997) body[at] = number + at
  const authentication = new Uint8Array(0)
  return encodeFrame({ kind: FRAME_KINDS.inquiry, payload: packPayload([number]), authentication, body })
    .bytes
}

/** Everything that must be gone after a test. */
export const cleanups: (() => unknown)[] = []

/**
 * Closes everything that a test made. Each file calls it in `afterEach`, because this module is loaded once for all
 * files of a worker.
 */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}

/** A started transport and all that it reported; `until` waits for a condition on that. */
export class TestNode implements TransportHandler {
  readonly transport: TcpTransport
  readonly frames: { readonly from: Peer; readonly frame: Uint8Array }[] = []
  readonly linked: Peer[] = []
  readonly events: TransportEvent[] = []
  takes: (frame: Uint8Array) => boolean = () => true
  readonly #waiting = new Set<() => void>()

  constructor(options: Omit<TcpTransportOptions, 'onEvent'>) {
    this.transport = createTcpTransport({ ...options, onEvent: (event) => this.#note(this.events, event) })
    cleanups.push(() => this.transport.close())
    this.transport.start(this)
  }

  onFrame(from: Peer, frame: Uint8Array): boolean {
    const takes = this.takes(frame)
    this.#note(this.frames, { from, frame })
    return takes
  }

  onLink(peer: Peer): void {
    this.#note(this.linked, peer)
  }

  framesFrom(id: number): readonly Uint8Array[] {
    return this.frames.filter(({ from }) => from.id === id).map(({ frame }) => frame)
  }

  ended(reason: string): boolean {
    return this.events.some((event) => 'reason' in event && event.reason === reason)
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!condition()) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`this did not come: ${condition}; events: ${JSON.stringify(this.events)}`))
      }, PATIENCE_MS)
      this.#waiting.add(check)
      check()
    })
  }

  #note<T>(list: T[], item: T): void {
    list.push(item)
    for (const check of [...this.#waiting]) check()
  }
}

type NodeOptions = Partial<TcpTransportOptions>

/** A replica that dials those of a smaller id whose address it is given. */
export async function startReplica(id: number, dialed: readonly Address[] = [], options: NodeOptions = {}) {
  const replicas = dialed.map((address, index) => ({ id: toReplicaId(index), address }))
  const self = { kind: 'replica', id: toReplicaId(id) } as const
  const node = new TestNode({ self, replicas, security: replicaSecurity(id), listen: HERE, ...options })
  return { node, address: await node.transport.listening() }
}

export function startClient(number: number, address: Address): TestNode {
  const replicas = [{ id: toReplicaId(0), address }]
  return new TestNode({ self: { kind: 'client' }, replicas, security: clientSecurity(number) })
}

/** Replicas 0 and 1 with a link between them. */
export async function pair(options: NodeOptions = {}) {
  const zero = await startReplica(0, [], options)
  const one = await startReplica(1, [zero.address])
  await linkedTo(one.node, 0)
  await linkedTo(zero.node, 1)
  return { zero: zero.node, one: one.node, address: zero.address }
}

export const linkedTo = (node: TestNode, id: number) =>
  node.until(() => node.linked.some((peer) => peer.id === id))

export function dialRaw(address: Address): Socket {
  const socket = connect({ host: address.host, port: address.port, noDelay: true })
  socket.on('error', () => {})
  cleanups.push(() => socket.destroy())
  return socket
}

/** Goes through the handshake by hand. The other end may not have read the proof yet. */
export async function handshakeRaw(socket: Socket, security: LinkSecurity): Promise<SecureLink> {
  const handshake = security.initiate(toReplicaId(0))
  socket.write(handshake.opening ?? new Uint8Array(0))
  const reader = new FrameReader()
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Uint8Array]
    reader.push(chunk)
    const read = reader.next({ lengthMax: KIB, tagBytes: 0 })
    if (read.kind !== 'frame') continue
    const step = handshake.receive(read.frame)
    if (step.kind !== 'established' || step.send === null) throw new Error(`no link: ${step.kind}`)
    socket.write(step.send)
    return step.link
  }
}

/** Also where the other end resets it. */
export const closed = (socket: Socket): Promise<unknown> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve))

/** Forwards to an address; on demand it alters the last byte of the next chunk towards it. */
export async function startProxy(target: Address) {
  let corrupts = false
  const server: Server = createServer((near) => {
    const far = dialRaw(target)
    cleanups.push(() => near.destroy())
    near.on('error', () => {})
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    far.on('data', (chunk) => near.write(chunk))
    near.on('data', (chunk) => {
      if (corrupts) chunk[chunk.length - 1] = (chunk[chunk.length - 1] as number) ^ 1
      corrupts = false
      far.write(chunk)
    })
  })
  const address = await listenOn(server)
  return {
    address,
    corruptNext: () => {
      corrupts = true
    },
  }
}

/** A server that takes connections and says nothing. */
export async function startMute(): Promise<Address> {
  const server = createServer((socket) => {
    cleanups.push(() => socket.destroy())
    socket.on('error', () => {})
  })
  return listenOn(server)
}

/** An address that never answers a dial: a server that accepts no connection, with a full queue. */
export async function startDeaf(): Promise<Address> {
  const child = spawn(process.execPath, ['--eval', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] })
  cleanups.push(() => child.kill('SIGKILL'))
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGSTOP')
  const address = { host: HERE.host, port: Number(port) }
  // The system takes two more than the backlog says, whatever becomes of them.
  for (let waiting = 0; waiting < 8; waiting++) dialRaw(address)
  return address
}

const DEAF = `
const server = require('node:net').createServer()
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(server.address().port))`

async function listenOn(server: Server): Promise<Address> {
  server.listen(HERE)
  await once(server, 'listening')
  cleanups.push(() => server.close())
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has a port')
  return { host: HERE.host, port: bound.port }
}
