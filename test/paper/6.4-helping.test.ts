/** Rule 6.4: what the others do for a replica that lost synced data. */
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import { fillTarget } from '../../src/pbft/recovery/recovery-operations.ts'
import { AT, createAmnesiaKit, HISTORY, U } from '../kit/amnesia-kit.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'
import { enter } from '../kit/view-change-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const { certificateAt, decidedAt } = createAmnesiaKit(kit)

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

    test('PBFT-6.4 a replica that is already at u + 2 or above stays', () => {
      const replica = helping(3, HISTORY)
      enter(kit, replica, U + 2, { stable: certificateAt(K) })
      expect(broadcastsOf(reach(replica, HISTORY), 'view-change')).toEqual([])
      expect(replica.state.views.view).toBe(U + 2)
    })

    test('PBFT-6.4 PBFT-1.9 while the checkpoint is awaited the timer runs: an idle primary must fill up', () => {
      const replica = helping(3, AT)
      replica.tickHearing()
      expect(replica.state.requests.timer).not.toBeNull()
      for (
        let tick = 0;
        tick < 4 * replica.state.patience.timeoutTicks && replica.state.views.view === 0;
        tick++
      )
        replica.tickHearing()
      expect(replica.state.views.view).toBe(1)
    })

    test('PBFT-6.4 PBFT-2.8 a restarted primary continues to fill up', () => {
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

    test('PBFT-6.4 a replica that restarts from a stored state above s_r still knows that a recovery waits', () => {
      const replica = helping(3, K)
      replica.receive(kit.stableCheckpoint(2, certificateAt(K)))
      replica.settle()
      replica.store()
      replica.settle()
      const again = replica.restarted()
      expect(again.state.ordering.lastExecuted).toBe(K)
      expect(fillTarget(again.state)).toBe(HISTORY)
    })
  })
})
