/** Rule 3.6: the end of a view, and its retransmission. TOCS 2002 section 4.5.3. */
import { describe, expect, test } from 'vitest'
import {
  PROGRESS_BEFORE_SHRINKING,
  REQUEST_TIMEOUT_TICKS,
  STATUS_BUSY_TICKS,
  TIMEOUT_TICKS_MAX,
  VIEW_RESEND_TICKS,
} from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'
import { awaitingNewView, plainNewView } from '../kit/view-change-kit.ts'

const T = REQUEST_TIMEOUT_TICKS

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchAt = (sequence: number, { state: { clock } }: ReplicaUnderTest) =>
    kit.batch([kit.request(0, { timestamp: sequence })], clock.now)
  const others = kit.ids.filter((id) => id !== 2)

  const awaiting = (view: number): ReplicaUnderTest => awaitingNewView(kit, 2, view)
  /** The ticks until it moves on from the view that it is in. */
  const ticksUntilMoved = (replica: ReplicaUnderTest, most = 200 * T): number => {
    const { view } = replica.state.views
    for (let ticks = 1; ticks <= most; ticks++) {
      replica.tickHearing()
      replica.settle()
      if (replica.state.views.view > view) return ticks
    }
    return Number.POSITIVE_INFINITY
  }

  /** Three views served no request; the fourth begins, with a long T. */
  const patientInView4 = (): ReplicaUnderTest => {
    const replica = awaiting(1)
    for (let view = 2; view <= 4; view++) {
      ticksUntilMoved(replica)
      replica.receiveAll(kit.viewChanges(others.slice(0, kit.q - 1), view))
    }
    replica.receive(plainNewView(kit, 4))
    replica.settle()
    expect(replica.state.patience.timeoutTicks).toBeGreaterThanOrEqual(4 * T)
    return replica
  }

  describe('the timer', () => {
    test('PBFT-3.6 a request that is not served ends the view', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receive(kit.request(0))
      expect(ticksUntilMoved(backup)).toBe(T)
      expect(backup.state.views.viewChanges[2]?.view).toBe(1)
    })

    test('PBFT-3.6 the primary’s own timer runs too: a primary that is cut off leaves its view', () => {
      const primary = new ReplicaUnderTest(kit, 0)
      primary.receive(kit.request(0))
      primary.settle()
      expect(ticksUntilMoved(primary)).toBe(T)
    })

    test('PBFT-3.6 T starts when Q VIEW-CHANGEs for v’ or above are held, its own among them', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      const most = others.slice(0, kit.q - 2)
      replica.receive(kit.request(0))
      replica.tickHearing(T)
      replica.settle()
      replica.receiveAll(kit.viewChanges(most, 1))
      expect(ticksUntilMoved(replica, 10 * T)).toBe(Number.POSITIVE_INFINITY)
      replica.receive(kit.viewChange(others[kit.q - 2] ?? 0, 1))
      expect(ticksUntilMoved(replica)).toBe(T)
    })

    test('PBFT-3.6 VIEW-CHANGEs for later views count for it', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      replica.receiveAll(kit.viewChanges(others.slice(0, kit.q - 2), 1))
      replica.receive(kit.viewChange(others[kit.q - 2] ?? 0, 7))
      replica.settle()
      expect(replica.state.views.view).toBe(1)
      expect(ticksUntilMoved(replica)).toBe(T)
    })

    test('PBFT-3.6 each view without service doubles the timeout, up to a bound', () => {
      const replica = awaiting(3)
      const patience = [ticksUntilMoved(replica)]
      for (let view = 4; view < n + 2; view++) {
        replica.receiveAll(kit.viewChanges(others.slice(0, kit.q - 1), view))
        patience.push(ticksUntilMoved(replica))
      }
      expect(patience).toEqual(patience.map((_, index) => Math.min(T * 2 ** index, TIMEOUT_TICKS_MAX)))
    })

    test('PBFT-3.6 with nothing waiting the timer stops on entering: an idle cluster stays in its view', () => {
      const replica = awaiting(1)
      replica.receive(plainNewView(kit, 1))
      replica.settle()
      expect(ticksUntilMoved(replica, 20 * T)).toBe(Number.POSITIVE_INFINITY)
      expect(replica.state.requests.timer).toBeNull()
    })

    test('PBFT-3.6 a view that begins and does not execute the oldest waiting request ends', () => {
      const replica = awaiting(1)
      replica.receive(kit.request(0))
      replica.receive(plainNewView(kit, 1))
      replica.settle()
      replica.receive(kit.request(1))
      decide(kit, replica, { view: 1, sequence: 1, batch: kit.batch([kit.request(1)]) })
      expect(ticksUntilMoved(replica)).toBeLessThanOrEqual(2 * T)
      expect(replica.state.views.view).toBe(2)
    })

    test('PBFT-3.6 executing it in the new view is enough', () => {
      const replica = awaiting(1)
      replica.receive(kit.request(0))
      replica.receive(plainNewView(kit, 1))
      replica.settle()
      decide(kit, replica, { view: 1, sequence: 1, batch: kit.batch([kit.request(0)]) })
      expect(ticksUntilMoved(replica, 20 * T)).toBe(Number.POSITIVE_INFINITY)
    })

    test('PBFT-3.6 T shrinks only after sustained progress, and not below its floor', () => {
      const replica = patientInView4()
      const { timeoutTicks } = replica.state.patience
      const serve = (sequence: number): void => {
        replica.receive(kit.request(0, { timestamp: sequence }))
        decide(kit, replica, { view: 4, sequence, batch: batchAt(sequence, replica) })
      }
      for (let sequence = 1; sequence < PROGRESS_BEFORE_SHRINKING; sequence++) serve(sequence)
      expect(replica.state.patience.timeoutTicks).toBe(timeoutTicks)
      serve(PROGRESS_BEFORE_SHRINKING)
      expect(replica.state.patience.timeoutTicks).toBeLessThan(timeoutTicks)
      for (let sequence = PROGRESS_BEFORE_SHRINKING + 1; sequence <= 120; sequence++) serve(sequence)
      expect(replica.state.patience.timeoutTicks).toBe(T)
    })

    test('PBFT-3.6 T shrinks too where nothing waits, as on most backups', () => {
      const replica = patientInView4()
      for (let sequence = 1; sequence <= 5 * PROGRESS_BEFORE_SHRINKING; sequence++) {
        decide(kit, replica, { view: 4, sequence, batch: batchAt(sequence, replica) })
      }
      expect(replica.state.patience.timeoutTicks).toBe(T)
    })

    test('PBFT-3.6 a primary that is slow on purpose does not make its own time longer and longer', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      for (let sequence = 1; sequence <= 100; sequence++) {
        replica.receive(kit.request(0, { timestamp: sequence }))
        replica.tickHearing(Math.floor(0.9 * replica.state.patience.timeoutTicks))
        decide(kit, replica, { sequence, batch: batchAt(sequence, replica) })
      }
      expect(replica.state.views.view).toBe(0)
      expect(replica.state.patience.timeoutTicks).toBeLessThanOrEqual(2 * T)
    })

    test('PBFT-3.6 the floor follows the measured ordering latency: a slow cluster suspects no correct primary', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      for (let sequence = 1; sequence <= 4 * PROGRESS_BEFORE_SHRINKING; sequence++) {
        replica.receive(kit.request(0, { timestamp: sequence }))
        replica.tickHearing(40)
        decide(kit, replica, { sequence, batch: batchAt(sequence, replica) })
      }
      expect(replica.state.views.view).toBe(0)
      expect(replica.state.patience.timeoutTicks).toBeGreaterThan(80)
      expect(replica.state.patience.timeoutTicks).toBeLessThanOrEqual(TIMEOUT_TICKS_MAX)
    })
  })

  describe('sending it again', () => {
    test('PBFT-3.6 PBFT-1.11 a replica retransmits its VIEW-CHANGE to one that lacks it, at a bounded rate', () => {
      const replica = awaiting(1)
      const own = replica.state.views.viewChanges[2]
      replica.tickHearing(VIEW_RESEND_TICKS)
      const asked = (says: object) =>
        effectsOf(replica.receive(kit.status(3, says)), 'send').flatMap(({ to, outgoing }) =>
          outgoing.kind === 'relayed' ? [[to, outgoing.message]] : [],
        )
      expect(asked({})).toEqual([[3, own]]) // still in view 0
      for (let time = 0; time < 10; time++) expect(asked({})).toEqual([])
      replica.tickHearing(VIEW_RESEND_TICKS)
      expect(asked({ view: 1, isActive: false, viewChanges: 0b1000 })).toEqual([[3, own]])
      replica.tickHearing(VIEW_RESEND_TICKS)
      expect(asked({ view: 1, isActive: false, viewChanges: 0b1100 })).toEqual([]) // it has it
    })

    test('PBFT-1.11 STATUS shows which VIEW-CHANGEs are held and whether the view has begun', () => {
      const replica = awaiting(1)
      const [said] = broadcastsOf(replica.tickHearing(20), 'status').slice(-1)
      const bits = [...others.slice(0, kit.q - 1), 2].reduce((sum, id) => sum | (1 << id), 0)
      expect(said).toMatchObject({ view: 1, isActive: false, viewChanges: bits })
    })

    test('PBFT-1.11 a replica outside the view gets its NEW-VIEW, also from a backup, at a bounded rate', () => {
      const replica = new ReplicaUnderTest(kit, 2)
      const newView = plainNewView(kit, 1)
      replica.receive(newView)
      replica.settle()
      const asked = (says: object) =>
        effectsOf(replica.receive(kit.status(3, says)), 'send').flatMap(({ outgoing }) =>
          outgoing.kind === 'relayed' ? [outgoing.message] : [],
        )
      replica.tickHearing(VIEW_RESEND_TICKS)
      expect(asked({ view: 1 })).toEqual([]) // it is in it
      replica.tickHearing(STATUS_BUSY_TICKS)
      expect(asked({ view: 1, isActive: false })).toEqual([newView])
      let sent = 0
      for (let tick = 0; tick < 10 * VIEW_RESEND_TICKS; tick++) {
        replica.tickHearing()
        sent += asked({ view: 0 }).length
      }
      expect(sent).toBeGreaterThanOrEqual(8)
      expect(sent).toBeLessThanOrEqual(10)
      replica.tickHearing(VIEW_RESEND_TICKS)
      expect(asked({ view: 5 })).toEqual([]) // it has left this one
    })
  })
})
