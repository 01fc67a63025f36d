/** Rules 2.5 to 2.9: catching up by a state transfer, and the protocol meanwhile. TOCS 2002 section 5.3. */
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_INTERVAL, COUNTER_MAX, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { Batch } from '../../src/messages/message.ts'
import { STATUS_BUSY_TICKS, TRANSFER_AFTER_TICKS, VIEW_RESEND_TICKS } from '../../src/pbft/parameters.ts'
import { conditionOf } from '../../src/pbft/report.ts'
import { createClusterKit, FEWER_CLUSTER_SIZES, seedOf } from '../kit/cluster-kit.ts'
import { rootAfter } from '../kit/fake-application.ts'
import {
  broadcastsOf,
  decide,
  effectsOf,
  ReplicaUnderTest,
  reasonsOf,
  sentKinds,
} from '../kit/replica-kit.ts'
import { enter, leaveFor, plainNewView } from '../kit/view-change-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(FEWER_CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batches: readonly Batch[] = Array.from({ length: 2 * K + 20 }, (_, index) => kit.batch([], index + 1))
  const decisions = batches.map((batch, index) => kit.decision({ sequence: index + 1, batch }))
  const rootAt = (sequence: number) => rootAfter(batches.slice(0, sequence))
  const certificateAt = (sequence: number) =>
    kit.certificate(sequence, sequence <= batches.length ? rootAt(sequence) : seedOf(sequence))
  const [first, second] = [certificateAt(K), certificateAt(2 * K)]
  const others = kit.ids.filter((id) => id !== 1)
  const stateAt = (sequence: number) => {
    const source = new ReplicaUnderTest(kit, 2)
    source.receiveAll(decisions.slice(0, sequence))
    return source.application.frozen()
  }
  /** It knows that `stable` is stable, and lacks the batches before it. */
  const behind = (stable = first, executed = 0): ReplicaUnderTest => {
    const replica = new ReplicaUnderTest(kit, 1)
    replica.receiveAll(decisions.slice(0, executed))
    replica.receive(kit.stableCheckpoint(2, stable))
    replica.settle()
    return replica
  }
  const targets = (effects: Parameters<typeof effectsOf>[0]) =>
    effectsOf(effects, 'transfer').map(({ stable }) => stable.sequence)

  describe('when it begins and ends', () => {
    test('PBFT-2.5 a replica that stays below a stable checkpoint fetches its state after a while', () => {
      const replica = behind()
      expect(targets(replica.tickHearing(TRANSFER_AFTER_TICKS - 1))).toEqual([])
      expect(targets(replica.tickHearing(2))).toEqual([K])
      expect(conditionOf(replica.state)).toBe('transferring')
    })

    test('PBFT-2.5 a replica that advances by decisions does not', () => {
      const replica = behind()
      for (const decision of decisions.slice(0, 20)) {
        expect(targets(replica.tickHearing(TRANSFER_AFTER_TICKS - 1))).toEqual([])
        replica.receive(decision)
      }
    })

    test('PBFT-2.5 a replica that lags by more than the log does so at once', () => {
      expect(targets(behind(certificateAt(4 * K)).tickHearing())).toEqual([4 * K])
    })

    test('PBFT-2.5 the target is a stable certificate: what f + 1 claim moves h no further', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receiveAll(others.slice(0, kit.q - 1).map((sender) => kit.checkpoint(sender, 4 * K, seedOf(1))))
      for (const sender of others.slice(0, kit.w)) {
        replica.receive(kit.status(sender, { lowWatermark: first.sequence, lastExecuted: first.sequence }))
      }
      expect(targets(replica.tickHearing(10 * TRANSFER_AFTER_TICKS))).toEqual([])
    })

    test('PBFT-2.5 it stops when decisions brought it there', () => {
      const replica = behind()
      replica.tickHearing(TRANSFER_AFTER_TICKS + 1)
      replica.receiveAll(decisions.slice(0, K))
      expect(effectsOf(replica.tickHearing(), 'stop-transfer')).toHaveLength(1)
      expect(conditionOf(replica.state)).toBe('voting')
      expect(targets(replica.tickHearing(200))).toEqual([])
    })

    test('PBFT-2.5 it aims at a newer checkpoint when the sources no longer keep the one it fetches', () => {
      const replica = behind()
      replica.tickHearing(TRANSFER_AFTER_TICKS + 1)
      expect(targets(replica.step({ kind: 'transfer-gone' }))).toEqual([]) // nothing newer is known
      replica.receive(kit.stableCheckpoint(2, second))
      expect(targets(replica.tickHearing(5))).toEqual([]) // the sources still have it
      expect(targets(replica.step({ kind: 'transfer-gone' }))).toEqual([2 * K])
    })

    test('PBFT-2.5 it aims at a newer one by itself when that is far newer', () => {
      const replica = behind()
      replica.tickHearing(TRANSFER_AFTER_TICKS + 1)
      replica.receive(kit.stableCheckpoint(2, certificateAt(9 * K)))
      expect(targets(replica.tickHearing(2))).toEqual([9 * K])
    })

    test('PBFT-2.5 with the state it continues from there, and the rest is decided as usual', () => {
      const replica = behind()
      replica.receiveAll(decisions.slice(K, K + 3)) // came meanwhile
      replica.tickHearing(TRANSFER_AFTER_TICKS + 1)
      replica.transfer(first, stateAt(K))
      expect(replica.state.ordering.lastExecuted).toBe(K + 3)
      expect(replica.executed.map(({ sequence }) => sequence)).toEqual([K + 1, K + 2, K + 3])
      expect(replica.application.root).toEqual(rootAt(K + 3))
      expect(conditionOf(replica.state)).toBe('voting')
    })

    test('PBFT-2.5 a newer checkpoint that became stable during the transfer is fetched next, or reached', () => {
      const replica = behind()
      replica.tickHearing(TRANSFER_AFTER_TICKS + 1)
      replica.receive(kit.stableCheckpoint(2, second))
      replica.transfer(first, stateAt(K))
      expect([replica.state.ordering.lastExecuted, replica.state.checkpoints.lowWatermark]).toEqual([
        K,
        2 * K,
      ])
      expect(targets(replica.tickHearing(2 * TRANSFER_AFTER_TICKS))).toEqual([2 * K])
    })

    test('PBFT-2.5 a target that decisions have overtaken gives way to the newer one, though below that', () => {
      const replica = behind()
      replica.tickHearing(TRANSFER_AFTER_TICKS + 1)
      replica.receive(kit.stableCheckpoint(2, second))
      replica.receiveAll(decisions.slice(0, K + 5)) // past the target, so the transfer is no longer needed
      replica.settle()
      expect(targets(replica.tickHearing(3 * TRANSFER_AFTER_TICKS))).toEqual([2 * K])
    })

    test('PBFT-2.5 requests that the new state has executed no longer wait', () => {
      const request = kit.request(3)
      const source = new ReplicaUnderTest(kit, 2)
      source.receive(kit.decision({ sequence: 1, batch: kit.batch([request]) }))
      source.receiveAll(decisions.slice(1, K))
      const stable = kit.certificate(K, source.application.root)
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receive(request)
      replica.receive(kit.stableCheckpoint(2, stable))
      replica.transfer(stable, source.application.frozen())
      expect(replica.state.requests.waiting.size).toBe(0)
      expect(replica.state.requests.timer).toBeNull()
    })

    test('PBFT-2.5 after a restart the transferred state is there', () => {
      const replica = behind()
      replica.tickHearing(TRANSFER_AFTER_TICKS + 1)
      replica.transfer(first, stateAt(K))
      replica.receiveAll(decisions.slice(K, K + 2))
      replica.settle()
      const again = replica.restarted()
      expect(again.state.ordering.lastExecuted).toBe(K + 2)
      expect(again.application.root).toEqual(rootAt(K + 2))
    })

    test('PBFT-2.5 a state that was lost with its certificate still there is fetched again', () => {
      const replica = new ReplicaUnderTest(kit, 1, {
        stored: { stable: first, application: stateAt(K) },
        isStateLost: true,
      })
      expect([replica.state.checkpoints.lowWatermark, replica.state.ordering.lastExecuted]).toEqual([K, 0])
      expect(targets(replica.tickHearing(TRANSFER_AFTER_TICKS + 1))).toEqual([K])
    })

    test('PBFT-2.9 a transfer to the state that it has changes nothing', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receiveAll(decisions.slice(0, K))
      replica.settle()
      replica.receive(kit.stableCheckpoint(2, first))
      decide(kit, replica, { sequence: K + 2, batch: batches[K + 1] ?? kit.batch() })
      const told = () => {
        const { view, isActive } = replica.state.views
        const { stable } = replica.state.checkpoints
        const { lastExecuted, lastProposed } = replica.state.ordering
        const { health } = replica.state.recovery
        const slots = [...replica.state.ordering.slots.values()].map((slot) => ({ ...slot }))
        return {
          view,
          isActive,
          stable,
          lastExecuted,
          lastProposed,
          health,
          slots,
          bytes: replica.state.ordering.batches.bytes,
        }
      }
      const before = told()
      const effects = replica.step({ kind: 'transferred', stable: first })
      expect(effects).toEqual([])
      expect(told()).toEqual(before)
    })
  })

  describe('meanwhile', () => {
    const transferring = (): ReplicaUnderTest => {
      const replica = behind()
      replica.tickHearing(TRANSFER_AFTER_TICKS + 1)
      return replica
    }

    test('PBFT-2.6 it logs and votes: ordering does not depend on the state', () => {
      const replica = transferring()
      const batch = batches[K] ?? kit.batch()
      const at = { sequence: K + 1, digest: batch.digest }
      replica.receive(kit.prePrepare({ sequence: K + 1, batch }))
      const effects = [
        ...replica.settle(),
        ...replica.receiveAll(kit.votes('prepare', kit.ids.slice(2), at)),
        ...replica.settle(),
      ]
      expect(sentKinds(effects).filter((kind) => kind !== 'status')).toEqual(['prepare', 'commit'])
    })

    test('PBFT-2.6 it executes nothing above what it fetches, and sends no CHECKPOINT', () => {
      const replica = transferring()
      const effects = [...replica.receiveAll(decisions.slice(K, 2 * K + 5)), ...replica.settle()]
      expect(effectsOf(effects, 'execute')).toEqual([])
      expect(effectsOf(effects, 'snapshot')).toEqual([])
      expect(sentKinds(effects)).not.toContain('checkpoint')
    })

    test('PBFT-2.6 entering a view does not wait for it', () => {
      const replica = transferring()
      leaveFor(kit, replica, 2)
      enter(kit, replica, 2, { stable: first })
      expect([replica.state.views.view, replica.state.views.isActive]).toEqual([2, true])
      expect(conditionOf(replica.state)).toBe('transferring')
    })

    test('PBFT-7.14 decisions far below h that it cannot execute yet take bounded room', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receive(kit.stableCheckpoint(2, certificateAt(40 * K)))
      const batch = kit.batch()
      // All that was ever decided, but for the first, from one peer.
      for (let sequence = 2; sequence <= 4 * LOG_WINDOW; sequence++) {
        replica.receive(kit.decision({ sequence, batch }))
      }
      expect(replica.state.ordering.slots.size).toBeLessThanOrEqual(2 * LOG_WINDOW)
    })
  })

  describe('by STATUS', () => {
    const ahead = (): ReplicaUnderTest => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receiveAll(decisions.slice(0, K + 3))
      replica.settle()
      replica.receive(kit.stableCheckpoint(2, first))
      replica.tickHearing(VIEW_RESEND_TICKS)
      return replica
    }
    const asked = (replica: ReplicaUnderTest, says: object) =>
      effectsOf(replica.receive(kit.status(3, says)), 'send')

    test('PBFT-2.7 inside the window STATUS brings pre-prepares, batches and decisions', () => {
      const replica = ahead()
      replica.receive(kit.prePrepare({ sequence: K + 4, batch: batches[K + 3] ?? kit.batch() }))
      replica.settle()
      replica.tickHearing(40)
      const says = { lowWatermark: first.sequence, lastExecuted: first.sequence }
      const effects = replica.receive(kit.status(3, says))
      expect(effectsOf(effects, 'serve')).toMatchObject([{ to: 3, sequences: [K + 1, K + 2, K + 3] }])
      expect(sentKinds(effects)).toContain('pre-prepare')
    })

    test('PBFT-2.7 across views only a NEW-VIEW moves the view: no STATUS, decision or certificate does', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      for (const sender of others) replica.receive(kit.status(sender, { view: 5 as never, isActive: true }))
      replica.receive(kit.decision({ view: 5, sequence: 1, batch: batches[0] ?? kit.batch() }))
      replica.receive(kit.stableCheckpoint(2, first))
      replica.tickHearing(50)
      expect([replica.state.views.view, replica.state.views.isActive]).toEqual([0, true])
      replica.receive(plainNewView(kit, 5))
      expect(replica.state.views.view).toBe(5)
    })

    test('PBFT-2.8 a replica with a lower h gets the stable certificate, without any load', () => {
      const replica = ahead()
      const [sent] = asked(replica, {}).filter(({ outgoing }) => outgoing.kind === 'stable-checkpoint')
      expect(sent).toMatchObject({ to: 3, outgoing: { stable: { sequence: K } } })
      replica.tickHearing(VIEW_RESEND_TICKS)
      const level = asked(replica, { lowWatermark: first.sequence })
      expect(level.filter(({ outgoing }) => outgoing.kind === 'stable-checkpoint')).toEqual([])
    })

    test('PBFT-2.8 at a bounded rate', () => {
      const replica = ahead()
      let sent = 0
      for (let time = 0; time < 500; time++) {
        sent += asked(replica, {}).filter(({ outgoing }) => outgoing.kind === 'stable-checkpoint').length
      }
      expect(sent).toBe(1)
      for (let tick = 0; tick < 100; tick++) {
        replica.tickHearing()
        sent += asked(replica, {}).filter(({ outgoing }) => outgoing.kind === 'stable-checkpoint').length
      }
      expect(sent).toBeGreaterThan(3)
      expect(sent).toBeLessThanOrEqual(1 + 100 / STATUS_BUSY_TICKS)
    })

    test('PBFT-2.8 a lost CHECKPOINT is sent again to a replica that has not reached it', () => {
      const replica = new ReplicaUnderTest(kit, 1)
      replica.receiveAll(decisions.slice(0, K))
      replica.settle()
      replica.tickHearing(STATUS_BUSY_TICKS)
      const effects = replica.receive(kit.status(3, { lastExecuted: first.sequence }))
      expect(sentKinds(effects)).toContain('checkpoint')
      replica.tickHearing(STATUS_BUSY_TICKS)
      expect(sentKinds(replica.receive(kit.status(3, { lowWatermark: first.sequence })))).not.toContain(
        'checkpoint',
      )
    })

    test('PBFT-2.8 an idle primary fills up with null batches as far as somebody needs it, and no further', () => {
      const primary = new ReplicaUnderTest(kit, 0)
      primary.receive(kit.decision({ sequence: 1, batch: kit.batch([kit.recoveryRequest(3)]) }))
      const proposed: number[] = []
      for (let round = 0; round < 2 * LOG_WINDOW; round++) {
        const proposals = broadcastsOf(primary.settle(), 'pre-prepare')
        for (const { sequence, batch } of proposals) {
          proposed.push(sequence)
          expect(batch.requests).toEqual([])
          expect(batch.time).toBe(0)
          primary.receive(kit.decision({ sequence, batch }))
          const { stable } = primary.state.checkpoints
          if (sequence % K === 0 && stable.sequence < sequence) {
            const { root } = primary.application
            primary.receiveAll(kit.ids.slice(1).map((sender) => kit.checkpoint(sender, sequence, root)))
          }
        }
        primary.tickHearing()
      }
      const last = Math.ceil((1 + LOG_WINDOW) / K) * K
      expect(proposed).toEqual(Array.from({ length: last - 1 }, (_, index) => index + 2))
      expect(primary.state.checkpoints.lowWatermark).toBe(last)
    })

    test('PBFT-2.8 a STATUS that lies about h is answered like any other', () => {
      const replica = ahead()
      for (const lowWatermark of [1, K - 1, K + 1, 2 ** 40, COUNTER_MAX]) {
        replica.tickHearing(VIEW_RESEND_TICKS)
        expect(reasonsOf(replica.receive(kit.status(3, { lowWatermark: lowWatermark as never })))).toEqual([])
      }
      expect(replica.state.checkpoints.lowWatermark).toBe(K)
    })
  })
})
