/** Rules 2.1 to 2.4: checkpoints, stable certificates, watermarks. OSDI 1999 section 4.3, TOCS 2002 section 4.4. */
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_INTERVAL, COUNTER_MAX, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { Batch } from '../../src/messages/message.ts'
import { highWatermark } from '../../src/pbft/checkpoints/watermarks.ts'
import { CHECKPOINTS_PER_SENDER_MAX } from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import { rootAfter } from '../kit/fake-application.ts'
import {
  broadcastsOf,
  decide,
  effectsOf,
  ReplicaUnderTest,
  reasonsOf,
  sentKinds,
} from '../kit/replica-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batches: readonly Batch[] = Array.from({ length: 3 * K }, (_, index) => kit.batch([], index + 1))
  const decisions = batches.map((batch, index) => kit.decision({ sequence: index + 1, batch }))
  const rootAt = (sequence: number) => rootAfter(batches.slice(0, sequence))
  const root = rootAt(K)
  const others = kit.ids.filter((id) => id !== 1)
  const executedUpTo = (last: number, from = 0, replica = new ReplicaUnderTest(kit, 1)): ReplicaUnderTest => {
    replica.receiveAll(decisions.slice(from, last))
    return replica
  }

  describe('making one', () => {
    test('PBFT-2.1 a CHECKPOINT every K batches, of the state after exactly those', () => {
      const replica = executedUpTo(K - 1)
      expect(broadcastsOf(replica.settle(), 'checkpoint')).toEqual([])
      replica.receive(decisions[K - 1] ?? kit.decision({ sequence: K, batch: kit.batch() }))
      expect(broadcastsOf(replica.settle(), 'checkpoint')).toEqual([
        { kind: 'checkpoint', sequence: K, root },
      ])
      executedUpTo(2 * K, K, replica)
      expect(broadcastsOf(replica.settle(), 'checkpoint')).toEqual([
        { kind: 'checkpoint', sequence: 2 * K, root: rootAt(2 * K) },
      ])
    })

    test('PBFT-2.1 it waits for the disk: every decision that leads to it, and its own record', () => {
      const replica = executedUpTo(K)
      expect(replica.records.at(-1)).toMatchObject({ kind: 'checkpoint', sequence: K })
      expect(replica.records.filter(({ kind }) => kind === 'decided')).toHaveLength(K)
      const before = replica.step({ kind: 'persisted', records: replica.records.length - 1 })
      expect(broadcastsOf(before, 'checkpoint')).toEqual([])
      const after = replica.step({ kind: 'persisted', records: replica.records.length })
      expect(broadcastsOf(after, 'checkpoint')).toHaveLength(1)
    })

    test('PBFT-2.3 the root is that of the state between two batches, though the next is executed meanwhile', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.isHashing = false
      // Decided all at once, the first one last: K + 5 batches are handed over in one step.
      replica.receiveAll(decisions.slice(1, K + 5))
      const effects = replica.receiveAll(decisions.slice(0, 1))
      const order = effects.flatMap((effect) =>
        effect.kind === 'execute' || effect.kind === 'snapshot' ? [[effect.kind, effect.sequence]] : [],
      )
      const at = order.findIndex(([kind]) => kind === 'snapshot')
      expect(order.slice(at - 1, at + 2)).toEqual([
        ['execute', K],
        ['snapshot', K],
        ['execute', K + 1],
      ])
      replica.finishHashing()
      expect(broadcastsOf(replica.settle(), 'checkpoint')).toMatchObject([{ sequence: K, root }])
    })

    test('PBFT-2.4 equal histories have equal roots, and one batch more, less or another gives another', () => {
      const replicas = [executedUpTo(K), executedUpTo(K)]
      const roots = replicas.map((replica) => broadcastsOf(replica.settle(), 'checkpoint')[0]?.root)
      expect(roots).toEqual([root, root])
      const other = new ReplicaUnderTest(kit, 1)
      other.receiveAll(decisions.slice(0, K - 1))
      other.receive(kit.decision({ sequence: K, batch: kit.batch([kit.request(3)]) }))
      expect(broadcastsOf(other.settle(), 'checkpoint')[0]?.root).not.toEqual(root)
    })

    test('PBFT-2.1 its own CHECKPOINT is one of the Q', () => {
      const replica = executedUpTo(K)
      replica.receiveAll(others.slice(0, kit.q - 1).map((sender) => kit.checkpoint(sender, K, root)))
      expect(replica.state.checkpoints.lowWatermark).toBe(0)
      replica.settle()
      expect(replica.state.checkpoints.lowWatermark).toBe(K)
    })

    test('PBFT-2.1 a restart sends it again, with the same root', () => {
      const replica = executedUpTo(K)
      replica.settle()
      expect(broadcastsOf(replica.restarted().resumed, 'checkpoint')).toEqual([
        { kind: 'checkpoint', sequence: K, root },
      ])
    })

    test('PBFT-2.1 a root that was not known before a crash is found and said after it', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.isHashing = false
      executedUpTo(K, 0, replica)
      replica.settle()
      const again = replica.restarted()
      expect(broadcastsOf(again.settle(), 'checkpoint')).toEqual([{ kind: 'checkpoint', sequence: K, root }])
    })
  })

  describe('certifying one', () => {
    const said = (senders: readonly number[], at = K, of = root) =>
      senders.map((sender) => kit.checkpoint(sender, at, of))

    test('PBFT-2.1 Q matching CHECKPOINTs of distinct replicas are stable, Q - 1 are not', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      const before = replica.receiveAll([
        ...said(others.slice(0, kit.q - 1)),
        ...said(others.slice(0, kit.q - 1)),
      ])
      expect(effectsOf(before, 'stable')).toEqual([])
      expect(replica.state.checkpoints.lowWatermark).toBe(0)
      const after = replica.receiveAll(said(others.slice(kit.q - 1, kit.q)))
      const [effect] = effectsOf(after, 'stable')
      expect(effect?.stable.checkpoints.map(({ sender }) => sender)).toEqual(others.slice(0, kit.q))
      expect(replica.records).toMatchObject([{ kind: 'stable', stable: { sequence: K } }])
    })

    test('PBFT-2.1 CHECKPOINTs with different roots do not add up', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receiveAll([...said(others.slice(0, kit.f), K, seedOf(1)), ...said(others.slice(kit.f, kit.q))])
      expect(replica.state.checkpoints.lowWatermark).toBe(0)
      replica.receiveAll(said(others.slice(kit.q)))
      expect(replica.state.checkpoints.lowWatermark).toBe(others.length - kit.f >= kit.q ? K : 0)
    })

    test('PBFT-2.1 CHECKPOINTs for different sequence numbers do not add up', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receiveAll([...said(others.slice(0, kit.q - 1)), ...said(others.slice(kit.q - 1), 2 * K)])
      expect(replica.state.checkpoints.lowWatermark).toBe(0)
    })

    test('PBFT-2.1 a second, different root of one sender is evidence and counts for nothing', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      const first = kit.checkpoint(2, K, seedOf(1))
      const second = kit.checkpoint(2, K, root)
      replica.receive(first)
      expect(effectsOf(replica.receive(second), 'reject')).toMatchObject([
        { reason: 'conflicting-checkpoint', evidence: { guilty: 2, first, second } },
      ])
      expect(replica.receive(first)).toEqual([])
      replica.receiveAll(said(others.filter((id) => id !== 2).slice(0, kit.q - 1)))
      expect(replica.state.checkpoints.lowWatermark).toBe(0)
    })

    test('PBFT-2.1 no CHECKPOINT is due at 0 or between', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      for (const sequence of [0, 1, K - 1, K + 1]) {
        expect(reasonsOf(replica.receive(kit.checkpoint(2, sequence, root)))).toEqual([
          'no-checkpoint-is-due',
        ])
      }
    })

    test('PBFT-7.14 a liar’s CHECKPOINTs take only its own bounded room', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      for (let index = 1; index <= 200; index++) replica.receive(kit.checkpoint(2, index * K, seedOf(index)))
      const most = COUNTER_MAX - (COUNTER_MAX % K)
      replica.receive(kit.checkpoint(2, most, root))
      expect(replica.state.checkpoints.received[2]?.size).toBeLessThanOrEqual(CHECKPOINTS_PER_SENDER_MAX)
      replica.receiveAll(said(others.filter((id) => id !== 2).slice(0, kit.q)))
      expect(replica.state.checkpoints.lowWatermark).toBe(others.length - 1 >= kit.q ? K : 0)
    })
  })

  describe('watermarks', () => {
    const stable = kit.certificate(K, root)

    test('PBFT-2.2 h moves as soon as a certificate is seen, far behind or not; H = h + L', () => {
      for (const executed of [0, 5, K]) {
        const replica = executedUpTo(executed)
        replica.settle()
        replica.receive(kit.stableCheckpoint(2, stable))
        expect([replica.state.checkpoints.lowWatermark, highWatermark(replica.state)]).toEqual([
          K,
          K + LOG_WINDOW,
        ])
        expect(replica.state.ordering.lastExecuted).toBe(executed)
        expect(reasonsOf(replica.receive(kit.prePrepare({ sequence: K, batch: kit.batch() })))).toEqual([
          'outside-window',
        ])
        replica.receive(kit.prePrepare({ sequence: K + LOG_WINDOW, batch: kit.batch() }))
        expect(broadcastsOf(replica.settle(), 'prepare').map(({ sequence }) => sequence)).toEqual([
          K + LOG_WINDOW,
        ])
      }
    })

    test('PBFT-2.2 h never goes back', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receive(kit.stableCheckpoint(2, kit.certificate(2 * K, rootAt(2 * K))))
      replica.receive(kit.stableCheckpoint(2, stable))
      replica.receiveAll(others.map((sender) => kit.checkpoint(sender, K, root)))
      expect(replica.state.checkpoints.lowWatermark).toBe(2 * K)
      replica.settle()
      expect(replica.restarted().state.checkpoints.lowWatermark).toBe(2 * K)
    })

    test('PBFT-2.2 executed batches below h are dropped, decided ones below it are still executed', () => {
      const replica = executedUpTo(K)
      replica.settle()
      replica.receive(kit.stableCheckpoint(2, stable))
      expect(replica.state.ordering.slots.size).toBe(0)
      const behind = executedUpTo(3)
      behind.receiveAll(decisions.slice(4, K))
      behind.receive(kit.stableCheckpoint(2, stable))
      behind.receiveAll(decisions.slice(3, 4))
      expect(behind.state.ordering.lastExecuted).toBe(K)
      expect(behind.state.ordering.slots.size).toBe(0)
      expect(behind.state.ordering.batches.bytes).toBe(0)
    })

    test("PBFT-2.2 the log is trimmed only when the replica's state is stored, and then up to it", () => {
      const replica = executedUpTo(K)
      replica.settle()
      expect(effectsOf(replica.receive(kit.stableCheckpoint(2, stable)), 'trim')).toEqual([])
      expect(effectsOf(replica.tick(100), 'trim')).toEqual([])
      const effects = replica.store()
      expect(effectsOf(effects, 'trim')).toEqual([{ kind: 'trim', upTo: K }])
      replica.settle()
      const again = replica.restarted()
      expect([again.state.checkpoints.lowWatermark, again.state.ordering.lastExecuted]).toEqual([K, K])
      expect(again.application.root).toEqual(root)
    })

    test('PBFT-2.2 a root that is not the stable one: it stops voting, fetches, and reports so', () => {
      for (const isOwnFirst of [true, false]) {
        const replica = executedUpTo(K - 1)
        replica.corrupt()
        if (!isOwnFirst) replica.receive(kit.stableCheckpoint(2, stable))
        executedUpTo(K, K - 1, replica)
        replica.settle()
        if (isOwnFirst) replica.receive(kit.stableCheckpoint(2, stable))
        expect(replica.state.recovery.health).toBe('diverged')
        replica.tick(1)
        expect(replica.transferring?.sequence).toBe(K)
        const effects = [
          ...decide(kit, replica, { sequence: K + 1, batch: batches[K] ?? kit.batch() }),
          ...replica.receiveAll(kit.viewChanges(others, 1)),
          ...replica.settle(),
        ]
        expect(sentKinds(effects).filter((kind) => !['status', 'fetch'].includes(kind))).toEqual([])
      }
    })

    test('PBFT-2.2 what it had not sent yet when it found out, it does not send', () => {
      const replica = executedUpTo(K - 1)
      replica.corrupt()
      executedUpTo(K, K - 1, replica)
      replica.receive(kit.prePrepare({ sequence: K + 1, batch: batches[K] ?? kit.batch() }))
      replica.receive(kit.stableCheckpoint(2, stable))
      expect(replica.state.recovery.health).toBe('diverged')
      expect(sentKinds(replica.settle())).toEqual([])
    })

    test('PBFT-2.2 PBFT-2.6 a diverged replica executes nothing and sends no replies', () => {
      const replica = executedUpTo(K - 1)
      replica.corrupt()
      executedUpTo(K, K - 1, replica)
      replica.settle()
      replica.receive(kit.stableCheckpoint(2, stable))
      const effects = replica.receive(kit.decision({ sequence: K + 1, batch: kit.batch([kit.request(0)]) }))
      expect(effectsOf(effects, 'execute')).toEqual([])
      expect(effectsOf(effects, 'reply')).toEqual([])
    })

    test('PBFT-2.2 it is diverged after a restart too', () => {
      const replica = executedUpTo(K - 1)
      replica.corrupt()
      executedUpTo(K, K - 1, replica)
      replica.settle()
      const wrong = replica.application.root
      replica.receive(kit.stableCheckpoint(2, stable))
      replica.settle()
      const again = new ReplicaUnderTest(kit, 1, { log: replica.log, isHashing: false })
      // What made it go wrong makes the replay go wrong.
      again.step({ kind: 'snapshot-taken', sequence: stable.sequence, root: wrong })
      expect(again.state.recovery.health).toBe('diverged')
    })

    test('PBFT-2.2 with the state of the quorum it votes again, and contradicts nothing that it said', () => {
      const replica = executedUpTo(K - 1)
      replica.corrupt()
      executedUpTo(K, K - 1, replica)
      const next = batches[K] ?? kit.batch()
      decide(kit, replica, { sequence: K + 1, batch: next })
      replica.receive(kit.stableCheckpoint(2, stable))
      replica.tick(1)
      const good = executedUpTo(K).snapshots.get(stable.sequence)
      if (good === undefined) throw new Error('no snapshot')
      replica.transfer(stable, good)
      expect(replica.state.recovery.health).toBe('sound')
      expect(replica.application.root).toEqual(root)
      // In this view it has sent PREPARE and COMMIT for K + 1.
      const contrary = kit.prePrepare({ sequence: K + 1, batch: kit.batch([kit.request(7)]) })
      expect(reasonsOf(replica.receive(contrary))).toEqual(['conflicting-pre-prepare'])
      expect(broadcastsOf(replica.settle(), 'prepare')).toEqual([])
    })
  })
})
