/** Rule 1.6, the protocol's part: decided batches are handed over strictly in order, each once. */
import { describe, expect, test } from 'vitest'
import { toSequence } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])

  test('PBFT-1.6 a decided batch waits for those before it', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (const sequence of [3, 2]) decide(kit, backup, { sequence, batch: batchAt(sequence) })
    expect(backup.executed).toEqual([])
    decide(kit, backup, { sequence: 1, batch: batchAt(1) })
    expect(backup.executed.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(backup.state.ordering.lastExecuted).toBe(3)
    expect([...backup.state.ordering.slots.values()].every(({ executed }) => executed !== null)).toBe(true)
    expect(backup.state.ordering.batches.bytes).toBe(0)
  })

  test('PBFT-1.6 every order of deciding executes the same sequence', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const backup = new ReplicaUnderTest(kit, 1)
      for (const sequence of createRandom(seed).shuffle([1, 2, 3, 4, 5, 6])) {
        const batch = batchAt(sequence)
        if (seed % 2 === 0) backup.receive(kit.decision({ sequence, batch }))
        else decide(kit, backup, { sequence, batch })
      }
      expect(backup.executed.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6])
      for (const { sequence, batch } of backup.executed) expect(batch).toEqual(batchAt(sequence))
    }
  })

  test('PBFT-1.6 a batch is handed over once, however often its decision comes', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    const decision = kit.decision({ sequence: 1, batch: batchAt(1) })
    for (let time = 0; time < 3; time++) backup.receive(decision)
    decide(kit, backup, { sequence: 1, batch: batchAt(1) })
    expect(backup.executed).toHaveLength(1)
    backup.finishExecution()
    backup.receive(decision)
    expect(backup.executed).toHaveLength(1)
  })

  test('PBFT-1.6 ordering does not wait for the application, which gets one batch at a time', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    for (const sequence of [1, 2, 3]) decide(kit, backup, { sequence, batch: batchAt(sequence) })
    expect(backup.executed.map(({ sequence }) => sequence)).toEqual([1])
    expect(backup.state.ordering.lastExecuted).toBe(0)
    expect([1, 2, 3].map((each) => backup.state.ordering.slots.get(toSequence(each))?.decided)).not.toContain(
      null,
    )
    const replies = effectsOf(backup.finishExecution(), 'reply')
    expect(replies.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(backup.executed.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
  })

  test('PBFT-1.6 null and clock batches are executed like any other, and have no replies', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const effects = [
      ...decide(kit, backup, { sequence: 1, batch: kit.batch([], 0) }),
      ...decide(kit, backup, { sequence: 2, batch: kit.batch([], 7) }),
    ]
    expect(backup.executed.map(({ batch }) => batch.time)).toEqual([0, 7])
    expect(effectsOf(effects, 'reply')).toEqual([])
  })

  test('PBFT-1.7 each executed batch is answered once, with the view for the client', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const effects = decide(kit, backup, { sequence: 1, batch: batchAt(1) })
    expect(effectsOf(effects, 'reply')).toEqual([{ kind: 'reply', view: 0, sequence: 1 }])
  })
})
