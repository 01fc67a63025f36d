import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Log, LogReplay } from '../../src/ports.ts'
import { deeper } from '../kit/depth.ts'
import { PATIENT } from '../kit/patience.ts'
import { FileLogBench } from './file-log-bench.ts'
import { appendEach, failure, patch, synced, texts } from './file-log-kit.ts'

let bench: FileLogBench
beforeEach(async () => {
  bench = new FileLogBench(4096)
  await bench.create()
})
afterEach(() => bench.dispose())

const numbers = (replay: LogReplay) => texts(replay).map(Number)
const range = (first: number, end: number) => Array.from({ length: end - first }, (_, index) => first + index)
/** Five of these fill a segment. */
const recordOf = (index: number) => `${index}`.padEnd(700)

/** Appends the records of these numbers, one sync for all, and gives their positions. */
async function fill(log: Log, first: number, end: number) {
  const positions = range(first, end).map((index) => log.append(utf8(recordOf(index))))
  await synced(log)
  return positions
}

/** A closed log of several segments whose front was trimmed; the first record left is `first`. */
async function trimmed() {
  const { log } = await bench.open()
  const positions = await fill(log, 0, 40)
  const before = bench.segments()
  const copies = before.map((path) => [path, readFileSync(path)] as const)
  const marker = readFileSync(bench.path('marker'))
  log.trim(positions[23] ?? 0)
  await synced(log)
  await bench.close()
  const replay = await bench.open()
  const found = numbers(replay)
  await bench.close()
  return { first: found[0] ?? -1, found, before, copies, marker }
}

describe('trimming', () => {
  test('deletes whole segments in front of the position, and only those', async () => {
    const { first, found, before } = await trimmed()
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThanOrEqual(23)
    expect(23 - first).toBeLessThan(5)
    expect(found).toEqual(range(first, 40))
    expect(bench.segments()).toEqual(before.slice(before.length - bench.segments().length))
    expect(bench.segments().length).toBeLessThan(before.length - 2)
    expect((await bench.open()).beginning).toBe('cut')
  })

  test('waits for a sync that was asked for afterwards', async () => {
    const { log } = await bench.open()
    const positions = await fill(log, 0, 20)
    const before = bench.segments()
    log.append(utf8('in flight'))
    const inFlight = synced(log)
    log.trim(positions[19] ?? 0)
    await inFlight
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(bench.segments()).toEqual(before)
    await synced(log)
    await bench.close()
    expect(bench.segments().length).toBeLessThan(before.length)
  })

  test('the cut is certain in both slots of the marker before anything is deleted', async () => {
    await trimmed()
    const { log } = await bench.open()
    const positions = await fill(log, 40, 60)
    bench.files.operations.length = 0
    log.trim(positions[19] ?? 0)
    await synced(log)
    await bench.close()
    const { operations } = bench.files
    const removal = operations.findIndex((each) => each.startsWith('remove'))
    const marked = operations.slice(0, removal).filter((each) => each.includes('marker'))
    expect(removal).toBeGreaterThan(0)
    expect(
      marked
        .filter((each) => each.startsWith('write'))
        .slice(-2)
        .sort(),
    ).toEqual(['write marker 0', 'write marker 512'])
    expect(marked.filter((each) => each === 'sync marker')).toHaveLength(2)
  })

  test('the last segment stays, whatever the position', async () => {
    const { log } = await bench.open()
    await fill(log, 0, 20)
    log.trim(2 ** 45)
    await synced(log)
    await bench.close()
    expect(bench.segments()).toHaveLength(1)
    const again = await bench.open()
    const found = numbers(again)
    expect(found).toEqual(range(found[0] ?? 0, 20))
    await appendEach(again.log, ['20'])
    await bench.close()
    expect(numbers(await bench.open()).at(-1)).toBe(20)
  })

  test('a log that is trimmed as it grows stays small', async () => {
    const { log } = await bench.open()
    for (let round = 0; round < 40; round++) {
      const [position = 0] = await fill(log, 10 * round, 10 * round + 10)
      log.trim(position)
      await synced(log)
      // Files are deleted in the background while appends continue.
      await vi.waitFor(() => expect(bench.segments().length).toBeLessThanOrEqual(6), PATIENT)
    }
    await bench.close()
    const again = await bench.open()
    expect(numbers(again).slice(-10)).toEqual(range(390, 400))
    expect(again.beginning).toBe('cut')
  })
})

describe('the proof of a trimmed log', () => {
  test('segments in front of the cut that are left or come back are deleted', async () => {
    const { found, copies } = await trimmed()
    for (const [path, bytes] of copies.slice(0, 3)) writeFileSync(path, bytes)
    expect(numbers(await bench.open())).toEqual(found)
    await bench.close()
    for (const [path] of copies.slice(0, 3)) expect(bench.segments()).not.toContain(path)
  })

  test('a first segment that was not trimmed is lost synced data when it is missing', async () => {
    await trimmed()
    const [first, second] = bench.segments() as [string, string]
    renameSync(first, bench.path('aside'))
    expect(await failure(bench.open())).toMatchObject({ name: 'LogLostSyncedData', file: second })
    renameSync(bench.path('aside'), first)
    for (const segment of bench.segments()) rmSync(segment)
    expect(await failure(bench.open())).toMatchObject({ name: 'LogLostSyncedData', file: bench.directory })
  })

  test('a marker from before the cut makes it lost synced data', async () => {
    const { marker } = await trimmed()
    writeFileSync(bench.path('marker'), marker)
    expect(await failure(bench.open())).toBeInstanceOf(Error)
    expect(await failure(bench.open())).toMatchObject({ name: 'LogLostSyncedData' })
  })

  test('either slot of the marker may be torn', async () => {
    const { found } = await trimmed()
    const marker = readFileSync(bench.path('marker'))
    for (const slot of [0, 512]) {
      writeFileSync(bench.path('marker'), marker)
      patch(bench.path('marker'), slot + 50, new Uint8Array(30).fill(9))
      const replay = await bench.open()
      expect(numbers(replay)).toEqual(found)
      expect(replay.beginning).toBe('cut')
      await bench.close()
    }
  })

  test('a cut that is certain in one slot only is made certain before anything is deleted', async () => {
    const { found, copies, marker } = await trimmed()
    const newest = readFileSync(bench.path('marker'))
    for (const slot of [0, 512]) {
      for (const [path, bytes] of copies.slice(0, 3)) writeFileSync(path, bytes)
      writeFileSync(bench.path('marker'), newest)
      patch(bench.path('marker'), slot, marker.subarray(slot, slot + 512))
      expect(numbers(await bench.open())).toEqual(found)
      const { operations } = bench.files
      const removal = operations.findIndex((each) => each.startsWith('remove'))
      expect(operations.slice(0, removal).filter((each) => each === 'sync marker')).toHaveLength(2)
      await bench.close()
    }
  })
})

describe('a crash while it is trimmed', () => {
  test.each([
    ['the process ends', false],
    ['the power fails', true],
  ])('at any operation of a file (%s): what is kept opens, and continues', async (_, isPowerLost) => {
    let wasCut = false
    let wasWhole = false
    for (let operations = 0, isOver = false; !isOver; operations += deeper(3, 1)) {
      const copy = new FileLogBench(4096)
      copy.isPowerLost = isPowerLost
      await copy.create()
      const { log } = await copy.open()
      const positions = await fill(log, 0, 20)
      copy.files.operationsLeft = operations
      let answered = 20
      const workload = async () => {
        log.trim(positions[13] ?? 0)
        await fill(log, 20, 22)
        answered = 22
        log.trim(positions[19] ?? 0)
        await fill(log, 22, 30)
        answered = 30
        await copy.close()
        isOver = true
      }
      const died = (async () => {
        while (!copy.files.isDead && !isOver) await new Promise(setImmediate)
      })()
      await Promise.race([workload(), died])
      if (!isOver) await copy.crash()
      const again = await copy.open()
      const found = numbers(again)
      const label = `after ${operations} operations`
      const [first = 99] = found
      expect(first, label).toBeLessThanOrEqual(19)
      expect(found, label).toEqual(range(first, first + found.length))
      expect(found.at(-1), label).toBeGreaterThanOrEqual(answered - 1)
      expect(again.beginning, label).toBe(first === 0 ? 'birth' : 'cut')
      wasCut ||= again.beginning === 'cut' && !isOver
      wasWhole ||= again.beginning === 'birth'
      await appendEach(again.log, ['77'])
      await copy.crash()
      expect(numbers(await copy.open()), label).toEqual([...found, 77])
      await copy.dispose()
    }
    expect(wasCut && wasWhole).toBe(true)
  })
})
