/** Rule 1.9: the request timer. OSDI 1999 section 4.4, first paragraph. */
import { describe, expect, test } from 'vitest'
import type { ReplicaId } from '../../src/base/ids.ts'
import { BATCH_BYTES_MAX, BATCH_REQUESTS_MAX } from '../../src/messages/limits.ts'
import { WaitingRequests } from '../../src/pbft/ordering/request-queue.ts'
import {
  LANE_BYTES_MAX,
  LANE_REQUESTS_MAX,
  PLACES_CONTESTED,
  RELAY_AFTER_TICKS,
  RELAYED_PER_CLIENT_MAX,
  REQUEST_TIMEOUT_TICKS,
  STATUS_IDLE_TICKS,
  WAITING_PER_CLIENT_MAX,
} from '../../src/pbft/parameters.ts'
import { relevanceOf } from '../../src/pbft/relevance.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchOf = (...requests: readonly (readonly [client: number, timestamp: number])[]) =>
    kit.batch(requests.map(([client, timestamp]) => kit.request(client, { timestamp })))
  const waits = (replica: ReplicaUnderTest, client: number, timestamp: number) =>
    replica.state.requests.waiting.find(
      kit.clientId(client),
      kit.request(client, { timestamp }).timestamp,
    ) !== null

  const hasLeft = ({ state }: ReplicaUnderTest) => state.views.view > 0 && !state.views.isActive

  test('PBFT-1.9 the timer of a waiting request runs out, and not before its time', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    backup.tickHearing(REQUEST_TIMEOUT_TICKS - 1)
    expect(hasLeft(backup)).toBe(false)
    backup.tickHearing()
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 with nothing waiting no timer runs', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    backup.tickHearing(3 * REQUEST_TIMEOUT_TICKS)
    expect(backup.state.requests.timer).toBeNull()
    expect(hasLeft(backup)).toBe(false)
  })

  test('PBFT-1.9 it restarts when the oldest waiting entry was served', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    backup.tickHearing(40)
    backup.receive(kit.request(1))
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    expect(backup.state.requests.timer).toMatchObject({
      waitsFor: { client: kit.clientId(1) },
      startedTick: 40,
    })
    backup.tickHearing(backup.state.patience.timeoutTicks - 1)
    expect(hasLeft(backup)).toBe(false)
    backup.tickHearing()
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 other progress does not restart it: a primary cannot starve one client', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    for (let sequence = 1; sequence <= 10; sequence++) {
      backup.receive(kit.request(1, { timestamp: sequence }))
      backup.tickHearing(REQUEST_TIMEOUT_TICKS / 10)
      decide(kit, backup, { sequence, batch: batchOf([1, sequence]) })
    }
    expect(hasLeft(backup)).toBe(true)
    expect(waits(backup, 0, 1)).toBe(true)
  })

  test('PBFT-1.9 serving a later request of the same client does not restart it', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0, { timestamp: 1 }))
    backup.receive(kit.request(0, { timestamp: 2 }))
    backup.tickHearing(40)
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 2]) })
    expect(backup.state.requests.timer).toMatchObject({ waitsFor: { timestamp: 1 }, startedTick: 0 })
  })

  test('PBFT-1.9 executed entries are dropped, and stale ones with them', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0, { timestamp: 1 }))
    backup.receive(kit.request(0, { timestamp: 40 }))
    backup.receive(kit.request(1))
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 100]) })
    expect(waits(backup, 0, 1)).toBe(false) // stale: the floor is 36
    expect(waits(backup, 0, 40)).toBe(true)
    expect(waits(backup, 1, 1)).toBe(true)
  })

  test('PBFT-1.9 a waiting request whose timestamp was executed with another digest is dropped', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0, { operations: new Uint8Array(9) }))
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    expect(backup.state.requests.waiting.size).toBe(0)
    expect(backup.state.requests.timer).toBeNull()
  })

  test('PBFT-1.9 a request that arrives after its own execution starts nothing', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    backup.receive(kit.request(0))
    expect(backup.state.requests.timer).toBeNull()
    expect(backup.state.requests.waiting.size).toBe(0)
  })

  test('PBFT-1.9 a request that arrives between handing over and execution is dropped by the execution', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    backup.receive(kit.request(0))
    backup.finishExecution()
    expect(backup.state.requests.waiting.size).toBe(0)
    expect(backup.state.requests.timer).toBeNull()
  })

  test('PBFT-1.9 what one batch takes to be executed is not held against the primary, and others hear of it', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    backup.receive(kit.request(1))
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    const effects = backup.tickHearing(5 * REQUEST_TIMEOUT_TICKS)
    expect(hasLeft(backup)).toBe(false)
    const said = effectsOf(effects, 'broadcast').filter(({ outgoing }) => outgoing.kind === 'status')
    expect(said).toHaveLength((5 * REQUEST_TIMEOUT_TICKS) / STATUS_IDLE_TICKS)
    backup.finishExecution()
    // The first tick in the middle of it counted: it may have begun just before.
    backup.tickHearing(REQUEST_TIMEOUT_TICKS - 2)
    expect(hasLeft(backup)).toBe(false)
    backup.tickHearing()
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 but a batch at every tick does not stop the timer', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    backup.receive(kit.request(0))
    for (let sequence = 1; sequence <= REQUEST_TIMEOUT_TICKS; sequence++) {
      expect(hasLeft(backup)).toBe(false)
      decide(kit, backup, { sequence, batch: batchOf([1, sequence]) })
      backup.tickHearing()
      backup.finishExecution()
    }
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 a decision that came from another replica serves as well as an own one', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    backup.tickHearing(REQUEST_TIMEOUT_TICKS - 1)
    backup.receive(kit.decision({ view: 2, sequence: 1, batch: batchOf([0, 1]) }))
    expect(backup.state.requests.timer).toBeNull()
    backup.tickHearing(2 * REQUEST_TIMEOUT_TICKS)
    expect(hasLeft(backup)).toBe(false)
  })

  test('PBFT-1.9 a repetition does not restart the timer', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    for (let tick = 0; tick < REQUEST_TIMEOUT_TICKS; tick++) {
      backup.tickHearing()
      backup.receive(kit.request(0))
    }
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 the clock does not matter, ticks do', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    backup.tick(1, 1_000_000_000)
    backup.tick(1, 0)
    expect(hasLeft(backup)).toBe(false)
  })

  test('PBFT-1.9 what a backup relays has a lane at the primary, however full the room of its client is', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    for (let timestamp = 1; timestamp <= WAITING_PER_CLIENT_MAX; timestamp++) {
      primary.receive(kit.request(0, { timestamp }))
    }
    const more = WAITING_PER_CLIENT_MAX + 1
    expect(primary.receive(kit.request(0, { timestamp: more }))).toMatchObject([
      { kind: 'refuse', reason: 'busy' },
    ])
    primary.receive(kit.request(0, { timestamp: more }), kit.replicaPeer(1))
    expect(waits(primary, 0, more)).toBe(true)
  })

  test('PBFT-1.9 only the primary has lanes', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (let timestamp = 1; timestamp <= WAITING_PER_CLIENT_MAX; timestamp++) {
      backup.receive(kit.request(0, { timestamp }))
    }
    backup.receive(kit.request(0, { timestamp: 200 }), kit.replicaPeer(2))
    expect(waits(backup, 0, 200)).toBe(false)
  })

  test('PBFT-1.9 a relay of what waits behind others of its client is for the primary to order, not of no use', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    // The first ones are proposed at once, as far as the pipeline has room.
    for (let timestamp = 1; timestamp <= 40; timestamp++) primary.receive(kit.request(0, { timestamp }))
    const last = kit.request(0, { timestamp: 40 })
    expect(relevanceOf(primary.state, last, kit.replicaPeer(1))).toBe('order')
    primary.receive(last, kit.replicaPeer(1))
    expect(relevanceOf(primary.state, last, kit.replicaPeer(1))).toBe('nothing')
    expect(relevanceOf(primary.state, kit.request(0, { timestamp: 4 }), kit.replicaPeer(1))).toBe('nothing')
    expect(primary.state.requests.waiting.size).toBe(40)
  })
})

describe('lanes', () => {
  const kit = createClusterKit(4)
  const LIMITS = { requests: BATCH_REQUESTS_MAX, bytes: BATCH_BYTES_MAX }
  const full = (): WaitingRequests => {
    const waiting = new WaitingRequests()
    for (let timestamp = 1; timestamp <= WAITING_PER_CLIENT_MAX; timestamp++) {
      waiting.add(kit.request(0, { timestamp }))
    }
    return waiting
  }
  const timestampsOf = (taken: readonly { readonly timestamp: number }[]) =>
    taken.map(({ timestamp }) => timestamp)

  test('PBFT-1.9 a lane has its turn like a client: what it holds is in the next batch', () => {
    const waiting = full()
    expect(waiting.add(kit.request(0, { timestamp: 500 }), 0, 2 as ReplicaId)).toBe(true)
    expect(timestampsOf(waiting.takeForBatch({ ...LIMITS, requests: 3 }))).toEqual([1, 500, 2])
  })

  test('PBFT-1.9 a request behind many others of its client moves to the lane of the relaying backup, only once', () => {
    const waiting = full()
    const far = kit.request(0, { timestamp: 100 })
    expect(waiting.canHurry(far.client, far.timestamp, 2 as ReplicaId)).toBe(true)
    waiting.hurry(far.client, far.timestamp, 2 as ReplicaId)
    expect(waiting.canHurry(far.client, far.timestamp, 3 as ReplicaId)).toBe(false)
    expect(timestampsOf(waiting.takeForBatch({ ...LIMITS, requests: 2 }))).toEqual([1, 100])
    expect(waiting.size).toBe(WAITING_PER_CLIENT_MAX)
  })

  test('PBFT-1.9 a lane is bounded in number and in bytes, each lane alone', () => {
    const waiting = full()
    let timestamp = 1_000
    const relayed = (by: number, bytes = 1): boolean => {
      const request = kit.request(0, { timestamp: ++timestamp, operations: new Uint8Array(bytes) })
      return waiting.add(request, 0, by as ReplicaId)
    }
    for (let count = 1; count <= LANE_REQUESTS_MAX; count++) expect(relayed(1)).toBe(true)
    expect(relayed(1)).toBe(false)
    expect(relayed(2, LANE_BYTES_MAX / 2 - 1024)).toBe(true)
    expect(relayed(2, LANE_BYTES_MAX / 2 - 1024)).toBe(true)
    expect(relayed(2, 4 * 1024)).toBe(false)
    expect(relayed(3)).toBe(true)
  })

  test('PBFT-1.9 a client that is alone fills batches as before, lanes or not', () => {
    const waiting = full()
    for (const by of [1, 2, 3]) waiting.add(kit.request(0, { timestamp: 500 + by }), 0, by as ReplicaId)
    expect(waiting.takeForBatch(LIMITS)).toHaveLength(WAITING_PER_CLIENT_MAX + 3)
  })

  test('PBFT-1.9 what was executed leaves its lane, and the lane has room again', () => {
    const waiting = full()
    for (let timestamp = 500; timestamp < 500 + LANE_REQUESTS_MAX; timestamp++) {
      waiting.add(kit.request(0, { timestamp }), 0, 1 as ReplicaId)
    }
    const more = kit.request(0, { timestamp: 900 })
    expect(waiting.hasRoomFor(more, 1 as ReplicaId)).toBe(false)
    waiting.drop(more.client, ({ timestamp }) => timestamp >= 500)
    expect(waiting.hasRoomFor(more, 1 as ReplicaId)).toBe(true)
    waiting.drop(more.client, () => true)
    expect([waiting.size, waiting.unproposed, waiting.clients()]).toEqual([0, 0, []])
  })

  test('PBFT-1.1 however much a few clients ask for, there is room for one that has nothing here', () => {
    const waiting = new WaitingRequests()
    const big = kit.request(0, { operations: new Uint8Array(1024 * 1024) })
    for (let name = 0; name < 12; name++) {
      const client = `greedy ${name}` as typeof big.client
      for (let timestamp = 0; timestamp < 20; timestamp++) {
        waiting.add({ ...big, client, timestamp: timestamp as typeof big.timestamp })
      }
    }
    expect(waiting.hasRoomFor(kit.request(1, { operations: new Uint8Array(126_000) }))).toBe(true)
  })

  test('PBFT-1.1 a backup has no more of one client under way than a lane takes; the others follow', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const relayed = (effects: Parameters<typeof effectsOf>[0]) => effectsOf(effects, 'send').length
    for (let timestamp = 1; timestamp <= 40; timestamp++) backup.receive(kit.request(0, { timestamp }))
    backup.receive(kit.request(1))
    expect(relayed(backup.tickHearing(RELAY_AFTER_TICKS))).toBe(RELAYED_PER_CLIENT_MAX + 1)
    const served = kit.batch([1, 2, 3].map((timestamp) => kit.request(0, { timestamp })))
    decide(kit, backup, { sequence: 1, batch: served })
    expect(relayed(backup.tickHearing())).toBe(3)
  })

  test('PBFT-5.4 a request behind many others of its own client does not count against the primary', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (let timestamp = 1; timestamp <= PLACES_CONTESTED + 1; timestamp++) {
      backup.receive(kit.request(0, { timestamp }))
    }
    const samples = backup.state.requests.waiting
      .oldestEntries(PLACES_CONTESTED + 1)
      .map(({ isSample }) => isSample)
    expect(samples).toEqual([...new Array(PLACES_CONTESTED).fill(true), false])
  })
})
