/** The one verdict on made-up runs of both worlds: each sentence can be missing and can be there. */
import { describe, expect, test } from 'vitest'
import type { Attack, Control } from '../../attacks/language/attack.ts'
import { figure, holds } from '../../attacks/language/expectations.ts'
import { judge, warningsOf } from '../../attacks/run/judge.ts'
import { type Ended, processEvidence } from '../../attacks/run/processes/process-evidence.ts'
import type { Facts, Measured } from '../../attacks/run/run-facts.ts'
import type { Observed } from '../../attacks/run/simulated/observed.ts'
import { simulatedEvidence } from '../../attacks/run/simulated/simulated-evidence.ts'
import { delayMsMax } from '../../attacks/run/turn-allowance.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import type { DetailedResult } from '../../src/simulator/runs/simulate.ts'

const figures = { seconds: 1, done: 1, opsPerSecond: 1, p50Ms: 1, p99Ms: 1, maxMs: 1, gapMs: 1 }
const spent = { correctMs: 1, hostileMs: 0, loadMs: 1 }
const measured: Measured = {
  ...{ before: figures, during: figures, after: figures, settled: null, gapMs: 1, caughtUpMs: 10 },
  ...{ suspicions: [], memory: [], delayMs: 10, turnMs: 10 },
  spent: { before: spent, during: spent, after: spent },
}
const traitors = [0] as ReplicaId[]
const facts: Facts = {
  ...{ n: 4, f: 1, auth: 'signed', traitors, acts: 1, actsByTurn: new Map(), viewChanges: 0 },
  ...{ rejected: new Map(), guilty: traitors, cutOff: traitors },
}
/** An attack by one replica that expects nothing; of a control by two, so that it must break. */
const attackOf = (part: Partial<Attack> = {}): Attack => ({
  ...{
    name: 'made-up',
    world: 'both',
    targets: ['safety'],
    does: 'does',
    source: 'source',
    expects: 'nothing',
  },
  ...{ traitors: () => traitors, behaviour: () => ({}) },
  ...part,
})
const TOO_MANY = [0, 1] as ReplicaId[]
const tooMany = { ...facts, traitors: TOO_MANY, guilty: TOO_MANY }

const ended: Ended = {
  ...{ attack: attackOf(), facts: { ...facts, measured }, wrongAnswers: [], doubtful: 0, neverSent: 0 },
  ...{ compared: 1, disagreements: [], broken: [] },
}
const processFaults = (part: Partial<Ended> = {}) => judge(processEvidence({ ...ended, ...part }))

const tenths = (text: string): readonly number[] => [...text].map(Number)
const observed = (part: Partial<Observed>): Observed =>
  ({ ...facts, convicted: [], answersPerTenth: tenths('1111111111'), ...part }) as unknown as Observed
type Broken = Pick<DetailedResult, 'explanation' | 'violation'>
const HELD: Broken = { explanation: [], violation: null }
const violated = (invariant: number): Broken => ({
  explanation: ['it broke', 'and this is the plan'],
  violation: { invariant } as DetailedResult['violation'],
})
const simulatedFaults = (part: Partial<Observed> = {}, result = HELD, attack = attackOf()) =>
  judge(simulatedEvidence(attack, observed(part), result))

describe('the verdict', () => {
  test('is held where nothing is wrong', () => {
    expect(processFaults()).toEqual([])
    expect(simulatedFaults()).toEqual([])
  })

  test('is held also on a slow machine, where all takes longer', () => {
    const slow = { ...measured, delayMs: 4 * delayMsMax(10), turnMs: 4 * 10 }
    expect(processFaults({ facts: { ...facts, measured: slow } })).toEqual([])
  })

  const memory = [{ replica: 1 as ReplicaId, firstBytes: 0, lastBytes: 0, peakBytes: 2 ** 30 }]
  const wrongFigures = (part: Partial<Measured>): Partial<Ended> => ({
    facts: { ...facts, measured: { ...measured, ...part } },
  })
  test.each<[string, Partial<Ended>]>([
    ['logs that differ', { disagreements: ['broken'] }],
    ['what other checks found', { broken: ['broken'] }],
    ['what the clients saw', { wrongAnswers: ['broken'] }],
    ['no log to compare', { compared: 0 }],
    ['operations without an answer', { doubtful: 3 }],
    ['operations that were not sent', { neverSent: 3 }],
    [
      'a loop that was held for longer than this machine needs',
      wrongFigures({ delayMs: delayMsMax(10) + 1 }),
    ],
    ['replicas that are not level', wrongFigures({ caughtUpMs: null })],
    ['a replica that grew without bound', wrongFigures({ memory })],
  ])('on processes is not held by %s', (_, wrong) => expect(processFaults(wrong)).toHaveLength(1))

  test.each([1, 2, 13])('on a simulation is not held by a violation of invariant %d', (invariant) =>
    expect(simulatedFaults({}, violated(invariant))).toEqual(['it broke']),
  )

  test.each<[string, Partial<Facts>, string]>([
    ['an attack that never acted', { acts: 0 }, 'the adversaries never acted'],
    [
      'evidence against a correct replica',
      { guilty: [0, 2] as ReplicaId[] },
      'there is evidence against replica 2, which is correct',
    ],
    [
      'a correct replica that was cut off',
      { cutOff: [0, 2] as ReplicaId[] },
      'replica 2 was cut off, which is correct',
    ],
  ])('of both worlds is not held by %s', (_, wrong, sentence) => {
    expect(processFaults({ facts: { ...facts, measured, ...wrong } })).toEqual([sentence])
    expect(simulatedFaults(wrong)).toEqual([sentence])
  })

  test('of both worlds is not held by what the attack expects', () => {
    const attack = attackOf({ judge: () => ['otherwise'] })
    expect(processFaults({ attack })).toEqual(['otherwise'])
    expect(simulatedFaults({}, HELD, attack)).toEqual(['otherwise'])
    expect(simulatedFaults({}, HELD, attackOf({ inspect: () => ['seen'] }))).toEqual(['seen'])
  })
})

describe('a control', () => {
  const controlled = (breaks: Control['breaks'], namesTraitors = false): Attack =>
    attackOf({ control: { breaks, namesTraitors } })
  const faultyFacts = { ...tooMany, measured }

  test.each<[Control['breaks'], Partial<Ended>, string]>([
    ['agreement', { disagreements: ['differ'] }, 'agreement did not break: everything held'],
    [
      'answers',
      { wrongAnswers: ['no such history'] },
      'the answers did not break, no client believed the liars: everything held',
    ],
    [
      'progress',
      { facts: { ...faultyFacts, measured: { ...measured, gapMs: 5_000 } } },
      'progress did not stop',
    ],
  ])(
    'of %s on processes holds where that breaks, and not where nothing does',
    (breaks, broken, complaint) => {
      const control = { attack: controlled(breaks), facts: faultyFacts }
      expect(processFaults({ ...control, ...broken })).toEqual([])
      expect(processFaults(control)).toEqual([complaint])
    },
  )

  test.each<[Control['breaks'], Partial<Observed>, Broken, string]>([
    ['agreement', {}, violated(1), 'agreement did not break: everything held'],
    ['answers', {}, violated(13), 'the answers did not break, no client believed the liars: everything held'],
    ['progress', { answersPerTenth: tenths('1000001111') }, HELD, 'progress did not stop'],
  ])(
    'of %s in a simulation holds where that breaks, and not where nothing does',
    (breaks, part, result, complaint) => {
      expect(simulatedFaults({ ...tooMany, ...part }, result, controlled(breaks))).toEqual([])
      expect(simulatedFaults(tooMany, HELD, controlled(breaks))).toEqual([complaint])
    },
  )

  test('is no control with f traitors and the right core: the store must hold', () => {
    expect(processFaults({ attack: controlled('agreement'), disagreements: ['differ'] })).toEqual(['differ'])
    expect(simulatedFaults({}, violated(1), controlled('agreement'))).toEqual(['it broke'])
  })

  test('is not shown by something else that broke', () => {
    const attack = controlled('answers')
    const complaint = 'the answers did not break, no client believed the liars: a process ended'
    expect(processFaults({ attack, facts: faultyFacts, broken: ['a process ended'] })).toEqual([complaint])
    expect(simulatedFaults(tooMany, violated(2), controlled('agreement'))).toEqual([
      'agreement did not break: it broke',
    ])
  })

  test('does not hide a correct replica that was blamed', () => {
    const wrong = { ...faultyFacts, guilty: [0, 1, 2] as ReplicaId[] }
    const sentence = 'there is evidence against replica 2, which is correct'
    const attack = controlled('agreement')
    expect(processFaults({ attack, facts: wrong, disagreements: ['differ'] })).toEqual([sentence])
    expect(simulatedFaults(wrong, violated(1), attack)).toEqual([sentence])
  })

  test('of progress wants service back, in both worlds', () => {
    const attack = controlled('progress')
    const gone = { ...measured, gapMs: 5_000, after: { ...figures, done: 0 } }
    expect(processFaults({ attack, facts: { ...tooMany, measured: gone } })).toEqual([
      'service did not return',
    ])
    expect(simulatedFaults({ ...tooMany, answersPerTenth: tenths('1110000000') }, HELD, attack)).toEqual([
      'service did not return',
    ])
  })

  test('of agreement demands that signatures convict every traitor, where the attack expects it', () => {
    const attack = controlled('agreement', true)
    const broken = { attack, disagreements: ['they differ'] }
    expect(processFaults({ ...broken, facts: faultyFacts })).toEqual([])
    const hidden = TOO_MANY.map((id) => `no signatures expose replica ${id}`)
    expect(processFaults({ ...broken, facts: { ...faultyFacts, guilty: [] } })).toEqual(hidden)
    expect(simulatedFaults(tooMany, violated(1), attack)).toEqual([])
    expect(simulatedFaults({ ...tooMany, guilty: [] }, violated(1), attack)).toEqual(hidden)
  })
})

describe('figures that are advisory', () => {
  const slow: Partial<Measured> = { delayMs: 1_000_000 }
  const never = figure(
    holds(
      () => false,
      () => 'the attack takes all of the throughput',
    ),
  )
  const evidenceOf = (figures: Facts['figures'], part: Partial<Ended> = {}) =>
    processEvidence({
      ...ended,
      ...{ attack: attackOf({ judge: never }), ...part },
      facts: { ...facts, measured: { ...measured, ...slow }, ...(figures === undefined ? {} : { figures }) },
    })
  const missed = ['the attack takes all of the throughput', expect.stringContaining('blocked')]

  test.each([undefined, 'binding'] as const)(
    '%s: a figure that misses is a fault, and no warning',
    (figures) => {
      const evidence = evidenceOf(figures)
      expect([...judge(evidence)].sort()).toEqual(expect.arrayContaining(missed))
      expect(warningsOf(evidence)).toEqual([])
    },
  )

  test('advisory: the same figures are warnings, and no faults', () => {
    const evidence = evidenceOf('advisory')
    expect(judge(evidence)).toEqual([])
    expect(warningsOf(evidence)).toEqual(expect.arrayContaining(missed))
    expect(warningsOf(evidence)).toHaveLength(missed.length)
  })

  test('what is no figure is a fault whatever they weigh, and never a warning', () => {
    const evidence = evidenceOf('advisory', { disagreements: ['broken'] })
    expect(judge(evidence)).toEqual(['broken'])
    expect(warningsOf(evidence)).not.toContain('broken')
  })
})
