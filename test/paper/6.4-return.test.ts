/** Rule 6.4: when an amnesiac replica is healed, and how it takes part again. */
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import { RECOVERY_RETRY_TICKS, VIEW_RESEND_TICKS } from '../../src/pbft/parameters.ts'
import { conditionOf } from '../../src/pbft/report.ts'
import { createAmnesiaKit, HISTORY, U, votesIn } from '../kit/amnesia-kit.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { FakeApplication } from '../kit/fake-application.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest, sentKinds } from '../kit/replica-kit.ts'
import { enter, plainNewView } from '../kit/view-change-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const others = kit.ids.filter((id) => id !== 1)
  const { batchAt, amnesiac, states, certificateAt, recovering, healed } = createAmnesiaKit(kit)

  describe('being healed', () => {
    test('PBFT-6.4 not before the checkpoint at or above s_r + L is stable', () => {
      const replica = recovering(HISTORY)
      for (let stable = K; stable < HISTORY; stable += K) {
        replica.receive(kit.stableCheckpoint(2, certificateAt(stable)))
        replica.tickHearing(10)
        expect(conditionOf(replica.state)).toBe('amnesiac')
        expect(votesIn(replica.settle())).toEqual([])
      }
      replica.receive(kit.stableCheckpoint(2, certificateAt(HISTORY)))
      replica.tickHearing()
      expect(conditionOf(replica.state)).toBe('voting')
    })

    test('PBFT-6.4 a checkpoint alone does not do it: its operation must be executed with a certificate', () => {
      const replica = amnesiac()
      replica.tickHearing(RECOVERY_RETRY_TICKS)
      replica.receive(kit.stableCheckpoint(2, certificateAt(HISTORY)))
      replica.tickHearing(100)
      replica.transfer(certificateAt(HISTORY), states[HISTORY - 1] ?? new FakeApplication(kit))
      replica.tickHearing(100)
      expect(conditionOf(replica.state)).toBe('amnesiac')
    })

    test('PBFT-6.4 it comes back with VIEW-CHANGE(u + 2), once that is on disk, and never votes below', () => {
      const replica = healed()
      expect([replica.state.views.view, replica.state.views.isActive]).toEqual([U + 2, false])
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
      expect([replica.state.views.view, replica.state.views.isActive]).toEqual([U + 5, true])
    })

    test('PBFT-6.4 after a restart it is still healed, and sends its VIEW-CHANGE again, byte for byte', () => {
      const replica = healed()
      const [said] = broadcastsOf(replica.settle(), 'view-change')
      if (said === undefined) throw new Error('no VIEW-CHANGE')
      const again = replica.restarted()
      expect(conditionOf(again.state)).toBe('voting')
      expect([again.state.views.view, again.state.views.isActive]).toEqual([U + 2, false])
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
      expect(again.state.views.view).toBeGreaterThanOrEqual(U + 2)
    })

    test('PBFT-6.4 a VIEW-CHANGE that it sent before it forgot is no evidence against it', () => {
      const other = new ReplicaUnderTest(kit, 3)
      other.receive(kit.viewChange(1, U + 2))
      const again = kit.viewChange(1, U + 2, { stable: certificateAt(K) })
      expect(effectsOf(other.receive(again), 'reject')).toEqual([])
    })
  })
})
