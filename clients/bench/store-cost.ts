/**
 * The cost of the store itself, without replicas around it: processor time of a put with all hashing, at different
 * numbers of keys, and memory of a key and of an idle watch.
 */
import { cpuUsage, memoryUsage } from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { utf8 } from '../../src/base/bytes.ts'
import type { Hash } from '../../src/base/hash.ts'
import { type ClientId, toMilliseconds, toSequence, toTimestamp } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { createStore, type ExecutableRequest, type Store } from '../../src/store/application.ts'
import { keysWithPrefix } from '../../src/store/key-range.ts'
import { OPERATION_CODES } from '../../src/store/operations.ts'
import { encodeOperations, type Operation, OperationsWriter } from '../../src/store/operations-writer.ts'
import { interpretResult, type Result, readResults } from '../../src/store/results.ts'
import { Watches } from '../library/watches.ts'

export interface StoreCostOptions {
  readonly hash: Hash
  /** The numbers of keys at which a put is measured, ascending. */
  readonly keys: readonly number[]
  /** The number of puts of each measurement. */
  readonly puts: number
  readonly valueBytes: number
  /** The number of idle watches. */
  readonly watches: number
  readonly onCost: (cost: PutCost) => void
}

export interface PutCost {
  readonly keys: number
  /** Processor time of a put, hashing included, in microseconds. */
  readonly putMicros: number
  /** Memory of a key with its value and its first change, in bytes. */
  readonly keyBytes: number
}

export interface StoreCost {
  readonly puts: readonly PutCost[]
  /** Memory of a watch to which nothing happens, in bytes. */
  readonly watchBytes: number
}

/** Puts of one batch, after which the state is hashed, as a checkpoint does. */
const BATCH_PUTS = 256
const CLIENT = 'a1'.repeat(32) as ClientId

export async function measureStoreCost(options: StoreCostOptions): Promise<StoreCost> {
  const puts: PutCost[] = []
  for (const keys of options.keys) {
    const cost = await measurePuts(keys, options)
    puts.push(cost)
    options.onCost(cost)
  }
  return { puts, watchBytes: await measureWatches(options.watches, options.hash) }
}

async function measurePuts(keys: number, { hash, puts, valueBytes }: StoreCostOptions): Promise<PutCost> {
  const before = await usedBytes()
  const loaded = new LoadedStore(hash)
  loaded.put(keys, valueBytes, (index) => index)
  const keyBytes = Math.max(0, (await usedBytes()) - before) / keys
  const random = createRandom(keys)
  const start = cpuUsage()
  loaded.put(puts, valueBytes, () => random.below(keys))
  const { user, system } = cpuUsage(start)
  return { keys, putMicros: (user + system) / puts, keyBytes }
}

/** A store that executes batches of puts, and hashes its state after each. */
class LoadedStore {
  readonly store: Store
  #timestamp = 0

  constructor(hash: Hash) {
    this.store = createStore({ hash, clients: [CLIENT], storeBytesMax: 2 ** 40 })
  }

  put(count: number, valueBytes: number, keyOf: (index: number) => number): void {
    const writer = new OperationsWriter()
    const value = new Uint8Array(valueBytes)
    for (let index = 0; index < count; index++) {
      value[index % Math.max(1, valueBytes)] = index & 0xff
      writer.add({ kind: 'put', key: utf8(`key-${keyOf(index).toString().padStart(8, '0')}`), value })
      if (writer.count < BATCH_PUTS && index + 1 < count) continue
      this.execute(writer.finish())
      writer.reset()
      this.store.fingerprint()
    }
  }

  execute(operations: Uint8Array): Uint8Array {
    const timestamp = toTimestamp(++this.#timestamp)
    const request: ExecutableRequest = {
      client: CLIENT,
      publicKey: new Uint8Array(32),
      session: new Uint8Array(16),
      timestamp,
      digest: new Uint8Array(32),
      operations,
    }
    const sequence = toSequence(this.store.lastSequence + 1)
    const time = toMilliseconds(timestamp)
    return this.store.execute(sequence, { time, requests: [request] })[0]?.results ?? new Uint8Array(0)
  }
}

async function measureWatches(count: number, hash: Hash): Promise<number> {
  const loaded = new LoadedStore(hash)
  const execute = async (operation: Operation): Promise<Result> => {
    const [framed] = readResults(loaded.execute(encodeOperations([operation]))) ?? []
    const result = framed === undefined ? null : interpretResult(OPERATION_CODES[operation.kind], framed)
    if (result === null) throw new Error('the store gave no result')
    return result
  }
  const watches = new Watches({ execute })
  const before = await usedBytes()
  const opened = Array.from({ length: count }, (_, index) =>
    watches.open({ range: keysWithPrefix(utf8(`${index}/`)) }),
  )
  await Promise.all(opened.map((watch) => watch.opened))
  const bytes = Math.max(0, (await usedBytes()) - before) / count
  watches.close()
  return bytes
}

/** The memory in use after garbage collections, in bytes. Buffers are given back some turns after each. */
async function usedBytes(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let round = 0; round < COLLECTIONS; round++) {
    collect()
    await pause(COLLECTION_MS)
  }
  const { heapUsed, arrayBuffers } = memoryUsage()
  return heapUsed + arrayBuffers
}

const COLLECTIONS = 3
const COLLECTION_MS = 100
