/** Rule 1.11: STATUS, and its answers. TOCS 2002 section 5.2. */
import { describe, expect, test } from 'vitest'
import type { Sequence } from '../../src/base/ids.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'
import { statusOf } from '../../src/pbft/catch-up/retransmission.ts'
import {
  RESEND_AFTER_TICKS,
  SERVED_DECISIONS_MAX,
  STATUS_BUSY_TICKS,
  STATUS_IDLE_TICKS,
} from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest, sentKinds } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const executedUpTo = (last: number, id = 1): ReplicaUnderTest => {
    const replica = new ReplicaUnderTest(kit, id)
    for (let sequence = 1; sequence <= last; sequence++) {
      replica.receive(kit.decision({ sequence, batch: batchAt(sequence) }))
    }
    replica.settle()
    return replica
  }
  const statusTicks = (replica: ReplicaUnderTest, ticks: number) =>
    Array.from({ length: ticks }, () => broadcastsOf(replica.tick(), 'status').length)
  const ahead = (last: number) => ({ lastExecuted: last as Sequence })

  test('PBFT-1.11 every idle replica sends its STATUS to all at the low rate', () => {
    for (const id of kit.ids) {
      const replica = new ReplicaUnderTest(kit, id)
      const told = statusTicks(replica, 10 * STATUS_IDLE_TICKS)
      expect(told.filter((count) => count > 0)).toHaveLength(10)
    }
  })

  test('PBFT-1.11 STATUS contains the view, h, the last executed number, and the progress of the slots', () => {
    const replica = executedUpTo(2)
    replica.receive(kit.prePrepare({ sequence: 3, batch: batchAt(3) }))
    replica.receive(kit.prePrepare({ sequence: 12, batch: batchAt(12) }))
    const place = { sequence: 12, digest: batchAt(12).digest }
    replica.receiveAll(kit.votes('prepare', kit.ids.slice(2), place))
    replica.receiveAll(kit.votes('commit', kit.ids.slice(2), place))
    replica.receiveAll(kit.votes('commit', [0], place))
    replica.settle()
    expect(statusOf(replica.state)).toEqual({
      kind: 'status',
      view: 0,
      isActive: true,
      viewChanges: 0,
      complaint: null,
      lowWatermark: 0,
      lastExecuted: 2,
      accepted: Uint8Array.of(0b1, 0b10),
      prepared: Uint8Array.of(0, 0b10),
      committed: Uint8Array.of(0, 0b10),
    })
  })

  test('PBFT-1.11 the longest STATUS is one that a peer takes', () => {
    const replica = new ReplicaUnderTest(kit, 1)
    replica.receive(kit.prePrepare({ sequence: 256, batch: batchAt(1) }))
    expect(kit.status(1, statusOf(replica.state)).accepted).toHaveLength(32)
  })

  test('PBFT-1.11 a replica that learns that others are ahead asks them, faster than the idle rate', () => {
    const replica = new ReplicaUnderTest(kit, 1)
    const [answer] = effectsOf(replica.receive(kit.status(2, ahead(5))), 'send')
    expect(answer).toMatchObject({ to: 2, outgoing: { kind: 'status', lastExecuted: 0 } })
    const asked = effectsOf(replica.tick(STATUS_IDLE_TICKS - 1), 'send')
    expect(asked.length).toBeGreaterThanOrEqual(STATUS_IDLE_TICKS / STATUS_BUSY_TICKS - 2)
    expect(asked.every(({ to, outgoing }) => to === 2 && outgoing.kind === 'status')).toBe(true)
  })

  test('PBFT-1.11 a replica that learns that another lags sends it the missing messages, at a bounded rate', () => {
    const replica = executedUpTo(SERVED_DECISIONS_MAX + 8)
    replica.tick(STATUS_BUSY_TICKS)
    const serves = () => effectsOf(replica.receive(kit.status(2, ahead(3))), 'serve')
    const [first] = serves()
    expect(first).toMatchObject({ to: 2 })
    expect(first?.sequences[0]).toBe(4)
    expect(first?.sequences).toHaveLength(SERVED_DECISIONS_MAX)
    for (let time = 0; time < 20; time++) expect(serves()).toEqual([])
    replica.tick(STATUS_BUSY_TICKS)
    expect(serves()).toHaveLength(1)
    // The rate is limited per peer: another one is served meanwhile.
    expect(effectsOf(replica.receive(kit.status(3, ahead(3))), 'serve')).toHaveLength(1)
  })

  test('PBFT-1.11 a stuck replica gets one decision at a time, and an advancing one twice what it got through', () => {
    const replica = executedUpTo(2 * SERVED_DECISIONS_MAX)
    const served = (lastExecuted: number) => {
      replica.tick(STATUS_BUSY_TICKS)
      const [serve] = effectsOf(replica.receive(kit.status(2, ahead(lastExecuted))), 'serve')
      return [serve?.sequences[0], serve?.sequences.length]
    }
    expect(served(3)).toEqual([4, SERVED_DECISIONS_MAX])
    for (let time = 0; time < 3; time++) expect(served(3)).toEqual([4, 1])
    expect(served(4)).toEqual([5, 2])
    expect(served(6)).toEqual([7, 4])
    expect(served(30)).toEqual([31, SERVED_DECISIONS_MAX])
    // It was started again with less than it had.
    expect(served(5)).toEqual([6, 1])
    expect(served(6)).toEqual([7, 2])
  })

  test('PBFT-1.11 a replica that reports a decision and its batch does not get them: it is executing', () => {
    const replica = executedUpTo(6)
    replica.tick(STATUS_BUSY_TICKS)
    const bits = { accepted: Uint8Array.of(0b111), committed: Uint8Array.of(0b101) }
    const [serve] = effectsOf(replica.receive(kit.status(2, { ...ahead(2), ...bits })), 'serve')
    expect(serve?.sequences).toEqual([4, 6])
  })

  test('PBFT-1.11 a replica that does not lag gets nothing', () => {
    const replica = executedUpTo(3)
    replica.tick(STATUS_BUSY_TICKS)
    expect(replica.receive(kit.status(2, ahead(3)))).toEqual([])
  })

  test('PBFT-1.11 only missing votes and pre-prepares are retransmitted', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    primary.settle()
    const { digest } = kit.batch([kit.request(0)])
    primary.receiveAll(kit.votes('prepare', kit.ids.slice(1, kit.q), { sequence: 1, digest }))
    primary.settle()
    primary.tick(RESEND_AFTER_TICKS)
    expect(sentKinds(primary.receive(kit.status(1)))).toEqual(['pre-prepare', 'commit'])
    primary.tick(STATUS_BUSY_TICKS)
    const accepted = kit.status(1, { accepted: Uint8Array.of(1) })
    expect(sentKinds(primary.receive(accepted))).toEqual(['commit'])
    primary.tick(STATUS_BUSY_TICKS)
    const committed = kit.status(1, { accepted: Uint8Array.of(1), committed: Uint8Array.of(1) })
    expect(sentKinds(primary.receive(committed))).toEqual([])
  })

  test("PBFT-1.11 a backup sends its PREPARE again, and passes the primary's pre-prepare on", () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const prePrepare = kit.prePrepare({ sequence: 1, batch: batchAt(1) })
    backup.receive(prePrepare)
    backup.settle()
    backup.tick(RESEND_AFTER_TICKS)
    expect(sentKinds(backup.receive(kit.status(2)))).toEqual(['prepare'])
    backup.tick(3 * RESEND_AFTER_TICKS)
    const effects = backup.receive(kit.status(2))
    expect(sentKinds(effects)).toEqual(['pre-prepare', 'prepare'])
    expect(effectsOf(effects, 'send')[0]?.outgoing).toEqual({ kind: 'relayed', message: prePrepare })
  })

  test('PBFT-1.11 an open slot makes its replica speak at the busy rate', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
    backup.settle()
    backup.tick(RESEND_AFTER_TICKS)
    const told = broadcastsOf(backup.tick(STATUS_IDLE_TICKS), 'status')
    expect(told.length).toBeGreaterThanOrEqual(STATUS_IDLE_TICKS / STATUS_BUSY_TICKS - 1)
  })

  test('PBFT-1.11 f liars who claim to be far ahead do not slow that down', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
    backup.settle()
    for (const liar of kit.ids.slice(n - kit.f)) {
      backup.receive(kit.status(liar, ahead(COUNTER_MAX)))
    }
    backup.tick(RESEND_AFTER_TICKS)
    const heard = effectsOf(backup.tick(STATUS_IDLE_TICKS), 'broadcast').length
    expect(heard).toBeGreaterThanOrEqual(STATUS_IDLE_TICKS / STATUS_BUSY_TICKS - 1)
  })

  test("PBFT-1.11 a liar's single vote for a far sequence number does not keep an idle cluster busy", () => {
    const replica = new ReplicaUnderTest(kit, 1)
    replica.receive(kit.vote('prepare', n - 1, { sequence: 200, digest: batchAt(1).digest }))
    const told = broadcastsOf(replica.tick(10 * STATUS_IDLE_TICKS), 'status')
    expect(told.length).toBeLessThanOrEqual(20)
  })

  test('PBFT-1.11 a pre-prepare fresh from the primary is not passed on by backups because of an old early vote', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.vote('prepare', n - 1, { sequence: 1, digest: batchAt(1).digest }))
    backup.tick(10 * RESEND_AFTER_TICKS)
    backup.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
    backup.settle()
    expect(sentKinds(backup.receive(kit.status(2)))).not.toContain('pre-prepare')
  })

  test('PBFT-1.11 a replica that lacks a pre-prepare of a STATUS asks that peer at once, at a bounded rate', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const asked = (sender: number, accepted: Uint8Array) =>
      effectsOf(backup.receive(kit.status(sender, { accepted })), 'send')
    const others = kit.ids.filter((id) => id !== 1)
    for (const sender of others) expect(asked(sender, Uint8Array.of(0))).toEqual([])
    for (const sender of others) {
      expect(asked(sender, Uint8Array.of(1))).toMatchObject([{ to: sender, outgoing: { kind: 'status' } }])
      expect(asked(sender, Uint8Array.of(1))).toEqual([])
    }
    backup.tick(STATUS_BUSY_TICKS)
    expect(asked(0, Uint8Array.of(1))).toHaveLength(1)
    // What was accepted here too is no reason to ask.
    backup.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
    backup.tick(STATUS_BUSY_TICKS)
    expect(asked(0, Uint8Array.of(1))).toEqual([])
  })

  test('PBFT-1.11 FETCH is answered at a bounded rate per peer', () => {
    const replica = executedUpTo(2)
    let served = 0
    for (let time = 0; time < 1_000; time++) {
      served += effectsOf(replica.receive(kit.fetch(2, 1, batchAt(1).digest)), 'serve').length
    }
    expect(served).toBeLessThanOrEqual(SERVED_DECISIONS_MAX)
    const open = new ReplicaUnderTest(kit, 1)
    open.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
    let delivered = 0
    for (let time = 0; time < 1_000; time++) {
      delivered += effectsOf(open.receive(kit.fetch(2, 1, batchAt(1).digest)), 'send').length
    }
    expect(delivered).toBeLessThanOrEqual(SERVED_DECISIONS_MAX)
  })

  test('PBFT-1.11 a STATUS with absurd numbers is survived', () => {
    const replica = executedUpTo(3)
    const most = COUNTER_MAX
    for (const lastExecuted of [0, 1, 2 ** 31, 2 ** 32, most]) {
      replica.tick(STATUS_BUSY_TICKS)
      const bits = new Uint8Array(32).fill(255)
      replica.receive(
        kit.status(2, {
          ...ahead(lastExecuted),
          lowWatermark: most as Sequence,
          accepted: bits,
          committed: bits,
        }),
      )
    }
    decide(kit, replica, { sequence: 4, batch: batchAt(4) })
    expect(replica.executed).toHaveLength(4)
  })
})
