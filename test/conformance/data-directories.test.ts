/**
 * Cluster directories that earlier builds made, kept beside this file: the replicas of this build start from them and
 * answer with what they hold, or refuse them with the sentence that is documented for their layout.
 *
 * A new layout gets a directory of its own, made by the build that writes it, and a line in `LAYOUTS`:
 *
 *   STRATEGOS_RECORD_DATA_DIRECTORY=layout-3 npx vitest run test/conformance/data-directories.test.ts
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { StoreClient } from '../../clients/library/store-client.ts'
import { freePorts } from '../../replicas/free-ports.ts'
import { initCluster } from '../../replicas/init.ts'
import { moveToPorts } from '../../replicas/replica-addresses.ts'
import { type ReplicaProcess, startReplica } from '../../replicas/replica-process.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { FIRST_REVISION } from '../../src/store/key-value-store.ts'
import type { Result } from '../../src/store/results.ts'
import { packDirectory, unpackDirectory } from '../kit/packed-directory.ts'
import { PATIENCE_MS, PATIENT } from '../kit/patience.ts'

/** Each layout, which this build opens, or refuses with this sentence. */
const LAYOUTS: Readonly<Record<string, 'opened' | RegExp>> = {
  'layout-1': /it is of version 2 of the protocol, and this program speaks version 5/,
  'layout-2': /it is of version 3 of the protocol, and this program speaks version 5/,
  'layout-3': /it is of version 4 of the protocol, and this program speaks version 5/,
  'layout-4': 'opened',
}

const RECORDED = new URL('./data-directories/', import.meta.url)
const CLIENT = 'gateway'
const REPLICAS = [0, 1, 2, 3]
/** The checkpoint interval, short so that a small load leaves a stored state and a log after it. */
const CHECKPOINT_EVERY = 4
const KEYS = 6
/** The locks of processes and the logs of the database, which are not data. */
const isLeftOut = (path: string): boolean => /(^|[/-])lock\/|\/(LOCK|LOG|LOG\.old)$/.test(path)

const keyOf = (index: number): Uint8Array => utf8(`key ${index}`)
const textOf = (index: number): Uint8Array => utf8(`value ${index} `.repeat(index + 1))

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function createDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'strategos-layout-'))
  closing.push(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Starts all replicas and a client; `losses` gets the reported losses of disks. */
async function start(directory: string, losses: string[]) {
  const onLoss = (loss: string): unknown => losses.push(loss)
  const onFailure = (error: Error): never => {
    throw error
  }
  const replicas: ReplicaProcess[] = []
  for (const id of REPLICAS) {
    const replica = await startReplica({ directory, id, onLoss, onFailure, storeAfterBytes: 1 })
    closing.push(() => replica.close())
    replicas.push(replica)
  }
  const client = await StoreClient.open({ directory, name: CLIENT, timeoutMs: PATIENCE_MS })
  closing.push(() => client.close())
  return { replicas, client }
}

async function record(name: string): Promise<void> {
  const directory = createDirectory()
  await initCluster({
    directory,
    replicas: REPLICAS.length,
    suite: 'sodium',
    basePort: 0,
    checkpointInterval: CHECKPOINT_EVERY,
    storeBytesMax: 1024 * 1024,
  })
  const { replicas, client } = await start(directory, [])
  for (let index = 0; index < KEYS; index++) {
    await client.execute({ kind: 'put', key: keyOf(index), value: textOf(index) })
  }
  await client.execute({ kind: 'delete', key: keyOf(0) })
  await vi.waitFor(() => {
    for (const { runtime } of replicas) {
      expect(runtime.state.ordering.lastExecuted).toBe(replicas[0]?.runtime.state.ordering.lastExecuted)
      expect(runtime.state.checkpoints.lowWatermark).toBe(CHECKPOINT_EVERY)
    }
  }, PATIENT)
  for (const close of closing.splice(1).reverse()) await close()
  const lines = packDirectory(directory, isLeftOut)
  writeFileSync(new URL(`${name}.txt`, RECORDED), `${lines.join('\n')}\n`)
}

const recording = process.env.STRATEGOS_RECORD_DATA_DIRECTORY
test.runIf(recording !== undefined)(
  'records a directory of this build',
  () => record(recording ?? ''),
  PATIENCE_MS,
)

function unpack(name: string): string {
  const directory = createDirectory()
  const text = readFileSync(new URL(`${name}.txt`, RECORDED), 'utf8')
  unpackDirectory(text.trimEnd().split('\n'), directory)
  return directory
}

async function moveToFreePorts(directory: string): Promise<void> {
  const [base = 0] = await freePorts(REPLICAS.length)
  moveToPorts(directory, readClusterFile(clusterFile(directory), suiteNamed), base)
}

describe('recorded data directories', () => {
  test('each of them has its line', () => {
    expect(readdirSync(RECORDED).sort()).toEqual(
      Object.keys(LAYOUTS)
        .map((name) => `${name}.txt`)
        .sort(),
    )
  })

  test.each(Object.entries(LAYOUTS))('%s', { timeout: PATIENCE_MS }, async (name, fate) => {
    const directory = unpack(name)
    if (fate !== 'opened') {
      for (const id of REPLICAS) {
        const started = startReplica({ directory, id, onLoss: () => {}, onFailure: () => {} })
        await expect(started).rejects.toThrow(fate)
      }
      return
    }
    await moveToFreePorts(directory)
    const losses: string[] = []
    const { replicas, client } = await start(directory, losses)
    for (const { runtime } of replicas) {
      // From its own disk: the stored state of the checkpoint, and the log after it.
      expect(runtime.state.checkpoints.lowWatermark).toBe(CHECKPOINT_EVERY)
      expect(runtime.state.ordering.lastExecuted).toBe(KEYS + 1)
      expect(runtime.state.recovery.health).toBe('sound')
    }
    const values: Result[] = []
    for (let index = 0; index < KEYS; index++)
      values.push(await client.execute({ kind: 'get', key: keyOf(index) }))
    expect(values.map((result) => ('value' in result ? result.value : result.status))).toEqual([
      'not-found',
      ...Array.from({ length: KEYS - 1 }, (_, index) => textOf(index + 1)),
    ])
    const put = await client.execute({ kind: 'put', key: keyOf(0), value: textOf(0) })
    expect(put).toMatchObject({ revision: FIRST_REVISION + KEYS + 2 })
    expect(losses).toEqual([])
  })
})
