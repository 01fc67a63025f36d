/** Rules 3.7 to 3.12: following into a view, the rest of the old one, and the costs. */
import { describe, expect, test } from 'vitest'
import type { View } from '../../src/base/ids.ts'
import { primaryOf } from '../../src/base/quorum.ts'
import { RELAY_AFTER_TICKS, REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'
import { isRelevant } from '../../src/pbft/relevance.ts'
import { LongChecks } from '../../src/runtime/inbound/long-checks.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest, sentKinds } from '../kit/replica-kit.ts'
import { awaitingNewView, enter, leaveFor, leaveWithoutQuorum, plainNewView } from '../kit/view-change-kit.ts'

const T = REQUEST_TIMEOUT_TICKS

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const at = { sequence: 1, digest: batchAt(1).digest }
  const others = kit.ids.filter((id) => id !== 2)
  const viewChangesIn = (effects: Parameters<typeof broadcastsOf>[0]) =>
    broadcastsOf(effects, 'view-change').map(({ view }) => view)

  const awaiting = (view: number): ReplicaUnderTest => awaitingNewView(kit, 2, view)

  describe('following others', () => {
    test('PBFT-3.7 W that moved on are followed at once, without the timer; fewer are not', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      replica.receiveAll(kit.viewChanges(others.slice(0, kit.w - 1), 3))
      replica.tickHearing(10 * T)
      expect(replica.state.views.view).toBe(0)
      replica.receive(kit.viewChange(others[kit.w - 1] ?? 0, 3))
      expect(viewChangesIn(replica.settle())).toEqual([3])
    })

    test('PBFT-3.7 it goes to the W-th largest of their views: f liars cannot drag it further', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      const views = others.slice(0, kit.w).map((_, index) => 9 - index)
      replica.receiveAll(views.map((view, index) => kit.viewChange(others[index] ?? 0, view)))
      expect(viewChangesIn(replica.settle())).toEqual([9 - (kit.w - 1)])
    })

    test('PBFT-3.7 a replica counts once, whatever it sends, with its latest', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      const liars = others.slice(0, kit.f)
      for (const view of [1, 2, 3, 4, 5]) replica.receiveAll(kit.viewChanges(liars, view))
      replica.receiveAll(kit.viewChanges(liars, 5))
      expect(replica.state.views.view).toBe(0)
      replica.receive(kit.viewChange(others[kit.f] ?? 0, 2))
      expect(replica.state.views.view).toBe(2) // of their latest, 5, and 2, the W-th largest is 2
    })

    test('PBFT-3.7 its own VIEW-CHANGE is not one of the W', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      leaveFor(kit, replica, 1)
      replica.receiveAll(kit.viewChanges(others.slice(0, kit.w - 1), 6))
      replica.settle()
      expect(replica.state.views.view).toBe(1)
    })

    test('PBFT-3.7 a replica between views follows as well', () => {
      const replica = awaiting(1)
      replica.receiveAll(kit.viewChanges(others.slice(0, kit.w), 4))
      expect(viewChangesIn(replica.settle())).toEqual([4])
    })

    test('PBFT-3.7 a VIEW-CHANGE that can move no replica is not checked', () => {
      const replica = awaiting(3)
      const useful = (sender: number, view: number) => isRelevant(replica.state, kit.viewChange(sender, view))
      const last = others.at(-1) ?? 0
      expect([useful(last, 2), useful(last, 3), useful(last, 4)]).toEqual([false, true, true])
      expect([useful(others[0] ?? 0, 3), useful(others[0] ?? 0, 4)]).toEqual([false, true])
    })

    test('PBFT-3.8 it leaves a view in which it committed and executed', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      decide(kit, replica, { sequence: 1, batch: batchAt(1) })
      replica.receive(kit.prePrepare({ sequence: 2, batch: batchAt(2) }))
      const senders = kit.ids.filter((id) => id !== 2 && id !== 0)
      replica.receiveAll(kit.votes('prepare', senders, { sequence: 2, digest: batchAt(2).digest }))
      expect(sentKinds(replica.settle())).toContain('commit')
      expect(viewChangesIn(leaveFor(kit, replica, 1))).toEqual([1])
    })
  })

  describe('what goes on', () => {
    test('PBFT-3.9 waiting requests are handed to the new primary, oldest first', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      const requests = [0, 1, 2].map((client) => kit.request(client))
      replica.receiveAll(requests)
      const relayed = effectsOf(enter(kit, replica, 1), 'send').filter(
        ({ outgoing }) => outgoing.kind === 'relayed',
      )
      expect(relayed).toEqual(
        requests.map((message) => ({ kind: 'send', to: 1, outgoing: { kind: 'relayed', message } })),
      )
    })

    test('PBFT-3.9 the new primary proposes what it holds itself, also what waited between the views', () => {
      const primary = new ReplicaUnderTest(kit, 1)
      primary.receive(kit.request(0))
      leaveWithoutQuorum(kit, primary, 1)
      primary.receive(kit.request(1))
      const rest = kit.ids.filter((id) => id !== 1).slice(0, kit.q - 1)
      const effects = [...primary.receiveAll(kit.viewChanges(rest, 1)), ...primary.settle()]
      const proposed = broadcastsOf(effects, 'pre-prepare').flatMap(({ batch }) => batch.requests)
      expect(proposed).toEqual([kit.request(0), kit.request(1)])
    })

    test('PBFT-3.9 what a primary had proposed in a view that is over is proposed again in its next', () => {
      const primary = new ReplicaUnderTest(kit, 0)
      primary.receive(kit.request(0))
      primary.settle()
      leaveWithoutQuorum(kit, primary, n)
      const rest = kit.ids.slice(1, kit.q)
      const effects = [...primary.receiveAll(kit.viewChanges(rest, n)), ...primary.settle()]
      const proposed = broadcastsOf(effects, 'pre-prepare')
      expect(proposed.flatMap(({ batch }) => batch.requests)).toEqual([kit.request(0)])
      expect(proposed).toMatchObject([{ view: n, sequence: 1 }])
    })

    test('PBFT-3.9 a request that comes in a later view is relayed to that view’s primary', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      enter(kit, replica, n + 3)
      replica.receive(kit.request(0))
      expect(effectsOf(replica.tick(RELAY_AFTER_TICKS), 'send')).toMatchObject([{ to: 3 }])
    })
  })

  describe('what is over', () => {
    test('PBFT-3.10 after its VIEW-CHANGE a replica votes in no view below, whatever comes', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      leaveFor(kit, replica, 5)
      const effects = [0, 1, 3, 4].flatMap((view) => [
        ...(view === 0 ? [] : replica.receive(plainNewView(kit, view))),
        ...replica.receive(kit.prePrepare({ view, sequence: 1, batch: batchAt(1) })),
        ...replica.receiveAll(kit.votes('prepare', [(view + 1) % n], { ...at, view })),
        ...replica.settle(),
      ])
      expect(sentKinds(effects)).toEqual([])
    })

    test('PBFT-3.10 when f + 1 have left a view, the votes of all others do not decide in it', () => {
      // A replica that stayed: it has its own COMMIT and those of all others that stayed.
      const stayed = kit.ids.slice(0, n - kit.w)
      const replica = new ReplicaUnderTest(kit, stayed.at(-1) ?? 0)
      replica.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
      replica.settle()
      replica.receiveAll(kit.votes('prepare', stayed.slice(1, -1), at))
      replica.settle()
      replica.receiveAll(kit.votes('commit', stayed.slice(0, -1), at))
      replica.settle()
      expect(stayed.length).toBeLessThan(kit.q)
      expect(replica.executed).toEqual([])
    })

    test('PBFT-3.10 a decision of the view that was left is a decision all the same', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      leaveFor(kit, replica, 5)
      replica.receive(kit.decision({ view: 0, sequence: 1, batch: batchAt(1) }))
      expect(replica.executed).toHaveLength(1)
      expect([replica.state.views.view, replica.state.views.isActive]).toEqual([5, false])
    })
  })

  describe('suspicion', () => {
    test('PBFT-3.11 however silent the others are, no quorum shrinks', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      replica.tick()
      for (const id of others) replica.receive(kit.status(id))
      replica.tick(2_000)
      for (const id of others)
        expect(replica.state.suspicion.detector.isSuspected(id, replica.state.clock.ticks)).toBe(true)
      replica.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
      const senders = kit.ids.filter((id) => id !== 2 && id !== 0)
      replica.receiveAll(kit.votes('prepare', senders.slice(0, kit.q - 3), at))
      replica.settle()
      replica.receiveAll(kit.votes('commit', others.slice(0, kit.q - 1), at))
      expect(replica.executed).toEqual([])
      replica.receiveAll(kit.viewChanges(others.slice(0, kit.w - 1), 1))
      expect(replica.state.views.view).toBe(0)
    })

    test('PBFT-3.11 a silent primary is left early, and only when something waits', () => {
      const idle = new ReplicaUnderTest(kit, 2)
      idle.tick()
      idle.receive(kit.status(0))
      idle.tick(20 * T)
      expect(idle.state.views.view).toBe(0)
      idle.receive(kit.request(0))
      idle.tick(T - 1)
      idle.settle()
      expect(idle.state.views.view).toBe(1)
    })

    test('PBFT-3.11 a peer that was never heard is not suspected: a starting replica knows nothing of the others', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      replica.receive(kit.request(0))
      replica.tick(T - 1)
      expect(replica.state.views.view).toBe(0)
      replica.tick()
      expect(replica.state.views.view).toBe(1)
    })

    test('PBFT-3.11 a primary that is heard of is not suspected, however silent the rest', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      replica.receive(kit.request(0))
      for (let tick = 0; tick < T - 1; tick++) {
        replica.state.suspicion.detector.heard(primaryOf(0 as View, n), replica.state.clock.ticks)
        replica.tick()
      }
      expect(replica.state.views.view).toBe(0)
    })
  })

  describe('cost', () => {
    /** Steps for a long message itself. */
    const OWN = 2
    const prepared = [1, 2, 3].map((sequence) => kit.preparedCertificate({ sequence, digest: at.digest }))
    const steps = (
      kitUnderTest: ReturnType<typeof createClusterKit>,
      message: Parameters<typeof kit.authenticator.authenticateLong>[0],
    ) => {
      const check = kitUnderTest.authenticator.authenticateLong(message, kit.replicaPeer(message.sender))
      let count = 0
      while (check.next().done !== true) count++
      return count
    }

    test('PBFT-3.12 a long message is checked a signature at a time, and equal bytes once', () => {
      const said = kit.viewChanges(kit.ids.slice(0, kit.q), 1, { prepared })
      const fresh = createClusterKit(n) // the same keys; it has seen none of it
      // Its own signature, its body, and then what it cites.
      expect(steps(fresh, said[0] as never)).toBe(OWN + 3 * kit.q)
      expect(steps(fresh, said[0] as never)).toBe(OWN)
      // Another VIEW-CHANGE with the same entries costs its own signature.
      expect(steps(fresh, said[1] as never)).toBe(OWN)
      const newView = kit.newView(1, {
        viewChanges: said,
        choices: [1, 2, 3].map((sequence) => ({ sequence, digest: at.digest })),
      })
      expect(steps(fresh, newView)).toBeLessThanOrEqual(OWN + said.length + 3)
    })

    test('PBFT-3.12 votes that were checked when they came are not checked again inside a VIEW-CHANGE', () => {
      const fresh = createClusterKit(n)
      for (const { prepares } of prepared) {
        for (const vote of prepares) fresh.accept(vote.bytes, kit.replicaPeer(vote.sender))
      }
      expect(steps(fresh, kit.viewChange(3, 1, { prepared }))).toBe(OWN + 3)
    })

    test('PBFT-3.12 what failed is not remembered as good', () => {
      const fresh = createClusterKit(n)
      const good = kit.vote('prepare', 1, at)
      const bytes = good.bytes.slice()
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
      for (let time = 0; time < 2; time++) {
        expect(() => fresh.accept(bytes, kit.replicaPeer(1))).toThrow('bad-signature')
      }
      fresh.accept(good.bytes, kit.replicaPeer(1))
      expect(() => fresh.accept(bytes, kit.replicaPeer(1))).toThrow('bad-signature')
    })

    test('PBFT-3.12 checking continues in slices that leave the loop responsive, and ends', () => {
      const done: unknown[] = []
      const checks = new LongChecks(256, (checked) => done.push(checked))
      const many = Array.from({ length: 200 }, (_, index) =>
        kit.preparedCertificate({ sequence: index + 1, digest: at.digest }),
      )
      const viewChange = kit.viewChange(3, 1, { prepared: many })
      const fresh = createClusterKit(n)
      checks.begin(kit.replicaPeer(3), fresh.authenticator.authenticateLong(viewChange, kit.replicaPeer(3)))
      let turns = 0
      for (; !checks.isEmpty; turns++) checks.work()
      expect(done).toEqual([viewChange])
      expect(turns).toBeGreaterThanOrEqual((200 * kit.q) / 100)
    })

    test('PBFT-3.12 PBFT-7.14 of one peer at most two wait to be checked', () => {
      const fresh = createClusterKit(n)
      const done: unknown[] = []
      const checks = new LongChecks(256, (checked) => done.push(checked))
      for (let view = 1; view <= 50; view++) {
        const viewChange = kit.viewChange(3, view)
        checks.begin(kit.replicaPeer(3), fresh.authenticator.authenticateLong(viewChange, kit.replicaPeer(3)))
      }
      checks.begin(
        kit.replicaPeer(1),
        fresh.authenticator.authenticateLong(kit.viewChange(1, 1), kit.replicaPeer(1)),
      )
      while (!checks.isEmpty) checks.work()
      expect(done).toHaveLength(3)
    })
  })
})
