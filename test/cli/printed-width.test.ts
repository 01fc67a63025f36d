/** Nothing is wider than the output, and nothing is lost by that. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { traitorsText } from '../../attacks/run/processes/in-processes.ts'
import { BenchmarkFailed } from '../../clients/bench/benchmark-failed.ts'
import { measure } from '../../clients/bench/measure.ts'
import { reportError } from '../../clients/cli/process-end.ts'
import { tableText } from '../../clients/cli/table.ts'
import { entriesText, reflow, wrapWords } from '../../clients/cli/terminal.ts'
import { runHere } from './command-kit.ts'

const word = fc.stringMatching(/^[a-z0-9.,:]{1,12}$/)
const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '))
const wordsOf = (printed: string): readonly string[] => printed.split(/\s+/).filter((each) => each !== '')
const widest = (printed: string): number => Math.max(...printed.split('\n').map((line) => line.length))

test('lines are broken between words, and every word stays', () => {
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 40, max: 200 }),
      fc.integer({ min: 0, max: 12 }),
      (line, columns, hang) => {
        const wrapped = wrapWords(line, columns, hang)
        expect(wordsOf(wrapped)).toEqual(wordsOf(line))
        expect(widest(wrapped)).toBeLessThanOrEqual(columns)
        expect(wordsOf(reflow(`${line}\n\n${line}`, columns))).toEqual([...wordsOf(line), ...wordsOf(line)])
        expect(widest(entriesText([['name', line]], columns))).toBeLessThanOrEqual(columns)
      },
    ),
  )
})

test('a table that is too wide continues below itself, with every cell', () => {
  const rows = fc
    .integer({ min: 1, max: 12 })
    .chain((width) =>
      fc.array(fc.array(word, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 }),
    )
  fc.assert(
    fc.property(rows, (cells) => {
      const printed = tableText(cells, { columns: 60 })
      expect(widest(printed)).toBeLessThanOrEqual(60)
      for (const cell of cells.flat()) expect(wordsOf(printed)).toContain(cell)
      const wide = tableText(cells, { columns: 10_000 })
      expect(wide.split('\n')).toHaveLength(cells.length)
    }),
  )
})

test('the list of attacks fits 80 columns', async () => {
  const { stdout, code } = await runHere(['attack', 'list'])
  expect(code).toBe(0)
  expect(stdout.split('\n').length).toBeGreaterThan(60)
  expect(widest(stdout)).toBeLessThanOrEqual(80)
})

test.each([
  [[], ''],
  [[3], ', replica 3 as a traitor'],
  [[2, 3], ', replicas 2 and 3 as traitors'],
  [[0, 2, 3], ', replicas 0, 2 and 3 as traitors'],
])('traitors %j are named', (ids, expected) => expect(traitorsText(ids)).toBe(expected))

test('a benchmark in which nothing was answered has failed, and reports what happened', async () => {
  const times = { warmUpSeconds: 0, seconds: 0.05 }
  const workload = { name: 'puts', concurrency: 2, operationsPerRequest: 1 }
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  const refusing = async (): Promise<void> => {
    await pause(10)
    throw new Error('stalled')
  }
  await expect(measure({ ...workload, run: refusing }, times)).rejects.toThrow(
    /^puts: nothing was answered within the 0\.05 s .* \d+ requests failed \(the last one: stalled\), 0 were/,
  )
  const late = async (): Promise<void> => void (await pause(100))
  await expect(measure({ ...workload, run: late }, times)).rejects.toThrow(
    /0 requests failed, 2 were answered/,
  )
  const failed = await measure({ ...workload, run: late }, times).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(BenchmarkFailed)
  const printed = await runHere(['--version']).then(() => failed)
  expect(reportError(printed)).toBe(1)
})
