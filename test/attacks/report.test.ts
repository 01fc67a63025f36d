/** The forms of a report: cells, JSON, and a page that holds all that it needs and nothing that a name can break. */
import { describe, expect, test } from 'vitest'
import { cellsOf, faultLines, HEADINGS } from '../../attacks/report/cells.ts'
import { markdownTable } from '../../attacks/report/markdown.ts'
import { reportPage } from '../../attacks/report/page.ts'
import { type AttackReport, asJson, outcomesText } from '../../attacks/report/report.ts'
import { attackersProcessors, shareOf, shareOfWork } from '../../attacks/report/shares.ts'
import type { ReplicaId } from '../../src/base/ids.ts'

const id = (value: number) => value as ReplicaId
const figures = { seconds: 2, done: 200, opsPerSecond: 100, p50Ms: 1, p99Ms: 2.5, maxMs: 3, gapMs: 4 }
const report: AttackReport = {
  attack: {
    name: 'evil',
    targets: ['safety'],
    does: 'says </script><script>alert(1)</script>',
    source: 'Byzantium & sons',
    expects: 'nothing',
  },
  mustBreak: null,
  world: 'processes',
  seed: 7,
  facts: {
    ...{
      n: 4,
      f: 1,
      auth: 'signed',
      traitors: [id(0)],
      acts: 12,
      actsByTurn: new Map(),
      viewChanges: 1,
      guilty: [id(0)],
      cutOff: [id(0)],
    },
    rejected: new Map([['bad-signature', 3]]),
    measured: {
      ...{ before: figures, during: { ...figures, opsPerSecond: 50 }, after: figures },
      ...{ settled: null, gapMs: 40, caughtUpMs: 5, delayMs: 30, turnMs: 10 },
      spent: {
        before: { correctMs: 100, hostileMs: 100, loadMs: 10 },
        during: { correctMs: 125, hostileMs: 600, loadMs: 10 },
        after: { correctMs: 100, hostileMs: 100, loadMs: 10 },
      },
      suspicions: [
        { by: id(1), of: id(0), looks: 3, rightLooks: 2, firstMs: 10 },
        { by: id(1), of: id(2), looks: 1, rightLooks: 0, firstMs: 20 },
      ],
      memory: [{ replica: id(1), firstBytes: 1, lastBytes: 2, peakBytes: 100 * 1024 * 1024 }],
    },
  },
  faults: ['a </pre> fault'],
  notes: [],
  timeline: {
    stepMs: 200,
    opsPerSecond: [5, 10],
    attackFromMs: 100,
    attackToMs: 200,
    views: [{ atMs: 1, view: 1 }],
  },
  seconds: 6,
}

test('a row has a cell for each heading, and distinguishes right from false suspicions', () => {
  const cells = cellsOf(report)
  expect(cells).toHaveLength(HEADINGS.length)
  expect(cells.slice(0, 7)).toEqual(['evil', 'NOT HELD', '12', '1', '100', '50', '100'])
  expect(cells.slice(10, 15)).toEqual(['40', '50 %', '80 %', '0.25', '30'])
  expect(cells.slice(-3)).toEqual(['0,2?', '0', '100'])
  expect(cellsOf({ ...report, faults: [] })[1]).toBe('held')
  expect(faultLines([report])).toEqual(['evil (seed 7): a </pre> fault'])
})

test('a control that broke the store is never called held', () => {
  const control: AttackReport = { ...report, mustBreak: 'agreement', faults: [] }
  const tame = { ...control, faults: ['agreement did not break'] }
  expect([control, tame].map((each) => cellsOf(each)[1])).toEqual(['broke, as it must', 'DID NOT BREAK'])
  expect(asJson(control)).toMatchObject({ held: false, mustBreak: 'agreement', asExpected: true })
  expect(outcomesText([report, control, tame])).toBe(
    '0 of 1 attacks held as expected, 1 of 2 controls broke the store, as they must',
  )
  expect(reportPage([control], { seconds: 1, facts: {} })).toContain('>broke, as it must</span>')
  expect(markdownTable([control], {})).toContain('| broke, as it must |')
})

test('a Markdown table has the share of the throughput, and the conditions of the measurement', () => {
  const lines = markdownTable([report], { n: 4, suite: 'sodium' }).split('\n')
  expect(lines[0]?.split('|').length).toBe(lines[2]?.split('|').length)
  expect(lines[2]).toBe('| `evil` | 100 | 50 | 50 % |  | 80 % | 0.25 | 100 | 2.5 | 2.5 | 40 | 1 | no |')
  expect(lines.at(-1)).toBe('n 4, suite sodium.')
})

test('JSON holds the verdict and the counts by reason', () => {
  expect(JSON.parse(JSON.stringify(asJson(report)))).toMatchObject({
    name: 'evil',
    held: false,
    facts: { rejected: { 'bad-signature': 3 }, measured: { gapMs: 40 } },
  })
})

test('a page asks nothing of a network and holds what it is given as text', () => {
  const page = reportPage([report, { ...report, timeline: null }], { seconds: 12, facts: { cores: 2 } })
  expect(page).not.toMatch(/(src|href)="(?!#)/)
  expect(page).not.toMatch(/@import|url\(/)
  expect(page).toContain("default-src 'none'")
  expect(page).not.toContain('<script>alert')
  expect(page).toContain('&lt;script&gt;alert(1)')
  expect(page.match(/<\/script>/g)).toHaveLength(3)
  expect(page.match(/data-run="/g)).toHaveLength(1)
  const data = /id="runs">(.*?)<\/script>/.exec(page)?.[1] ?? ''
  expect(JSON.parse(data)).toMatchObject([{ opsPerSecond: [5, 10] }, null])
})

describe('what an attack costs', () => {
  const { measured } = report.facts
  if (measured === undefined) throw new Error('a run of processes is measured')
  const { before, during, spent } = measured

  test('the share is one of the mean of before and after', () => {
    const afterwards = { ...measured, after: { ...measured.after, opsPerSecond: 300 } }
    expect(shareOf(afterwards, during)).toBeCloseTo(0.25)
    const nothing = { ...before, opsPerSecond: 0 }
    expect(shareOf({ ...measured, before: nothing, after: nothing }, during)).toBeNull()
  })

  test('a cluster that has split is no measure of a whole one: the share is of before alone', () => {
    const after = { ...measured.after, done: 20, opsPerSecond: 10 }
    const split = { ...measured, after, hasSplit: true }
    expect(shareOf(split, during)).toBeCloseTo(0.5)
    expect(shareOfWork(split)).toBeCloseTo(0.8)
    expect(shareOf({ ...split, hasSplit: false }, during)).toBeCloseTo(50 / 55)
  })

  test('what others take of the machine is no loss of work', () => {
    const half = { ...measured, during: { ...during, done: 100 } }
    expect(shareOfWork(half)).toBeCloseTo(0.4)
    const inHalfTheTime = { ...spent, during: { ...spent.during, correctMs: 50 } }
    expect(shareOfWork({ ...half, spent: inHalfTheTime })).toBeCloseTo(1)
    const cheaperAfter = { ...spent, after: { ...spent.after, correctMs: 50 } }
    expect(shareOfWork({ ...measured, spent: cheaperAfter })).toBeCloseTo(0.8 / 1.5)
  })

  test('attackers take what their processes took, without the work of honest replicas', () => {
    expect(attackersProcessors(measured)).toBeCloseTo(0.25)
    const idle = { ...spent, during: { ...spent.during, hostileMs: 0 } }
    expect(attackersProcessors({ ...measured, spent: idle })).toBe(0)
  })

  test('an unmeasured figure is left out', () => {
    const unknown = { correctMs: null, hostileMs: null, loadMs: 10 }
    const blind = { ...measured, spent: { before: unknown, during: unknown, after: unknown } }
    expect([shareOfWork(blind), attackersProcessors(blind)]).toEqual([null, null])
    const cells = cellsOf({ ...report, facts: { ...report.facts, measured: blind } })
    expect(cells.slice(10, 15)).toEqual(['40', '50 %', '', '', '30'])
  })
})
