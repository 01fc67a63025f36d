/** The page of costs: whole in itself, true to its rows, and right about where lines cross. */
import { describe, expect, test } from 'vitest'
import { crossings, METRICS, type Metric } from '../../clients/web/costs/crossings.ts'
import { costsPage } from '../../clients/web/costs/page.ts'
import { type CostRow, judge } from '../../src/costs/costs.ts'
import { measureGenerals, traceGenerals } from '../../src/costs/measure-generals.ts'
import { traceStore } from '../../src/costs/measure-store.ts'
import { fastSuite } from '../../src/simulator/world/fast-suite.ts'

const rows = [4, 7].flatMap((n) => measureGenerals({ n, suite: fastSuite, stopwatch: null }).map(judge))
const setting = { n: 4, mode: 'signed', suite: fastSuite, stopwatch: null } as const
const traces = [...traceGenerals(4, fastSuite), traceStore(setting)]

describe('the page', () => {
  const page = costsPage({ rows, traces, facts: { suite: '<simulated>' } })

  test('needs nothing but itself, and runs nothing', () => {
    expect(page).not.toMatch(/\b(src|href)\s*=|https?:|@import|url\(|<script/)
    expect(page).toContain(`default-src 'none'`)
    expect(page).toContain('&lt;simulated&gt;')
  })

  test('has every row and every decision, and states that all is as proved', () => {
    expect(page).toContain(`All ${rows.length} rows are as proved`)
    for (const { protocol } of traces) expect(page).toContain(`<figcaption>${protocol}</figcaption>`)
    expect(page.match(/<tr><td>/g)).toHaveLength(rows.length)
    expect(page).toContain('32 for n = 4, where 9 are sent (3.6 times)')
  })

  test('states that a row differs', () => {
    const [first, ...others] = rows
    if (first === undefined) throw new Error('there are rows')
    const wrong = judge({ ...first, counts: { ...first.counts, messages: 10 } })
    expect(costsPage({ rows: [wrong, ...others], traces, facts: {} })).toContain(
      `1 of ${rows.length} rows differ`,
    )
  })
})

describe('the traces', () => {
  test("keep Lamport's condition: clocks grow in each lane, and a message arrives after it was sent", () => {
    for (const { arrows, decisions, lanes } of traces) {
      for (const { sentAt, receivedAt } of arrows) expect(receivedAt ?? Number.NaN).toBeGreaterThan(sentAt)
      for (const lane of lanes.keys()) {
        const clocks = [
          ...arrows.filter(({ from }) => from === lane).map(({ sentAt }) => sentAt),
          ...arrows.filter(({ to }) => to === lane).map(({ receivedAt }) => receivedAt ?? 0),
          ...decisions.filter((decision) => decision.lane === lane).map(({ at }) => at),
        ]
        expect(new Set(clocks).size).toBe(clocks.length)
      }
    }
  })

  test('the store: as many messages as were counted, and the client is answered', () => {
    const store = traces.at(-1)
    expect(store?.arrows).toHaveLength(29)
    expect(store?.decisions).toEqual([{ lane: 4, at: expect.any(Number), says: 'answered' }])
  })
})

describe('crossings', () => {
  const metric = METRICS[0] as Metric
  const row = (protocol: string, n: number, messages: number): CostRow => {
    const [some] = rows
    if (some === undefined) throw new Error('there are rows')
    return { ...some, protocol, n, counts: { ...some.counts, messages } }
  }
  const said = (one: readonly number[], other: readonly number[]): readonly string[] =>
    crossings(
      [4, 7, 10].flatMap((n, index) => [
        row('SM(m)', n, one[index] ?? 0),
        row('phase king', n, other[index] ?? 0),
      ]),
      metric,
    )

  test.each([
    [
      [1, 3, 9],
      [2, 4, 8],
      'From n = 10 on, phase king sends fewer messages than SM(m); with n = 4 it is the other way round.',
    ],
    [
      [2, 3, 4],
      [2, 5, 9],
      'From n = 7 on, SM(m) sends fewer messages than phase king; with n = 4 they do not differ.',
    ],
    // Back and forth: only where the last order begins counts.
    [[9, 1, 9], [5, 5, 5], null],
    [[1, 9, 1], [5, 5, 5], null],
    [[1, 2, 3], [4, 5, 6], null],
    [[1, 5, 6], [4, 5, 6], null],
  ])('%j and %j', (one, other, sentence) => {
    expect(said(one, other)).toEqual(sentence === null ? [] : [sentence])
  })
})
