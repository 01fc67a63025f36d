import { readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { LogCorrupt, LogLostSyncedData } from '../../src/io/file-log-errors.ts'
import {
  encodeRecordHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from '../../src/io/file-log-record.ts'
import { deeper } from '../kit/depth.ts'
import { FileLogBench, SMALL_SEGMENT_BYTES } from './file-log-bench.ts'
import { appendEach, failure, flipBit, offsetOf, patch, prepare, synced, texts } from './file-log-kit.ts'

/** The step between tried bytes; the deep run tries each byte. */
const STEP = deeper(3, 1)

let bench: FileLogBench
beforeEach(async () => {
  bench = new FileLogBench()
  await bench.create()
})
afterEach(() => bench.dispose())

describe('a torn tail', () => {
  test.each(['zeroed', 'cut short', 'garbage'])(
    '%s at every byte of the last record, is cut',
    async (how) => {
      const { offsets, end, segment } = await prepare(bench, ['one', 'two', 'the last one'], 2)
      const original = readFileSync(segment)
      const marker = readFileSync(bench.path('marker'))
      for (let at = offsets[2] ?? 0; at < end; at += STEP) {
        writeFileSync(segment, original)
        writeFileSync(bench.path('marker'), marker)
        if (how === 'cut short') truncateSync(segment, at)
        else patch(segment, at, new Uint8Array(end - at).fill(how === 'zeroed' ? 0 : 0xa5))
        const replay = await bench.open()
        expect(texts(replay), `torn at ${at}`).toEqual(['one', 'two'])
        if (at % 8 < STEP) await appendEach(replay.log, ['new'])
        await bench.close()
        if (at % 8 >= STEP) continue
        expect(texts(await bench.open())).toEqual(['one', 'two', 'new'])
        await bench.close()
        expect(statSync(segment).size).toBe(SMALL_SEGMENT_BYTES)
      }
    },
  )

  test('a group that was written together may have reached the disk in any order', async () => {
    const { log } = await bench.open()
    await appendEach(log, ['one'])
    await bench.close()
    const marker = readFileSync(bench.path('marker'))
    const again = await bench.open()
    const positions = ['two', 'three', 'four'].map((each) => again.log.append(utf8(each)))
    await synced(again.log)
    await bench.close()
    writeFileSync(bench.path('marker'), marker)
    flipBit(bench.segments()[0] ?? '', offsetOf(positions[1] ?? 0) + 3)
    expect(texts(await bench.open())).toEqual(['one', 'two'])
  })

  test('a torn record with a client’s value that looks like a record is torn all the same', async () => {
    const looksLike = (seed: number) => {
      const content = utf8('forged')
      const facts = { counter: 4, synced: 3, chain: new Uint8Array(32) }
      return concatBytes(encodeRecordHeader(facts, content, seed), content)
    }
    const { end, segment } = await prepare(bench, ['one', 'two'])
    const header = new Uint8Array(RECORD_HEADER_BYTES).fill(1)
    patch(segment, end, concatBytes(header, looksLike(0)))
    expect(texts(await bench.open())).toEqual(['one', 'two'])
    await bench.close()
    // With the nonce, which no client knows, it would be a proof.
    const seed = readFileSync(segment).readUInt32BE(16)
    patch(segment, end, concatBytes(header, looksLike(seed)))
    expect(await failure(bench.open())).toBeInstanceOf(LogCorrupt)
  })
})

describe('damage', () => {
  test('one flipped bit in any byte of synced records is detected and named', async () => {
    const { offsets, end, segment } = await prepare(bench, ['one', 'two', 'three'])
    const starts = [0, SEGMENT_HEADER_BYTES, ...offsets]
    const original = readFileSync(segment)
    for (let at = 0; at < end; at += STEP) {
      writeFileSync(segment, original)
      flipBit(segment, at)
      const error = await failure(bench.open())
      expect(error, `byte ${at}`).toBeInstanceOf(LogCorrupt)
      const offset = starts.filter((start) => start <= at).at(-1)
      expect(error, `byte ${at}`).toMatchObject({ file: segment, offset })
      expect((error as Error).message).toContain(`in ${segment} at offset ${offset}.`)
    }
    writeFileSync(segment, original)
    expect(texts(await bench.open())).toEqual(['one', 'two', 'three'])
  })

  test('behind the marker, a later record that was written after the sync of a bad one exposes it', async () => {
    const { offsets, segment } = await prepare(bench, ['one', 'two', 'three', 'four'], 1)
    flipBit(segment, (offsets[1] ?? 0) + RECORD_HEADER_BYTES)
    const error = await failure(bench.open())
    expect(error).toBeInstanceOf(LogCorrupt)
    expect(error).toMatchObject({ offset: offsets[1] })
    expect((error as Error).message).toContain('record 2 does not check out before good record')
  })

  test('in the middle of many segments it is named by its segment', async () => {
    const { log } = await bench.open()
    await appendEach(
      log,
      Array.from({ length: 40 }, (_, index) => `${index}`.repeat(2_000)),
    )
    await bench.close()
    const segments = bench.segments()
    expect(segments.length).toBeGreaterThan(5)
    for (const file of segments.slice(1, -1)) {
      for (const at of [
        0,
        20,
        SEGMENT_HEADER_BYTES + 1,
        SEGMENT_HEADER_BYTES + 5_000,
        statSync(file).size - 1,
      ]) {
        const before = readFileSync(file)
        flipBit(file, at)
        const error = await failure(bench.open())
        expect(error, `${file} byte ${at}`).toBeInstanceOf(LogCorrupt)
        expect(error, `${file} byte ${at}`).toMatchObject({ file })
        writeFileSync(file, before)
      }
    }
    expect(texts(await bench.open())).toHaveLength(40)
  })

  test('records of another log, or of this one at another place, are not taken', async () => {
    const { offsets, segment } = await prepare(bench, ['one', 'two', 'xyz'])
    const bytes = readFileSync(segment)
    const length = RECORD_HEADER_BYTES + 3
    patch(segment, offsets[1] ?? 0, bytes.subarray(offsets[2], (offsets[2] ?? 0) + length))
    expect(await failure(bench.open())).toMatchObject({ name: 'LogCorrupt', offset: offsets[1] })
    const other = new FileLogBench()
    await other.create()
    writeFileSync(segment, readFileSync(other.segments()[0] ?? ''))
    await other.dispose()
    expect(await failure(bench.open())).toBeInstanceOf(LogLostSyncedData)
  })

  test('a record with a good checksum that does not continue the chain', async () => {
    const { offsets, segment } = await prepare(bench, ['one', 'two', 'xyz'])
    const seed = readFileSync(segment).readUInt32BE(16)
    const facts = { counter: 2, synced: 1, chain: new Uint8Array(32) }
    patch(segment, offsets[1] ?? 0, concatBytes(encodeRecordHeader(facts, utf8('TWO'), seed), utf8('TWO')))
    const error = await failure(bench.open())
    expect(error).toMatchObject({ name: 'LogCorrupt', offset: offsets[1] })
    expect((error as Error).message).toContain('record 2 does not continue the chain')
  })

  test('a log that was rewritten up to the marker is not the one that was synced', async () => {
    const { segment } = await prepare(bench, ['one', 'two'])
    const other = new FileLogBench()
    await other.create()
    const { log } = await other.open()
    await appendEach(log, ['one', 'six', 'ten'])
    await other.close()
    writeFileSync(segment, readFileSync(other.segments()[0] ?? ''))
    await other.dispose()
    const error = await failure(bench.open())
    expect(error).toBeInstanceOf(LogCorrupt)
    expect((error as Error).message).toContain('record 2 is not the one that was synced')
  })

  test('a missing segment in the middle, or at the beginning', async () => {
    const { log } = await bench.open()
    await appendEach(
      log,
      Array.from({ length: 12 }, () => 'x'.repeat(7_000)),
    )
    await bench.close()
    const [first, second] = bench.segments() as [string, string]
    renameSync(second, bench.path('aside'))
    expect(await failure(bench.open())).toMatchObject({ name: 'LogCorrupt', file: first })
    renameSync(bench.path('aside'), second)
    rmSync(first)
    expect(await failure(bench.open())).toMatchObject({ name: 'LogLostSyncedData', file: second })
  })
})

describe('lost synced data', () => {
  test('the log cut off at any byte below the marker', async () => {
    const { end, segment } = await prepare(bench, ['one', 'two', 'three'])
    const original = readFileSync(segment)
    for (let at = 0; at < end; at += STEP) {
      writeFileSync(segment, original.subarray(0, at))
      const error = await failure(bench.open())
      expect(error, `cut at ${at}`).toBeInstanceOf(LogLostSyncedData)
      expect((error as Error).message).toMatch(
        /synced up to record 3 and ends before record [0-3] in .* at offset \d+/,
      )
    }
    writeFileSync(segment, original.subarray(0, end))
    expect(texts(await bench.open())).toEqual(['one', 'two', 'three'])
  })

  test('zeros from a record on', async () => {
    const { offsets, segment } = await prepare(bench, ['one', 'two', 'three'])
    patch(segment, offsets[1] ?? 0, new Uint8Array(1_000))
    expect(await failure(bench.open())).toMatchObject({ name: 'LogLostSyncedData', offset: offsets[1] })
  })

  test('the last segment or all of them gone', async () => {
    const { log } = await bench.open()
    await appendEach(
      log,
      Array.from({ length: 6 }, () => 'x'.repeat(7_000)),
    )
    await bench.close()
    rmSync(bench.segments().at(-1) ?? '')
    expect(await failure(bench.open())).toBeInstanceOf(LogLostSyncedData)
    for (const segment of bench.segments()) rmSync(segment)
    expect(await failure(bench.open())).toBeInstanceOf(LogLostSyncedData)
  })

  test('an old copy of the segments under the newer marker', async () => {
    const { log } = await bench.open()
    await appendEach(log, ['one'])
    await bench.close()
    const old = readFileSync(bench.segments()[0] ?? '')
    const again = await bench.open()
    await appendEach(again.log, ['two'])
    await bench.close()
    writeFileSync(bench.segments()[0] ?? '', old)
    expect(await failure(bench.open())).toBeInstanceOf(LogLostSyncedData)
  })
})

describe('the marker', () => {
  test('a crash between a write and its marker loses nothing', async () => {
    await prepare(bench, ['one', 'two', 'three'], 1)
    expect(texts(await bench.open())).toEqual(['one', 'two', 'three'])
  })

  test('a torn slot falls back to the one before; two bad ones are damage', async () => {
    await prepare(bench, ['one', 'two', 'three'])
    const marker = bench.path('marker')
    const original = readFileSync(marker)
    for (const slot of [0, 512]) {
      writeFileSync(marker, original)
      patch(marker, slot + 20, new Uint8Array(30))
      expect(texts(await bench.open())).toEqual(['one', 'two', 'three'])
      await bench.close()
    }
    patch(marker, 5, Uint8Array.of(9))
    patch(marker, 512 + 5, Uint8Array.of(9))
    expect(await failure(bench.open())).toMatchObject({ name: 'LogCorrupt', file: marker })
    rmSync(marker)
    expect(await failure(bench.open())).toMatchObject({ name: 'LogCorrupt', file: marker })
  })

  test('is written into its slots in turn, so that one of them is whole at any time', async () => {
    const { log } = await bench.open()
    await appendEach(log, Array(9).fill('x'))
    await bench.close()
    const slots = bench.files.operations.filter((each) => each.startsWith('write marker'))
    expect(slots.length).toBeGreaterThan(2)
    for (const [index, slot] of slots.entries()) if (index > 0) expect(slot).not.toBe(slots[index - 1])
    expect(bench.files.operations.at(-1)).toBe('sync marker')
  })

  test('follows each sync, and covers everything at close', async () => {
    const { log } = await bench.open()
    for (let count = 0; count < 5; count++) await appendEach(log, ['x'])
    await bench.close()
    const segment = bench.segments()[0] ?? ''
    const end = SEGMENT_HEADER_BYTES + 2 * RECORD_HEADER_BYTES
    truncateSync(segment, end + 100)
    const error = await failure(bench.open())
    expect((error as Error).message).toContain('synced up to record 5')
  })
})
