/** Rule 1.11, its last sentence: a link that is silent for some heartbeats is ended and dialed again. */
import { describe, expect, test } from 'vitest'
import { type ReplicaId, replicaIds } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { HEARTBEAT, isHeartbeat } from '../../src/messages/heartbeat.ts'
import type { Peer, Transport, TransportHandler } from '../../src/ports.ts'
import {
  HEARTBEAT_TICKS,
  HEARTBEATS_MAX,
  LiveLinks,
  SILENT_TICKS,
} from '../../src/runtime/links/live-links.ts'
import { drawPlan } from '../../src/simulator/plan/draw-plan.ts'
import { withoutFaults } from '../../src/simulator/plan/plan.ts'
import { simulate } from '../../src/simulator/runs/simulate.ts'
import { VirtualTime } from '../../src/simulator/world/virtual-clock.ts'
import { VirtualNetwork } from '../../src/simulator/world/virtual-network.ts'
import { deeper } from '../kit/depth.ts'

const PEER: Peer = { kind: 'replica', id: 1 as ReplicaId }
const FRAME = Uint8Array.of(0, 0, 0, 1, 6)

/** A link to one peer, with its history. */
class OneLink {
  readonly sent: Uint8Array[] = []
  readonly taken: Uint8Array[] = []
  readonly dead: Peer[] = []
  ended = 0
  bytes: number | null = 0
  takes = true
  handler: TransportHandler | null = null
  readonly links: LiveLinks

  constructor() {
    const transport: Transport = {
      start: (handler) => {
        this.handler = handler
      },
      send: (_, frame) => this.sent.push(frame) > 0,
      flush: () => {},
      resume: () => {},
      reachable: () => [PEER.id as ReplicaId],
      received: () => this.bytes,
      end: () => {
        this.ended++
        this.bytes = null
      },
    }
    this.links = new LiveLinks(transport, (peer) => this.dead.push(peer))
    this.links.start({
      onLink: () => {},
      onFrame: (_, frame) => {
        this.taken.push(frame)
        return this.takes
      },
    })
    this.handler?.onLink(PEER)
  }

  tick(count: number, each: () => void = () => {}): void {
    for (let done = 0; done < count; done++) {
      each()
      this.links.tick()
    }
  }
}

describe('a link', () => {
  test('PBFT-1.11 that is silent for some heartbeats is ended, once', () => {
    const link = new OneLink()
    link.tick(SILENT_TICKS - 1)
    expect(link.ended).toBe(0)
    link.tick(5 * SILENT_TICKS)
    expect([link.ended, link.dead]).toEqual([1, [PEER]])
  })

  test('PBFT-1.11 over which bytes come lives, though no frame is whole yet', () => {
    const link = new OneLink()
    link.tick(5 * SILENT_TICKS, () => {
      link.bytes = (link.bytes ?? 0) + 1
    })
    expect(link.ended).toBe(0)
  })

  test('PBFT-1.11 that is held is not silent; what counts begins when it is taken from again', () => {
    const link = new OneLink()
    link.takes = false
    link.handler?.onFrame(PEER, FRAME)
    link.tick(5 * SILENT_TICKS)
    expect(link.ended).toBe(0)
    link.links.resume(PEER)
    link.tick(SILENT_TICKS)
    expect(link.ended).toBe(1)
  })

  test('PBFT-1.11 carries a heartbeat when nothing else was said for a while', () => {
    const link = new OneLink()
    const alive = (): void => {
      link.bytes = (link.bytes ?? 0) + 1
    }
    link.tick(4 * HEARTBEAT_TICKS, alive)
    expect(link.sent.filter(isHeartbeat)).toHaveLength(4)
    link.tick(4 * HEARTBEAT_TICKS, () => {
      alive()
      link.links.send(PEER, FRAME)
    })
    expect(link.sent.filter(isHeartbeat)).toHaveLength(4)
  })

  test('PBFT-1.11 takes heartbeats for nothing, but no more than a correct peer sends', () => {
    const link = new OneLink()
    for (let sent = 0; sent < HEARTBEATS_MAX; sent++) link.handler?.onFrame(PEER, HEARTBEAT)
    expect(link.taken).toEqual([])
    link.handler?.onFrame(PEER, HEARTBEAT)
    expect(link.taken).toEqual([HEARTBEAT])
    link.tick(2 * SILENT_TICKS, () => {
      link.bytes = (link.bytes ?? 0) + 1
    })
    link.handler?.onFrame(PEER, HEARTBEAT)
    expect(link.taken).toHaveLength(1)
  })
})

/** Two replicas, the second of which dials, and the frames that each was given. */
function twoReplicas() {
  const time = new VirtualTime()
  const peers = replicaIds(4).map((id): Peer => ({ kind: 'replica', id }))
  const network = new VirtualNetwork({ time, random: createRandom(1), peers })
  const linked: number[] = []
  const ends = peers.slice(0, 2).map((peer, index) => {
    const frames: Uint8Array[] = []
    const transport = network.attach(peer)
    transport.start({ onFrame: (_, frame) => frames.push(frame) > 0, onLink: () => linked.push(index) })
    const say = (frame: Uint8Array): boolean => {
      const isSent = transport.send(peers[1 - index] as Peer, frame)
      transport.flush()
      return isSent
    }
    return { transport, frames, say, other: peers[1 - index] as Peer }
  })
  const pass = (ms: number): void => {
    const end = time.now + ms
    time.after(ms, () => {})
    while (time.now < end && time.next());
  }
  const [one, two] = ends as [(typeof ends)[number], (typeof ends)[number]]
  return { network, one, two, linked, pass }
}

describe('a virtual link', () => {
  const NOBODY = [0, 0, 0, 0]

  test('PBFT-1.11 that was used while the network swallowed is stuck until it is ended, in both directions', () => {
    const { network, one, two, linked, pass } = twoReplicas()
    const before = linked.length
    // Only frames of the first one are lost.
    network.swallow([0b1101, 0b1111, 0b1111, 0b1111])
    expect(one.say(FRAME)).toBe(true)
    expect(two.say(FRAME)).toBe(true)
    network.swallow(null)
    one.say(FRAME)
    two.say(FRAME)
    pass(5_000)
    expect([...one.frames, ...two.frames]).toEqual([])
    one.transport.end(one.other)
    expect(one.transport.received(one.other)).toBeNull()
    expect(one.say(FRAME)).toBe(false)
    pass(1_000)
    expect(linked.length).toBe(before + 2)
    expect([one.say(FRAME), two.say(FRAME)]).toEqual([true, true])
    pass(100)
    expect(one.frames).toHaveLength(1)
    expect(two.transport.received(two.other)).toBeGreaterThan(0)
  })

  test('PBFT-1.11 is not made anew while the network swallows, and its end does not get through', () => {
    const { network, one, two, linked, pass } = twoReplicas()
    const before = linked.length
    network.swallow(NOBODY)
    two.transport.end(two.other)
    pass(5_000)
    expect(linked.length).toBe(before)
    expect(one.transport.received(one.other)).not.toBeNull()
    expect(two.transport.received(two.other)).toBeNull()
    network.swallow(null)
    pass(1_000)
    expect(linked.length).toBe(before + 2)
  })

  test('PBFT-1.11 frames of an ended link may be late, but never come after the new one is up', () => {
    const { network, one, two, linked, pass } = twoReplicas()
    network.swallow(NOBODY)
    for (let said = 0; said < 100; said++) one.say(FRAME)
    network.swallow(null)
    const before = linked.length
    one.transport.end(one.other)
    while (linked.length === before) pass(1)
    const late = two.frames.length
    expect(late).toBeLessThanOrEqual(8)
    pass(1_000)
    expect(two.frames).toHaveLength(late)
  })
})

describe('a cluster', () => {
  const oneWay = ['one way', [0b1111, 0b1111, 0b1100, 0b1100], []] as const
  const clients = ['clients only', [0b1111, 0b1111, 0b1111, 0b1111], [0, 1, 2, 3]] as const
  const halves = ['halves', [0b0011, 0b0011, 0b1100, 0b1100], []] as const

  test.each<readonly [string, readonly number[], readonly number[]]>(
    deeper([oneWay], [oneWay, clients, halves]),
  )('PBFT-1.11 whose network swallowed for a while serves again: %s', (_, reach, withoutClients) => {
    const plan = withoutFaults(drawPlan(1, 4))
    const calmAtMs = 600
    const faults = [
      { kind: 'swallow', reach, withoutClients: withoutClients as readonly ReplicaId[], atMs: 50 },
      { kind: 'swallow', reach: null, withoutClients: [], atMs: 500 },
    ] as const
    const { verdict, explanation } = simulate({ seed: 1, plan: { ...plan, calmAtMs, faults } })
    expect([verdict, ...explanation]).toEqual(['held'])
  })
})
