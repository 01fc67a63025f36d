/** The checks behind a verdict, on made-up logs, keys, histories and figures: each can pass and can fail. */

import { describe, expect, test } from 'vitest'
import type { Control } from '../../attacks/language/attack.ts'
import { comparedCount, disagreements, equivocating, repetitions } from '../../attacks/run/checks.ts'
import type { CountedKey } from '../../attacks/run/load/counted-writes.ts'
import { LoadMeter, type Stretch } from '../../attacks/run/load/load-meter.ts'
import { verdictOf } from '../../attacks/run/load/recorded-load.ts'
import { isWarm } from '../../attacks/run/load/warm-up.ts'
import type { Decided, Disk } from '../../attacks/run/processes/disk-evidence.ts'
import type { Facts, Measured } from '../../attacks/run/run-facts.ts'
import { heldMsMax } from '../../attacks/run/turn-allowance.ts'
import { type Ended, faultsOf } from '../../attacks/run/verdict.ts'
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

  test('nobody is two-faced who signed for one batch in each view', () => {
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

const figures = { seconds: 1, done: 1, opsPerSecond: 1, p50Ms: 1, p99Ms: 1, maxMs: 1, gapMs: 1 }
const spent = { correctMs: 1, hostileMs: 0, loadMs: 1 }
const measured: Measured = {
  ...{ before: figures, during: figures, after: figures, settled: null, gapMs: 1, settledMs: 10 },
  ...{ suspicions: [], memory: [], heldMs: 10, turnMs: 10 },
  spent: { before: spent, during: spent, after: spent },
}
const facts: Facts = {
  ...{
    n: 4,
    f: 1,
    auth: 'signed',
    traitors: [0 as ReplicaId],
    acts: 1,
    actsByTurn: new Map(),
    viewChanges: 0,
    rejected: new Map(),
  },
  ...{ guilty: [0 as ReplicaId], cutOff: [0 as ReplicaId], measured },
}
const ended: Ended = {
  ...{ facts, finished: { faults: [] }, doubtful: 0, neverSent: 0, compared: 1 },
  ...{ disagreements: [], broken: [] },
}

describe('the verdict', () => {
  test('is held where nothing is wrong', () => expect(faultsOf(ended)).toEqual([]))

  test('is held also on a slow machine, where all takes longer', () => {
    const slow = { ...measured, heldMs: 4 * heldMsMax(10), turnMs: 4 * 10 }
    expect(faultsOf({ ...ended, facts: { ...facts, measured: slow } })).toEqual([])
  })

  test.each<[string, Partial<Ended>]>([
    ['logs that differ', { disagreements: ['broken'] }],
    ['what other checks found', { broken: ['broken'] }],
    ['what the clients saw', { finished: { faults: ['broken'] } }],
    ['no log to compare', { compared: 0 }],
    ['an attack that never acted', { facts: { ...facts, acts: 0 } }],
    ['evidence against a correct replica', { facts: { ...facts, guilty: [0, 2] as ReplicaId[] } }],
    ['operations without an answer', { doubtful: 3 }],
    ['operations that were not sent', { neverSent: 3 }],
    [
      'a loop that was held for longer than is allowed on this machine',
      { facts: { ...facts, measured: { ...measured, heldMs: heldMsMax(10) + 1 } } },
    ],
    ['replicas that are not level', { facts: { ...facts, measured: { ...measured, settledMs: null } } }],
    [
      'a replica that grew without bound',
      {
        facts: {
          ...facts,
          measured: {
            ...measured,
            memory: [{ replica: 1 as ReplicaId, firstBytes: 0, lastBytes: 0, peakBytes: 2 ** 30 }],
          },
        },
      },
    ],
    ['what the attack expects', { judge: () => ['otherwise'] }],
  ])('is not held by %s', (_, wrong) => expect(faultsOf({ ...ended, ...wrong })).toHaveLength(1))
})

describe('a control', () => {
  test.each<[Control['breaks'], Partial<Ended>, string]>([
    ['agreement', { disagreements: ['differ'] }, 'agreement did not break'],
    ['answers', { finished: { faults: ['no such history'] } }, 'no client believed the liars'],
    ['progress', { facts: { ...facts, measured: { ...measured, gapMs: 5_000 } } }, 'progress did not stop'],
  ])('of %s holds where that breaks, and not where nothing does', (breaks, broken, complaint) => {
    const control = { breaks }
    expect(faultsOf({ ...ended, control, ...broken })).toEqual([])
    expect(faultsOf({ ...ended, control })).toEqual([complaint])
  })

  test('of agreement wants to know every traitor from signatures, where it says so', () => {
    const control = { breaks: 'agreement', namesTraitors: true } as const
    const broken = { ...ended, control, disagreements: ['they differ'] }
    const { traitors } = ended.facts
    expect(traitors.length).toBeGreaterThan(0)
    expect(faultsOf({ ...broken, facts: { ...ended.facts, guilty: traitors } })).toEqual([])
    expect(faultsOf({ ...broken, facts: { ...ended.facts, guilty: [] } })).toEqual(
      traitors.map((id) => `no signatures give replica ${id} away`),
    )
  })
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
