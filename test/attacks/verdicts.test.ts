/** Judges must be able to find fault. */
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../attacks/catalogue/catalogue.ts'
import * as verdicts from '../../attacks/language/expectations.ts'
import type { Observed } from '../../attacks/run/simulated/observed.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'

const GOOD: Observed = {
  n: 4,
  f: 1,
  auth: 'signed',
  traitors: [0 as never],
  acts: 1,
  actsByTurn: new Map(),
  viewChanges: 0,
  rejected: new Map([['bad-signature', 1]]),
  told: new Map([
    ['reply', 1],
    ['stale', 1],
  ]),
  guilty: [0 as never],
  cutOff: [0 as never],
  checkpointInterval: 8,
  batches: 80,
  checkpoints: 9,
  nullBatches: 1,
  answersPerSecond: { before: 100, during: 90, settled: 95 },
  waitingTicks: [1, 1, 1],
  outageMs: 100,
  slowestMs: [100, 110],
  answersPerTenth: [10, 10],
  timeoutTicks: { first: REQUEST_TIMEOUT_TICKS, most: 100, last: REQUEST_TIMEOUT_TICKS },
  suspected: [],
  convicted: [],
  aheadMs: 0,
  lateMs: 0,
  executedAheadMs: 0,
  leaseLateMs: 0,
  transfers: { begun: 1, completed: 1 },
  served: new Map(),
  refusedOfClients: new Map([
    [1 as never, new Set(['bad-signature', 'stale'] as const)],
    [2 as never, new Set(['stale', 'bad-signature'] as const)],
  ]),
  blamed: [0 as never],
  healed: 1,
  restarts: 1,
  virtualMs: 1_000,
  attackedMs: 700,
}

describe('a judge is content with what is good, and says what is not', () => {
  test.each([
    ['noViewChange', verdicts.noViewChange, { viewChanges: 1 }],
    ['refused', verdicts.refused('stale', 'bad-signature'), { rejected: new Map() }],
    ['evidence', verdicts.evidence, { guilty: [], cutOff: [] }],
    ['outageAtMost', verdicts.outageAtMost(100), { outageMs: 101 }],
    ['latencyAtMost', verdicts.latencyAtMost(110), { slowestMs: [100, 111] }],
    [
      'lossAsAllowed, half a tick where requests wait for one and answers take two',
      verdicts.lossAsAllowed(),
      { answersPerSecond: { before: 100, during: 79, settled: null } },
    ],
    [
      'lossAsAllowed, more where requests wait long',
      verdicts.lossAsAllowed(),
      { waitingTicks: [10, 10, 10], answersPerSecond: { before: 100, during: 42, settled: null } },
    ],
    [
      'lossAsAllowed, more from who gets greedier unseen',
      verdicts.lossAsAllowed(0.002),
      { answersPerSecond: { before: 100, during: 78, settled: null } },
    ],
    ['lossAsAllowed, of nothing measured', verdicts.lossAsAllowed(), { waitingTicks: [] }],
    ['windowMoved', verdicts.windowMoved, { checkpoints: 8 }],
    ['timeoutsShrank', verdicts.timeoutsShrank, { timeoutTicks: { first: 50, most: 100, last: 100 } }],
    ['told', verdicts.told('reply'), { told: new Map() }],
    ['told all', verdicts.told('reply', 'stale'), { told: new Map([['stale', 1]] as const) }],
    ['sameRefusals, of none', verdicts.sameRefusals, { refusedOfClients: new Map() }],
    [
      'sameRefusals',
      verdicts.sameRefusals,
      { refusedOfClients: new Map([...GOOD.refusedOfClients, [3 as never, new Set(['stale'] as const)]]) },
    ],
    ['nobodyFramed, suspected', verdicts.nobodyFramed, { suspected: [1 as never] }],
    ['nobodyFramed, blamed', verdicts.nobodyFramed, { blamed: [1 as never] }],
    ['nobodyFramed, convicted', verdicts.nobodyFramed, { convicted: [1 as never] }],
    [
      'settledAtLeast',
      verdicts.settledAtLeast(0.95),
      { answersPerSecond: { before: 100, during: 90, settled: 94 } },
    ],
    [
      'lossAtMost',
      verdicts.lossAtMost(0.1),
      { answersPerSecond: { before: 100, during: 89, settled: null } },
    ],
    ['transferBegan', verdicts.transferBegan, { transfers: { begun: 0, completed: 0 } }],
  ] as const)('%s', (_, judge, bad) => {
    expect(judge(GOOD)).toEqual([])
    expect(judge({ ...GOOD, ...bad })).toHaveLength(1)
  })

  test('view changes, from the least to the most', () => {
    const judge = verdicts.viewChanges(1, ({ f }) => f + 1)
    const isContent = [0, 1, 2, 3].map((viewChanges) => judge({ ...GOOD, viewChanges }).length === 0)
    expect(isContent).toEqual([false, true, true, false])
  })

  test('advisory figures change no verdict, and all else does as before', () => {
    const weighed = (facts: Partial<Observed>) =>
      (['binding', 'advisory'] as const).map(
        (figures) =>
          verdicts.all(
            verdicts.viewChanges(1),
            verdicts.nobodySuspected,
            verdicts.lossAtMost(0.1),
            verdicts.settledAtLeast(0.9),
            verdicts.cutOff,
          )({ ...GOOD, ...facts, figures }).length,
      )
    expect(weighed({ viewChanges: 1 })).toEqual([0, 0])
    expect(weighed({ viewChanges: 2 })).toEqual([1, 0])
    expect(weighed({ viewChanges: 0 })).toEqual([1, 1])
    expect(weighed({ viewChanges: 1, cutOff: [] })).toEqual([1, 1])
    const answersPerSecond = { before: 100, during: 50, settled: 50 }
    expect(weighed({ viewChanges: 1, answersPerSecond })).toEqual([2, 0])
  })

  test('of oral mode: MACs are refused where signatures would be, and there is no evidence', () => {
    const oral = { ...GOOD, auth: 'oral', traitors: [1 as never] } as const
    const judge = verdicts.refused('bad-signature')
    const isContent = (reason: 'bad-mac' | 'bad-kind', facts = oral) =>
      judge({ ...facts, rejected: new Map([[reason as never, 1]]) }).length === 0
    expect([isContent('bad-mac'), isContent('bad-kind')]).toEqual([true, false])
    expect(isContent('bad-mac', { ...oral, auth: 'signed' as never })).toBe(false)
    expect(verdicts.evidence({ ...oral, guilty: [] })).toEqual([])
    expect(verdicts.evidence({ ...oral, guilty: [1 as never] })).toHaveLength(1)
  })

  test('all of them are asked', () => {
    const bad = { ...GOOD, viewChanges: 1, guilty: [], cutOff: [] }
    expect(verdicts.all(verdicts.noViewChange, verdicts.evidence)(bad)).toHaveLength(2)
  })
})

/** Of an attack that did all of its harm: every judge in the catalogue finds fault with it. */
const RUINED: Observed = {
  ...GOOD,
  viewChanges: 99,
  rejected: new Map(),
  told: new Map(),
  refusedOfClients: new Map(),
  suspected: [1 as never],
  guilty: [],
  cutOff: [],
  checkpoints: 0,
  nullBatches: 0,
  outageMs: 60_000,
  answersPerTenth: [],
  answersPerSecond: { before: 100, during: 1, settled: 50 },
  slowestMs: [60_000],
  timeoutTicks: { first: 50, most: 6_000, last: 6_000 },
  aheadMs: 10_000,
  lateMs: 10_000,
  executedAheadMs: 10_000,
  leaseLateMs: 100_000,
  transfers: { begun: 0, completed: 0 },
  served: new Map([
    [0 as never, 1_000_000],
    [1 as never, 1_000_000],
  ]),
  healed: 0,
  restarts: 0,
}

const judged = [...CATALOGUE.values()].filter(
  ({ judge, inspect }) => judge !== undefined || inspect !== undefined,
)

test.each(judged)('$name is judged', ({ judge, inspect }) => {
  for (const each of [judge, inspect]) if (each !== undefined) expect(each(RUINED).length).toBeGreaterThan(0)
})

test('most of the catalogue is judged, and its names are its own', () => {
  expect(judged.length).toBeGreaterThan(30)
  for (const [name, attack] of CATALOGUE) {
    expect(attack.name).toBe(name)
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    for (const text of [attack.does, attack.source, attack.expects]) expect(text.length).toBeGreaterThan(10)
  }
})
