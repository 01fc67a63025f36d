import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { restartFileLogAfterLoss } from '../../src/io/file-log.ts'
import { LogCorrupt, LogLostSyncedData, LogMissing } from '../../src/io/file-log-errors.ts'
import { FileLogBench, WatchedFiles } from './file-log-bench.ts'
import { appendEach, failure, flipBit, prepare, synced, texts } from './file-log-kit.ts'

let bench: FileLogBench
beforeEach(async () => {
  bench = new FileLogBench(4096)
  await bench.create()
})
afterEach(() => bench.dispose())

const restart = async (files?: WatchedFiles) =>
  restartFileLogAfterLoss(bench.directory, {
    ...{ lock: await bench.lock(), segmentBytes: bench.segmentBytes },
    ...(files && { files }),
  })
const aside = () => `${bench.directory}.damaged`

/** The ways in which a log can be wrong, and the error that says so. */
const LOSSES = [
  ['missing', LogMissing, () => rmSync(bench.directory, { recursive: true })],
  ['empty', LogMissing, () => readdirSync(bench.directory).map((name) => rmSync(bench.path(name)))],
  ['corrupt', LogCorrupt, () => flipBit(bench.segments()[0] ?? '', 200)],
  ['without a marker', LogCorrupt, () => rmSync(bench.path('marker'))],
  ['without its data', LogLostSyncedData, () => bench.segments().map((path) => rmSync(path))],
] as const

describe('a new log after a loss', () => {
  test.each(LOSSES)(
    'where it is %s: holds nothing and says amnesia, opening after opening',
    async (_, error, lose) => {
      await prepare(bench, ['one', 'two'])
      lose()
      expect(await failure(bench.open())).toBeInstanceOf(error)
      await restart()
      const { log, beginning, records } = await bench.open()
      expect(beginning).toBe('amnesia')
      expect([...records]).toEqual([])
      await appendEach(log, ['three'])
      await bench.close()
      const again = await bench.open()
      expect(again.beginning).toBe('amnesia')
      expect(texts(again)).toEqual(['three'])
      expect(existsSync(`${bench.directory}.new`)).toBe(false)
    },
  )

  test('what was there is moved aside, in place of what was moved there before', async () => {
    const { segment } = await prepare(bench, ['one'])
    flipBit(segment, 200)
    const damaged = readFileSync(segment)
    mkdirSync(aside())
    writeFileSync(`${aside()}/earlier`, '')
    await restart()
    expect(readdirSync(aside()).sort()).toEqual(['0000000000000000.segment', 'marker'])
    expect(readFileSync(`${aside()}/0000000000000000.segment`)).toEqual(damaged)
    await restart()
    expect(readdirSync(aside()).sort()).toEqual(['0000000000000000.segment', 'marker'])
    expect(readFileSync(`${aside()}/0000000000000000.segment`)).not.toEqual(damaged)
    expect((await bench.open()).beginning).toBe('amnesia')
  })

  test('begins with a cut once it is trimmed', async () => {
    await restart()
    const { log } = await bench.open()
    const positions = await appendEach(log, Array(20).fill('x'.repeat(700)))
    log.trim(positions[15] ?? 0)
    await synced(log)
    await bench.close()
    const again = await bench.open()
    expect(again.beginning).toBe('cut')
    expect(texts(again).length).toBeLessThan(20)
  })

  test('does not pass for the log of a first start, nor the other way round', async () => {
    const birth = readFileSync(bench.path('marker'))
    await restart()
    writeFileSync(bench.path('marker'), birth)
    expect(await failure(bench.open())).toBeInstanceOf(LogCorrupt)
  })
})

test('a disk that is full leaves what was there, and is named', async () => {
  const { segment } = await prepare(bench, ['one'])
  flipBit(segment, 200)
  const files = new WatchedFiles()
  files.failing = { operation: 'write', suffix: 'marker' }
  const error = await failure(restart(files))
  expect((error as Error).message).toBe(
    `Beginning the log in ${bench.directory} anew failed: ENOSPC: no space left on device. ` +
      'Make room on this disk and start the replica again: it continues from what is on disk.',
  )
  expect(await failure(bench.open())).toBeInstanceOf(LogCorrupt)
  await restart()
  expect((await bench.open()).beginning).toBe('amnesia')
})

describe('a crash while the new log is made', () => {
  test('at any operation of a file leaves the damaged log, and it can be begun again', async () => {
    const { segment } = await prepare(bench, ['one'])
    flipBit(segment, 200)
    let operations = 0
    for (; ; operations++) {
      const files = new WatchedFiles()
      files.operationsLeft = operations
      let isOver = false
      const restarting = restart(files).then(() => {
        isOver = true
      })
      const died = (async () => {
        while (!files.isDead && !isOver) await new Promise(setImmediate)
      })()
      await Promise.race([restarting, died])
      await files.settled()
      if (isOver) break
      expect(await failure(bench.open()), `after ${operations} operations`).toBeInstanceOf(LogCorrupt)
    }
    expect(operations).toBeGreaterThan(4)
    expect((await bench.open()).beginning).toBe('amnesia')
  })

  test('between the two moves leaves no log, and keeps what was moved aside', async () => {
    await prepare(bench, ['one'])
    const copy = new FileLogBench(4096)
    await copy.create()
    renameSync(bench.directory, aside())
    renameSync(copy.directory, `${bench.directory}.new`)
    expect(await failure(bench.open())).toBeInstanceOf(LogMissing)
    await restart()
    expect((await bench.open()).beginning).toBe('amnesia')
    await bench.close()
    renameSync(bench.directory, `${bench.directory}.new`)
    renameSync(aside(), bench.directory)
    expect(texts(await bench.open())).toEqual(['one'])
    await copy.dispose()
  })
})
