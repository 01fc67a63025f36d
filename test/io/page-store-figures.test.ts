/**
 * Measures the page store on request:
 *
 *   STRATEGOS_PAGE_WRITES=1000000 npx vitest run test/io/page-store-figures
 *
 * Pages of 8 KiB are replaced in rounds, each a commit that removes what it replaces, as checkpoints do.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import type { Page } from '../../src/ports.ts'
import { anchorOf, pageOfSize } from '../conformance/page-store-suite.ts'
import { LevelPageStoreBench } from './page-store-bench.ts'

const WRITES = Number(process.env['STRATEGOS_PAGE_WRITES'] ?? 0)
/** Pages of the state, and how many of them each commit replaces. */
const LIVE_PAGES = 4_000
const PAGES_PER_COMMIT = 500
const PAGE_BYTES = 8 * 1024
const MIB = 1024 * 1024

const bytesUnder = (directory: string): number =>
  readdirSync(directory).reduce((sum, name) => {
    // The database may be deleting it.
    const file = statSync(join(directory, name), { throwIfNoEntry: false })
    return sum + (file?.size ?? 0)
  }, 0)

const quantile = (sorted: readonly number[], part: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)

test.runIf(WRITES > 0)(
  'figures of the page store',
  async () => {
    const bench = new LevelPageStoreBench()
    const store = await bench.open()
    const random = createRandom(1)
    const live: Uint8Array[] = []
    const times: number[] = []
    let most = 0
    const startedAt = performance.now()
    for (let written = 0, round = 1; written < WRITES; round++) {
      const pages: Page[] = []
      const removed: Uint8Array[] = []
      for (let index = 0; index < PAGES_PER_COMMIT; index++) {
        const page = pageOfSize(PAGE_BYTES, written + index)
        pages.push(page)
        if (live.length < LIVE_PAGES) live.push(page.hash)
        else {
          const at = random.between(0, LIVE_PAGES - 1)
          removed.push(live[at] as Uint8Array)
          live[at] = page.hash
        }
      }
      written += pages.length
      const begun = performance.now()
      store.write(pages, () => {})
      const anchor = anchorOf(round, live[0] as Uint8Array)
      await new Promise<void>((resolve) => store.commit(anchor, removed, resolve))
      times.push(performance.now() - begun)
      most = Math.max(most, bytesUnder(bench.path('pages')))
    }
    const seconds = (performance.now() - startedAt) / 1000
    for (const hash of live.slice(0, 100)) expect(store.read(hash)).not.toBeNull()
    const readAt = performance.now()
    for (const hash of live) store.read(hash)
    const readMs = (performance.now() - readAt) / live.length
    await bench.close()
    const openAt = performance.now()
    await bench.open()
    const openMs = performance.now() - openAt
    times.sort((a, b) => a - b)
    const size = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`
    console.log(
      [
        `${WRITES} pages of ${PAGE_BYTES} bytes in ${seconds.toFixed(0)} s, ${PAGES_PER_COMMIT} a commit`,
        `state ${size(LIVE_PAGES * PAGE_BYTES)}, on disk ${size(bytesUnder(bench.path('pages')))}, at most ${size(most)}`,
        `commit ms: half ${quantile(times, 0.5)}, 99 % ${quantile(times, 0.99)}, longest ${quantile(times, 1)}`,
        `reading a page ${(readMs * 1000).toFixed(0)} µs, opening ${openMs.toFixed(0)} ms`,
      ].join('\n'),
    )
    expect(bench.failures).toEqual([])
    await bench.dispose()
  },
  // As long as it is asked to write.
  0,
)
