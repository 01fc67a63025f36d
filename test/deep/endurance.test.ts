/** The log is trimmed once a checkpoint is stored, and what was trimmed comes back from the pages. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { EnduranceResult } from '../../clients/bench/endurance.ts'
import { StoreClient } from '../../clients/library/store-client.ts'
import { toHex } from '../../src/base/bytes.ts'
import { replicaLog } from '../../src/io/cluster-directory.ts'
import { parseSegmentName } from '../../src/io/file-log-segments.ts'
import { Fleet, LOAD_NAMES } from '../integration/fleet.ts'
import { ProcessKit, until } from '../integration/process-kit.ts'
import { PATIENCE_MS } from '../kit/patience.ts'

/** A bundle of 8 is a batch, and so 128 of them, after which a checkpoint is due, are more than a segment of the log. */
const VALUE_BYTES = 20 * 1024
const OPERATIONS = 1_600
const STORE_EARLY = ['--store-after-mib', '4'] as const

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

test('the benchmark measures 20 times, judges, and leaves nothing behind', async () => {
  const directory = kit.directory()
  const load = ['--operations', `${OPERATIONS}`, '--keys', '160', '--concurrency', '4']
  const run = await kit.run('bench', 'endurance', '--json', '--dir', directory, ...load, ...STORE_EARLY)
  const { samples, isFlat } = JSON.parse(run.stdout) as EnduranceResult
  expect(run.code).toBe(isFlat ? 0 : 1)
  expect(samples).toHaveLength(20)
  const last = samples.at(-1)
  expect(last?.operations).toBeGreaterThanOrEqual(OPERATIONS)
  expect(last?.replicas.map(({ id }) => id)).toEqual([0, 1, 2, 3])
  for (const replica of last?.replicas ?? []) {
    expect(replica.memoryBytes).toBeGreaterThan(0)
    expect(replica.logBytes).toBeGreaterThan(0)
  }
  expect(readdirSync(directory)).toEqual([])
})

test('a benchmark that is interrupted ends its replicas and removes its directory', async () => {
  const directory = kit.directory()
  const run = kit.start('bench', 'endurance', '--dir', directory, '--operations', '40000000')
  await until('the load has begun', () => {
    const [made] = readdirSync(directory)
    if (made === undefined) return false
    const log = join(directory, made, 'replica-0', 'log')
    // The first segment's second half makes the next one be prepared.
    return existsSync(log) && readdirSync(log).length > 2
  })
  const ended = new Promise((resolve) => run.once('close', resolve))
  run.kill('SIGINT')
  expect(await ended).toBe(2)
  expect(run.output.stderr).toBe('Interrupted.\n')
  expect(readdirSync(directory)).toEqual([])
})

test('all replicas are killed after their logs were trimmed, and nothing is lost', async () => {
  const fleet = await Fleet.up(kit, { replicaFlags: STORE_EARLY })
  const { directory } = fleet
  const isTrimmed = (id: number): boolean =>
    !readdirSync(replicaLog(directory, id)).some((name) => parseSegmentName(name) === 0)
  const key = (index: number): Uint8Array => Buffer.from(`key-${index}`)
  const value = (index: number): Uint8Array => Buffer.alloc(VALUE_BYTES, index)
  let written = 0
  const open = () => StoreClient.open({ directory, name: LOAD_NAMES[0], timeoutMs: PATIENCE_MS })

  const writer = await open()
  // A value that the trimmed part of the log wrote, and nothing after it.
  await writer.execute({ kind: 'put', key: Buffer.from('first'), value: Buffer.from('of all') })
  await until('every log is trimmed', async () => {
    const bundle = Array.from({ length: 8 }, () => written++)
    const put = (index: number) =>
      writer.execute({ kind: 'put', key: key(index % 64), value: value(index % 256) })
    await Promise.all(bundle.map(put))
    return fleet.ids.every(isTrimmed)
  })
  await writer.close()

  await fleet.end('SIGKILL', ...fleet.ids)
  await fleet.start(...fleet.ids)
  const reader = await open()
  const read = async (of: Uint8Array): Promise<string | null> => {
    const got = await reader.execute({ kind: 'get', key: of })
    return 'value' in got ? toHex(got.value) : null
  }
  expect(await read(Buffer.from('first'))).toBe(toHex(Buffer.from('of all')))
  for (let index = Math.max(0, written - 64); index < written; index++) {
    expect(await read(key(index % 64))).toBe(toHex(value(index % 256)))
  }
  await reader.close()
  await fleet.level()
})
