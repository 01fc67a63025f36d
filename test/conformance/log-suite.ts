/** The duties of every implementation of the port `Log`: the files of `io/` and the virtual disk of the simulator. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Log, LogPosition, LogReplay } from '../../src/ports.ts'

/** One log that can be opened, crash, and be opened again. */
export interface LogBench {
  /** Opens the log. The opening before it has crashed. */
  open(): Promise<LogReplay>
  /** Ends the process without warning: nothing more is written, and no callback is called. */
  crash(): Promise<void>
  /** Runs the log until the awaited event has occurred. */
  until<T>(outcome: Promise<T>): Promise<T>
  dispose(): Promise<void>
}

export function describeLog(name: string, createBench: () => Promise<LogBench>): void {
  describe(`${name} as a log`, () => {
    let bench: LogBench
    beforeEach(async () => {
      bench = await createBench()
    })
    afterEach(() => bench.dispose())

    const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString())
    const synced = (log: Log) => bench.until(new Promise<void>((resolve) => log.sync(resolve)))
    const read = (log: Log, position: LogPosition) =>
      bench.until(new Promise<Uint8Array | null>((resolve) => log.read(position, resolve)))
    const texts = ({ records }: LogReplay) => [...records].map(({ record }) => text(record))

    test('begins without records', async () => {
      expect(texts(await bench.open())).toEqual([])
    })

    test('gives back after a crash what was synced, in the order of appending', async () => {
      const { log } = await bench.open()
      for (const each of ['one', 'two', 'three']) log.append(utf8(each))
      await synced(log)
      await bench.crash()
      expect(texts(await bench.open())).toEqual(['one', 'two', 'three'])
    })

    test('gives back a beginning of what was appended and not synced', async () => {
      const { log } = await bench.open()
      log.append(utf8('synced'))
      await synced(log)
      const unsynced = ['a', 'b', 'c', 'd']
      for (const each of unsynced) log.append(utf8(each))
      await bench.crash()
      const [first, ...rest] = texts(await bench.open())
      expect(first).toBe('synced')
      expect(rest).toEqual(unsynced.slice(0, rest.length))
    })

    test('continues where it ended, opening after opening', async () => {
      const expected: string[] = []
      for (let round = 0; round < 4; round++) {
        const { log } = await bench.open()
        log.append(utf8(`${round}`))
        await synced(log)
        expected.push(`${round}`)
        await bench.crash()
      }
      expect(texts(await bench.open())).toEqual(expected)
    })

    test('holds what it gave out once, whatever happens afterwards', async () => {
      const first = await bench.open()
      first.log.append(utf8('maybe'))
      await bench.crash()
      const found = texts(await bench.open())
      await bench.crash()
      expect(texts(await bench.open())).toEqual(found)
    })

    test('calls back when records are on disk, not before, and in the order of asking', async () => {
      const { log } = await bench.open()
      const calls: number[] = []
      log.append(utf8('a'))
      log.sync(() => calls.push(1))
      log.append(utf8('b'))
      log.sync(() => calls.push(2))
      expect(calls).toEqual([])
      await synced(log)
      expect(calls).toEqual([1, 2])
    })

    test('a sync with nothing appended calls back too, later', async () => {
      const { log } = await bench.open()
      let isCalled = false
      log.sync(() => {
        isCalled = true
      })
      expect(isCalled).toBe(false)
      await synced(log)
      expect(isCalled).toBe(true)
    })

    test('what was appended before a callback’s sync survives a crash within that callback', async () => {
      const { log } = await bench.open()
      log.append(utf8('covered'))
      const done = new Promise<void>((resolve) => log.sync(resolve))
      log.append(utf8('appended while the sync was in flight'))
      log.sync(() => {})
      await bench.until(done)
      await bench.crash()
      expect(texts(await bench.open())[0]).toBe('covered')
    })

    test('no callback runs after a crash', async () => {
      const { log } = await bench.open()
      let calls = 0
      log.append(utf8('a'))
      log.sync(() => calls++)
      await bench.crash()
      const again = await bench.open()
      await synced(again.log)
      expect(calls).toBe(0)
    })

    test('reads records back, synced or not yet, at the places that append and replay gave', async () => {
      const { log } = await bench.open()
      const positions = ['a', 'b'].map((each) => log.append(utf8(each)))
      await synced(log)
      const unsynced = log.append(utf8('c'))
      expect(await Promise.all(positions.map(async (each) => text(await read(log, each))))).toEqual([
        'a',
        'b',
      ])
      expect(text(await read(log, unsynced))).toBe('c')
      await synced(log)
      expect(text(await read(log, unsynced))).toBe('c')
      await bench.crash()
      const again = await bench.open()
      for (const { position, record } of [...again.records]) {
        expect(await read(again.log, position)).toEqual(record)
      }
    })

    test('reads null where there is no record', async () => {
      const { log } = await bench.open()
      const position = log.append(utf8('a'))
      await synced(log)
      for (const nowhere of [position + 1, position + 1_000_000, 2 ** 45]) {
        expect(await read(log, nowhere)).toBeNull()
      }
    })

    test('a record that was read may be changed without harm', async () => {
      const { log } = await bench.open()
      const position = log.append(utf8('abc'))
      ;(await read(log, position))?.fill(0)
      await synced(log)
      ;(await read(log, position))?.fill(0)
      expect(text(await read(log, position))).toBe('abc')
    })

    test('takes records of no bytes and of 4 MiB', async () => {
      const { log } = await bench.open()
      const large = new Uint8Array(4 * 1024 * 1024).map((_, index) => index * 7)
      const records = [new Uint8Array(0), large, new Uint8Array(0), large.subarray(1), utf8('end')]
      const positions = records.map((record) => log.append(record))
      await synced(log)
      await bench.crash()
      const again = await bench.open()
      const found = [...again.records]
      expect(found).toHaveLength(records.length)
      for (const [index, record] of records.entries()) {
        expect(Buffer.compare(found[index]?.record ?? utf8('none'), record), `record ${index}`).toBe(0)
        const position = positions[index] ?? -1
        expect(Buffer.compare((await read(again.log, position)) ?? utf8('none'), record)).toBe(0)
      }
    })

    describe('trimming', () => {
      const fill = async (log: Log, count: number) => {
        const record = (index: number) => utf8(`${index}`.padEnd(3_000))
        const positions = Array.from({ length: count }, (_, index) => log.append(record(index)))
        await synced(log)
        return positions
      }
      const numbers = (replay: LogReplay) => texts(replay).map(Number)
      const from = (first: number, count: number) =>
        Array.from({ length: count - first }, (_, index) => first + index)

      test('a log that was never trimmed begins with its birth', async () => {
        const { log, beginning } = await bench.open()
        expect(beginning).toBe('birth')
        await fill(log, 20)
        await bench.crash()
        expect((await bench.open()).beginning).toBe('birth')
      })

      test('keeps everything from the position on, and reports when it begins with a cut', async () => {
        const { log } = await bench.open()
        const positions = await fill(log, 200)
        log.trim(positions[150] ?? 0)
        await synced(log)
        await synced(log)
        await bench.crash()
        const again = await bench.open()
        const found = numbers(again)
        expect(found[0]).toBeLessThanOrEqual(150)
        expect(found).toEqual(from(found[0] ?? 0, 200))
        expect(again.beginning).toBe((found[0] ?? 0) > 0 ? 'cut' : 'birth')
      })

      test('reads by the same positions what is kept; what is deleted reads as null', async () => {
        const { log } = await bench.open()
        const positions = await fill(log, 200)
        log.trim(positions[150] ?? 0)
        await synced(log)
        for (const [index, position] of positions.entries()) {
          const found = text(await read(log, position))
          if (index >= 150 || found !== null) expect(Number(found), `record ${index}`).toBe(index)
        }
      })

      test('a position beyond the end, or an earlier one, harms nothing', async () => {
        const { log } = await bench.open()
        const positions = await fill(log, 60)
        log.trim(positions[50] ?? 0)
        log.trim(positions[10] ?? 0)
        await synced(log)
        log.trim((positions[59] ?? 0) + 1)
        log.append(utf8('60'))
        await synced(log)
        await bench.crash()
        const again = await bench.open()
        expect(numbers(again).at(-1)).toBe(60)
        again.log.append(utf8('61'))
        await synced(again.log)
        await bench.crash()
        expect(numbers(await bench.open()).slice(-2)).toEqual([60, 61])
      })
    })
  })
}
