/** Rule 1.10: pipeline and batching. TOCS 2002 section 5.1.4. */
import { describe, expect, test } from 'vitest'
import { BATCH_BYTES_MAX, BATCH_REQUESTS_MAX, REQUEST_BYTES_MAX } from '../../src/messages/limits.ts'
import { CLOCK_SKEW_MS_MAX, PIPELINE_WINDOW } from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

/** The largest operations of an admissible request; the rest of the request has a fixed size here. */
const OPERATIONS_BYTES_MAX = REQUEST_BYTES_MAX - (5 + 64 + 1 + 34 + 18 + 1 + 1 + 34)

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const ask = (primary: ReplicaUnderTest, from: number, to: number) => {
    for (let index = from; index <= to; index++) {
      primary.receive(kit.request(index % 10, { timestamp: Math.floor(index / 10) + 1 }))
    }
  }

  test('PBFT-1.10 it proposes at once: no tick, no clock, no second request is waited for', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    expect(broadcastsOf(primary.sync(), 'pre-prepare')).toHaveLength(1)
  })

  test('PBFT-1.10 at most a window of proposals beyond what was executed', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    ask(primary, 0, 9)
    const proposals = broadcastsOf(primary.settle(), 'pre-prepare')
    expect(proposals.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: PIPELINE_WINDOW }, (_, index) => index + 1),
    )
    primary.tick(200)
    expect(broadcastsOf(primary.settle(), 'pre-prepare')).toEqual([])
  })

  test('PBFT-1.10 what gathered meanwhile goes into one batch when an execution makes room', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    ask(primary, 0, 9)
    const [first] = broadcastsOf(primary.settle(), 'pre-prepare')
    if (first === undefined) throw new Error('nothing proposed')
    const effects = decide(kit, primary, { sequence: 1, batch: first.batch })
    const [next] = broadcastsOf(effects, 'pre-prepare')
    expect(next).toMatchObject({ sequence: PIPELINE_WINDOW + 1 })
    expect(next?.batch.requests).toHaveLength(10 - PIPELINE_WINDOW)
  })

  test('PBFT-1.10 deciding without executing makes no room', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.isExecuting = false
    ask(primary, 0, 9)
    const [first] = broadcastsOf(primary.settle(), 'pre-prepare')
    if (first === undefined) throw new Error('nothing proposed')
    const effects = decide(kit, primary, { sequence: 1, batch: first.batch })
    expect(broadcastsOf(effects, 'pre-prepare')).toEqual([])
    primary.finishExecution()
    expect(broadcastsOf(primary.settle(), 'pre-prepare')).toHaveLength(1)
  })

  test('PBFT-1.10 a backup proposes nothing', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    ask(backup, 0, 9)
    decide(kit, backup, { sequence: 1, batch: kit.batch([kit.request(0)]) })
    backup.tick(200)
    expect(effectsOf(backup.settle(), 'persist').filter(({ record }) => record.kind === 'proposed')).toEqual(
      [],
    )
  })

  test('PBFT-1.10 every sequence number is proposed once, in order, with no gap', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    const proposed: number[] = []
    for (let round = 0; round < 20; round++) {
      ask(primary, round * 10, round * 10 + 9)
      const proposals = broadcastsOf(primary.settle(), 'pre-prepare')
      proposed.push(...proposals.map(({ sequence }) => sequence))
      for (const { sequence, batch } of proposals) {
        const effects = decide(kit, primary, { sequence, batch })
        const more = broadcastsOf(effects, 'pre-prepare')
        proposed.push(...more.map(({ sequence: next }) => next))
        for (const next of more) decide(kit, primary, next)
      }
    }
    expect(proposed).toEqual(proposed.map((_, index) => index + 1))
    expect(new Set(primary.executed.flatMap(({ batch }) => batch.requests)).size).toBe(200)
  })

  test('PBFT-1.10 a batch takes at most 1,024 requests, and one takes them where they wait', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    ask(primary, 0, PIPELINE_WINDOW - 1)
    const open = broadcastsOf(primary.settle(), 'pre-prepare')
    ask(primary, 10, 10 + BATCH_REQUESTS_MAX + 49)
    const sizes: number[] = []
    for (const { sequence, batch } of open) {
      const effects = decide(kit, primary, { sequence, batch })
      sizes.push(...broadcastsOf(effects, 'pre-prepare').map((next) => next.batch.requests.length))
    }
    expect(sizes).toEqual([BATCH_REQUESTS_MAX, 50])
  })
})

describe('large requests', () => {
  const kit = createClusterKit(4)
  const large = (client: number, bytes = OPERATIONS_BYTES_MAX) =>
    kit.request(client, { operations: new Uint8Array(bytes) })

  test('PBFT-1.10 the largest admissible request is one of 2 MiB, and it fits a batch alone', () => {
    expect(large(0).bytes.length - 4).toBe(REQUEST_BYTES_MAX)
    expect(() => large(0, OPERATIONS_BYTES_MAX + 1)).toThrow('request-too-large')
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(large(0))
    const [proposal] = broadcastsOf(primary.settle(), 'pre-prepare')
    expect(proposal?.batch.requests).toHaveLength(1)
  })

  test('PBFT-1.10 a batch takes at most 4 MiB, and what did not fit comes next', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    for (let client = 0; client < PIPELINE_WINDOW; client++) primary.receive(kit.request(client))
    const [first] = broadcastsOf(primary.settle(), 'pre-prepare')
    if (first === undefined) throw new Error('nothing proposed')
    for (const client of [4, 5, 6]) primary.receive(large(client))
    const [next] = broadcastsOf(decide(kit, primary, first), 'pre-prepare')
    expect(next?.batch.requests).toHaveLength(1) // two of the largest are a few bytes too many
    expect(next?.batch.bytes.length).toBeLessThanOrEqual(BATCH_BYTES_MAX)
    expect(primary.state.requests.waiting.unproposed).toBe(2)
  })

  test('PBFT-1.10 a batch never waits on a clock: the primary takes its own proposal whatever its clock did', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.tick(1, 50_000)
    primary.receive(kit.request(0))
    primary.settle()
    primary.tick(1, 50_000 - 2 * CLOCK_SKEW_MS_MAX)
    primary.receive(kit.request(1))
    primary.settle()
    expect(primary.state.ordering.heldBack.size).toBe(0)
  })
})
