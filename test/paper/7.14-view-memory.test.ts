/** Rule 7.14 for what view changes and checkpoints keep: named bounds, and no sender takes another's room. */
import { describe, expect, test } from 'vitest'
import { LOG_WINDOW } from '../../src/messages/limits.ts'
import {
  EARLY_BYTES_PER_SENDER_MAX,
  EARLY_PER_SENDER_MAX,
  UNEXECUTED_BYTES_MAX,
} from '../../src/pbft/parameters.ts'
import { isRelevant } from '../../src/pbft/relevance.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { ReplicaUnderTest, reasonsOf } from '../kit/replica-kit.ts'
import { enter, leaveFor, plainNewView } from '../kit/view-change-kit.ts'

const MIB = 1024 * 1024

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const { digest } = kit.batch([kit.request(0)])

  test('PBFT-7.14 PBFT-1.5 votes for views to come are kept up to a number, each sender in its own room', () => {
    const replica = new ReplicaUnderTest(kit, 2)
    let refused = 0
    for (let index = 0; index < EARLY_PER_SENDER_MAX + 50; index++) {
      const sequence = (index % LOG_WINDOW) + 1
      const view = 1 + Math.floor(index / LOG_WINDOW)
      refused += reasonsOf(replica.receive(kit.vote('commit', 3, { view, sequence, digest }))).length
    }
    expect(replica.state.ordering.early.sizeFor(kit.ids[3] ?? (0 as never)).count).toBe(EARLY_PER_SENDER_MAX)
    expect(refused).toBe(50)
    expect(reasonsOf(replica.receive(kit.vote('commit', 0, { view: 1, sequence: 1, digest })))).toEqual([])
  })

  test('PBFT-7.14 PBFT-1.5 a vote that is played back over and over takes the room of one', () => {
    const replica = new ReplicaUnderTest(kit, 2)
    const vote = kit.vote('commit', 0, { view: 1, sequence: 1, digest })
    // A liar passes a correct replica's vote on, which is authentic on whatever link it comes.
    for (let time = 0; time < EARLY_PER_SENDER_MAX + 5; time++) {
      if (isRelevant(replica.state, vote)) replica.receive(vote, kit.replicaPeer(3))
    }
    const next = kit.vote('commit', 0, { view: 1, sequence: 2, digest })
    expect(reasonsOf(replica.receive(next))).toEqual([])
    expect(replica.state.ordering.early.sizeFor(kit.ids[0] ?? (0 as never)).count).toBe(2)
  })

  test('PBFT-7.14 they are let go of when their view begins, or a later one', () => {
    const replica = new ReplicaUnderTest(kit, 2)
    for (const view of [1, 2, 3]) replica.receive(kit.vote('commit', 0, { view, sequence: 1, digest }))
    const held = () => replica.state.ordering.early.sizeFor(kit.ids[0] ?? (0 as never)).count
    enter(kit, replica, 2)
    expect(held()).toBe(1)
    enter(kit, replica, 5)
    expect(held()).toBe(0)
  })

  test('PBFT-7.14 of each replica one VIEW-CHANGE is kept, and what an active view has outlived is not useful', () => {
    const replica = new ReplicaUnderTest(kit, 2)
    for (let view = 1; view <= 60; view++) replica.receive(kit.viewChange(3, view))
    expect(replica.state.views.viewChanges.filter((one) => one !== null)).toHaveLength(1)
    replica.receive(plainNewView(kit, 61))
    expect(isRelevant(replica.state, kit.viewChange(0, 61))).toBe(false)
  })

  test('PBFT-7.14 view after view, nothing piles up', () => {
    const replica = new ReplicaUnderTest(kit, 2)
    for (let view = 1; view <= 3 * n; view++) {
      for (let sequence = 1; sequence <= 20; sequence++) {
        const batch = kit.batch([kit.request(0, { timestamp: sequence })], view)
        if (view > 1) replica.receive(kit.prePrepare({ view: view - 1, sequence, batch }))
      }
      leaveFor(kit, replica, view)
      if (!replica.state.views.isActive) enter(kit, replica, view)
      expect(replica.state.ordering.batches.bytes).toBeLessThanOrEqual(UNEXECUTED_BYTES_MAX)
      expect(replica.state.ordering.slots.size).toBeLessThanOrEqual(20)
      expect(replica.state.durability.withheld).toEqual([])
    }
  })
})

describe('large batches', () => {
  const kit = createClusterKit(4)
  const large = kit.batch([kit.request(0, { operations: new Uint8Array(2 * MIB - 4096) })])

  test('PBFT-7.14 proposals for a view to come stay within their bytes', () => {
    const replica = new ReplicaUnderTest(kit, 2)
    for (let sequence = 1; sequence <= 20; sequence++)
      replica.receive(kit.prePrepare({ view: 1, sequence, batch: large }))
    const { bytes } = replica.state.ordering.early.sizeFor(kit.ids[1] ?? (0 as never))
    expect(bytes).toBeGreaterThan(2 * MIB)
    expect(bytes).toBeLessThanOrEqual(EARLY_BYTES_PER_SENDER_MAX)
  })

  test('PBFT-7.14 batches that were chosen and fetched stay within the bytes of those not executed', () => {
    const replica = new ReplicaUnderTest(kit, 2)
    const batches = Array.from({ length: 40 }, (_, index) =>
      kit.batch([kit.request(0, { operations: new Uint8Array(2 * MIB - 4096), timestamp: index + 1 })]),
    )
    const prepared = batches.map(({ digest }, index) =>
      kit.preparedCertificate({ sequence: index + 2, digest }),
    )
    enter(kit, replica, 1, { prepared })
    for (const [index, batch] of batches.entries()) replica.receive(kit.delivery(3, index + 2, batch))
    expect(replica.state.ordering.batches.bytes).toBeGreaterThan(UNEXECUTED_BYTES_MAX / 2)
    expect(replica.state.ordering.batches.bytes).toBeLessThanOrEqual(UNEXECUTED_BYTES_MAX)
  })
})
