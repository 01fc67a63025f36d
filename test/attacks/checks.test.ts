/** The checks behind a verdict, on made-up logs, keys and histories: each can pass and can fail. */

import { describe, expect, test } from 'vitest'
import { comparedCount, disagreements, equivocating, repetitions } from '../../attacks/run/checks.ts'
import type { CountedKey } from '../../attacks/run/load/counted-writes.ts'
import { LoadMeter, type Stretch } from '../../attacks/run/load/load-meter.ts'
import { verdictOf } from '../../attacks/run/load/recorded-load.ts'
import { isWarm } from '../../attacks/run/load/warm-up.ts'
import type { Decided, Disk } from '../../attacks/run/processes/disk-evidence.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import { linesOf, operation } from '../linearizability/history-kit.ts'

const disk = (replica: number, batches: readonly string[], facts: Partial<Disk> = {}): Disk => ({
  replica: replica as ReplicaId,
  last: batches.length,
  batches: new Map(batches.map((digest, index) => [index + 1, digest])),
  decided: new Map(),
  results: new Map(),
  states: new Map(),
  losses: [],
  ...facts,
})

const certificate = (digest: string, signers: readonly number[], view = 0): Decided => ({
  digest,
  view,
  signers: signers as readonly ReplicaId[],
})

describe('agreement', () => {
  test('holds where one log is the beginning of another', () => {
    const disks = [disk(0, ['a', 'b', 'c']), disk(1, ['a', 'b']), disk(2, ['a', 'b', 'c'])]
    expect(disagreements(disks)).toEqual([])
    expect(comparedCount(disks)).toEqual({ batches: 3, states: 0 })
  })

  test('is broken by two logs that differ at one sequence number', () => {
    const found = disagreements([disk(0, ['a', 'b', 'c']), disk(1, ['a']), disk(3, ['a', 'x', 'c'])])
    expect(found).toEqual(['replicas 0 and 3 executed different batches at sequence number 2: b and x'])
  })

  test('what was decided before a state was fetched counts too', () => {
    const decided = { decided: new Map([[7, certificate('y', [0, 1, 2])]]) }
    const fetched = { decided: new Map([[7, certificate('z', [0, 1, 3])]]) }
    const disks = [disk(0, ['a'], decided), disk(3, ['a'], fetched)]
    expect(comparedCount(disks)).toEqual({ batches: 2, states: 0 })
    expect(disagreements(disks)).toEqual([
      'replicas 0 and 3 decided different batches at sequence number 7: y and z',
    ])
    expect(equivocating(disks)).toEqual([0, 1])
  })

  test('a replica that signed for one batch in each view did not equivocate', () => {
    const one = disk(0, [], { decided: new Map([[7, certificate('y', [0, 1, 2])]]) })
    const later = disk(3, [], { decided: new Map([[7, certificate('z', [0, 1, 3], 1)]]) })
    expect(equivocating([one, later])).toEqual([])
    expect(equivocating([one, one])).toEqual([])
  })

  test('is broken by two states after one sequence number, and by a disk that lost something', () => {
    const states = (root: string): Partial<Disk> => ({ states: new Map([[1, root]]) })
    expect(disagreements([disk(0, ['a'], states('r')), disk(1, ['a'], states('r'))])).toEqual([])
    expect(disagreements([disk(0, ['a'], states('r')), disk(1, ['a'], states('s'))])).toEqual([
      'replicas 0 and 1 have different states after sequence number 1: r and s',
    ])
    expect(disagreements([disk(2, ['a'], { losses: ['it is gone'] })])).toEqual([
      'the disk of replica 2: it is gone',
    ])
  })

  test('of logs that share nothing compares nothing', () => {
    const later = { batches: new Map([[9, 'z']]) }
    expect(comparedCount([disk(0, ['a']), disk(1, [], later)])).toEqual({ batches: 0, states: 0 })
  })
})

describe('exactly once', () => {
  const key = (facts: Partial<CountedKey>): CountedKey => ({
    ...{ key: 'k', acknowledged: 10, doubtful: 0, repeatedVersion: null, version: 10 },
    ...facts,
  })

  test.each([
    ['as many versions as acknowledged writes', {}, 0],
    ['one in doubt that did not happen', { doubtful: 1 }, 0],
    ['one in doubt that happened', { doubtful: 1, version: 11 }, 0],
    ['a write that is lost', { version: 9 }, 1],
    ['a write that was executed twice', { version: 11 }, 1],
    ['one in doubt that happened twice', { doubtful: 1, version: 12 }, 1],
    ['two writes that are one version', { repeatedVersion: 3 }, 1],
  ])('%s', (_, facts, faults) => expect(repetitions([key(facts)])).toHaveLength(faults))
})

test('a history in which a read gives an old value is refused', () => {
  const good = [operation('write', 'a', [1, 2]), operation('write', 'b', [3, 4])]
  expect(verdictOf(linesOf([...good, operation('read', 'b', [5, 6])])).kind).toBe('linearizable')
  expect(() => verdictOf(linesOf([...good, operation('read', 'a', [5, 6])]))).toThrow()
})

describe('figures of a load', () => {
  const meter = new LoadMeter()
  for (const [beganMs, endedMs, isWrite] of [
    [100, 110, true],
    [200, 240, false],
    [300, 500, true],
    [990, 1_500, true],
  ] as const) {
    meter.add({ beganMs, endedMs, isWrite, end: 'done' })
  }
  meter.add({ beganMs: 1_000, endedMs: 1_600, isWrite: true, end: 'doubt' })

  test('count an operation where it ended, and its latency where it began', () => {
    expect(meter.figures({ fromMs: 0, toMs: 1_000 })).toMatchObject({
      done: 3,
      opsPerSecond: 3,
      maxMs: expect.closeTo(510, 0),
    })
    expect(meter.figures({ fromMs: 1_000, toMs: 2_000 })).toMatchObject({ done: 1, maxMs: 0 })
  })

  test('leave out of the throughput when nothing can be answered', () => {
    const perSecond = (...stopped: readonly Stretch[]) =>
      meter.figures({ fromMs: 0, toMs: 1_000 }, stopped).opsPerSecond
    expect(perSecond({ fromMs: 600, toMs: Number.POSITIVE_INFINITY })).toBe(5)
    // What was still on its way when it stopped is not more throughput of the rest.
    expect(perSecond({ fromMs: 500, toMs: 900 })).toBe(3)
    expect(perSecond({ fromMs: -500, toMs: 150 }, { fromMs: 200, toMs: 350 })).toBe(1)
    expect(perSecond({ fromMs: 2_000, toMs: 3_000 })).toBe(3)
    expect(perSecond({ fromMs: 0, toMs: 2_000 })).toBe(0)
    expect(meter.figures({ fromMs: 0, toMs: 1_000 }, [{ fromMs: 600, toMs: 900 }])).toMatchObject({
      ...{ done: 3, seconds: 1, gapMs: 500 },
    })
  })

  test('find the longest time without an acknowledged write, the open end included', () => {
    expect(meter.figures({ fromMs: 0, toMs: 1_000 }).gapMs).toBe(500)
    expect(meter.figures({ fromMs: 0, toMs: 2_000 }).gapMs).toBe(1_000)
    expect(meter.figures({ fromMs: 120, toMs: 250 }).gapMs).toBe(130)
  })

  test('make a timeline, and count what has no answer', () => {
    expect(meter.timeline({ fromMs: 0, toMs: 600 })).toEqual([5, 5, 5])
    expect([meter.doubtful, meter.neverSent]).toEqual([1, 0])
  })
})

test('a load is warm when two steps gave no more than the two before them', () => {
  expect(isWarm([])).toBe(false)
  expect(isWarm([100, 100, 100])).toBe(false)
  expect(isWarm([0, 0, 0, 0])).toBe(false)
  expect(isWarm([50, 100, 150, 200])).toBe(false)
  expect(isWarm([50, 100, 150, 200, 200, 150])).toBe(true)
})
