/** Rule 1.11: a replica for which nothing is under way rests, and is awake at once when something is. */
import { describe, expect, test } from 'vitest'
import type { Milliseconds, ReplicaId, Sequence } from '../../src/base/ids.ts'
import {
  REST_AFTER_TICKS,
  REST_EXPECTED_TICKS,
  STATUS_IDLE_TICKS,
  STATUS_REST_TICKS,
} from '../../src/pbft/parameters.ts'
import { ticksUntilDue } from '../../src/pbft/rest.ts'
import { isSuspected } from '../../src/pbft/views/suspicion.ts'
import { TICK_MS } from '../../src/runtime/tick.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const resting = (id = 1): ReplicaUnderTest => {
    const replica = new ReplicaUnderTest(kit, id)
    for (let tick = 0; tick < REST_AFTER_TICKS + STATUS_REST_TICKS; tick++) replica.tick()
    return replica
  }
  const statuses = (replica: ReplicaUnderTest, ticks: number): number =>
    Array.from({ length: ticks }, () => broadcastsOf(replica.tick(), 'status').length).filter(Boolean).length

  test('PBFT-1.11 a replica that rests says its STATUS once in STATUS_REST_TICKS, and its ticks may wait for it', () => {
    for (const id of kit.ids) {
      const replica = resting(id)
      expect(statuses(replica, 5 * STATUS_REST_TICKS)).toBe(5)
      replica.tick()
      const until = ticksUntilDue(replica.state, TICK_MS)
      expect(until).toBeGreaterThan(1)
      expect(statuses(replica, until - 1)).toBe(0)
      expect(statuses(replica, 1)).toBe(1)
    }
  })

  test('PBFT-1.11 a request, a vote and a peer that is ahead end the rest with the next tick', () => {
    const arrivals = [
      (replica: ReplicaUnderTest) => replica.receive(kit.request(0, { timestamp: 1 })),
      (replica: ReplicaUnderTest) =>
        replica.receiveAll(kit.votes('commit', [2], { sequence: 1, digest: new Uint8Array(32) })),
      (replica: ReplicaUnderTest) => replica.receive(kit.status(2, { lastExecuted: 1 as Sequence })),
    ]
    for (const arrive of arrivals) {
      const replica = resting()
      for (let tick = 0; tick < STATUS_IDLE_TICKS; tick++) replica.tick()
      arrive(replica)
      expect(ticksUntilDue(replica.state, TICK_MS)).toBe(1)
      expect(statuses(replica, 1)).toBe(1)
    }
  })

  test('PBFT-3.11 no peer is suspected for resting, and a silent one is once a batch was ordered', () => {
    const replica = resting()
    replica.receive(kit.status(2))
    for (let tick = 1; tick < STATUS_REST_TICKS; tick++) replica.tick()
    expect(isSuspected(replica.state, 2 as ReplicaId)).toBe(false)
    replica.state.ordering.executedTick = replica.state.clock.ticks
    expect(isSuspected(replica.state, 2 as ReplicaId)).toBe(false)
    replica.state.ordering.orderedTick = replica.state.clock.ticks - REST_EXPECTED_TICKS + 1
    expect(isSuspected(replica.state, 2 as ReplicaId)).toBe(true)
  })

  test('PBFT-1.9 a replica rests until a lease ends and no longer, and not while one is due', () => {
    const replica = resting()
    replica.tick()
    const { leases, clock } = replica.state
    leases.nextExpiry = (clock.now + 7 * TICK_MS) as Milliseconds
    expect(ticksUntilDue(replica.state, TICK_MS)).toBe(7)
    leases.nextExpiry = (clock.now + 7 * TICK_MS - 1) as Milliseconds
    expect(ticksUntilDue(replica.state, TICK_MS)).toBe(7)
    leases.nextExpiry = (clock.now + 3_600_000) as Milliseconds
    expect(ticksUntilDue(replica.state, TICK_MS)).toBeGreaterThan(7)
    for (const due of [0 as Milliseconds, clock.now]) {
      leases.nextExpiry = due
      expect(ticksUntilDue(replica.state, TICK_MS)).toBe(1)
    }
  })
})
