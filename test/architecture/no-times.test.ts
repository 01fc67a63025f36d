/**
 * No test asserts a duration, and none gives up sooner than others: a machine that is four times slower, or busy, must
 * not fail a test. Costs are counted, or compared with the time of a known task on the same machine.
 */
import { describe, expect, test } from 'vitest'
import { readSourceFiles, withoutComments, withoutCommentsAndStrings } from '../kit/source-files.ts'

/** The files that read a clock of this machine, with the reasons. None of them judges the time. */
const READERS: ReadonlyMap<string, string> = new Map([
  ['test/integration/process-kit.ts', 'waits patiently'],
  ['test/deep/time-share.ts', 'begins no more work when its time is over'],
  ['test/io/bit-rot.test.ts', 'draws a seed where somebody asks for a long run'],
  ['test/io/loop-watch.test.ts', 'keeps a processor busy'],
  ['test/io/page-store-figures.test.ts', 'measures where somebody asks for it'],
  ['test/kit/lossy-fleet.ts', 'stamps writes, for figures that are printed'],
  ['test/tree/tree-bench.ts', 'measures where somebody asks for it'],
])
const CLOCK = /\b(performance\s*\.\s*now|Date\s*\.\s*now|hrtime|new Date\(\s*\)|process\s*\.\s*cpuUsage)\b/

/** The names of times of real processes and clocks; elsewhere such names are virtual times. */
const REAL = /^test\/(integration|io|deep)\//
const DURATION =
  /\b(\w*(elapsed|duration|latency|took|waited)\w*|\w*(held|gap|settled|late|level|worst|median|max)Ms|p\d\d)\b/i
const UPPER_BOUND = /\.\s*(toBeLessThan|toBeLessThanOrEqual|toBeCloseTo)\s*\(/
/** The figures of benchmarks are made up there. */
const MADE_UP = new Set(['test/integration/failover-figures.test.ts'])

const files = new Map(
  [...readSourceFiles(['test'])].filter(([path]) => !path.startsWith('test/architecture/')),
)

const clocksIn = (text: string): boolean => CLOCK.test(withoutCommentsAndStrings(text))

/** Each `expect` that says that a duration is less than something. */
function boundedDurations(text: string): readonly string[] {
  const statements = withoutCommentsAndStrings(text)
    .split(/(?=\bexpect\s*\()/)
    .filter((statement) => statement.startsWith('expect'))
  return statements.flatMap((statement) => {
    const bound = UPPER_BOUND.exec(statement)
    const said = statement.slice(0, bound?.index ?? statement.search(/\n\s*\n|$/))
    const isBound = bound !== null || /[<>]/.test(said.replaceAll('=>', ''))
    return isBound && !/\n\s*\n/.test(said) && DURATION.test(said) ? [said.trim()] : []
  })
}

/** The explicit time limits of tests, hooks and waits. */
function ownLimits(text: string): readonly string[] {
  const code = withoutComments(text)
  return [...code.matchAll(/\btimeout:\s*[\d_]+|^\s*\},\s*[\d_]{4,}\s*,?\s*\)|\blimitMs:\s*[\d_]+/gm)].map(
    ([limit]) => limit.trim(),
  )
}

test('only those that are named read a clock', () => {
  const readers = [...files].filter(([, text]) => clocksIn(text)).map(([path]) => path)
  expect(readers.sort()).toEqual([...READERS.keys()].sort())
})

test('no test bounds a duration that a real process reports', () => {
  const bounded = [...files].filter(([path]) => REAL.test(path) && !MADE_UP.has(path))
  expect(bounded.flatMap(([path, text]) => boundedDurations(text).map((said) => [path, said]))).toEqual([])
})

test('no test has a limit of its own: those of the configuration and of test/kit/patience.ts are long enough', () => {
  const tests = [...files].filter(([path]) => !/config\.ts$/.test(path))
  expect(tests.flatMap(([path, text]) => ownLimits(text).map((limit) => [path, limit]))).toEqual([])
})

describe('these checks see', () => {
  test.each([
    'const before = performance.now()',
    'const [from] = process.hrtime()',
    'work(Date.now())',
    'const { user } = process.cpuUsage(before)',
  ])('a clock: %s', (text) => expect(clocksIn(text)).toBe(true))

  test.each(['// performance.now()', "expect(text).toContain('Date.now()')", 'const date = new Date(0)'])(
    'none: %s',
    (text) => expect(clocksIn(text)).toBe(false),
  )

  test.each([
    'expect(Math.max(...heldMs)).toBeLessThan(HELD_MS_MAX)',
    'expect(elapsed, name).toBeLessThanOrEqual(5_000)',
    'expect(result.latencyMs.p99)\n  .toBeLessThan(100)',
    'expect(run.gapMs).toBeLessThan(500)',
    'expect(took < 5_000).toBe(true)',
  ])('a bound: %s', (text) => expect(boundedDurations(text)).toHaveLength(1))

  test.each([
    'expect(memory.residentBytes).toBeLessThan(GROWTH_BYTES_MAX)',
    'expect(heldMs).toBeGreaterThan(0)\nexpect(count).toBeLessThan(5)',
  ])('no bound: %s', (text) => expect(boundedDurations(text)).toEqual([]))

  test.each([
    "test('x', { timeout: 20_000 }, () => {})",
    "test('x', () => {\n  work()\n}, 60_000)",
    "test(\n  'x',\n  () => {\n    work()\n  },\n  60_000,\n)",
    'await waitUntil(isDone, { limitMs: 5_000 })',
  ])('a limit of its own: %s', (text) => expect(ownLimits(text)).toHaveLength(1))

  test('none in what is no limit', () => {
    const text =
      "await vi.waitFor(isSmall, PATIENT)\nexpect(list).toEqual([\n  { at: 1 },\n  60_000,\n])\nrun('--timeout', '1500')"
    expect(ownLimits(text)).toEqual([])
  })
})
