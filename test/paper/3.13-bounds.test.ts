/** Rule 3.13: no message names a number from which the core's arithmetic would leave the safe integers. */
import { describe, expect, test } from 'vitest'
import type { Sequence, View } from '../../src/base/ids.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'
import { packPayload, unpackPayload } from '../../src/messages/payload.ts'
import { highWatermark } from '../../src/pbft/checkpoints/watermarks.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'
import { freeRequests, isKeyUsedUp } from '../../src/session/session.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { viewChangesOf } from '../kit/oral-kit.ts'
import { broadcastsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'
import { SessionUnderTest, sessionEffects } from '../kit/session-kit.ts'

const PAST = [COUNTER_MAX + 1, Number.MAX_SAFE_INTEGER]

describe('what a message names', () => {
  test('PBFT-3.13 numbers of a payload above the largest one are refused, at any depth', () => {
    expect(unpackPayload(packPayload([COUNTER_MAX, [COUNTER_MAX]]))).toEqual([COUNTER_MAX, [COUNTER_MAX]])
    const refused = { kind: 'rejection', reason: 'unsafe-integer' }
    for (const past of PAST) {
      expect(unpackPayload(packPayload([past]))).toMatchObject(refused)
      expect(unpackPayload(packPayload([1, [2, [past]]]))).toMatchObject(refused)
    }
  })

  test('PBFT-3.13 so are the time of a batch and the numbers of a VIEW-CHANGE without signatures', () => {
    const kit = createClusterKit(4)
    const oral = createClusterKit(4, 1, 'oral')
    const { digest } = kit.batch([])
    expect(() => kit.prePrepare({ sequence: 1, batch: kit.batch([], COUNTER_MAX) })).not.toThrow()
    for (const past of PAST) {
      expect(() => kit.prePrepare({ sequence: 1, batch: kit.batch([], past) })).toThrow()
      for (const claim of [
        { sequence: past as Sequence, view: 0 as View, digest },
        { sequence: 1 as Sequence, view: past as View, digest },
      ]) {
        expect(() => viewChangesOf(oral, [1], 1, { p: [claim] })).toThrow()
      }
    }
  })
})

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  test.each(['signed', 'oral'] as const)(
    'PBFT-3.13 no view follows the last one: who was led there stays, and starts from its log, mode %s',
    (mode) => {
      const kit = createClusterKit(n, 1, mode)
      const liars = kit.ids.slice(-kit.w)
      const led = (view: number) =>
        mode === 'signed' ? kit.viewChanges(liars, view) : viewChangesOf(kit, liars, view)
      const kind = mode === 'signed' ? 'view-change' : 'oral-view-change'
      let replica = new ReplicaUnderTest(kit, 0)
      replica.receiveAll(led(COUNTER_MAX))
      expect(broadcastsOf(replica.settle(), kind).map(({ view }) => view)).toEqual([COUNTER_MAX])
      for (let start = 0; start < 2; start++) {
        replica.receive(kit.request(0, { timestamp: start + 1 }))
        replica.tickHearing(20 * REQUEST_TIMEOUT_TICKS)
        replica.receiveAll(led(COUNTER_MAX))
        replica.tickHearing(20 * REQUEST_TIMEOUT_TICKS)
        replica.settle()
        expect(replica.state.views.view).toBe(COUNTER_MAX)
        replica = replica.restarted()
      }
      expect(replica.state.views.view).toBe(COUNTER_MAX)
    },
  )

  test('PBFT-3.13 the log ends with the last sequence number', () => {
    const { state } = new ReplicaUnderTest(createClusterKit(n), 0)
    state.checkpoints.stable = { ...state.checkpoints.stable, sequence: (COUNTER_MAX - 1) as Sequence }
    expect(highWatermark(state)).toBe(COUNTER_MAX)
  })

  test('PBFT-3.13 a replica for which no view is above what it forgot does not vote again', () => {
    const kit = createClusterKit(n)
    const replica = new ReplicaUnderTest(kit, 0, { isAmnesiac: true })
    const { recovery, checkpoints, ordering } = replica.state
    const executed = { sequence: 1 as Sequence, view: (COUNTER_MAX - 1) as View }
    recovery.own = { request: null, executed } as unknown as typeof recovery.own
    checkpoints.stable = { ...checkpoints.stable, sequence: 1_024 as Sequence }
    ordering.lastExecuted = 1_024 as Sequence
    replica.tick()
    expect([recovery.health, replica.state.views.view]).toEqual(['amnesiac', 0])
  })

  test('PBFT-3.13 a client whose key has used the last timestamp sends no more, and reports so', () => {
    const kit = createClusterKit(n)
    const session = new SessionUnderTest(kit, { executed: null })
    for (const id of kit.ids.slice(0, kit.q)) session.place(id, COUNTER_MAX)
    expect([freeRequests(session.state), isKeyUsedUp(session.state)]).toEqual([0, true])
    expect(session.state.reservedUpTo).toBe(COUNTER_MAX)
    expect(sessionEffects(session.tick(200), 'reserve')).toEqual([])
    expect(sessionEffects(session.submit(), 'refused')).toMatchObject([{ reason: 'busy' }])
  })
})
