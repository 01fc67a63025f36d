/**
 * Real files, damaged at random places in every way that disks fail. Reading returns the written data, a clean cut of
 * unsynced data, or a named damage.
 *
 *   STRATEGOS_ROT=20000 npx vitest run test/io/bit-rot           more rounds, and other ones than usual
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import { LogCorrupt, LogLostSyncedData, LogMissing } from '../../src/io/file-log-errors.ts'
import type { Log, Page, PageStore } from '../../src/ports.ts'
import { anchorOf, pageOfSize } from '../conformance/page-store-suite.ts'
import { deeper } from '../kit/depth.ts'
import { FileLogBench } from './file-log-bench.ts'
import { failure, patch, synced, texts } from './file-log-kit.ts'
import { LevelPageStoreBench } from './page-store-bench.ts'

const ROUNDS = Number(process.env['STRATEGOS_ROT'] ?? 0)
const SEED = ROUNDS > 0 ? Date.now() % 1_000_000 : 1

type Files = Map<string, Uint8Array>

function filesUnder(directory: string): Files {
  const files: Files = new Map()
  for (const name of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(name.parentPath, name.name)
    if (name.isFile() && name.name !== 'lock') files.set(path, Uint8Array.from(readFileSync(path)))
  }
  return files
}

function restore(directory: string, files: Files): void {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  for (const [path, bytes] of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
  }
}

/** Damages one file or two, and returns a description. */
function harm(files: Files, random: Random): string {
  const paths = [...files.keys()].sort()
  const pick = () => paths[random.between(0, paths.length - 1)] as string
  const path = pick()
  const bytes = Uint8Array.from(files.get(path) ?? [])
  const at = random.between(0, Math.max(0, bytes.length - 1))
  const kind = random.between(0, 9)
  const length = 2 ** random.between(0, 10)
  switch (kind) {
    case 0:
      rmSync(path)
      return `${path} deleted`
    case 1:
      writeFileSync(path, bytes.subarray(0, at))
      return `${path} cut at ${at}`
    case 2:
      writeFileSync(path, bytes.fill(0, at, at + length))
      return `${length} zeros in ${path} at ${at}`
    case 3:
      writeFileSync(path, bytes.fill(0, at))
      return `${path} zero from ${at} on`
    case 4:
      writeFileSync(path, bytes.fill(random.between(1, 255), at, at + length))
      return `${length} equal bytes in ${path} at ${at}`
    case 5: {
      const other = pick()
      writeFileSync(path, files.get(other) ?? bytes)
      return `${other} copied over ${path}`
    }
    case 6: {
      const from = random.between(0, Math.max(0, bytes.length - 1))
      writeFileSync(path, bytes.copyWithin(at, from, from + length))
      return `${length} bytes in ${path} copied from ${from} to ${at}`
    }
    default:
      if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << (kind === 9 ? 7 : random.between(0, 7)))
      writeFileSync(path, bytes)
      return `a bit of ${path} at ${at}`
  }
}

/**
 * Changes bytes of a table in place: the database maps its tables, and one that is cut short under it ends the process.
 * What it compacts at the moment may be gone already.
 */
function rot(files: Files, random: Random): string {
  const [path, bytes] = random.pick([...files].filter(([name]) => name.endsWith('.ldb')))
  const at = random.below(bytes.length)
  const length = Math.min(random.pick([1, 1, 4, 64]), bytes.length - at)
  try {
    patch(
      path,
      at,
      Uint8Array.from({ length }, () => random.below(256)),
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return `${length} bytes of ${path} at ${at}`
}

/** The number of the pages that are there; none of them may be wrong. */
function countWhole(store: PageStore, pages: readonly Page[], how: string): number {
  let whole = 0
  for (const { hash, bytes } of pages) {
    const found = store.read(hash)
    if (found === null) continue
    expect(Buffer.compare(found, bytes), how).toBe(0)
    whole++
  }
  return whole
}

async function fill(log: Log, records: readonly string[]) {
  const positions = records.map((record) => log.append(utf8(record)))
  await synced(log)
  return positions
}

test.each([
  ['whole', false, false],
  ['trimmed', true, false],
  ['whole, with a marker from before its last records', false, true],
  ['trimmed, with a marker from before its last records', true, true],
])('a log that is %s', async (_, isTrimmed, isMarkerOld) => {
  const bench = new FileLogBench(4096)
  await bench.create()
  const all = Array.from({ length: 30 }, (_, index) => `${index} `.padEnd(50 + 97 * (index % 9), `${index}`))
  const { log } = await bench.open()
  const positions = await fill(log, all.slice(0, 20))
  if (isTrimmed) log.trim(positions[14] ?? 0)
  await synced(log)
  await bench.close()
  const marker = readFileSync(bench.path('marker'))
  const again = await bench.open()
  await fill(again.log, all.slice(20))
  await bench.close()
  if (isMarkerOld) writeFileSync(bench.path('marker'), marker)
  const files = filesUnder(bench.directory)
  const first = all.length - texts(await bench.open()).length
  await bench.close()
  expect(first > 0).toBe(isTrimmed)
  const certain = isMarkerOld ? 20 : 30

  const random = createRandom(SEED)
  const counts = { whole: 0, cut: 0, named: 0 }
  for (let round = 0; round < (ROUNDS || deeper(25, 500)); round++) {
    restore(bench.directory, files)
    const how = `seed ${SEED}, round ${round}: ${harm(files, random)}`
    const error = await failure(
      (async () => {
        const replay = await bench.open()
        const found = texts(replay)
        expect(found, how).toEqual(all.slice(first, first + found.length))
        expect(first + found.length, how).toBeGreaterThanOrEqual(certain)
        expect(replay.beginning, how).toBe(isTrimmed ? 'cut' : 'birth')
        counts[first + found.length === all.length ? 'whole' : 'cut']++
      })(),
    )
    await bench.close()
    if (error === null) continue
    counts.named++
    const isNamed = [LogCorrupt, LogLostSyncedData, LogMissing].some((kind) => error instanceof kind)
    if (!isNamed) throw error
    expect((error as Error).message, how).toContain(bench.directory)
  }
  await bench.dispose()
  expect(counts.whole).toBeGreaterThan(0)
  expect(counts.named).toBeGreaterThan(0)
  if (isMarkerOld) expect(counts.cut).toBeGreaterThan(0)
})

test('every byte of the marker and of the segments’ headers of a trimmed log', async () => {
  const bench = new FileLogBench(4096)
  await bench.create()
  const { log } = await bench.open()
  const records = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(700))
  const positions = await fill(log, records)
  log.trim(positions[12] ?? 0)
  await synced(log)
  await bench.close()
  const files = filesUnder(bench.directory)
  const kept = texts(await bench.open())
  await bench.close()
  for (const [path, bytes] of files) {
    const isMarker = path.endsWith('marker')
    // The header of the segment and of its first record; the contents of the slots and a little after them.
    const places = isMarker
      ? [...Array(96).keys(), ...Array.from({ length: 96 }, (_, at) => 512 + at)]
      : [...Array(184).keys()]
    // Each place has its own bit, whichever places are used.
    for (const at of places.filter((place) => place % deeper(3, 1) === 0)) {
      const harmed = Uint8Array.from(bytes)
      harmed[at] = (harmed[at] as number) ^ (1 << (at % 8))
      writeFileSync(path, harmed)
      const error = await failure(
        bench.open().then((replay) => expect(texts(replay), `${path} byte ${at}`).toEqual(kept)),
      )
      await bench.close()
      if (isMarker) expect(error, `${path} byte ${at}`).toBeNull()
      else expect(error, `${path} byte ${at}`).toBeInstanceOf(LogCorrupt)
      restore(bench.directory, files)
    }
  }
  await bench.dispose()
})

test('a page store', async () => {
  const bench = new LevelPageStoreBench()
  const pages = Array.from({ length: 240 }, (_, index) => pageOfSize(200 + 61 * (index % 40), index))
  const anchor = anchorOf(8, pages[0]?.hash ?? new Uint8Array(32))
  // Three tables and a log.
  for (let part = 0; part < 4; part++) {
    const store = await bench.open()
    await new Promise<void>((done) => store.write(pages.slice(60 * part, 60 * part + 60), done))
    await new Promise<void>((done) => store.commit(anchor, [], done))
    await bench.close()
  }
  const files = filesUnder(bench.directory)
  expect([...files.keys()].filter((path) => path.endsWith('.ldb'))).toHaveLength(3)
  const random = createRandom(SEED)
  let missing = 0
  for (let round = 0; round < (ROUNDS || deeper(12, 250)); round++) {
    restore(bench.directory, files)
    bench.damages.length = 0
    // Now and then it is harmed while it is open.
    const isOpen = round % 5 === 4
    const opened = isOpen ? await bench.open() : null
    const how = `seed ${SEED}, round ${round}: ${isOpen ? rot(files, random) : harm(files, random)}${isOpen ? ', while open' : ''}`
    const store = opened ?? (await bench.open())
    if (!isOpen) {
      if (store.anchor === null)
        expect(bench.damages.length + Number(/anchor deleted/.test(how)), how).toBeGreaterThan(0)
      else expect(store.anchor, how).toEqual(anchor)
    }
    missing += pages.length - countWhole(store, pages, how)
    if (!isOpen) {
      await new Promise<void>((done) => store.write(pages, done))
      expect(countWhole(store, pages, how), how).toBe(pages.length)
    }
    await bench.close()
    expect(bench.failures, how).toEqual([])
  }
  await bench.dispose()
  expect(missing).toBeGreaterThan(0)
})
