/** Rule 4.8, and what 1.4, 2.5, 2.8 and 6.4 become where nobody can show what another one said. */
import { describe, expect, test } from 'vitest'
import type { Sequence, View } from '../../src/base/ids.ts'
import type { Reminder } from '../../src/messages/oral/message.ts'
import { RECALL_TICKS, RESEND_AFTER_TICKS } from '../../src/pbft/parameters.ts'
import { createClusterKit, FEWER_CLUSTER_SIZES, seedOf } from '../kit/cluster-kit.ts'
import { decisionOf, recollectionOf, viewChangesOf } from '../kit/oral-kit.ts'
import {
  broadcastsOf,
  decide,
  effectsOf,
  ReplicaUnderTest,
  reasonsOf,
  sentKinds,
} from '../kit/replica-kit.ts'
import { prepareAt } from '../kit/view-change-kit.ts'

describe.each(FEWER_CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n, 1, 'oral')
  const K = kit.cluster.checkpointInterval
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const [a, b] = [batchAt(1), batchAt(2)] as const
  const SELF = 3
  const others = kit.ids.filter((id) => id !== SELF)

  describe('decisions', () => {
    const word = (sender: number, options: { readonly batch?: typeof a; readonly view?: number } = {}) =>
      decisionOf(kit, sender, { sequence: 1, batch: a, ...options })

    test('PBFT-4.8 W equal claims decide, and W - 1 do not', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      replica.receiveAll(others.slice(0, kit.w - 1).map((sender) => word(sender)))
      expect(replica.executed).toEqual([])
      replica.receive(word(others[kit.w - 1] ?? 0))
      expect(replica.executed.map(({ sequence }) => sequence)).toEqual([1])
    })

    test('PBFT-4.8 W claims of one replica, or W different ones, decide nothing', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      replica.receiveAll(Array.from({ length: kit.w + 1 }, () => word(0)))
      replica.receiveAll(others.slice(1, kit.w).map((sender) => word(sender, { batch: b })))
      expect(replica.executed).toEqual([])
      // Who changes its mind counts for the last only.
      replica.receive(word(0, { batch: b }))
      expect(replica.executed.map(({ batch }) => batch.requests[0]?.timestamp)).toEqual([2])
    })

    test('PBFT-4.8 PBFT-6 it is logged as what it is, and a restart has it', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      replica.receiveAll(others.slice(0, kit.w).map((sender) => word(sender)))
      expect(replica.records.map(({ kind }) => kind)).toEqual(['decided'])
      replica.settle()
      const again = replica.restarted()
      expect(again.state.ordering.lastExecuted).toBe(1)
    })

    test('PBFT-4.8 PBFT-6.4 u is the latest view that one of W names, and none that fewer than W have reached', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      for (const sender of others.slice(0, kit.w)) {
        replica.receive(kit.status(sender, { view: 2 as View, lastExecuted: 1 as Sequence }))
      }
      const [first = 0, ...rest] = others.slice(0, kit.w)
      replica.receive(word(first, { view: 1_000 }))
      expect(replica.state.ordering.slots.get(1 as Sequence)?.claims ?? []).toEqual([])
      replica.receive(word(first, { view: 2 }))
      replica.receiveAll(rest.map((sender) => word(sender, { view: 0 })))
      expect(replica.executed[0]?.commits.map(({ view }) => view)).toEqual(new Array(kit.w).fill(2))
    })

    test('PBFT-1.4 PBFT-4.8 Q COMMITs that came in decide without a word of others', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      decide(kit, replica, { sequence: 1, batch: a })
      expect(replica.executed[0]?.commits).toHaveLength(kit.q)
      const effects = replica.receive(kit.status(0, { lastExecuted: 0 as Sequence }))
      expect(effectsOf(effects, 'serve').map(({ sequences }) => sequences)).toEqual([[1]])
    })

    test('PBFT-4.8 a replica that lags asks W at a time', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      for (const sender of others) replica.receive(kit.status(sender, { lastExecuted: 5 as Sequence }))
      const asked = effectsOf(replica.tickHearing(9), 'send').filter(
        ({ outgoing }) => outgoing.kind === 'status',
      )
      expect(new Set(asked.map(({ to }) => to)).size).toBe(kit.w)
    })
  })

  describe('votes', () => {
    test('PBFT-4.8 PBFT-1.5 a second, different vote counts for nothing, and nothing is shown', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      prepareAt(kit, replica, { sequence: 1, batch: a })
      const effects = replica.receiveAll([
        kit.vote('commit', 2, { sequence: 1, digest: a.digest }),
        kit.vote('commit', 2, { sequence: 1, digest: b.digest }),
        kit.vote('commit', 1, { sequence: 1, digest: b.digest }),
      ])
      expect(reasonsOf(effects)).toEqual(['conflicting-vote'])
      expect(sentKinds(effects)).not.toContain('exhibit')
      expect(replica.records.some(({ kind }) => kind === 'evidence')).toBe(false)
    })

    test('PBFT-4.8 PBFT-1.11 a replica that has decided votes again for one that has not, in the view where that one waits', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      prepareAt(kit, replica, { sequence: 1, batch: a })
      replica.tickHearing(RESEND_AFTER_TICKS + 1)
      const sent = effectsOf(replica.receive(kit.status(0, { lastExecuted: 1 as Sequence })), 'send')
      const votes = sent.flatMap(({ outgoing }) =>
        outgoing.kind === 'relayed' ? [outgoing.message.kind] : [],
      )
      expect(votes).toEqual(['prepare', 'commit'])
    })

    test('PBFT-4.8 PBFT-1.9 a batch with W votes that stays undecided ends the view: no replica can show the decision', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      const place = { sequence: 1, digest: a.digest }
      replica.receiveAll(kit.votes('prepare', others.slice(1, kit.w), place))
      replica.tickHearing(60)
      expect(replica.state.views.view).toBe(0)
      replica.receiveAll(kit.votes('prepare', others.slice(1, kit.w + 1), place))
      replica.tickHearing(60)
      expect(replica.state.views.view).toBe(1)
    })
  })

  describe('checkpoints', () => {
    test('PBFT-4.8 PBFT-2.8 each sends its own CHECKPOINTs again, that of h too, and no certificate', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      for (let s = 1; s <= K; s++) decide(kit, replica, { sequence: s, batch: batchAt(s) })
      replica.settle()
      const root = replica.state.checkpoints.ownRoots.get(K as Sequence)
      if (root === undefined) expect.fail('a checkpoint is due')
      replica.receiveAll(others.map((id) => kit.checkpoint(id, K, root)))
      replica.settle()
      expect(replica.state.checkpoints.lowWatermark).toBe(K)
      const effects = replica.receive(kit.status(0))
      expect(sentKinds(effects)).toContain('checkpoint')
      expect(sentKinds(effects)).not.toContain('stable-checkpoint')
      const level = replica.receive(kit.status(1, { lowWatermark: K as Sequence }))
      expect(sentKinds(level)).not.toContain('checkpoint')
    })

    test('PBFT-4.8 PBFT-2.5 W equal CHECKPOINTs name a state to fetch; h waits for Q', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      replica.receiveAll(others.slice(0, kit.w - 1).map((id) => kit.checkpoint(id, 4 * K, seedOf(7))))
      replica.tickHearing(60)
      expect(replica.transferring).toBeNull()
      replica.receive(kit.checkpoint(others[kit.w - 1] ?? 0, 4 * K, seedOf(7)))
      replica.tickHearing(2)
      expect(replica.transferring?.sequence).toBe(4 * K)
      expect(replica.state.checkpoints.lowWatermark).toBe(0)
    })

    test('PBFT-4.8 PBFT-7.14 while h stays behind, own roots of the window are kept and the latest beyond it', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      for (let s = 1; s <= 9 * K; s++) {
        const batch = batchAt(s)
        replica.receiveAll(others.slice(0, kit.w).map((id) => decisionOf(kit, id, { sequence: s, batch })))
        if (s % K === 0) replica.settle()
      }
      expect([replica.state.ordering.lastExecuted, replica.state.checkpoints.lowWatermark]).toEqual([
        9 * K,
        0,
      ])
      const kept = [1, 2, 6, 7, 8, 9].map((windows) => windows * K)
      expect([...replica.state.checkpoints.ownRoots.keys()]).toEqual(kept)
      expect([...replica.restarted().state.checkpoints.ownRoots.keys()]).toEqual(kept)
    })

    /** A replica that fetched a state of which it has the word of W, with something prepared below it. */
    const transferred = () => {
      const source = new ReplicaUnderTest(kit, 1)
      for (let s = 1; s <= K; s++) decide(kit, source, { sequence: s, batch: batchAt(s) })
      const application = source.snapshots.get(K as Sequence)
      if (application === undefined) throw new Error('a checkpoint is due')
      const replica = new ReplicaUnderTest(kit, SELF)
      prepareAt(kit, replica, { sequence: 2, batch: b })
      prepareAt(kit, replica, { sequence: K + 1, batch: batchAt(K + 1) })
      const checkpoints = others.slice(0, kit.w).map((id) => kit.checkpoint(id, K, application.root))
      replica.receiveAll(checkpoints)
      replica.transfer({ sequence: K as Sequence, root: application.root, checkpoints }, application)
      return { replica, root: application.root }
    }

    test('PBFT-4.8 PBFT-2.6 a state ahead of h makes nothing forgotten: no second vote, and P stays', () => {
      const { replica } = transferred()
      expect([replica.state.ordering.lastExecuted, replica.state.checkpoints.lowWatermark]).toEqual([K, 0])
      const effects = replica.receive(kit.prePrepare({ sequence: 2, batch: a }))
      expect(reasonsOf(effects)).toEqual(['conflicting-pre-prepare'])
      const left = replica.receiveAll(viewChangesOf(kit, others.slice(0, kit.w), 1))
      const [said] = broadcastsOf([...left, ...replica.settle()], 'oral-view-change')
      expect(said?.preparedClaims.map(({ sequence }) => sequence)).toEqual([2, K + 1])
      expect(said?.prePrepareClaims.map(({ sequence }) => sequence)).toEqual([2, K + 1])
      expect(said?.checkpoints.map(({ sequence }) => sequence)).toEqual([K])
    })

    test('PBFT-4.8 PBFT-6 nor does a restart from that state', () => {
      const { replica } = transferred()
      replica.settle()
      const again = replica.restarted()
      expect([again.state.ordering.lastExecuted, again.state.checkpoints.lowWatermark]).toEqual([K, 0])
      expect([...again.state.ordering.preparedCertificates.keys()]).toEqual([2, K + 1])
      expect(again.state.ordering.slots.get(2 as Sequence)?.accepted).not.toBeNull()
      const left = again.receiveAll(viewChangesOf(kit, others.slice(0, kit.w), 1))
      const [said] = broadcastsOf([...left, ...again.settle()], 'oral-view-change')
      expect(said?.preparedClaims.map(({ sequence }) => sequence)).toEqual([2, K + 1])
      expect(said?.prePrepareClaims.map(({ sequence }) => sequence)).toEqual([2, K + 1])
    })

    test('PBFT-4.8 PBFT-7.14 what was being executed goes when h has passed it', () => {
      const source = new ReplicaUnderTest(kit, 1)
      for (let s = 1; s <= K; s++) decide(kit, source, { sequence: s, batch: batchAt(s) })
      const application = source.snapshots.get(K as Sequence)
      if (application === undefined) throw new Error('a checkpoint is due')
      const replica = new ReplicaUnderTest(kit, SELF)
      replica.isExecuting = false
      for (const sequence of [1, 2]) decide(kit, replica, { sequence, batch: batchAt(sequence) })
      expect(replica.state.ordering.lastHandedOver).toBe(1)
      const checkpoints = kit.ids.map((id) => kit.checkpoint(id, K, application.root))
      const ofW = checkpoints.slice(0, kit.w)
      replica.transfer({ sequence: K as Sequence, root: application.root, checkpoints: ofW }, application)
      expect([replica.state.ordering.lastExecuted, replica.state.checkpoints.lowWatermark]).toEqual([K, 0])
      replica.receiveAll(checkpoints)
      expect(replica.state.checkpoints.lowWatermark).toBe(K)
      expect([...replica.state.ordering.slots.keys()]).toEqual([])
    })

    test('PBFT-4.8 PBFT-2.1 it sends the CHECKPOINT of the state that it fetched, which others may need', () => {
      const { replica } = transferred()
      const effects = [...replica.tick(2), ...replica.settle()]
      expect(broadcastsOf(effects, 'checkpoint').map(({ sequence }) => sequence)).toEqual([K])
    })
  })

  describe('an old copy of a disk', () => {
    /** A replica that starts from a log with one vote, and asks. */
    const asking = () => {
      const before = new ReplicaUnderTest(kit, SELF)
      prepareAt(kit, before, { sequence: 1, batch: a })
      const again = before.restarted()
      again.step({ kind: 'resumed', nonce: 7 })
      return again
    }
    const tell = (replica: ReplicaUnderTest, reminders: readonly Reminder[], tellers: number) =>
      replica.receiveAll(others.slice(0, tellers).map((id) => recollectionOf(kit, id, reminders, 7)))
    const commit = (sequence: number, view = 0): Reminder => ({
      kind: 'commit',
      view: view as View,
      sequence: sequence as Sequence,
    })

    test('PBFT-6.4 PBFT-4.8 claims of W that its log does not hold make it amnesiac; those of fewer do not', () => {
      for (const forgotten of [commit(2), commit(1, 1), { ...commit(0, 3), kind: 'view-change' as const }]) {
        const liars = asking()
        tell(liars, [forgotten], kit.w - 1)
        const honest = others.slice(kit.w - 1, kit.q - 1)
        const known: readonly Reminder[] = [commit(1), { ...commit(0), kind: 'view-change' }]
        liars.receiveAll(honest.map((id) => recollectionOf(kit, id, known, 7)))
        liars.tick(RECALL_TICKS + 1)
        expect([liars.state.recovery.health, liars.state.recovery.recall]).toEqual(['sound', null])
        const replica = asking()
        tell(replica, [forgotten], kit.w)
        expect(replica.state.recovery.health).toBe('amnesiac')
      }
    })

    test('PBFT-6.4 PBFT-4.8 what the log knows does not', () => {
      const replica = asking()
      tell(replica, [commit(1), { ...commit(1), kind: 'prepare' }], kit.q - 1)
      expect(replica.state.recovery.recall).not.toBeNull()
      tell(replica, [commit(1), { ...commit(1), kind: 'prepare' }], kit.q)
      expect([replica.state.recovery.health, replica.state.recovery.recall]).toEqual(['sound', null])
    })

    test('PBFT-6.4 PBFT-4.8 a replica answers a recall with the highest of each kind', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      decide(kit, replica, { sequence: 1, batch: a })
      prepareAt(kit, replica, { sequence: 2, batch: b })
      const recall = kit.accept(kit.frameOf(1, { kind: 'recall', nonce: 9 }), kit.replicaPeer(1))
      const effects = replica.receive(recall as Parameters<typeof replica.receive>[0])
      const [answer] = effectsOf(effects, 'send').flatMap(({ outgoing }) =>
        outgoing.kind === 'oral-recollection' ? [outgoing.reminders] : [],
      )
      const said = answer?.map(({ kind, sequence }) => [kind, sequence as number]) ?? []
      expect(said).toContainEqual(['prepare', 2])
      expect(said).toContainEqual(['commit', 1])
    })
  })
})
