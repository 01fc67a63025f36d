/** The conclusion from reports of replicas: requests are served, or why they are not. */
import { describe, expect, test } from 'vitest'
import type { Milliseconds, ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import { faultsMax, quorum, weakQuorum } from '../../src/base/quorum.ts'
import type { ReplicaReport } from '../../src/messages/message.ts'
import { REPLICA_CONDITIONS } from '../../src/messages/report.ts'
import { stallOf } from '../../src/session/service-health.ts'

const WELL: ReplicaReport = {
  view: 3 as View,
  isActive: true,
  condition: 'voting',
  lowWatermark: 0 as Sequence,
  lastExecuted: 9 as Sequence,
  revision: 4,
  waiting: 0,
  stalledSince: 0 as Milliseconds,
  reachable: [],
  missing: [],
  suspected: [],
  guilty: [],
  cutOff: [],
  cutOffClients: 0,
  blacklisted: [],
  eventLoopDelayMs: 0,
}

describe.each([4, 7, 10, 13])('n = %i', (n) => {
  const f = faultsMax(n)
  /** All replicas are healthy except the last `count`, which are as the parts say, or silent if these are null. */
  const because = (count: number, parts: Partial<ReplicaReport> | null): string | null => {
    const reports = new Map<ReplicaId, ReplicaReport>()
    for (let id = 0; id < n; id++) {
      const isOther = id >= n - count
      if (!isOther) reports.set(id as ReplicaId, WELL)
      else if (parts !== null) reports.set(id as ReplicaId, { ...WELL, ...parts })
    }
    return stallOf(n, reports)?.because ?? null
  }

  test('all is well', () => {
    expect(because(0, null)).toBeNull()
  })

  test('f silent ones stall nothing, f + 1 do', () => {
    expect(because(f, null)).toBeNull()
    expect(because(f + 1, null)).toContain(
      `${quorum(n) - 1} of ${n} replicas answer and ${quorum(n)} are needed`,
    )
  })

  const notVoting = REPLICA_CONDITIONS.filter(
    (condition) => condition !== 'voting' && condition !== 'transferring',
  )
  test.each(notVoting)('f that are %s stall nothing, f + 1 do, whatever else is true', (condition) => {
    expect(because(f, { condition })).toBeNull()
    const told = because(f + 1, { condition })
    expect(told).toContain(`${quorum(n) - 1} of ${n} replicas vote and ${quorum(n)} are needed`)
    expect(told).toContain(`replica ${n - 1} `)
  })

  test('f in another view, or between views, stall nothing, f + 1 do', () => {
    for (const parts of [{ view: 4 as View }, { view: 4 as View, isActive: false }, { isActive: false }]) {
      expect(because(f, parts)).toBeNull()
      expect(because(f + 1, parts)).toContain('has not begun')
    }
  })

  test('a primary that f + 1 hear nothing of stalls, one that f accuse does not', () => {
    const suspected = [(3 % n) as ReplicaId]
    expect(because(f, { suspected })).toBeNull()
    expect(because(f + 1, { suspected })).toContain(`replica ${3 % n}, the primary of view 3, is silent`)
    expect(because(f + 1, { suspected: [(2 % n) as ReplicaId] })).toBeNull()
  })

  test('requests that waited past their time at f + 1 stall, at f they may be a lie', () => {
    const parts = { stalledSince: 5 as Milliseconds, missing: [1 as ReplicaId] }
    expect(because(f, parts)).toBeNull()
    expect(because(weakQuorum(n), parts)).toBe('the oldest request waits for 1')
  })

  test('f + 1 have to have the state', () => {
    expect(because(n - weakQuorum(n), { condition: 'transferring' })).toBeNull()
    expect(because(n - f, { condition: 'transferring' })).toContain('have the state to answer from')
  })
})
