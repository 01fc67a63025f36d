/** Rule 6.4: a replica that lost synced data, how it is healed, and what the others do for it. */
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_INTERVAL, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { Batch } from '../../src/messages/message.ts'
import type { Effect } from '../../src/pbft/effects.ts'
import { RECOVERY_RETRY_TICKS, VIEW_RESEND_TICKS } from '../../src/pbft/parameters.ts'
import { fillTarget } from '../../src/pbft/recovery-operations.ts'
import { standingOf } from '../../src/pbft/report.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { FakeApplication } from '../kit/fake-application.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest, sentKinds } from '../kit/replica-kit.ts'
import { enter, plainNewView } from '../kit/view-change-kit.ts'

const K = CHECKPOINT_INTERVAL
/** The view in which the recovery operation is decided. */
const U = 2
/** Where it is executed, and the first checkpoint that makes all before it history. */
const AT = 5
const HISTORY = Math.ceil((AT + LOG_WINDOW) / K) * K
const VOTES = ['pre-prepare', 'prepare', 'commit', 'checkpoint', 'view-change', 'new-view']

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const others = kit.ids.filter((id) => id !== 1)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const amnesiac = () => new ReplicaUnderTest(kit, 1, { isAmnesiac: true })
  const votesIn = (effects: readonly Effect[]) => sentKinds(effects).filter((kind) => VOTES.includes(kind))
  /** What it has asked for last. */
  const askedBy = (effects: readonly Effect[]) =>
    effectsOf(effects, 'broadcast').flatMap(({ outgoing }) =>
      outgoing.kind === 'relayed' && outgoing.message.kind === 'request' ? [outgoing.message] : [],
    )

  /** Batches 1 to `last`, the recovery operation among them, null batches behind it. */
  const history = (operation: ReturnType<typeof kit.recoveryRequest>, last: number): Batch[] =>
    Array.from({ length: last }, (_, index) => {
      if (index + 1 === AT) return kit.batch([operation])
      return index + 1 < AT ? batchAt(index + 1) : kit.batch([], 0)
    })
  const rootsOf = (batches: readonly Batch[]) => {
    const application = new FakeApplication(kit)
    return batches.map((batch, index) => {
      application.execute((index + 1) as never, batch)
      return application.frozen()
    })
  }
  const asked = kit.recoveryRequest(1, 0) // the first that a ReplicaUnderTest makes
  const batches = history(asked, HISTORY)
  const states = rootsOf(batches)
  const certificateAt = (sequence: number) =>
    kit.certificate(sequence, states[sequence - 1]?.root ?? new Uint8Array(32))
  const decidedAt = (sequence: number) =>
    kit.decision({ view: U, sequence, batch: batches[sequence - 1] ?? kit.batch([], 0) })

  /** It has asked, its operation is executed, and everything up to `last` is. */
  const recovering = (last: number, replica = amnesiac()): ReplicaUnderTest => {
    replica.tickHearing(RECOVERY_RETRY_TICKS)
    for (let sequence = 1; sequence <= last; sequence++) replica.receive(decidedAt(sequence))
    replica.settle()
    return replica
  }
  const healed = (): ReplicaUnderTest => {
    const replica = recovering(HISTORY)
    replica.receive(kit.stableCheckpoint(2, certificateAt(HISTORY)))
    replica.tickHearing()
    return replica
  }

  describe('before it is healed', () => {
    test('PBFT-6.4 it sends nothing but STATUS, FETCH and its recovery operation, whatever comes', () => {
      const replica = amnesiac()
      const batch = batchAt(1)
      const at = { sequence: 1, digest: batch.digest }
      const effects = [
        ...replica.resumed,
        ...replica.receive(kit.request(0)),
        ...replica.receive(kit.prePrepare({ sequence: 1, batch })),
        ...replica.receiveAll(kit.votes('prepare', kit.ids.slice(2), at)),
        ...replica.settle(),
        ...replica.receiveAll(kit.votes('commit', others, at)),
        ...replica.tickHearing(200),
        ...replica.receiveAll(kit.viewChanges(others, 1)), // it would be the primary
        ...replica.receiveAll(kit.viewChanges(others, 2)),
        ...enter(kit, replica, n + 2),
        ...replica.receive(kit.request(1)),
        ...replica.tickHearing(2_000),
        ...replica.settle(),
        ...others.flatMap((sender) => [
          ...replica.receive(kit.status(sender)),
          ...replica.tickHearing(VIEW_RESEND_TICKS),
        ]),
      ]
      const own = effectsOf(effects, 'broadcast').concat(effectsOf(effects, 'send') as never)
      const isOwn = ({ outgoing }: (typeof own)[number]) =>
        outgoing.kind !== 'relayed' || !('sender' in outgoing.message) || outgoing.message.sender === 1
      const kinds = own
        .filter(isOwn)
        .map(({ outgoing }) => (outgoing.kind === 'relayed' ? outgoing.message.kind : outgoing.kind))
      expect([...new Set(kinds)].sort()).toEqual(['request', 'status'])
      expect(standingOf(replica.state)).toBe('amnesiac')
    })

    test('PBFT-6.4 as primary of its view it proposes nothing', () => {
      const replica = amnesiac()
      enter(kit, replica, n + 1)
      replica.receive(kit.request(0))
      expect(votesIn(replica.settle())).toEqual([])
      expect(replica.records.map(({ kind }) => kind)).not.toContain('proposed')
    })

    test('PBFT-6.4 it sends no CHECKPOINT of what it executes', () => {
      const replica = recovering(K)
      expect(replica.state.lastExecuted).toBe(K)
      expect(broadcastsOf([...replica.settle(), ...replica.tickHearing(50)], 'checkpoint')).toEqual([])
      replica.tickHearing(5)
      expect(sentKinds(replica.receive(kit.status(3)))).not.toContain('checkpoint')
    })

    test('PBFT-6.4 its own old votes, played back to it, do not pass for its votes', () => {
      const replica = amnesiac()
      const batch = batchAt(1)
      const at = { sequence: 1, digest: batch.digest }
      replica.receive(kit.prePrepare({ sequence: 1, batch }))
      replica.receive(kit.vote('prepare', 1, at), kit.replicaPeer(3))
      replica.receive(kit.vote('commit', 1, at), kit.replicaPeer(3))
      replica.receive(kit.viewChange(1, 1), kit.replicaPeer(3))
      replica.tickHearing(100)
      expect(votesIn(replica.receive(kit.status(3))).filter((kind) => kind !== 'pre-prepare')).toEqual([])
    })

    test('PBFT-6.4 its own old NEW-VIEW, played back to it, is not sent on by it', () => {
      const replica = amnesiac()
      enter(kit, replica, n + 1)
      replica.tickHearing(VIEW_RESEND_TICKS)
      expect(votesIn(replica.receive(kit.status(3)))).toEqual([])
    })

    test('PBFT-6.4 its own old proposal, played back to it, is in its log before it counts as logged', () => {
      const replica = new ReplicaUnderTest(kit, 0, { isAmnesiac: true })
      const batch = batchAt(1)
      replica.receive(kit.prePrepare({ sequence: 1, batch }), kit.replicaPeer(3))
      replica.receiveAll(kit.votes('commit', kit.ids.slice(1), { sequence: 1, digest: batch.digest }))
      replica.settle()
      expect(replica.executed).toHaveLength(1)
      expect(replica.restarted().executed).toHaveLength(1)
    })

    test('PBFT-6.4 it stays amnesiac over a restart, and goes on with the same nonce', () => {
      const replica = amnesiac()
      const [first] = askedBy(replica.tickHearing(RECOVERY_RETRY_TICKS))
      replica.settle()
      const again = replica.restarted()
      expect(standingOf(again.state)).toBe('amnesiac')
      expect(askedBy(again.tickHearing(RECOVERY_RETRY_TICKS)).map(({ digest }) => digest)).toEqual([
        first?.digest,
      ])
    })

    test('PBFT-6.4 its log is not cut while it is amnesiac: it must go on saying so', () => {
      const replica = recovering(K)
      replica.receive(kit.stableCheckpoint(2, certificateAt(K)))
      expect(effectsOf(replica.store(), 'trim')).toEqual([])
    })
  })

  describe('the recovery operation', () => {
    test('PBFT-6.4 it is signed with the own key, carries a nonce, and is asked for again until it is executed', () => {
      const replica = amnesiac()
      const requests = askedBy(replica.tickHearing(4 * RECOVERY_RETRY_TICKS))
      expect(requests.length).toBeGreaterThanOrEqual(3)
      expect(new Set(requests.map(({ digest }) => String(digest))).size).toBe(1)
      expect(requests[0]?.client).toBe(kit.replicaClients[1])
      recovering(AT, replica)
      expect(askedBy(replica.tickHearing(10 * RECOVERY_RETRY_TICKS))).toEqual([])
    })

    test('PBFT-6.4 found executed in a transferred state, without a certificate, it takes a new nonce', () => {
      const replica = amnesiac()
      const [first] = askedBy(replica.tickHearing(RECOVERY_RETRY_TICKS))
      const state = states[K - 1] ?? new FakeApplication(kit)
      replica.receive(kit.stableCheckpoint(2, certificateAt(K)))
      const requests = askedBy([
        ...replica.transfer(certificateAt(K), state),
        ...replica.tickHearing(2 * RECOVERY_RETRY_TICKS),
      ])
      expect(requests.length).toBeGreaterThan(0)
      expect(requests[0]?.digest).not.toEqual(first?.digest)
    })

    test('PBFT-6.4 found so after a restart, it takes a new nonce too', () => {
      const replica = amnesiac()
      replica.tickHearing(RECOVERY_RETRY_TICKS)
      replica.settle()
      const application = states[K - 1] ?? new FakeApplication(kit)
      // It crashed after the state was stored and before it asked anew.
      const again = new ReplicaUnderTest(kit, 1, {
        log: replica.log,
        stored: { stable: certificateAt(K), application },
        isAmnesiac: true,
      })
      expect(
        effectsOf(again.tickHearing(4 * RECOVERY_RETRY_TICKS), 'prepare-recovery').length,
      ).toBeGreaterThan(0)
    })

    test('PBFT-6.4 one that is executed and refused heals nothing', () => {
      const replica = amnesiac()
      replica.application.refusesRecoveries = true
      recovering(HISTORY, replica)
      replica.receive(kit.stableCheckpoint(2, certificateAt(HISTORY)))
      replica.tickHearing(100)
      expect(standingOf(replica.state)).toBe('amnesiac')
      const other = new ReplicaUnderTest(kit, 3)
      other.application.refusesRecoveries = true
      for (let sequence = 1; sequence <= AT; sequence++) other.receive(decidedAt(sequence))
      expect(fillTarget(other.state)).toBe(0)
    })

    test('PBFT-6.4 one that nobody asked for, or of another replica, heals nothing here', () => {
      const replica = amnesiac()
      const foreign = rootsOf(history(kit.recoveryRequest(3, 7), HISTORY)).at(-1)
      const list = history(kit.recoveryRequest(3, 7), HISTORY)
      for (const [index, batch] of list.entries())
        replica.receive(kit.decision({ view: U, sequence: index + 1, batch }))
      replica.receive(kit.stableCheckpoint(2, kit.certificate(HISTORY, foreign?.root ?? new Uint8Array(32))))
      replica.tickHearing(10)
      expect(standingOf(replica.state)).toBe('amnesiac')
    })
  })

  describe('being healed', () => {
    test('PBFT-6.4 not before the checkpoint at or above s_r + L is stable', () => {
      const replica = recovering(HISTORY)
      for (let stable = K; stable < HISTORY; stable += K) {
        replica.receive(kit.stableCheckpoint(2, certificateAt(stable)))
        replica.tickHearing(10)
        expect(standingOf(replica.state)).toBe('amnesiac')
        expect(votesIn(replica.settle())).toEqual([])
      }
      replica.receive(kit.stableCheckpoint(2, certificateAt(HISTORY)))
      replica.tickHearing()
      expect(standingOf(replica.state)).toBe('voting')
    })

    test('PBFT-6.4 a checkpoint alone does not do it: its operation must be executed with a certificate', () => {
      const replica = amnesiac()
      replica.tickHearing(RECOVERY_RETRY_TICKS)
      replica.receive(kit.stableCheckpoint(2, certificateAt(HISTORY)))
      replica.tickHearing(100)
      replica.transfer(certificateAt(HISTORY), states[HISTORY - 1] ?? new FakeApplication(kit))
      replica.tickHearing(100)
      expect(standingOf(replica.state)).toBe('amnesiac')
    })

    test('PBFT-6.4 it comes back with VIEW-CHANGE(u + 2), once that is on disk, and never votes below', () => {
      const replica = healed()
      expect([replica.state.view, replica.state.isActive]).toEqual([U + 2, false])
      const said = replica.settle()
      expect(votesIn(said)).toEqual(['view-change'])
      expect(broadcastsOf(said, 'view-change')).toMatchObject([
        { view: U + 2, stable: { sequence: HISTORY } },
      ])
      for (let view = 0; view < U + 2; view++) {
        const batch = batchAt(HISTORY + 1)
        const at = { view, sequence: HISTORY + 1, digest: batch.digest }
        const effects = [
          ...(view === 0 ? [] : replica.receive(plainNewView(kit, view))),
          ...replica.receive(kit.prePrepare({ view, sequence: HISTORY + 1, batch })),
          ...replica.receiveAll(kit.votes('commit', others, at)),
          ...replica.settle(),
        ]
        expect(votesIn(effects)).toEqual([])
      }
    })

    test('PBFT-6.4 in view u + 2 it votes, and may lead it', () => {
      const replica = healed()
      replica.settle()
      enter(kit, replica, U + 2, { stable: certificateAt(HISTORY) })
      const at = { view: U + 2, sequence: HISTORY + 1 }
      replica.receive(kit.prePrepare({ ...at, batch: batchAt(1) }))
      expect(votesIn(replica.settle())).toEqual((U + 2) % n === 1 ? [] : ['prepare'])
    })

    test('PBFT-6.4 where the cluster is further on already, it stays there and votes on what is open', () => {
      const replica = recovering(HISTORY)
      enter(kit, replica, U + 5, { stable: certificateAt(HISTORY) })
      replica.receive(kit.prePrepare({ view: U + 5, sequence: HISTORY + 1, batch: batchAt(1) }))
      expect(votesIn(replica.settle())).toEqual([])
      const effects = [...replica.tickHearing(), ...replica.settle()]
      expect(votesIn(effects)).toEqual((U + 5) % n === 1 ? [] : ['prepare'])
      expect([replica.state.view, replica.state.isActive]).toEqual([U + 5, true])
    })

    test('PBFT-6.4 after a restart it is healed still, and says its VIEW-CHANGE again, byte for byte', () => {
      const replica = healed()
      const [said] = broadcastsOf(replica.settle(), 'view-change')
      if (said === undefined) throw new Error('no VIEW-CHANGE')
      const again = replica.restarted()
      expect(standingOf(again.state)).toBe('voting')
      expect([again.state.view, again.state.isActive]).toEqual([U + 2, false])
      const frames = effectsOf(again.resumed, 'broadcast').map(({ outgoing }) =>
        outgoing.kind === 'relayed' ? outgoing.message.bytes : null,
      )
      expect(frames).toContainEqual(kit.frameOf(1, said))
      // And asked for it, it has it.
      again.tickHearing(VIEW_RESEND_TICKS)
      expect(sentKinds(again.receive(kit.status(3)))).toContain('view-change')
    })

    test('PBFT-6.4 a crash between the two records of its healing leaves it neither mute nor in an old view', () => {
      const replica = healed()
      const healedAt = replica.records.findIndex(({ kind }) => kind === 'healed')
      const again = replica.restarted(healedAt + 1)
      const said = [...again.resumed, ...again.tickHearing(10), ...again.settle()]
      expect(
        broadcastsOf(said, 'view-change').length + sentKinds(said).filter((k) => k === 'view-change').length,
      ).toBeGreaterThan(0)
      expect(again.state.view).toBeGreaterThanOrEqual(U + 2)
    })

    test('PBFT-6.4 a VIEW-CHANGE that it sent before it forgot is no evidence against it', () => {
      const other = new ReplicaUnderTest(kit, 3)
      other.receive(kit.viewChange(1, U + 2))
      const again = kit.viewChange(1, U + 2, { stable: certificateAt(K) })
      expect(effectsOf(other.receive(again), 'reject')).toEqual([])
    })
  })

  describe('what the others do', () => {
    const helping = (id: number, last: number): ReplicaUnderTest => {
      const replica = new ReplicaUnderTest(kit, id)
      for (let sequence = 1; sequence <= last; sequence++) replica.receive(decidedAt(sequence))
      replica.settle()
      return replica
    }
    const reach = (replica: ReplicaUnderTest, stable: number) => [
      ...replica.receive(kit.stableCheckpoint(2, certificateAt(stable))),
      ...replica.tickHearing(),
      ...replica.settle(),
    ]

    test('PBFT-6.4 each of them below view u + 2 goes there when its own h has reached s_r + L', () => {
      const replica = helping(3, HISTORY)
      for (let stable = K; stable < HISTORY; stable += K) {
        expect(broadcastsOf(reach(replica, stable), 'view-change')).toEqual([])
      }
      expect(broadcastsOf(reach(replica, HISTORY), 'view-change')).toMatchObject([{ view: U + 2 }])
    })

    test('PBFT-6.4 who is at u + 2 or above already stays', () => {
      const replica = helping(3, HISTORY)
      enter(kit, replica, U + 2, { stable: certificateAt(K) })
      expect(broadcastsOf(reach(replica, HISTORY), 'view-change')).toEqual([])
      expect(replica.state.view).toBe(U + 2)
    })

    test('PBFT-6.4 PBFT-1.9 while the checkpoint is awaited the timer runs: an idle primary has to fill up', () => {
      const replica = helping(3, AT)
      replica.tickHearing()
      expect(replica.state.timer).not.toBeNull()
      for (let tick = 0; tick < 4 * replica.state.timeoutTicks && replica.state.view === 0; tick++)
        replica.tickHearing()
      expect(replica.state.view).toBe(1)
    })

    test('PBFT-6.4 PBFT-2.8 a primary that restarts goes on filling up', () => {
      const primary = new ReplicaUnderTest(kit, 0)
      primary.receive(kit.decision({ sequence: 1, batch: kit.batch([kit.recoveryRequest(3)]) }))
      primary.settle()
      const again = primary.restarted()
      const proposed = () => {
        const effects = [...again.settle(), ...again.tickHearing(), ...again.settle()]
        return effectsOf(effects, 'broadcast').flatMap(({ outgoing }) => {
          const said = outgoing.kind === 'relayed' ? outgoing.message : outgoing
          return said.kind === 'pre-prepare' ? [said.sequence] : []
        })
      }
      const before = effectsOf(again.resumed, 'broadcast').length
      const sequences = [...proposed(), ...proposed()]
      // 2 and 3 were proposed and logged before; their decision makes room for the next.
      expect(before + sequences.length).toBeGreaterThan(0)
      for (const sequence of [2, 3]) again.receive(kit.decision({ sequence, batch: kit.batch([], 0) }))
      expect(proposed()).toEqual([4, 5])
    })

    test('PBFT-6.4 a primary whose log ends with the operation itself starts filling up', () => {
      const primary = new ReplicaUnderTest(kit, 0)
      primary.receive(kit.decision({ sequence: 1, batch: kit.batch([kit.recoveryRequest(3)]) }))
      const end = primary.records.findIndex(({ kind }) => kind === 'decided') + 1
      primary.settle()
      const again = primary.restarted(end)
      const effects = [...again.resumed, ...again.settle(), ...again.tickHearing(5), ...again.settle()]
      expect(broadcastsOf(effects, 'pre-prepare').map(({ sequence }) => sequence)).toEqual([2, 3])
    })

    test('PBFT-6.4 who restarts from a stored state above s_r still knows that somebody waits', () => {
      const replica = helping(3, K)
      replica.receive(kit.stableCheckpoint(2, certificateAt(K)))
      replica.settle()
      replica.store()
      replica.settle()
      const again = replica.restarted()
      expect(again.state.lastExecuted).toBe(K)
      expect(fillTarget(again.state)).toBe(HISTORY)
    })
  })
})
