/** The TCP transport under strangers and under peers that send too much or read too little. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { concatBytes, equalBytes, writeU32 } from '../../src/base/bytes.ts'
import { toReplicaId } from '../../src/base/ids.ts'
import { CLIENT_SEND_QUEUE_BYTES_MAX, SEND_QUEUE_BYTES_MAX } from '../../src/io/tcp-link.ts'
import { FRAME_BYTES_MAX, LINK_TAG_BYTES, REQUEST_BYTES_MAX } from '../../src/messages/limits.ts'
import type { LinkSecurity, Peer } from '../../src/ports.ts'
import {
  cleanUp,
  cleanups,
  clientIdOf,
  clientSecurity,
  closed,
  dialRaw,
  frameOf,
  handshakeRaw,
  KIB,
  linkedTo,
  MIB,
  pair,
  replicaKeys,
  replicaPeer,
  replicaSecurity,
  signerOf,
  startClient,
  startMute,
  startReplica,
  type TestNode,
} from './tcp-harness.ts'

afterEach(cleanUp)

describe('strangers', () => {
  it('end by garbage before the handshake', async () => {
    const { node, address } = await startReplica(0)
    for (const garbage of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0, 0, 0, 0]),
      Buffer.alloc(100, 1),
    ]) {
      const socket = dialRaw(address)
      socket.write(garbage)
      await closed(socket)
    }
    expect(node.events.map((event) => event.kind)).toEqual(Array(3).fill('connection-failed'))
    expect(node.linked).toEqual([])
  })

  it('end by a handshake frame above a KiB, before it arrives', async () => {
    const { node, address } = await startReplica(0)
    const socket = dialRaw(address)
    const length = new Uint8Array(4)
    writeU32(length, 0, KIB + 1)
    socket.write(length)
    await closed(socket)
    expect(node.ended('frame-too-large')).toBe(true)
  })

  it('are refused without the key that the cluster lists', async () => {
    const { node: zero, address } = await startReplica(0)
    const ownList = replicaKeys.with(3, signerOf(77).publicKey)
    const stranger = await startReplica(3, [address], { security: replicaSecurity(3, ownList, 77) })
    await zero.until(() => zero.ended('unknown-sender'))
    await stranger.node.until(() => stranger.node.ended('ECONNRESET'))
    expect(zero.linked).toEqual([])
    expect(stranger.node.linked).toEqual([])
  })

  it('get no more than the time of a handshake, however slowly they write', async () => {
    const { node, address } = await startReplica(0, [], { handshakeMilliseconds: 60 })
    const silent = dialRaw(address)
    const slow = dialRaw(address)
    const opening = replicaSecurity(1).initiate(toReplicaId(0)).opening ?? new Uint8Array(0)
    let written = 0
    const drip = setInterval(() => slow.write(opening.subarray(written, ++written)), 5)
    cleanups.push(() => clearInterval(drip))
    await Promise.all([closed(silent), closed(slow)])
    expect(node.events).toMatchObject([{ reason: 'handshake-timeout' }, { reason: 'handshake-timeout' }])
    expect(written).toBeLessThan(opening.length)
  })

  it('that never answer a dial cost the dialer one time limit', async () => {
    const { node } = await startReplica(1, [await startMute()], { handshakeMilliseconds: 40 })
    const timeouts = () =>
      node.events.filter((event) => 'reason' in event && event.reason === 'handshake-timeout')
    await node.until(() => timeouts().length === 2)
  })

  it('push out the oldest unfinished handshake, not the next honest one', async () => {
    const { node: zero, address } = await startReplica(0, [], { halfOpenMax: 2 })
    const strangers = [dialRaw(address), dialRaw(address), dialRaw(address)]
    await closed(strangers[0] as Socket)
    expect(zero.events).toMatchObject([{ reason: 'too-many-half-open' }])
    await startReplica(1, [address])
    await linkedTo(zero, 1)
  })

  it('use up only the places of strangers, whatever identity they claim, and replicas are linked', async () => {
    const { node: zero, address } = await startReplica(0, [], { handshakeRate: { perSecond: 0, atOnce: 4 } })
    for (const number of [50, 51]) await handshakeRaw(dialRaw(address), clientSecurity(number))
    // The second one has the signing key that is listed for replica 1, and another one's secret for knocking.
    for (const security of [clientSecurity(52), replicaSecurity(1, replicaKeys, 1, 77)]) {
      const socket = dialRaw(address)
      socket.write(security.initiate(toReplicaId(0)).opening ?? new Uint8Array(0))
      await closed(socket)
    }
    const refused = zero.events.filter((event) => 'reason' in event && event.reason === 'not-admitted')
    expect(refused).toHaveLength(2)
    await startReplica(1, [address])
    await linkedTo(zero, 1)
  })

  it('that stay silent are ended before one with a running handshake', async () => {
    const { node: zero, address } = await startReplica(0, [], { halfOpenMax: 2 })
    const begun = dialRaw(address)
    begun.write(clientSecurity(50).initiate(toReplicaId(0)).opening ?? new Uint8Array(0))
    await once(begun, 'data') // WELCOME
    const silent = dialRaw(address)
    dialRaw(address)
    await closed(silent)
    expect(zero.ended('too-many-half-open')).toBe(true)
    expect(begun.destroyed).toBe(false)
  })

  it('find no room as clients when all is taken; a known client gets the place of one', async () => {
    const { node: zero, address } = await startReplica(0, [], {
      clientLinksMax: 2,
      isKnownClient: (id) => id === clientIdOf(50) || id === clientIdOf(51),
    })
    const join = async (number: number) => {
      const socket = dialRaw(address)
      await handshakeRaw(socket, clientSecurity(number))
      return socket
    }
    const isLinked = (number: number) =>
      zero.transport.send({ kind: 'client', id: clientIdOf(number) }, frameOf(1))
    await join(50)
    await zero.until(() => zero.linked.length === 1)
    const stranger = await join(60)
    await zero.until(() => zero.linked.length === 2)
    await closed(await join(61))
    expect([isLinked(60), isLinked(50), isLinked(61)]).toEqual([true, true, false])
    await join(51)
    await closed(stranger)
    expect([isLinked(60), isLinked(50), isLinked(51)]).toEqual([false, true, true])
    await join(50) // In place of its own link.
    await zero.until(() => zero.ended('replaced'))
    expect([isLinked(50), isLinked(51)]).toEqual([true, true])
  })
})

describe('lengths', () => {
  it('above the limit end an established link, and nothing is allocated', async () => {
    const { node, address } = await startReplica(0)
    const ends: [LinkSecurity, number][] = [
      [replicaSecurity(1), FRAME_BYTES_MAX + 1],
      [replicaSecurity(2), 0xffff_ffff],
      [clientSecurity(50), REQUEST_BYTES_MAX + 1],
    ]
    for (const [security, tooLarge] of ends) {
      const socket = dialRaw(address)
      await handshakeRaw(socket, security)
      const before = process.memoryUsage().arrayBuffers
      socket.write(lengthField(tooLarge))
      await closed(socket)
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB)
    }
    expect(node.events.filter((event) => event.kind === 'unlinked')).toMatchObject(
      ends.map(() => ({ reason: 'frame-too-large' })),
    )
  })

  it('within the limit allocate what has arrived, not what is announced', async () => {
    const { node, address } = await startReplica(0)
    const sockets = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const socket = dialRaw(address)
        await handshakeRaw(socket, clientSecurity(100 + index))
        return socket
      }),
    )
    await node.until(() => node.linked.length === 20)
    const before = process.memoryUsage().arrayBuffers
    for (const socket of sockets)
      socket.write(concatBytes(lengthField(REQUEST_BYTES_MAX), new Uint8Array(10)))
    // A frame on another link that is sent later; when it is there, those were read.
    const client = startClient(50, address)
    await linkedTo(client, 0)
    client.transport.send(replicaPeer(0), frameOf(1))
    client.transport.flush()
    await node.until(() => node.frames.length === 1)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5 * MIB)
    expect(node.events.some((event) => event.kind === 'unlinked')).toBe(false)
  })
})

describe('a peer that is held', () => {
  /** Waits until replica 0 received a frame from a client; earlier frames of a replica are read by then. */
  async function barrier(zero: TestNode): Promise<void> {
    const client = startClient(200 + cleanups.length, await zero.transport.listening())
    await linkedTo(client, 0)
    client.transport.send(replicaPeer(0), frameOf(0))
    client.transport.flush()
    const before = zero.frames.filter(({ from }) => from.kind === 'client').length
    await zero.until(() => zero.frames.filter(({ from }) => from.kind === 'client').length > before)
  }

  it.each([
    ['in one chunk', 100, 10],
    ['in many chunks', 300, 50 * KIB],
  ])('is not heard until it is resumed, and nothing is lost: %s', async (_, count, bodyBytes) => {
    const { zero, one } = await pair()
    zero.takes = () => zero.framesFrom(1).length + 1 !== 3 // the third frame says stop
    for (let number = 0; number < count; number++)
      one.transport.send(replicaPeer(0), frameOf(number, bodyBytes))
    one.transport.flush()
    await zero.until(() => zero.framesFrom(1).length === 3)
    await barrier(zero)
    expect(zero.framesFrom(1)).toHaveLength(3)

    zero.takes = () => true
    zero.transport.resume(replicaPeer(1))
    expect(zero.framesFrom(1)).toHaveLength(3) // not within the call
    await zero.until(() => zero.framesFrom(1).length === count)
    for (const [number, frame] of zero.framesFrom(1).entries()) {
      expect(equalBytes(frame, frameOf(number, bodyBytes))).toBe(true)
    }
  })

  it('stays held when it dials anew', async () => {
    const { node: zero, address } = await startReplica(0)
    zero.takes = (frame) => !equalBytes(frame, frameOf(1))
    const send = async (numbers: readonly number[]) => {
      const socket = dialRaw(address)
      const link = await handshakeRaw(socket, replicaSecurity(1))
      for (const number of numbers) socket.write(concatBytes(frameOf(number), link.seal(frameOf(number))))
    }
    await send([1])
    await zero.until(() => zero.framesFrom(1).length === 1)
    await send([2, 3])
    await zero.until(() => zero.linked.length === 2)
    await barrier(zero)
    expect(zero.framesFrom(1)).toHaveLength(1)
    zero.transport.resume(replicaPeer(1))
    await zero.until(() => zero.framesFrom(1).length === 3)
  })

  it('makes its sender drop what exceeds the queue, and the link goes on', async () => {
    const { zero, one } = await pair()
    zero.takes = () => false
    const frame = frameOf(7, MIB)
    one.transport.send(replicaPeer(0), frame)
    one.transport.flush()
    await zero.until(() => zero.frames.length === 1)

    let accepted = 1
    while (one.transport.send(replicaPeer(0), frame)) {
      one.transport.flush()
      accepted++
      expect(accepted).toBeLessThan(200)
    }
    expect(accepted * MIB).toBeGreaterThan(SEND_QUEUE_BYTES_MAX - 2 * MIB)
    expect(one.transport.send(replicaPeer(0), frameOf(8))).toBe(true) // small ones still fit
    expect(one.transport.send(replicaPeer(0), frame)).toBe(false)
    one.transport.flush()

    zero.takes = () => true
    zero.transport.resume(replicaPeer(1))
    await zero.until(() => zero.framesFrom(1).length === accepted + 1)
    expect(zero.framesFrom(1).at(-1)).toEqual(frameOf(8))
    expect(one.transport.send(replicaPeer(0), frame)).toBe(true)
    expect(zero.events.some((event) => event.kind === 'unlinked')).toBe(false)
  })

  it('may, as a client that never reads, have less waiting', async () => {
    const { node: zero, address } = await startReplica(0)
    const socket = dialRaw(address)
    await handshakeRaw(socket, clientSecurity(50))
    await zero.until(() => zero.linked.length === 1)
    socket.pause()
    const peer: Peer = { kind: 'client', id: clientIdOf(50) }
    const frame = frameOf(1, MIB)
    let accepted = 0
    // Not flushed, so the kernel's buffers take nothing.
    while (zero.transport.send(peer, frame)) accepted++
    expect(accepted).toBe(Math.floor(CLIENT_SEND_QUEUE_BYTES_MAX / (frame.length + LINK_TAG_BYTES)))
  })
})

function lengthField(length: number): Uint8Array {
  const bytes = new Uint8Array(4)
  writeU32(bytes, 0, length)
  return bytes
}
