/** Rule 6.3: the log proves itself. The log's own tests are in test/io; here, that nothing harmed is ever replayed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { FileLogBench } from '../io/file-log-bench.ts'
import { failure, prepare, texts } from '../io/file-log-kit.ts'

const RECORDS = ['proposed', 'prepared', 'decided', 'view-change', 'new-view']

let bench: FileLogBench
beforeEach(async () => {
  bench = new FileLogBench()
  await bench.create()
})
afterEach(() => bench.dispose())

describe('a log that was harmed', () => {
  test('PBFT-6.3 whatever bit of its synced records flips, it never opens as a log without that record', async () => {
    const { segment, offsets, end } = await prepare(bench, RECORDS)
    const [whole, marker] = [readFileSync(segment), readFileSync(bench.path('marker'))]
    const random = createRandom(1)
    for (let time = 0; time < 60; time++) {
      const harmed = Buffer.from(whole)
      const at = random.between(offsets[0] ?? 0, end - 1)
      harmed[at] = (harmed[at] ?? 0) ^ (1 << random.below(8))
      writeFileSync(segment, harmed)
      writeFileSync(bench.path('marker'), marker)
      const error = await failure(bench.open())
      expect(error, `bit at ${at}`).toBeInstanceOf(Error)
    }
    writeFileSync(segment, whole)
    writeFileSync(bench.path('marker'), marker)
    expect(texts(await bench.open())).toEqual(RECORDS)
    await bench.close()
  })

  test('PBFT-6.3 a torn tail behind the marker is cut, and only that', async () => {
    const { segment, offsets } = await prepare(bench, RECORDS, 3)
    const harmed = readFileSync(segment)
    harmed.fill(0, offsets[3] ?? 0)
    writeFileSync(segment, harmed)
    expect(texts(await bench.open())).toEqual(RECORDS.slice(0, 3))
    await bench.close()
  })
})
