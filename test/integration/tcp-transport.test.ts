/** The TCP transport: frames between peers, and links that come back. */
import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { concatBytes, equalBytes } from '../../src/base/bytes.ts'
import { toReplicaId } from '../../src/base/ids.ts'
import {
  BACKOFF_MILLISECONDS_LEAST,
  BACKOFF_MILLISECONDS_MAX,
  backoffMilliseconds,
} from '../../src/io/dialer.ts'
import { AddressInUse } from '../../src/io/tcp-transport.ts'
import { FRAME_BYTES_MAX, LINK_TAG_BYTES } from '../../src/messages/limits.ts'
import type { Peer } from '../../src/ports.ts'
import { PATIENCE_MS, PATIENT } from '../kit/patience.ts'
import {
  cleanUp,
  cleanups,
  clientIdOf,
  closed,
  dialRaw,
  frameOf,
  handshakeRaw,
  KIB,
  linkedTo,
  MIB,
  NOWHERE,
  pair,
  replicaPeer,
  replicaSecurity,
  startClient,
  startDeaf,
  startMute,
  startProxy,
  startReplica,
} from './tcp-harness.ts'

afterEach(cleanUp)

describe('frames', () => {
  it('of 0 bytes to 8 MiB arrive whole and in order, in both directions', async () => {
    const { zero, one } = await pair()
    const envelope = frameOf(0).length - 4
    const sizes = [0, 1, 1000, 16 * KIB, 64 * KIB, MIB, 0, FRAME_BYTES_MAX - envelope, 3, 5 * MIB]
    const frames = sizes.map((size, number) => frameOf(number, size))
    for (const frame of frames) {
      expect(one.transport.send(replicaPeer(0), frame)).toBe(true)
      expect(zero.transport.send(replicaPeer(1), frame)).toBe(true)
    }
    one.transport.flush()
    zero.transport.flush()
    for (const [node, from] of [[zero, 1] as const, [one, 0] as const]) {
      await node.until(() => node.frames.length === frames.length)
      const arrived = node.framesFrom(from)
      expect(frames.map((frame, index) => equalBytes(frame, arrived[index] ?? new Uint8Array(0)))).toEqual(
        frames.map(() => true),
      )
    }
  })

  it('of many turns arrive in order, each in a buffer of its own size', async () => {
    const { zero, one } = await pair()
    for (let number = 0; number < 5000; number++) {
      one.transport.send(replicaPeer(0), frameOf(number, number % 300))
      if (number % 100 === 99) one.transport.flush()
    }
    await zero.until(() => zero.frames.length === 5000)
    for (const [number, { frame }] of zero.frames.entries()) {
      expect(equalBytes(frame, frameOf(number, number % 300))).toBe(true)
      expect(frame.buffer.byteLength).toBeLessThanOrEqual(frame.length + LINK_TAG_BYTES)
    }
  })

  it('wait for the flush', async () => {
    const { zero, one } = await pair()
    one.transport.send(replicaPeer(0), frameOf(1))
    const client = startClient(50, await zero.transport.listening())
    await client.until(() => client.transport.send(replicaPeer(0), frameOf(2)))
    client.transport.flush()
    await zero.until(() => zero.frames.length > 0)
    expect(zero.framesFrom(1)).toHaveLength(0)
    one.transport.flush()
    await zero.until(() => zero.framesFrom(1).length === 1)
  })

  it('go between a replica and a client, which is known by its key', async () => {
    const { node: zero, address } = await startReplica(0)
    const client = startClient(50, address)
    await linkedTo(client, 0)
    client.transport.send(replicaPeer(0), frameOf(1, 1000))
    client.transport.flush()
    await zero.until(() => zero.frames.length === 1)
    const peer: Peer = { kind: 'client', id: clientIdOf(50) }
    expect(zero.frames[0]?.from).toEqual(peer)
    expect(zero.transport.reachable()).toEqual([])
    expect(client.transport.reachable()).toEqual([0])
    expect(zero.transport.send(peer, frameOf(2, 3 * MIB))).toBe(true)
    zero.transport.flush()
    await client.until(() => client.frames.length === 1)
    expect(client.frames[0]?.frame.length).toBe(frameOf(2, 3 * MIB).length)
  })

  it('have nowhere to go without a link, and never go to oneself', async () => {
    const { node } = await startReplica(0)
    expect(node.transport.send(replicaPeer(1), frameOf(1))).toBe(false)
    expect(node.transport.send({ kind: 'client', id: clientIdOf(50) }, frameOf(1))).toBe(false)
    expect(() => node.transport.send(replicaPeer(0), frameOf(1))).toThrow('to itself')
  })
})

describe('links', () => {
  it('come back after the other end was closed and opened again', async () => {
    const { zero, one, address } = await pair()
    await zero.transport.close()
    await one.until(() => one.events.some((event) => event.kind === 'unlinked'))
    expect(one.transport.reachable()).toEqual([])
    expect(one.transport.send(replicaPeer(0), frameOf(1))).toBe(false)
    await one.until(() => one.ended('ECONNREFUSED'))

    const { node: reborn } = await startReplica(0, [], { listen: address })
    await one.until(() => one.linked.length === 2)
    one.transport.send(replicaPeer(0), frameOf(2))
    one.transport.flush()
    await reborn.until(() => reborn.frames.length === 1)
    expect(reborn.framesFrom(1)).toEqual([frameOf(2)])
  })

  it('are made by the larger id, as soon as the smaller one listens', async () => {
    const { node: zero, address } = await startReplica(0, [NOWHERE, NOWHERE])
    const { node: one, address: second } = await startReplica(1, [address])
    const { node: two } = await startReplica(2, [address, second])
    await two.until(() => two.transport.reachable().length === 2)
    await zero.until(() => zero.transport.reachable().length === 2)
    await one.until(() => one.transport.reachable().length === 2)
    expect(zero.transport.reachable()).toEqual([1, 2])
    expect(one.transport.reachable()).toEqual([0, 2])
    expect(zero.events.every((event) => event.kind === 'linked')).toBe(true)
  })

  it('of one peer replace each other, the newest stays', async () => {
    const { node: zero, address } = await startReplica(0)
    const older = dialRaw(address)
    await handshakeRaw(older, replicaSecurity(2))
    await linkedTo(zero, 2)
    const newer = dialRaw(address)
    const link = await handshakeRaw(newer, replicaSecurity(2))
    await zero.until(() => zero.linked.length === 2)
    await closed(older)
    expect(zero.ended('replaced')).toBe(true)
    const frame = frameOf(1)
    newer.write(concatBytes(frame, link.seal(frame)))
    await zero.until(() => zero.frames.length === 1)
    expect(zero.transport.reachable()).toEqual([2])
  })

  it('whose handshake began before that of the living one are sent away when it ends', async () => {
    const { node: zero, address } = await startReplica(0)
    const older = dialRaw(address)
    const handshake = replicaSecurity(2).initiate(toReplicaId(0))
    older.write(handshake.opening ?? new Uint8Array(0))
    const [welcome] = (await once(older, 'data')) as [Uint8Array]
    const proof = handshake.receive(new Uint8Array(welcome))
    if (proof.kind !== 'established' || proof.send === null) throw new Error('no link')
    const newer = dialRaw(address)
    const link = await handshakeRaw(newer, replicaSecurity(2))
    await linkedTo(zero, 2)
    // As where the network kept the last frame of a handshake whose dialer had long given it up.
    older.write(proof.send)
    const late = frameOf(7)
    older.write(concatBytes(late, proof.link.seal(late)))
    await zero.until(() => zero.ended('outdated'))
    await closed(older)
    const frame = frameOf(1)
    newer.write(concatBytes(frame, link.seal(frame)))
    await zero.until(() => zero.frames.length === 1)
    expect(zero.framesFrom(2)).toEqual([frame])
  })

  it('that are ended deliver nothing more, and are made again by the end that made them', async () => {
    const { zero, one } = await pair()
    for (const [ender, other] of [[zero, one] as const, [one, zero] as const]) {
      const before = { zero: zero.linked.length, one: one.linked.length }
      const seen = ender.frames.length
      const id = ender === zero ? 1 : 0
      other.transport.send(replicaPeer(1 - id), frameOf(3, MIB))
      other.transport.flush()
      expect(ender.transport.received(replicaPeer(id))).toBeGreaterThan(0)
      ender.transport.end(replicaPeer(id))
      expect(ender.transport.received(replicaPeer(id))).toBeNull()
      expect(ender.transport.send(replicaPeer(id), frameOf(4))).toBe(false)
      await zero.until(() => zero.linked.length > before.zero)
      await one.until(() => one.linked.length > before.one)
      expect(ender.frames.length).toBe(seen)
      expect(ender.ended('silent')).toBe(true)
    }
  })

  it('are given up when the other machine does not answer the dial, and dialed again at once', async () => {
    const { node: two } = await startReplica(2, [NOWHERE, await startDeaf()])
    const timeouts = () =>
      two.events.filter((event) => 'reason' in event && event.reason === 'dial-timeout').length
    await two.until(() => timeouts() >= 2)
  })

  it('are not made by the smaller id', async () => {
    const { address } = await startReplica(0)
    const { node: one, address: second } = await startReplica(1, [address])
    const socket = dialRaw(second)
    const handshake = replicaSecurity(0).initiate(toReplicaId(1))
    socket.write(handshake.opening ?? new Uint8Array(0))
    const [welcome] = (await once(socket, 'data')) as [Uint8Array]
    const step = handshake.receive(new Uint8Array(welcome))
    if (step.kind !== 'established' || step.send === null) throw new Error('no link')
    socket.write(step.send)
    await closed(socket)
    expect(one.ended('not-the-dialer')).toBe(true)
  })

  it('end when a byte behind the handshake is altered on the way', async () => {
    const { node: zero, address } = await startReplica(0)
    const proxy = await startProxy(address)
    const { node: one } = await startReplica(1, [proxy.address])
    await linkedTo(one, 0)
    await linkedTo(zero, 1)
    one.transport.send(replicaPeer(0), frameOf(1))
    one.transport.flush()
    await zero.until(() => zero.frames.length === 1)
    proxy.corruptNext()
    one.transport.send(replicaPeer(0), frameOf(2))
    one.transport.flush()
    await zero.until(() => zero.ended('bad-tag'))
    expect(zero.frames).toHaveLength(1)
    await one.until(() => one.linked.length === 2)
  })

  it('wait longer after each failure, by chance and within bounds', () => {
    for (let failures = 1; failures < 2000; failures++) {
      const least = backoffMilliseconds(failures, () => 0)
      const most = backoffMilliseconds(failures, () => 0.999999)
      expect(least).toBeGreaterThanOrEqual(BACKOFF_MILLISECONDS_LEAST / 2)
      expect(most).toBeLessThanOrEqual(BACKOFF_MILLISECONDS_MAX)
      expect(most).toBeGreaterThan(least)
    }
    expect(backoffMilliseconds(3, () => 0)).toBe(2 * backoffMilliseconds(2, () => 0))
    expect(backoffMilliseconds(100, () => 0)).toBe(BACKOFF_MILLISECONDS_MAX / 2)
  })
})

describe('a closed transport', () => {
  it('leaves no timer, neither of a waiting dialer nor of a running handshake', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
    // A handshake's timer that stayed would be seen for longer than this test waits.
    const options = { handshakeMilliseconds: 10 * PATIENCE_MS }
    const { node } = await startReplica(2, [NOWHERE, await startMute()], options)
    await node.until(() => node.ended('ECONNREFUSED'))
    const meanwhile = timers()
    await node.transport.close()
    // Timers of the test runner come and go.
    await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(meanwhile - 2), PATIENT)
  })
})

describe('a port', () => {
  it('that is taken makes `listening` reject in one clear sentence', async () => {
    const { address } = await startReplica(0)
    const failure = await startReplica(1, [], { listen: address }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(AddressInUse)
    expect(String(failure)).toBe(
      `AddressInUse: Port ${address.port} on 127.0.0.1 is already in use by another program.`,
    )
  })

  it('is free again when `close` is done, even where it was called before the port was taken', async () => {
    const { node, address } = await startReplica(0)
    await node.transport.close()
    const hasty = startReplica(0, [], { listen: address })
    await Promise.all(cleanups.slice(-1).map((close) => close()))
    await hasty
    expect((await startReplica(0, [], { listen: address })).address).toEqual(address)
  })
})
