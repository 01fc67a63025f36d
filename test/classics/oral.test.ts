/** Agreement by word of mouth: OM(m), information gathering and phase king, within n > 3f and at it. */
import { describe, expect, test } from 'vitest'
import { informationGathering } from '../../src/classics/agreement/information-gathering.ts'
import { oralMessages } from '../../src/classics/agreement/oral-messages.ts'
import { phaseKing } from '../../src/classics/agreement/phase-king.ts'
import type { ProcessId, Value } from '../../src/classics/process.ts'
import { packPayload } from '../../src/messages/payload.ts'
import type { AgreementRun } from '../../src/simulator/classics/run.ts'
import { type Behaviour, runRounds } from '../../src/simulator/classics/run-rounds.ts'
import { lyingGatherers, lyingGenerals, lyingKings } from '../../src/simulator/classics/traitors.ts'
import {
  alike,
  commonValue,
  draw,
  everyInput,
  everySet,
  expectAgreement,
  explore,
  sendersValue,
} from './generals-kit.ts'

describe('OM(m)', () => {
  const exploreAll = (n: number) =>
    explore({
      algorithm: oralMessages({ n, traitors: 1 }),
      inputs: alike(n),
      traitorSets: everySet(n, 1),
      behaviour: () => lyingGenerals({ n }),
      mustBe: sendersValue(0),
    })

  test('n = 4: whatever one traitor does, commander or lieutenant, the loyal ones agree', () => {
    const { faults, outcomes, lies } = exploreAll(4)
    expect(faults).toEqual({})
    expect(outcomes).toBeGreaterThan(8)
    expect(lies).toBeGreaterThan(300)
  })

  test('n = 3: one traitor is too many', () => {
    expect(exploreAll(3).faults).toEqual({ disagreement: expect.any(Number) })
  })

  test('n = 3: general and lieutenant accuse each other, and the third cannot tell who lies', () => {
    const says = (said: Readonly<Record<string, Value>>): Behaviour => ({
      listens: false,
      write: ({ from, to, round }) => {
        const value = said[`${from}>${to}`]
        return value === undefined || (from === 0) !== (round === 1)
          ? []
          : [packPayload([value, from === 0 ? [0] : [0, from]])]
      },
    })
    const algorithm = oralMessages({ n: 3, traitors: 1 })
    const run = (commanderSays: Value, traitor: ProcessId, said: Readonly<Record<string, Value>>) =>
      runRounds({
        algorithm,
        values: [commanderSays, 0, 0],
        treason: { traitors: [traitor], behaviour: says(said), choose: () => 0 },
      })
    const attack = run(1, 2, { '2>1': 0 })
    const retreat = run(0, 1, { '1>2': 1 })
    const equivocating = run(0, 0, { '0>1': 1, '0>2': 0 })
    // Lieutenant 1 cannot tell the loyal commander who says attack from the traitor who says both; lieutenant 2 neither.
    expect(messagesTo(equivocating, 1)).toEqual(messagesTo(attack, 1))
    expect(messagesTo(equivocating, 2)).toEqual(messagesTo(retreat, 2))
    // So each decides in both histories alike, and whatever that is, one of the three is broken: here the first.
    expect(decisionOf(equivocating, 1)).toBe(decisionOf(attack, 1))
    expect(decisionOf(equivocating, 2)).toBe(decisionOf(retreat, 2))
    expect([decisionOf(attack, 0), decisionOf(attack, 1)]).toEqual([1, 0])
  })

  test.each([
    [7, 2, 60],
    [10, 3, 4],
  ])('n = %i, m = %i: agreement over seeds', (n, m, seeds) => {
    const algorithm = oralMessages({ n, traitors: m })
    for (let seed = 1; seed <= seeds; seed++) {
      const { values, faulty, choose } = draw(seed, n, m)
      const treason = { traitors: faulty, behaviour: lyingGenerals({ n }), choose }
      const run = runRounds({ algorithm, values, treason })
      expectAgreement(run, faulty, sendersValue(0)(values, faulty))
      expect(run.rounds).toBe(m + 1)
    }
  })

  test('a message for each link carries the same as a message for each path', () => {
    const values = [1, 0, 0, 0, 0, 0, 0]
    for (const messages of ['path', 'link'] as const) {
      const run = runRounds({ algorithm: oralMessages({ n: 7, traitors: 2, messages }), values })
      expectAgreement(run, [], 1)
    }
  })
})

describe('information gathering', () => {
  // Processes are alike but for their numbers: the first and the last as traitors stand for all.
  const exploreEnds = (n: number) =>
    explore({
      algorithm: informationGathering({ n, faults: 1 }),
      inputs: everyInput(n).filter((values) => values[0] === values[n - 1]),
      traitorSets: [[0], [n - 1]],
      behaviour: () => lyingGatherers({ n, faults: 1 }),
      mustBe: commonValue,
    })

  test('n = 4: whatever one traitor does, the others agree', () => {
    const { faults, outcomes } = exploreEnds(4)
    expect(faults).toEqual({})
    expect(outcomes).toBeGreaterThan(16)
  })

  test('n = 3: one traitor is too many', () => {
    expect(exploreEnds(3).faults).toMatchObject({ disagreement: expect.any(Number) })
  })

  test.each([
    [7, 2, 60],
    [10, 3, 5],
  ])('n = %i, f = %i: agreement over seeds', (n, faults, seeds) => {
    const algorithm = informationGathering({ n, faults })
    for (let seed = 1; seed <= seeds; seed++) {
      const { values, faulty, choose } = draw(seed, n, faults)
      const treason = { traitors: faulty, behaviour: lyingGatherers({ n, faults }), choose }
      const run = runRounds({ algorithm, values, treason })
      expectAgreement(run, faulty, commonValue(values, faulty))
      expect(run.rounds).toBe(faults + 1)
    }
  })
})

describe('phase king', () => {
  const exploreAll = (n: number) =>
    explore({
      algorithm: phaseKing({ n, faults: 1 }),
      inputs: everyInput(n),
      traitorSets: everySet(n, 1),
      behaviour: () => lyingKings,
      mustBe: commonValue,
    })

  test('n = 4: whatever one traitor does, king or not, the others agree', () => {
    const { faults, outcomes } = exploreAll(4)
    expect(faults).toEqual({})
    expect(outcomes).toBeGreaterThan(50)
  })

  test('n = 3: one traitor is too many', () => {
    expect(exploreAll(3).faults).toMatchObject({ disagreement: expect.any(Number) })
  })

  test.each([
    [7, 2, 150],
    [10, 3, 80],
  ])('n = %i, f = %i: agreement over seeds', (n, faults, seeds) => {
    const algorithm = phaseKing({ n, faults })
    for (let seed = 1; seed <= seeds; seed++) {
      const { values, faulty, choose } = draw(seed, n, faults)
      const run = runRounds({
        algorithm,
        values,
        treason: { traitors: faulty, behaviour: lyingKings, choose },
      })
      expectAgreement(run, faulty, commonValue(values, faulty))
      expect(run.rounds).toBe(3 * (faults + 1))
    }
  })
})

const messagesTo = ({ messages }: AgreementRun, id: ProcessId) =>
  messages.filter(({ to }) => to === id).map(({ from, round, payload }) => ({ from, round, payload }))

const decisionOf = ({ decisions }: AgreementRun, id: ProcessId): Value | undefined => decisions[id]?.value
