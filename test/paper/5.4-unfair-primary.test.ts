/** Rule 5.4: a primary that passes a client's requests over, or fills its batches with what was executed before. */
import { describe, expect, test } from 'vitest'
import {
  GRACE_TICKS,
  PASSED_OVER_MAX,
  PASSED_OVER_TICKS,
  RELAY_AFTER_TICKS,
  REQUEST_TIMEOUT_TICKS,
} from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { decide, ReplicaUnderTest } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const bigBatch = (timestamp: number) =>
    kit.batch([
      kit.request(1, { timestamp, operations: new Uint8Array(1.5 * 1024 * 1024) }),
      kit.request(3, { timestamp, operations: new Uint8Array(1.5 * 1024 * 1024) }),
    ])

  /** Client 0 waits while others are served, a batch every two ticks. */
  const starving = (count: number, batchOf: (timestamp: number) => ReturnType<typeof kit.batch>) => {
    const backup = new ReplicaUnderTest(kit, 2)
    backup.receive(kit.request(0))
    backup.tickHearing(2 * RELAY_AFTER_TICKS + 1)
    for (let sequence = 1; sequence <= count; sequence++) {
      decide(kit, backup, { sequence, batch: batchOf(sequence) })
      backup.tickHearing(2)
    }
    return backup.state.suspicion.complaint?.complaint ?? null
  }
  const small = (timestamp: number) => kit.batch([kit.request(1, { timestamp })])
  const enough = PASSED_OVER_MAX + Math.ceil(PASSED_OVER_TICKS / 2)

  test('PBFT-5.4 batches with room that do without a client’s request are unfair to it', () => {
    expect(starving(PASSED_OVER_MAX - 1, small)).toBeNull()
    expect(starving(enough, small)).toBe('unfair')
    expect(2 * enough).toBeLessThan(REQUEST_TIMEOUT_TICKS)
  })

  test('PBFT-5.4 full batches are not, nor are those that serve the same client, nor null batches', () => {
    expect(starving(enough, bigBatch)).toBeNull()
    expect(
      starving(enough, (sequence) => kit.batch([kit.request(0, { timestamp: 1 + sequence })])),
    ).toBeNull()
    expect(starving(enough, () => kit.batch([], 0))).toBeNull()
  })

  test('PBFT-5.4 a request that was executed before takes no room in a batch, and does not count as service', () => {
    const operations = new Uint8Array(1.5 * 1024 * 1024)
    const old = [
      kit.request(1, { operations }),
      kit.request(3, { operations }),
      kit.request(0, { timestamp: 2 }),
    ]
    const padded = (sequence: number) =>
      kit.batch(sequence === 1 ? old : [...old, kit.request(1, { timestamp: sequence })])
    expect(starving(enough + 1, padded)).toBe('unfair')
  })

  test('PBFT-5.4 what was executed before is not delivered again', () => {
    const backup = new ReplicaUnderTest(kit, 2)
    backup.tickHearing(GRACE_TICKS)
    const old = [kit.request(1), kit.request(3)]
    const delivered = (): number => backup.state.suspicion.monitor.delivered
    decide(kit, backup, { sequence: 1, batch: kit.batch(old) })
    const once = delivered()
    expect(once).toBeGreaterThan(0)
    decide(kit, backup, { sequence: 2, batch: kit.batch([...old, ...old]) })
    expect(delivered()).toBe(once)
  })

  test('PBFT-5.4 a request that the primary may not have yet is not passed over', () => {
    const backup = new ReplicaUnderTest(kit, 2)
    for (let sequence = 1; sequence <= 4 * enough; sequence++) {
      const timestamp = Math.ceil(sequence / RELAY_AFTER_TICKS)
      backup.receive(kit.request(0, { timestamp })) // a new one every few ticks
      decide(kit, backup, { sequence, batch: small(sequence) })
      backup.tickHearing()
      const served = kit.batch([kit.request(0, { timestamp })])
      if (sequence % RELAY_AFTER_TICKS === 0) decide(kit, backup, { sequence: ++sequence, batch: served })
    }
    expect(backup.state.suspicion.complaint).toBeNull()
  })
})
