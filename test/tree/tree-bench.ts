/**
 * Measures the cost of a put in the tree, hashing included. To run it:
 *   node_modules/.bin/tsc -p test/tsconfig.json --noEmit false --outDir dist/bench
 *   node dist/bench/test/tree/tree-bench.js [keys ...]
 */
import { createHash } from 'node:crypto'
import type { Hash } from '../../src/base/hash.ts'
import { createRandom } from '../../src/base/random.ts'
import { sodiumSuite } from '../../src/crypto/sodium-suite.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { Tree } from '../../src/tree/tree.ts'

const KEY_BYTES = 16
const VALUE_BYTES = 100
/** 128 batches of 64 puts. */
const CHECKPOINT_PUTS = 128 * 64
const CHECKPOINTS = 24
/** As much as the keeper of checkpoints hashes, and writes, at once. */
const SLICE_BYTES = 512 * 1024
const WRITTEN_AT_ONCE = 1024 * 1024

const streamed: Hash = (...parts) => {
  const hasher = createHash('sha256')
  for (const part of parts) hasher.update(part)
  return hasher.digest()
}

interface Counts {
  hashed: number
  calls: number
}
function counting(hash: Hash, counts: Counts): Hash {
  return (...parts) => {
    counts.calls++
    for (const part of parts) counts.hashed += part.length
    return hash(...parts)
  }
}

/** So many keys in a row, of which the first bytes are those of their neighbours. */
function makeKeys(count: number): Uint8Array {
  const keys = new Uint8Array(KEY_BYTES * count)
  for (let index = 0; index < count; index++) {
    const text = `key/${index.toString().padStart(KEY_BYTES - 4, '0')}`
    for (let at = 0; at < KEY_BYTES; at++) keys[KEY_BYTES * index + at] = text.charCodeAt(at)
  }
  return keys
}

/** Goes through the changes as the keeper of checkpoints does. */
function takeChanges(
  next: TreeSnapshot,
  base: TreeSnapshot,
): { pages: number; bytes: number; slowest: number } {
  const beginning = process.hrtime.bigint()
  const { added, removed } = next.changesSince(base)
  const iterator = added[Symbol.iterator]()
  let [pages, bytes, slowest] = [0, 0, milliseconds(beginning)]
  for (let isDone = false; !isDone; ) {
    const from = process.hrtime.bigint()
    for (let some = 0; some < WRITTEN_AT_ONCE && !isDone; ) {
      const next = iterator.next()
      isDone = next.done === true
      if (next.done) break
      pages++
      some += next.value.bytes.length
      bytes += next.value.bytes.length
    }
    if (isDone) for (const _ of removed) pages += 0
    slowest = Math.max(slowest, milliseconds(from))
  }
  return { pages, bytes, slowest }
}

const milliseconds = (from: bigint): number => Number(process.hrtime.bigint() - from) / 1e6

function run(keys: number, name: string, hash: Hash): void {
  const counts: Counts = { hashed: 0, calls: 0 }
  const tree = new Tree(counting(hash, counts))
  const random = createRandom(7)
  const all = makeKeys(keys)
  const value = new Uint8Array(VALUE_BYTES)
  let round = 0
  const put = (index: number): void => {
    const [from, to] = [KEY_BYTES * index, KEY_BYTES * (index + 1)]
    value[0] = index
    value[1] = round
    tree.find(all, from, to)
    tree.put(all, from, to, VALUE_BYTES)
    tree.valueBuffer.set(value, tree.valueAt)
  }
  const order = random.shuffle(Array.from({ length: keys }, (_, index) => index))
  const loading = process.hrtime.bigint()
  for (const index of order) put(index)
  const loaded = milliseconds(loading)
  let base: TreeSnapshot = tree.snapshot()
  base.hashAll()

  const indices = Array.from({ length: CHECKPOINT_PUTS }, () => 0)
  const times: { put: number; hash: number }[] = []
  let [slowestPut, slowestSlice, slowestChanges, pages, bytes] = [0, 0, 0, 0, 0]
  counts.hashed = 0
  counts.calls = 0
  for (; round < CHECKPOINTS; round++) {
    for (let at = 0; at < CHECKPOINT_PUTS; at++) indices[at] = random.below(keys)
    const putting = process.hrtime.bigint()
    for (const index of indices) put(index)
    const snapshot = tree.snapshot()
    const putMs = milliseconds(putting)
    const hashing = process.hrtime.bigint()
    for (let root: Uint8Array | null = null; root === null; ) {
      const slice = process.hrtime.bigint()
      root = snapshot.hashSome(SLICE_BYTES)
      slowestSlice = Math.max(slowestSlice, milliseconds(slice))
    }
    times.push({ put: putMs, hash: milliseconds(hashing) })
    const changes = takeChanges(snapshot, base)
    slowestChanges = Math.max(slowestChanges, changes.slowest)
    pages += changes.pages
    bytes += changes.bytes
    base.release()
    base = snapshot
  }
  for (const index of indices) {
    const one = process.hrtime.bigint()
    put(index)
    slowestPut = Math.max(slowestPut, milliseconds(one))
  }
  const perPut = (of: (time: { put: number; hash: number }) => number, rank: number): string => {
    const sorted = times.map(of).sort((a, b) => a - b)
    return (((sorted[Math.floor(rank * sorted.length)] as number) * 1000) / CHECKPOINT_PUTS).toFixed(2)
  }
  // The best of many tells more than the mean where others use the machine too.
  const figures = (rank: number): string =>
    `${perPut((time) => time.put + time.hash, rank)} (${perPut((time) => time.put, rank)} putting,` +
    ` ${perPut((time) => time.hash, rank)} hashing)`
  const perCheckpoint = (count: number): number => Math.round(count / CHECKPOINTS)
  const memory = process.memoryUsage()
  console.log(
    `${keys} keys, ${name}: µs a put: median ${figures(0.5)}, best ${figures(0)};` +
      ` load ${((loaded * 1000) / keys).toFixed(2)} µs a put\n` +
      `  a checkpoint: ${perCheckpoint(counts.calls)} hashes of ${perCheckpoint(counts.hashed)} bytes;` +
      ` writes ${perCheckpoint(pages)} pages of ${perCheckpoint(bytes)} bytes\n` +
      `  longest: put ${slowestPut.toFixed(2)} ms, slice ${slowestSlice.toFixed(2)} ms, changes ${slowestChanges.toFixed(2)} ms;` +
      ` heap ${memory.heapUsed >> 20} MiB, buffers ${memory.arrayBuffers >> 20} MiB`,
  )
}

const sizes = process.argv.slice(2).map(Number)
for (const keys of sizes.length > 0 ? sizes : [1_000, 100_000, 1_000_000]) {
  run(keys, 'suite sodium', sodiumSuite.hash)
  if (sizes.length === 0 && keys === 100_000) run(keys, 'node:crypto, streamed', streamed)
}
