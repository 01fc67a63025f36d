/** The search against all orders of all choices. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkHistory } from '../../src/linearizability/check-history.ts'
import type { OperationKind, OperationOutcome } from '../../src/linearizability/history.ts'
import type { Offence } from '../../src/linearizability/offence.ts'
import type { JsonValue } from '../../src/linearizability/value-codes.ts'
import { deeper } from '../kit/depth.ts'
import { historyOf, type Interval, isLinearizableByForce } from './history-kit.ts'

const RUNS = deeper(250, 3_000)

interface Drawing {
  readonly operationsMax: number
  readonly valuesMax: number
  /** The weight of an operation without a known end; 8 is as often as one that happened. */
  readonly doubtful: number
  readonly kinds?: readonly OperationKind[]
}

/** Few values, so that they meet; moments from a shuffled list, so that no two are equal. */
const history = (drawing: Drawing): fc.Arbitrary<Interval[]> => {
  const { operationsMax, valuesMax, doubtful, kinds = ['read', 'read', 'write', 'cas'] } = drawing
  const value = fc.nat(valuesMax).map((each) => (each === 0 ? null : each))
  const drawn = fc.record({
    kind: fc.constantFrom<OperationKind>(...kinds),
    found: value,
    left: value,
    outcome: fc.oneof(
      { weight: 8, arbitrary: fc.constant<OperationOutcome>('ok') },
      { weight: doubtful, arbitrary: fc.constantFrom<OperationOutcome>('info', 'open', 'fail') },
    ),
    // A start, and how long it takes: mostly short, so that real time matters.
    from: fc.nat(40),
    length: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 30 })),
  })
  return fc.array(drawn, { minLength: 1, maxLength: operationsMax }).map((all) =>
    all.map(({ kind, found, left, outcome, from, length }, index): Interval => {
      const value: JsonValue = kind === 'read' ? found : kind === 'write' ? left : [found, left]
      // Fractions keep moments apart.
      return { kind, value, outcome, from: from + index / 100, to: from + length + 0.5 + index / 100 }
    }),
  )
}

const asIntervals = ({ operations }: Offence): Interval[] =>
  operations.map(({ kind, value, invokedAt, completedAt, outcome }) => ({
    kind,
    value,
    outcome: completedAt === null ? 'open' : outcome,
    from: invokedAt,
    to: completedAt ?? Number.POSITIVE_INFINITY,
  }))

test.each([
  { name: 'few values', operationsMax: 7, valuesMax: 2, doubtful: 2 },
  { name: 'more values', operationsMax: 7, valuesMax: 4, doubtful: 1 },
  { name: 'much doubt', operationsMax: 7, valuesMax: 2, doubtful: 10 },
  { name: 'equal writes', operationsMax: 9, valuesMax: 1, doubtful: 6, kinds: ['read', 'read', 'write'] },
  { name: 'equal crashed writes', operationsMax: 9, valuesMax: 2, doubtful: 8, kinds: ['read', 'write'] },
  { name: 'equal crashed cas', operationsMax: 9, valuesMax: 2, doubtful: 8, kinds: ['read', 'cas', 'cas'] },
  { name: 'alike of both kinds', operationsMax: 9, valuesMax: 1, doubtful: 8 },
] satisfies readonly (Drawing & { name: string })[])(
  '$name: the verdict is that of all orders',
  (drawing) => {
    const seen = { linearizable: 0, 'not-linearizable': 0, undecided: 0 }
    fc.assert(
      fc.property(history(drawing), (intervals) => {
        const verdict = checkHistory(historyOf(...intervals))
        seen[verdict.kind]++
        expect(verdict.kind).toBe(isLinearizableByForce(intervals) ? 'linearizable' : 'not-linearizable')
        if (verdict.kind !== 'not-linearizable') return
        // The explained part is not linearizable by itself, and is minimal: without any of its reads it is
        // linearizable.
        const offending = asIntervals(verdict.offence)
        const { before } = verdict.offence
        expect(before.map((value) => isLinearizableByForce(offending, value))).not.toContain(true)
        for (const read of offending.filter(({ kind }) => kind === 'read')) {
          const rest = offending.filter((each) => each !== read)
          expect(before.some((value) => isLinearizableByForce(rest, value))).toBe(true)
        }
      }),
      { numRuns: RUNS },
    )
    // A test that only ever met one of them would show little.
    expect(seen.linearizable).toBeGreaterThan(RUNS / 20)
    expect(seen['not-linearizable']).toBeGreaterThan(RUNS / 20)
  },
)

test('a bad end after many operations is explained by their last value, and correctly', () => {
  let cuts = 0
  fc.assert(
    fc.property(
      history({ operationsMax: 5, valuesMax: 2, doubtful: 1 }),
      fc.integer({ min: 9, max: 14 }),
      (end, chained) => {
        const chain = Array.from(
          { length: chained },
          (_, index): Interval => ({
            kind: 'cas',
            value: [index === 0 ? null : `link ${index}`, index === chained - 1 ? 1 : `link ${index + 1}`],
            outcome: 'ok',
            from: -1000 + 3 * index,
            to: -999 + 3 * index,
          }),
        )
        const intervals = [...chain, ...end]
        const verdict = checkHistory(historyOf(...intervals))
        expect(verdict.kind).toBe(isLinearizableByForce(end, 1) ? 'linearizable' : 'not-linearizable')
        if (verdict.kind !== 'not-linearizable') return
        const { before } = verdict.offence
        if (before.length !== 1 || before[0] !== null) cuts++
        const offending = asIntervals(verdict.offence)
        expect(before.map((value) => isLinearizableByForce(offending, value))).not.toContain(true)
      },
    ),
    { numRuns: RUNS },
  )
  expect(cuts).toBeGreaterThan(RUNS / 40)
})
