/** Rule 1.9: leases end by executed time, which clock batches bring while nothing else is ordered. */
import { describe, expect, test } from 'vitest'
import type { Milliseconds } from '../../src/base/ids.ts'
import { CLOCK_SKEW_MS_MAX, REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { FakeApplication } from '../kit/fake-application.ts'
import { broadcastsOf, decide, ReplicaUnderTest } from '../kit/replica-kit.ts'

const TICK_MS = 10
const START = 1_000
const EXPIRY = START + 10 * TICK_MS

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchOf = (client: number, timestamp = 1, time = START) =>
    kit.batch([kit.request(client, { timestamp })], time)

  /** A replica whose state, after a first batch, has a lease that ends at EXPIRY. */
  function holding(id: number, nextExpiry: number | null = EXPIRY): ReplicaUnderTest {
    const replica = new ReplicaUnderTest(kit, id)
    replica.application.nextExpiry = nextExpiry as Milliseconds | null
    replica.receive(kit.request(0))
    replica.settle()
    decide(kit, replica, { sequence: 1, batch: batchOf(0) })
    replica.settle()
    return replica
  }

  const proposals = (replica: ReplicaUnderTest, ticks: number) => {
    const effects = [...replica.tickHearing(ticks), ...replica.settle()]
    return broadcastsOf(effects, 'pre-prepare').filter(({ sequence }) => sequence > 1)
  }
  const hasLeft = ({ state }: ReplicaUnderTest) => state.views.view > 0 && !state.views.isActive
  const untilOverdue = (EXPIRY - START + CLOCK_SKEW_MS_MAX) / TICK_MS

  test('PBFT-1.9 an idle primary proposes a clock batch when a lease is due, one, and none before', () => {
    const primary = holding(0)
    expect(proposals(primary, 9)).toEqual([])
    const [proposal, ...more] = proposals(primary, 5)
    expect(proposal).toMatchObject({ sequence: 2, batch: { time: EXPIRY, requests: [] } })
    expect(more).toEqual([])
  })

  test('PBFT-1.9 once it is executed, the primary rests until the next lease', () => {
    const primary = holding(0)
    const [proposal] = proposals(primary, 10)
    if (proposal === undefined) throw new Error('nothing was proposed')
    decide(kit, primary, { sequence: 2, batch: proposal.batch })
    expect(proposals(primary, 20).filter(({ sequence }) => sequence > 2)).toEqual([])
  })

  test('PBFT-1.9 while no lease runs no time is proposed, and a backup proposes none', () => {
    expect(proposals(holding(0, null), 50)).toEqual([])
    expect(proposals(holding(1), 50)).toEqual([])
  })

  test('PBFT-1.9 a primary that fetched its state, and one that starts from it, know when the next lease ends', () => {
    const interval = kit.cluster.checkpointInterval
    const application = new FakeApplication(kit)
    application.nextExpiry = EXPIRY as Milliseconds
    const stable = kit.certificate(interval, application.root)
    const fetched = new ReplicaUnderTest(kit, 0)
    fetched.transfer(stable, application)
    const started = new ReplicaUnderTest(kit, 0, { stored: { stable, application } })
    for (const primary of [fetched, started]) {
      const [proposal] = proposals(primary, 10)
      expect(proposal).toMatchObject({ sequence: interval + 1, batch: { time: EXPIRY, requests: [] } })
    }
  })

  test('PBFT-1.9 the timer runs while a lease is overdue by more than the skew, and then the view ends', () => {
    const backup = holding(1)
    backup.tickHearing(untilOverdue + REQUEST_TIMEOUT_TICKS)
    expect(hasLeft(backup)).toBe(false)
    backup.tickHearing()
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 a primary that freezes time while it orders requests is replaced too', () => {
    const backup = holding(1)
    backup.tickHearing(untilOverdue)
    for (let sequence = 2; sequence <= 12; sequence++) {
      expect(hasLeft(backup)).toBe(false)
      decide(kit, backup, { sequence, batch: batchOf(0, sequence, START) })
      backup.tickHearing(REQUEST_TIMEOUT_TICKS / 10)
    }
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 a batch that brings the time stops it', () => {
    const backup = holding(1)
    backup.tickHearing(untilOverdue + 20)
    expect(backup.state.leases.overdueTick).not.toBeNull()
    decide(kit, backup, { sequence: 2, batch: kit.batch([], EXPIRY) })
    expect(backup.state.leases.overdueTick).toBeNull()
    backup.tickHearing(2 * REQUEST_TIMEOUT_TICKS)
    expect(hasLeft(backup)).toBe(false)
  })

  test('PBFT-1.9 a batch that ends as many leases as it may is progress', () => {
    const backup = holding(1)
    backup.tickHearing(untilOverdue)
    backup.application.hasBacklog = true
    for (let sequence = 2; sequence <= 20; sequence++) {
      backup.tickHearing(REQUEST_TIMEOUT_TICKS / 2)
      decide(kit, backup, { sequence, batch: kit.batch([], EXPIRY) })
    }
    expect(hasLeft(backup)).toBe(false)
  })

  test('PBFT-1.9 after a view change a lease becomes overdue again, and no batch had a time before its own', () => {
    const backup = holding(1)
    backup.tickHearing(untilOverdue + REQUEST_TIMEOUT_TICKS + 1)
    expect(backup.state.views.view).toBe(1)
    expect(backup.state.leases).toEqual({ nextExpiry: EXPIRY, overdueTick: null })
  })
})
