import { expect, test } from 'vitest'
import { loadFigures } from '../../attacks/run/processes/load-figures.ts'
import type { HistoryEntry } from '../../src/simulator/world/virtual-client.ts'

const entry = (client: number, invokedAtMs: number, answeredAtMs: number | null) =>
  ({ client, invokedAtMs, answeredAtMs }) as HistoryEntry

const figures = (history: readonly HistoryEntry[]) =>
  loadFigures(history, { beginsAtMs: 1_000, endsAtMs: 2_000 })

test('answers are counted before the attack, and during it while clients still send requests', () => {
  const { answersPerSecond, answersPerTenth } = figures([
    entry(0, 0, 10),
    entry(0, 500, 510),
    entry(0, 1_010, 1_020),
    entry(0, 1_100, 1_250),
    entry(0, 1_500, 1_990),
  ])
  expect(answersPerSecond).toEqual({ before: 2, during: 4, settled: null })
  expect(answersPerTenth).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 0, 1])
})

test('an outage is the longest time in which a client waits and none is answered', () => {
  expect(figures([]).outageMs).toBe(0)
  // Nobody waits between the two.
  expect(figures([entry(0, 1_100, 1_110), entry(0, 1_800, 1_830)]).outageMs).toBe(30)
  // Client 1 waits all the time, and client 0 is answered meanwhile.
  const mixed = [entry(1, 1_100, 1_900), entry(0, 1_150, 1_200), entry(0, 1_600, 1_650)]
  expect(figures(mixed).outageMs).toBe(450)
  // Waits before the attack do not count, requests without an answer do.
  expect(figures([entry(0, 100, 900), entry(0, 950, 1_100)]).outageMs).toBe(100)
  expect(figures([entry(0, 1_400, null)]).outageMs).toBe(600)
})

test('the slowest answer of each client', () => {
  const history = [
    entry(0, 1_100, 1_150),
    entry(0, 1_200, 1_210),
    entry(1, 900, 1_300),
    entry(2, 1_900, null),
  ]
  expect(figures(history).slowestMs).toEqual([50, 300, 100])
})

test('what is left after the last view change counts as long as all clients ask', () => {
  const history = Array.from({ length: 90 }, (_, index) =>
    entry(index % 2, 1_000 + 10 * index, 1_005 + 10 * index),
  )
  const settled = (settledAtMs: number | null) =>
    loadFigures(history, { beginsAtMs: 1_000, endsAtMs: 2_000, settledAtMs }).answersPerSecond.settled
  expect(settled(1_100)).toBe(100)
  expect(settled(1_800)).toBeNull() // too short a time
  expect(settled(null)).toBeNull()
})
