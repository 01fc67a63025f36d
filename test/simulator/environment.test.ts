import { describe, expect, it } from 'vitest'
import type { ReplicaId, Sequence } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import type { Peer, Transport } from '../../src/ports.ts'
import { EPOCH_MS, VirtualClock, VirtualTime } from '../../src/simulator/world/virtual-clock.ts'
import { VirtualDisk } from '../../src/simulator/world/virtual-disk.ts'
import { CALM_NETWORK, LINK_BYTES_MAX, VirtualNetwork } from '../../src/simulator/world/virtual-network.ts'

const replica = (id: number): Peer => ({ kind: 'replica', id: id as ReplicaId })

describe('virtual time', () => {
  it('runs what is due in the order of time, then of asking', () => {
    const time = new VirtualTime()
    const ran: string[] = []
    for (const [delay, name] of [
      [5, 'late'],
      [1, 'first'],
      [1, 'second'],
      [0, 'now'],
    ] as const) {
      time.after(delay, () => {
        ran.push(`${name} at ${time.now}`)
        if (name === 'first') time.after(0, () => ran.push('deferred'))
      })
    }
    while (time.next());
    expect(ran).toEqual(['now at 0', 'first at 1', 'second at 1', 'deferred', 'late at 5'])
  })

  it('keeps thousands of entries in order', () => {
    const time = new VirtualTime()
    const random = createRandom(1)
    const ran: number[] = []
    for (let count = 0; count < 5_000; count++) {
      const delay = random.below(1_000)
      time.after(delay, () => ran.push(time.now))
    }
    while (time.next());
    expect(ran).toEqual([...ran].sort((a, b) => a - b))
    expect(ran.length).toBe(5_000)
  })

  it('gives each clock its own skew and rate, and lets it be set', () => {
    const time = new VirtualTime()
    const clock = new VirtualClock(time, { skewMs: 100, rate: 2 })
    let ticks = 0
    const stop = clock.every(10, () => ticks++)
    time.runUntil(50)
    expect(clock.now()).toBe(EPOCH_MS + 100 + 100)
    expect(ticks).toBe(10)
    clock.set({ skewMs: -20, rate: 1 })
    time.runUntil(80)
    expect(clock.now()).toBe(EPOCH_MS + 80 - 20)
    stop()
    time.runUntil(200)
    expect(ticks).toBeLessThanOrEqual(14)
  })
})

describe('the virtual disk', () => {
  const behaviour = { syncMs: [2, 2], readMs: 1, isTornAtCrash: false } as const
  const bytes = (value: number): Uint8Array => Uint8Array.of(value, value)

  it('forgets at a crash what was not synced, and answers no one from before it', () => {
    const time = new VirtualTime()
    const disk = new VirtualDisk(time, createRandom(1), behaviour)
    const { log } = disk.open()
    const done: string[] = []
    log.append(bytes(1))
    log.sync(() => done.push('first'))
    log.append(bytes(2))
    time.runUntil(10)
    log.append(bytes(3))
    log.sync(() => done.push('second'))
    log.read(0, () => done.push('read'))
    expect(disk.crash()).toBe(1)
    time.runUntil(20)
    expect(done).toEqual(['first'])
    expect([...disk.open().records].map(({ record }) => [...record])).toEqual([[1, 1]])
  })

  it('may keep the first of what was not synced, and never a later one without them', () => {
    const kept = new Set<number>()
    for (let seed = 0; seed < 50; seed++) {
      const disk = new VirtualDisk(new VirtualTime(), createRandom(seed), {
        ...behaviour,
        isTornAtCrash: true,
      })
      const { log } = disk.open()
      for (const value of [1, 2, 3]) log.append(bytes(value))
      kept.add(disk.crash())
      const values = [...disk.open().records].map(({ record }) => record[0])
      expect(values).toEqual([1, 2, 3].slice(0, values.length))
    }
    expect([...kept].sort()).toEqual([0, 1, 2, 3])
  })

  it('syncs one at a time, and a sync covers what was appended before it began', () => {
    const time = new VirtualTime()
    const disk = new VirtualDisk(time, createRandom(1), behaviour)
    const { log } = disk.open()
    const synced: number[] = []
    for (const value of [1, 2, 3]) {
      log.append(bytes(value))
      log.sync(() => synced.push(disk.syncedRecords))
    }
    time.runUntil(10)
    expect(synced).toEqual([1, 3, 3])
    expect(disk.syncs).toBe(2)
  })
})

describe('the virtual disk over time', () => {
  const behaviour = { syncMs: [2, 2], readMs: 1, isTornAtCrash: false } as const
  const record = (value: number): Uint8Array => Uint8Array.of(value)
  const open = (disk: VirtualDisk): readonly number[] =>
    [...disk.open().records].map(({ record: [value] }) => value ?? -1)

  function createFilled(count: number) {
    const time = new VirtualTime()
    const disk = new VirtualDisk(time, createRandom(1), behaviour)
    const replay = disk.open()
    for (let value = 0; value < count; value++) replay.log.append(record(value))
    replay.log.sync(() => {})
    time.runUntil(time.now + 5)
    return { time, disk, ...replay }
  }

  it('deletes trimmed records with the next sync, in whole segments, and reports that it is cut', () => {
    const { time, disk, log, beginning } = createFilled(100)
    expect(beginning).toBe('birth')
    log.trim(40)
    expect(disk.deletedRecords).toBe(0)
    log.sync(() => {})
    time.runUntil(time.now + 5)
    expect(disk.deletedRecords).toBeGreaterThan(0)
    expect(disk.deletedRecords).toBeLessThanOrEqual(40)
    disk.crash()
    const first = disk.deletedRecords
    expect(open(disk)).toEqual(Array.from({ length: 100 - first }, (_, index) => first + index))
    const again = disk.open()
    expect(again.beginning).toBe('cut')
    expect([...again.records][0]?.position).toBe(first)
    let isRead = false
    again.log.read(first - 1, (gone) => {
      isRead = gone === null
    })
    time.runUntil(time.now + 5)
    expect(isRead).toBe(true)
    expect(again.log.append(record(7))).toBe(100)
  })

  it('begins anew after a loss, and keeps the pages only where the log alone was damaged', () => {
    for (const isWhole of [true, false]) {
      const { time, disk } = createFilled(10)
      const hash = new Uint8Array(32)
      disk.pages.write([{ hash, bytes: record(1) }], () => {})
      disk.pages.commit({ sequence: 1 as Sequence, root: hash, certificate: hash }, [], () => {})
      time.runUntil(time.now + 20)
      disk.crash()
      if (isWhole) disk.lose()
      else disk.rotLog()
      const { beginning, records } = disk.open()
      expect(beginning).toBe('amnesia')
      expect([...records]).toEqual([])
      expect(disk.pages.anchor === null).toBe(isWhole)
      disk.crash()
      expect(disk.open().beginning).toBe('amnesia')
    }
  })

  it('does not sync while it is full, and takes long while it is slow', () => {
    const { time, disk, log } = createFilled(1)
    let failures = 0
    disk.setFull(() => ++failures > 0)
    log.append(record(1))
    log.sync(() => expect.unreachable())
    time.runUntil(time.now + 100)
    expect(failures).toBe(1)
    disk.crash()
    disk.setFull(null)
    disk.setSlow(true)
    const again = disk.open()
    let syncedAt = 0
    const askedAt = time.now
    again.log.sync(() => {
      syncedAt = time.now
    })
    time.runUntil(time.now + 1_000)
    expect(syncedAt - askedAt).toBeGreaterThan(100)
  })

  it('keeps pages from their commit on, switches the anchor at once, then deletes what was removed', () => {
    const { time, disk } = createFilled(0)
    const { pages } = disk
    const hashes = [1, 2, 3].map((value) => new Uint8Array(32).fill(value)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const page = (value: number) => ({ hash: hashes[value] as Uint8Array, bytes: record(value) })
    const anchor = (sequence: number) => ({
      sequence: sequence as Sequence,
      root: hashes[0],
      certificate: hashes[1],
    })
    const calls: string[] = []
    pages.write([page(0), page(1)], () => calls.push('written'))
    pages.commit(anchor(1), [], () => calls.push('committed'))
    expect(pages.anchor).toBeNull()
    time.runUntil(time.now + 20)
    expect(calls).toEqual(['written', 'committed'])
    expect(pages.anchor?.sequence).toBe(1)
    pages.write([page(2)], () => {})
    pages.commit(anchor(2), [hashes[0], hashes[1]], () => {})
    // Written once more before the deletion: it is part of what comes next.
    pages.write([page(1)], () => {})
    expect(pages.read(hashes[0])).toEqual(record(0))
    time.runUntil(time.now + 20)
    expect([pages.read(hashes[0]), pages.read(hashes[1]), pages.read(hashes[2])]).toEqual([
      null,
      record(1),
      record(2),
    ])
    pages.write([page(0)], () => expect.unreachable())
    pages.commit(anchor(3), [], () => expect.unreachable())
    disk.crash()
    time.runUntil(time.now + 20)
    expect(pages.anchor?.sequence).toBe(2)
    expect([pages.read(hashes[0]), pages.read(hashes[2])]).toEqual([null, record(2)])
    pages.rot(1)
    expect(pages.read(hashes[2])).toBeNull()
    pages.write([page(2)], () => {})
    expect(pages.read(hashes[2])).toEqual(record(2))
  })
})

describe('the virtual network', () => {
  interface End {
    readonly transport: Transport
    readonly received: number[]
    accepts: boolean
  }

  function createEnds(count: number) {
    const time = new VirtualTime()
    const peers = Array.from({ length: count }, (_, id) => replica(id))
    const network = new VirtualNetwork({ time, random: createRandom(3), peers })
    const attach = (id: number): End => {
      const end: End = { transport: network.attach(replica(id)), received: [], accepts: true }
      end.transport.start({
        onFrame: (_from, frame) => {
          end.received.push(frame[0] ?? -1)
          return end.accepts
        },
        onLink: () => {},
      })
      return end
    }
    return { time, network, attach, ends: peers.map((_, id) => attach(id)) as [End, End, ...End[]] }
  }

  const sendAll = (end: End, to: number, values: readonly number[]): void => {
    for (const value of values) {
      end.transport.send(replica(to), Uint8Array.of(value))
      end.transport.flush()
    }
  }

  const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

  it('keeps the order of a link, delays, and copies', () => {
    const { time, ends } = createEnds(2)
    const frame = Uint8Array.of(7)
    ends[0].transport.send(replica(1), frame)
    expect(ends[1].received).toEqual([])
    ends[0].transport.flush()
    sendAll(ends[0], 1, upTo(50))
    time.runUntil(0.9)
    expect(ends[1].received).toEqual([])
    frame[0] = 9
    time.runUntil(100)
    expect(ends[1].received.slice(1)).toEqual(upTo(50))
  })

  it('loses, doubles and reorders according to its conditions', () => {
    const lossy = createEnds(2)
    lossy.network.conditions = { ...CALM_NETWORK, loss: 0.5 }
    sendAll(lossy.ends[0], 1, upTo(200))
    lossy.time.runUntil(100)
    expect(lossy.ends[1].received.length).toBeGreaterThan(60)
    expect(lossy.ends[1].received.length).toBeLessThan(140)

    const doubling = createEnds(2)
    doubling.network.conditions = { ...CALM_NETWORK, duplication: 1 }
    sendAll(doubling.ends[0], 1, [1, 2])
    doubling.time.runUntil(100)
    expect([...doubling.ends[1].received].sort()).toEqual([1, 1, 2, 2])

    const reordering = createEnds(2)
    reordering.network.conditions = { ...CALM_NETWORK, reordering: 1 }
    sendAll(reordering.ends[0], 1, upTo(100))
    reordering.time.runUntil(100)
    expect(reordering.ends[1].received).not.toEqual(upTo(100))
    expect([...reordering.ends[1].received].sort((a, b) => a - b)).toEqual(upTo(100))
  })

  it('cuts one direction, falls apart, and is whole again after the calm', () => {
    const { time, network, ends } = createEnds(3)
    network.setCut({ from: replica(0), to: replica(1), isCut: true })
    network.partition([0b011, 0b011, 0b100])
    sendAll(ends[0], 1, [1])
    sendAll(ends[0], 2, [2])
    sendAll(ends[1], 0, [3])
    time.runUntil(100)
    expect(ends.map(({ received }) => received)).toEqual([[3], [], []])
    network.calm()
    sendAll(ends[0], 1, [4])
    sendAll(ends[0], 2, [5])
    time.runUntil(200)
    expect(ends.map(({ received }) => received)).toEqual([[3], [4], [5]])
  })

  it('holds a link until it is resumed, refuses what is too much, and forgets it at a crash', () => {
    const { time, network, ends, attach } = createEnds(2)
    ends[1].accepts = false
    sendAll(ends[0], 1, [1, 2, 3])
    time.runUntil(100)
    expect(ends[1].received).toEqual([1])
    expect(ends[0].transport.send(replica(1), new Uint8Array(LINK_BYTES_MAX))).toBe(false)
    ends[1].accepts = true
    ends[1].transport.resume(replica(0))
    time.runUntil(200)
    expect(ends[1].received).toEqual([1, 2, 3])

    sendAll(ends[0], 1, [4])
    network.detach(replica(1), { losesSent: false })
    expect(ends[0].transport.send(replica(1), Uint8Array.of(5))).toBe(false)
    expect(ends[0].transport.reachable()).toEqual([])
    const restarted = attach(1)
    sendAll(ends[0], 1, [6])
    time.runUntil(300)
    expect(restarted.received).toEqual([6])
  })
})
