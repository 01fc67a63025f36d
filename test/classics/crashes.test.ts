/** Agreement among processes that crash: FloodSet, and stopping as early as the crashes that happen allow. */
import { describe, expect, test } from 'vitest'
import { earlyStopping } from '../../src/classics/agreement/early-stopping.ts'
import { floodSet } from '../../src/classics/agreement/flood-set.ts'
import { everyCrash } from '../../src/simulator/classics/explore-crashes.ts'
import { runRounds } from '../../src/simulator/classics/run-rounds.ts'
import { deeper } from '../kit/depth.ts'
import { commonValue, fault, outcomeOf } from './generals-kit.ts'

/** Two that may crash, at any message of any round, make very many runs. */
const FAULTS = deeper([1], [1, 2])

/** Processes are alike: it matters how many begin with 1, and not who. */
const inputs = (n: number) =>
  Array.from({ length: n + 1 }, (_, ones) => Array.from({ length: n }, (_, id) => (id < ones ? 1 : 0)))

describe('FloodSet', () => {
  const faultsIn = (faults: number, rounds: number): readonly string[] =>
    inputs(4).flatMap((values) =>
      [...everyCrash({ algorithm: floodSet({ n: 4, faults, rounds }), values, crashesMax: faults })].flatMap(
        ({ crashes, run }) => {
          const crashed = crashes.map(({ process }) => process)
          return fault(outcomeOf(run, crashed), commonValue(values, [])) ?? []
        },
      ),
    )

  test.each(FAULTS)('n = 4, f = %i: after any crash at any time, the others agree', (faults) => {
    expect(faultsIn(faults, faults + 1)).toEqual([])
  })

  test.each(FAULTS)('f = %i: f rounds are one too few', (faults) => {
    expect(new Set(faultsIn(faults, faults))).toEqual(new Set(['disagreement']))
  })
})

describe('early stopping', () => {
  test.each(FAULTS)('n = 4, t = %i: the others agree, in min(t + 1, F + 2) rounds', (faults) => {
    const slowest = new Map<number, number>()
    for (const values of inputs(4)) {
      const algorithm = earlyStopping({ n: 4, faults })
      for (const { crashes, run } of everyCrash({ algorithm, values, crashesMax: faults })) {
        const crashed = crashes.map(({ process }) => process)
        const found = fault(outcomeOf(run, crashed), commonValue(values, []))
        if (found !== null) throw new Error(`${found} of ${values} after ${JSON.stringify(crashes)}`)
        slowest.set(crashes.length, Math.max(slowest.get(crashes.length) ?? 0, run.rounds))
      }
    }
    const bounds = Array.from(
      { length: faults + 1 },
      (_, actual) => [actual, Math.min(faults + 1, actual + 2)] as const,
    )
    // Never later, and as late as that at times.
    expect(slowest).toEqual(new Map(bounds))
  })

  test('n = 10, t = 3: two rounds without a crash, and none more than three crashes can cost', () => {
    const algorithm = earlyStopping({ n: 10, faults: 3 })
    const values = [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    expect(runRounds({ algorithm, values }).rounds).toBe(2)
    const one = [{ process: 0, round: 1, reaches: [1] }]
    expect(runRounds({ algorithm, values, crashes: one }).rounds).toBe(3)
    const two = [...one, { process: 1, round: 2, reaches: [2] }]
    expect(runRounds({ algorithm, values, crashes: two }).rounds).toBe(4)
    const three = [...two, { process: 2, round: 3, reaches: [3] }]
    expect(runRounds({ algorithm, values, crashes: three }).rounds).toBe(4)
  })
})
