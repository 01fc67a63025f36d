import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AssertionFailure } from '../../src/base/assert.ts'
import { toHex } from '../../src/base/bytes.ts'
import { openLevelPageStore } from '../../src/io/level-page-store.ts'
import { openPageDatabase } from '../../src/io/page-database.ts'
import { salvagePages } from '../../src/io/page-salvage.ts'
import type { Anchor, Page, PageStore } from '../../src/ports.ts'
import { anchorOf, pageOf, pageOfSize } from '../conformance/page-store-suite.ts'
import { IS_DEEP } from '../kit/depth.ts'
import { failure, flipBit, patch } from './file-log-kit.ts'
import { isLockedForOthers } from './other-process.ts'
import { LevelPageStoreBench } from './page-store-bench.ts'

let bench: LevelPageStoreBench
beforeEach(() => {
  bench = new LevelPageStoreBench()
})
afterEach(() => bench.dispose())

const write = (store: PageStore, pages: readonly Page[]) =>
  new Promise<void>((resolve) => store.write(pages, resolve))
const commit = (store: PageStore, anchor: Anchor, removed: readonly Uint8Array[] = []) =>
  new Promise<void>((resolve) => store.commit(anchor, removed, resolve))
const halted = async () => {
  while (bench.failures.length === 0) await new Promise(setImmediate)
}

/** A closed store with this many pages in a table, and some more in its log. */
async function stored(inTables: number, inLog: number): Promise<readonly Page[]> {
  const pages = Array.from({ length: inTables + inLog }, (_, index) =>
    pageOfSize(500 + 37 * (index % 50), index),
  )
  let store = await bench.open()
  await write(store, pages.slice(0, inTables))
  await bench.close()
  // Opening moves what is in the log to a table.
  store = await bench.open()
  await write(store, pages.slice(inTables))
  await commit(store, anchorOf(8, pages[0]?.hash ?? new Uint8Array(32)))
  await bench.close()
  return pages
}

const files = (kind: RegExp) =>
  readdirSync(bench.path('pages'))
    .filter((name) => kind.test(name))
    .map((name) => join(bench.path('pages'), name))

/** The number of the pages that are there; none of them may be wrong. */
function countWhole(store: PageStore, pages: readonly Page[]): number {
  let whole = 0
  for (const { hash, bytes } of pages) {
    const found = store.read(hash)
    if (found === null) continue
    expect(Buffer.compare(found, bytes)).toBe(0)
    whole++
  }
  return whole
}

describe('a page store', () => {
  test('a second open in the same process is an assertion, before the database can lose its lock', async () => {
    const [page] = await stored(10, 10)
    const store = await bench.open()
    const options = { lock: await bench.lock(), onFailure: () => {}, onDamage: () => {} }
    expect(await failure(openLevelPageStore(bench.directory, options))).toBeInstanceOf(AssertionFailure)
    symlinkSync(bench.directory, `${bench.directory}.link`)
    const other = openLevelPageStore(`${bench.directory}.link`, options)
    expect(await failure(other)).toBeInstanceOf(AssertionFailure)
    expect(await failure(openPageDatabase(bench.path('pages')))).toBeInstanceOf(AssertionFailure)
    expect(() => [...salvagePages(bench.path('pages'))]).toThrow(AssertionFailure)
    expect(isLockedForOthers(bench.path('pages'))).toBe(true)
    expect(store.read(page?.hash ?? new Uint8Array(32))).not.toBeNull()
  })

  test('is opened by the holder of the lock around it only', async () => {
    const other = new LevelPageStoreBench()
    const options = { lock: await other.lock(), onFailure: () => {}, onDamage: () => {} }
    expect(await failure(openLevelPageStore(bench.directory, options))).toBeInstanceOf(AssertionFailure)
    await other.dispose()
  })

  test('deletes what is not kept, and keeps what was written after the call', async () => {
    const pages = await stored(3_000, 30)
    const store = await bench.open()
    const late = pageOf('late')
    const kept = pages.filter((_, index) => index % 3 === 0)
    const deleted = new Promise<number>((resolve) =>
      store.collect(
        kept.map(({ hash }) => hash),
        resolve,
      ),
    )
    const written = write(store, [late])
    expect(await deleted).toBe(pages.length - kept.length)
    await written
    expect(store.read(late.hash)).not.toBeNull()
    for (const [index, { hash }] of pages.entries()) expect(store.read(hash) !== null).toBe(index % 3 === 0)
  })

  test('a crash at any operation keeps the anchor’s pages', async () => {
    const [old, next, other] = ['old', 'next', 'other'].map(pageOf) as [Page, Page, Page]
    let reached = 0
    for (let operations = 0, isOver = false; !isOver; operations++) {
      const copy = new LevelPageStoreBench()
      const store = await copy.open()
      await write(store, [old])
      await commit(store, anchorOf(8, old.hash))
      copy.files.operationsLeft = operations
      const workload = (async () => {
        await write(store, [next])
        await write(store, [other])
        await commit(store, anchorOf(16, next.hash), [old.hash])
        await copy.close()
        isOver = true
      })()
      const died = (async () => {
        while (!copy.files.isDead && !isOver) await new Promise(setImmediate)
      })()
      await Promise.race([workload, died])
      if (!isOver) await copy.crash()
      const again = await copy.open()
      const root = again.anchor?.sequence === 16 ? next : old
      expect(again.anchor?.root, `after ${operations} operations`).toEqual(root.hash)
      expect(again.read(root.hash), `after ${operations} operations`).not.toBeNull()
      expect(copy.damages).toEqual([])
      reached = operations
      await copy.dispose()
    }
    expect(reached).toBeGreaterThan(4)
  })

  test('pages are synced before the anchor, and deleted after it', async () => {
    const [one, two] = ['one', 'two'].map(pageOf) as [Page, Page]
    const store = await bench.open()
    store.write([one, two], () => {})
    await commit(store, anchorOf(8, two.hash), [one.hash])
    expect(bench.changes).toEqual(['write 2, synced', 'anchor', 'delete 1'])
  })
})

describe('a disk that fails', () => {
  const full = new Error('Database failed', { cause: new Error('IO error: No space left on device') })

  test('a write that fails halts: the message names the place and the remedy', async () => {
    const store = await bench.open()
    let answered = 0
    bench.failing = full
    store.write([pageOf('one')], () => answered++)
    store.commit(anchorOf(8, pageOf('one').hash), [], () => answered++)
    await halted()
    bench.failing = null
    store.write([pageOf('two')], () => answered++)
    await bench.close()
    expect(answered).toBe(0)
    expect(bench.failures.map(({ message }) => message)).toEqual([
      `Writing the pages in ${bench.path('pages')} failed: IO error: No space left on device. ` +
        'Make room on this disk and start the replica again: it continues from what is on disk.',
    ])
    expect((await bench.open()).anchor).toBeNull()
  })

  test('an opening that the system refuses is named, and harms nothing', async () => {
    await stored(10, 10)
    const options = {
      lock: await bench.lock(),
      onFailure: () => {},
      onDamage: () => {},
      openDatabase: () => Promise.reject(full),
    }
    const error = await failure(openLevelPageStore(bench.directory, options))
    expect((error as Error).message).toBe(
      `Opening the pages in ${bench.directory} failed: IO error: No space left on device. ` +
        'Make room on this disk and start the replica again: it continues from what is on disk.',
    )
    expect((await bench.open()).anchor?.sequence).toBe(8)
    expect(bench.damages).toEqual([])
  })

  test.each(['write', 'sync'] as const)('an anchor whose %s fails leaves the old one', async (operation) => {
    const page = pageOf('one')
    const store = await bench.open()
    await write(store, [page])
    await commit(store, anchorOf(8, page.hash))
    bench.files.failing = { operation, suffix: 'anchor.new' }
    store.commit(anchorOf(16, page.hash), [page.hash], () => {})
    await halted()
    await bench.close()
    expect(bench.failures[0]?.message).toMatch(
      /^Writing the anchor .*anchor failed: ENOSPC: no space left on device\. Make room on this disk/,
    )
    const again = await bench.open()
    expect(again.anchor?.sequence).toBe(8)
    expect(again.read(page.hash)).not.toBeNull()
  })
})

describe('damage', () => {
  test('a damaged anchor is no anchor, and is named', async () => {
    await stored(10, 10)
    const original = readFileSync(bench.path('anchor'))
    for (let at = 0; at < original.length; at += at < 80 ? 1 : 29) {
      writeFileSync(bench.path('anchor'), original)
      flipBit(bench.path('anchor'), at)
      bench.damages.length = 0
      expect((await bench.open()).anchor, `byte ${at}`).toBeNull()
      expect(bench.damages, `byte ${at}`).toMatchObject([{ kind: 'anchor', file: bench.path('anchor') }])
      await bench.close()
    }
  })

  test('pages that are gone under an anchor are named', async () => {
    await stored(10, 10)
    rmSync(bench.path('pages'), { recursive: true })
    expect((await bench.open()).anchor?.sequence).toBe(8)
    expect(bench.damages).toMatchObject([{ kind: 'database', file: bench.path('pages') }])
  })

  test('a page with other bytes is null, named once, and good again when it is written anew', async () => {
    const page = pageOf('one')
    const store = await bench.open()
    await write(store, [{ hash: page.hash, bytes: pageOf('other').bytes }])
    expect(store.read(page.hash)).toBeNull()
    expect(store.read(page.hash)).toBeNull()
    expect(store.damagedPages).toBe(1)
    expect(bench.damages).toHaveLength(1)
    expect(bench.damages[0]).toMatchObject({ kind: 'page', file: bench.path('pages') })
    expect(bench.damages[0]?.message).toContain(toHex(page.hash))
    await write(store, [page])
    expect(store.read(page.hash)).not.toBeNull()
    expect(store.damagedPages).toBe(0)
  })

  test('a damaged block costs its pages: the others are salvaged, and the files kept once', async () => {
    const pages = await stored(1_000, 100)
    for (const round of [1, 2]) {
      const [table = ''] = files(/ldb$/)
      flipBit(table, Math.floor(statSync(table).size / 3))
      bench.damages.length = 0
      const store = await bench.open()
      const whole = countWhole(store, pages)
      expect(whole).toBeGreaterThan(1_000)
      // The second time, rewritten pages are at other places.
      if (round === 1) expect(whole).toBeLessThan(1_100)
      expect(store.anchor?.sequence).toBe(8)
      expect(bench.damages).toHaveLength(1)
      expect(bench.damages[0]?.message).toMatch(
        new RegExp(
          `a block of ${table} at offset \\d+ does not check out.*moved to .*pages\\.damaged, and \\d+ whole`,
        ),
      )
      expect(readdirSync(bench.directory).sort()).toEqual(['anchor', 'pages', 'pages.damaged'])
      await write(store, pages)
      expect(countWhole(store, pages)).toBe(1_100)
      await bench.close()
      // What is in the log of the database goes to a table.
      await bench.open()
      await bench.close()
    }
  })

  test.runIf(IS_DEEP)(
    'every file of the database emptied, cut, zeroed, or gone: no wrong page, no error without a name',
    async () => {
      const pages = await stored(300, 50)
      cpSync(bench.directory, `${bench.directory}.good`, { recursive: true })
      const harms: readonly (readonly [string, (path: string) => void])[] = [
        ['gone', (path) => rmSync(path)],
        ['emptied', (path) => truncateSync(path, 0)],
        ['cut', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
        ['zeroed', (path) => patch(path, 0, new Uint8Array(statSync(path).size))],
        ['overwritten', (path) => patch(path, 0, new Uint8Array(statSync(path).size).fill(0xff))],
      ]
      for (const name of readdirSync(join(`${bench.directory}.good`, 'pages'))) {
        for (const [how, harm] of harms) {
          rmSync(bench.directory, { recursive: true })
          cpSync(`${bench.directory}.good`, bench.directory, { recursive: true })
          bench.damages.length = 0
          harm(join(bench.path('pages'), name))
          const store = await bench.open()
          const whole = countWhole(store, pages)
          if (/CURRENT|MANIFEST/.test(name) && how !== 'cut') {
            expect(whole, `${name} ${how}`).toBe(350)
            expect(bench.damages, `${name} ${how}`).not.toEqual([])
          }
          if (/ldb$/.test(name)) expect(bench.damages, `${name} ${how}`).not.toEqual([])
          await write(store, pages)
          expect(countWhole(store, pages), `${name} ${how}`).toBe(350)
          await bench.close()
          expect(bench.failures).toEqual([])
        }
      }
    },
  )

  test('a good table at another’s place, or another file in place of a log, is named', async () => {
    const pages = await stored(300, 50)
    await bench.open()
    await bench.close()
    const [first = '', second = ''] = files(/ldb$/)
    const [manifest = ''] = files(/MANIFEST/)
    const [log = ''] = files(/log$/)
    cpSync(bench.directory, `${bench.directory}.good`, { recursive: true })
    for (const [from, to] of [
      [first, second],
      [second, first],
      [manifest, log],
    ] as const) {
      rmSync(bench.directory, { recursive: true })
      cpSync(`${bench.directory}.good`, bench.directory, { recursive: true })
      bench.damages.length = 0
      cpSync(from, to)
      const store = await bench.open()
      expect(bench.damages, `${from} over ${to}`).toMatchObject([{ kind: 'database' }])
      expect(bench.damages[0]?.message).toContain(to)
      expect(countWhole(store, pages)).toBeGreaterThanOrEqual(50)
      await bench.close()
    }
  })

  test('a table that a crash left unfinished is no damage', async () => {
    const pages = await stored(300, 50)
    const [table = ''] = files(/ldb$/)
    writeFileSync(join(bench.path('pages'), '000999.ldb'), readFileSync(table).subarray(0, 1_000))
    const store = await bench.open()
    expect(bench.damages).toEqual([])
    expect(countWhole(store, pages)).toBe(350)
    expect(existsSync(bench.path('pages.damaged'))).toBe(false)
  })
})
