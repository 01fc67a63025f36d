/** The figures of the endurance benchmark: footprints, peaks, verdict, and the picture of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type EnduranceSample, judge } from '../../clients/bench/endurance.ts'
import { diskTolerance, judgeFlatness, MEMORY_TOLERANCE, sparkline } from '../../clients/bench/flatness.ts'
import { directoryBytes, measureFootprint, residentBytes } from '../../clients/bench/footprint.ts'
import { segmentName } from '../../src/io/file-log-segments.ts'

const MIB = 1024 * 1024

describe('flat', () => {
  const quarters = (...values: readonly number[]): number[] =>
    values.flatMap((value) => [0, value, 0, 0, 0].map((each) => each * MIB))

  test('is a last peak that is no more than the tolerance above the one of the second quarter', () => {
    expect(judgeFlatness(quarters(1, 100, 999, 135), MEMORY_TOLERANCE)).toMatchObject({
      before: 100 * MIB,
      after: 135 * MIB,
      isFlat: true,
    })
    expect(judgeFlatness(quarters(999, 100, 1, 136), MEMORY_TOLERANCE).isFlat).toBe(false)
  })

  test('allows a disk two segments and what makes a replica store a checkpoint', () => {
    const tolerance = diskTolerance({ segmentBytes: 16 * MIB, storeAfterBytes: 64 * MIB })
    expect(judgeFlatness(quarters(0, 20, 0, 119), tolerance).isFlat).toBe(true)
    expect(judgeFlatness(quarters(0, 20, 0, 120), tolerance).isFlat).toBe(false)
  })

  test('is nothing that has too few figures', () => {
    expect(judgeFlatness([1, 1, 1], MEMORY_TOLERANCE).isFlat).toBe(false)
  })

  test('needs memory, log and pages, and one replica that grows is enough to break it', () => {
    const samples = (grows: string): EnduranceSample[] =>
      Array.from({ length: 20 }, (_, step) => ({
        operations: step,
        seconds: step,
        replicas: [0, 1].map((id) => {
          const of = (name: string) => (id === 1 && name === grows ? (100 + 20 * step) * MIB : 10 * MIB)
          const sizes = { memoryBytes: of('memory'), logBytes: of('log'), pageBytes: of('pages') }
          return { id, ...sizes, trimmedRecords: 0, lastExecuted: 0, stable: 0, view: 0 }
        }),
      }))
    const verdict = (grows: string) => {
      const { memory, log, pages, isFlat } = judge(samples(grows), 64 * MIB)
      return [memory.isFlat, log.isFlat, pages.isFlat, isFlat]
    }
    expect(verdict('nothing')).toEqual([true, true, true, true])
    expect(verdict('memory')).toEqual([false, true, true, false])
    expect(verdict('log')).toEqual([true, false, true, false])
    expect(verdict('pages')).toEqual([true, true, false, false])
  })
})

test('the picture goes from 0 to the largest value', () => {
  expect(sparkline([0, 1, 4, 8])).toBe('▁▁▄█')
  expect(sparkline([0, 0])).toBe('▁▁')
  expect(sparkline([])).toBe('')
})

test('a footprint is the bytes of the files, the resident memory, and where the log begins', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strategos-test-'))
  try {
    const log = join(directory, 'log')
    const pages = join(directory, 'pages')
    mkdirSync(log, { recursive: true })
    mkdirSync(join(pages, 'deep'), { recursive: true })
    writeFileSync(join(log, segmentName(300)), new Uint8Array(1_000))
    writeFileSync(join(log, segmentName(200)), new Uint8Array(500))
    writeFileSync(join(pages, 'deep', 'page'), new Uint8Array(70))
    const { memoryBytes, ...disk } = measureFootprint({ log, pages }, process.pid)
    expect(disk).toEqual({ logBytes: 1_500, pageBytes: 70, trimmedRecords: 200 })
    expect(memoryBytes).toBeGreaterThan(10 * MIB)
    expect(directoryBytes(join(directory, 'nowhere'))).toBe(0)
    expect(() => residentBytes(2 ** 22 + 1)).toThrow()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
