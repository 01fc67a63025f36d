import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AssertionFailure } from '../../src/base/assert.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { createFileLog, openFileLog } from '../../src/io/file-log.ts'
import { LogExists, LogMissing } from '../../src/io/file-log-errors.ts'
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '../../src/io/file-log-record.ts'
import { deeper } from '../kit/depth.ts'
import { FileLogBench, SMALL_SEGMENT_BYTES } from './file-log-bench.ts'
import { appendEach, failure, flipBit, offsetOf, prepare, synced, texts } from './file-log-kit.ts'

/** The system's words for a full disk, and what to do about it. */
const NO_SPACE =
  'ENOSPC: no space left on device. Make room on this disk and start the replica again: it continues from what is on disk.'

let bench: FileLogBench
beforeEach(async () => {
  bench = new FileLogBench()
  await bench.create()
})
afterEach(() => bench.dispose())

describe('making and finding a log', () => {
  test('a replica makes none: no directory, an empty one', async () => {
    const absent = `${bench.directory}.absent`
    const options = { lock: await bench.lock(), onFailure: () => {} }
    const error = await failure(openFileLog(absent, options))
    expect(error).toBeInstanceOf(LogMissing)
    expect((error as Error).message).toContain(absent)
    expect(existsSync(absent)).toBe(false)
    rmSync(bench.directory, { recursive: true })
    expect(await failure(openFileLog(bench.directory, options))).toBeInstanceOf(LogMissing)
  })

  test('init overwrites none', async () => {
    await prepare(bench, ['one'])
    expect(await failure(createFileLog(bench.directory, { lock: await bench.lock() }))).toBeInstanceOf(
      LogExists,
    )
    expect(texts(await bench.open())).toEqual(['one'])
  })

  test('two logs with the same records are different', async () => {
    await prepare(bench, ['one'])
    const other = new FileLogBench()
    await other.create()
    const { log } = await other.open()
    await appendEach(log, ['one'])
    await other.close()
    const chain = (each: FileLogBench) =>
      readFileSync(each.segments()[0] ?? '').subarray(SEGMENT_HEADER_BYTES + 24, SEGMENT_HEADER_BYTES + 56)
    expect(Buffer.compare(chain(bench), chain(other))).not.toBe(0)
    await other.dispose()
  })

  test('is opened by the holder of the lock around it only', async () => {
    await prepare(bench, ['one'])
    const other = new FileLogBench()
    const options = { lock: await other.lock(), onFailure: () => {} }
    expect(await failure(openFileLog(bench.directory, options))).toBeInstanceOf(AssertionFailure)
    const released = await bench.lock()
    await released.release()
    expect(await failure(bench.open())).toBeInstanceOf(AssertionFailure)
    await other.dispose()
  })

  test('a lock file of an earlier version locks nothing', async () => {
    await prepare(bench, ['one'])
    writeFileSync(bench.path('lock'), `${process.ppid}`)
    expect(texts(await bench.open())).toEqual(['one'])
  })

  test('after an opening that failed it can be opened', async () => {
    const { segment } = await prepare(bench, ['one'])
    const original = readFileSync(segment)
    flipBit(segment, 200)
    await failure(bench.open())
    writeFileSync(segment, original)
    expect(texts(await bench.open())).toEqual(['one'])
  })
})

describe('segments', () => {
  test('a record never spans two; names carry the first counter; all can be read back', async () => {
    const { log } = await bench.open()
    const records = Array.from({ length: 60 }, (_, index) =>
      `${index}`.padEnd(100 + ((index * 977) % 6_000), '.'),
    )
    const positions = records.map((record) => log.append(utf8(record)))
    await synced(log)
    await bench.close()
    expect(bench.segments().map((path) => Number(path.slice(-24, -8)))).toEqual(
      [...new Set(positions.map((each) => Math.floor(each / 2 ** 32)))].map((segment) =>
        segment === 0 ? 0 : 1 + positions.findIndex((each) => Math.floor(each / 2 ** 32) === segment),
      ),
    )
    for (const path of bench.segments()) expect(statSync(path).size).toBe(SMALL_SEGMENT_BYTES)
    const again = await bench.open()
    expect(texts(again)).toEqual(records)
    expect([...again.records].map(({ position }) => position)).toEqual(positions)
    for (const [index, position] of positions.entries()) {
      const record = await new Promise<Uint8Array | null>((resolve) => again.log.read(position, resolve))
      expect(Buffer.from(record ?? []).toString()).toBe(records[index])
    }
  })

  test('a segment is on disk, zeros and header, before it gets its name', async () => {
    const { log } = await bench.open()
    await appendEach(log, Array(4).fill('x'.repeat(7_000)))
    await bench.close()
    const made = bench.files.operations.filter((each) => each.includes('next.prepared'))
    const once = ['write next.prepared 0', 'sync next.prepared']
    // Zeros and header each time; the last one was prepared and not needed.
    expect(made.slice(0, 4)).toEqual([...once, ...once])
    expect(bench.segments()).toHaveLength(2)
    expect(existsSync(bench.path('next.prepared'))).toBe(false)
  })

  test('a record that was damaged while the log is open reads as null', async () => {
    const { log } = await bench.open()
    const [position = 0] = await appendEach(log, ['one', 'two'])
    flipBit(bench.segments()[0] ?? '', offsetOf(position) + RECORD_HEADER_BYTES)
    expect(await new Promise((resolve) => log.read(position, resolve))).toBeNull()
  })

  test('a crash at any operation of a file loses no record whose sync was answered', async () => {
    for (let operations = 0; operations < 60; operations += deeper(7, 1)) {
      const copy = new FileLogBench(4096)
      await copy.create()
      const { log } = await copy.open()
      copy.files.operationsLeft = operations
      const answered: number[] = []
      let isOver = false
      const workload = async () => {
        for (let index = 0; index < 12 && !isOver; index++) {
          log.append(utf8(`${index}`.padEnd(700)))
          log.append(utf8(`${index}b`.padEnd(700)))
          log.sync(() => answered.push(index))
          await synced(log)
        }
      }
      const died = (async () => {
        while (!copy.files.isDead && answered.length < 12) await new Promise(setImmediate)
      })()
      await Promise.race([workload(), died])
      isOver = true
      await copy.crash()
      const found = texts(await copy.open()).map((text) => text.trim())
      const expected = Array.from({ length: 12 }, (_, index) => [`${index}`, `${index}b`]).flat()
      expect(found, `after ${operations} operations`).toEqual(expected.slice(0, found.length))
      expect(found.length, `after ${operations} operations`).toBeGreaterThanOrEqual(2 * answered.length)
      expect(copy.files.isDead).toBe(false)
      await copy.dispose()
    }
  })
})

describe('group commit', () => {
  test('many appends and many waits take one write and one sync', async () => {
    const { log } = await bench.open()
    const segment = bench.segments()[0]
    const count = (paths: readonly string[]) => paths.filter((path) => path === segment).length
    const before = { writes: count(bench.files.writes), syncs: count(bench.files.syncs) }
    let answered = 0
    for (let index = 0; index < 100; index++) log.append(utf8(`${index}`))
    for (let index = 0; index < 100; index++) log.sync(() => answered++)
    await synced(log)
    expect(answered).toBe(100)
    expect(count(bench.files.writes) - before.writes).toBe(1)
    expect(count(bench.files.syncs) - before.syncs).toBe(1)
  })

  test('what is appended while a sync is in flight shares the next one', async () => {
    const { log } = await bench.open()
    const segment = bench.segments()[0]
    const before = bench.files.syncs.filter((path) => path === segment).length
    const waits: Promise<void>[] = []
    for (let index = 0; index < 50; index++) {
      log.append(utf8(`${index}`))
      waits.push(synced(log))
    }
    await Promise.all(waits)
    expect(bench.files.syncs.filter((path) => path === segment).length - before).toBe(2)
    await bench.close()
    expect(texts(await bench.open())).toHaveLength(50)
  })

  test('close syncs what was appended', async () => {
    const { log } = await bench.open()
    log.append(utf8('nobody asked'))
    await bench.close()
    expect(texts(await bench.open())).toEqual(['nobody asked'])
    await bench.close()
    expect(() => log.append(utf8('too late'))).toThrow('closed')
  })
})

describe('a disk that fails', () => {
  test.each([
    ['write', '.segment'],
    ['sync', '.segment'],
  ] as const)('a failed %s halts: no callback runs then or later', async (operation, suffix) => {
    const { log } = await bench.open()
    await appendEach(log, ['one'])
    bench.files.failing = { operation, suffix }
    let answered = 0
    log.append(utf8('two'))
    log.sync(() => answered++)
    while (bench.failures.length === 0) await new Promise(setImmediate)
    bench.files.failing = null
    log.append(utf8('three'))
    log.sync(() => answered++)
    await bench.close()
    expect(answered).toBe(0)
    expect(bench.failures).toHaveLength(1)
    expect(bench.failures[0]?.message).toBe(
      `Writing the log ${join(bench.directory, '0000000000000000.segment')} failed: ${NO_SPACE}`,
    )
    expect(texts(await bench.open())[0]).toBe('one')
  })

  test('a failure to make the next segment halts when it is needed', async () => {
    const { log } = await bench.open()
    bench.files.failing = { operation: 'write', suffix: 'next.prepared' }
    log.append(new Uint8Array(SMALL_SEGMENT_BYTES - 1_000))
    await synced(log)
    expect(bench.failures).toEqual([])
    log.append(new Uint8Array(2_000))
    log.sync(() => {})
    while (bench.failures.length === 0) await new Promise(setImmediate)
    expect(bench.failures).toHaveLength(1)
    expect(bench.failures[0]?.message).toBe(
      `Making the log’s next segment ${bench.path('next.prepared')} failed: ${NO_SPACE}`,
    )
  })

  test('a failure to delete a trimmed segment halts; what is left is deleted at the next opening', async () => {
    const { log } = await bench.open()
    const positions = await appendEach(log, Array(6).fill('x'.repeat(7_000)))
    const [first] = bench.segments()
    bench.files.failing = { operation: 'remove', suffix: '.segment' }
    log.trim(positions[5] ?? 0)
    await synced(log)
    while (bench.failures.length === 0) await new Promise(setImmediate)
    expect(bench.failures.map(({ message }) => message)).toEqual([
      `Deleting the log’s segment ${first} failed: ${NO_SPACE}`,
    ])
    let answered = 0
    log.append(utf8('late'))
    log.sync(() => answered++)
    await bench.close()
    expect(answered).toBe(0)
    expect(texts(await bench.open())).toHaveLength(2)
    expect(bench.segments()).toHaveLength(1)
  })

  test('a failure to write the cut halts, and nothing is deleted', async () => {
    const { log } = await bench.open()
    const positions = await appendEach(log, Array(6).fill('x'.repeat(7_000)))
    bench.files.failing = { operation: 'sync', suffix: 'marker' }
    log.trim(positions[5] ?? 0)
    await synced(log)
    while (bench.failures.length === 0) await new Promise(setImmediate)
    expect(bench.files.operations.filter((each) => each.startsWith('remove'))).toEqual([])
    bench.files.failing = null
    await bench.close()
    expect(texts(await bench.open()).length).toBeGreaterThanOrEqual(2)
  })

  test('a slow one delays only its waiters, and one write then catches up', async () => {
    const { log } = await bench.open()
    const release = bench.files.holdUp()
    let answered = 0
    for (let index = 0; index < 20; index++) {
      log.append(utf8(`${index}`))
      log.sync(() => answered++)
    }
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(answered).toBe(0)
    const before = bench.files.writes.filter((path) => path.endsWith('.segment')).length
    release()
    await synced(log)
    expect(answered).toBe(20)
    expect(
      bench.files.writes.filter((path) => path.endsWith('.segment')).length - before,
    ).toBeLessThanOrEqual(2)
  })

  test('a marker that cannot be written halts too', async () => {
    const { log } = await bench.open()
    bench.files.failing = { operation: 'write', suffix: 'marker' }
    await appendEach(log, ['one'])
    while (bench.failures.length === 0) await new Promise(setImmediate)
    expect(bench.failures[0]?.message).toBe(
      `Writing the log’s marker ${bench.path('marker')} failed: ${NO_SPACE}`,
    )
  })
})
