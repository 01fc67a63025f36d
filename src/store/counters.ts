/** The single records of the state: its counters, and the limits that execution obeys. See `state-keys.ts`. */
import { assert } from '../base/assert.ts'
import { readU64, writeU64 } from '../base/bytes.ts'
import type { Milliseconds, Sequence } from '../base/ids.ts'
import type { Tree } from '../tree/tree.ts'
import type { HistoryLimits } from './compaction.ts'
import type { RetentionLimits } from './sessions.ts'
import { COUNTERS_KEY, LIMITS_KEY } from './state-keys.ts'

export interface Counters {
  readonly lastSequence: Sequence
  readonly executedTime: Milliseconds
  readonly executedCount: number
  readonly revision: number
  /** Bytes of keys and values. */
  readonly bytes: number
  readonly historyBytes: number
  /** The lowest revision that can be read. */
  readonly floor: number
  /** The number of leases whose ids the store has chosen. */
  readonly chosenLeases: number
}

export interface StateLimits {
  readonly storeBytesMax: number
  readonly retention: RetentionLimits
  readonly history: HistoryLimits
}

export function writeCounters(tree: Tree, counters: Counters): void {
  const { lastSequence, executedTime, executedCount, revision, bytes, historyBytes, floor, chosenLeases } =
    counters
  const store = [revision, bytes, historyBytes, floor, chosenLeases]
  writeNumbers(tree, COUNTERS_KEY, [lastSequence, executedTime, executedCount, ...store])
}

export function readCounters(tree: Tree): Counters {
  const record = readRecord(tree, COUNTERS_KEY, 8)
  return {
    lastSequence: readU64(record, 0) as Sequence,
    executedTime: readU64(record, 8) as Milliseconds,
    executedCount: readU64(record, 16),
    revision: readU64(record, 24),
    bytes: readU64(record, 32),
    historyBytes: readU64(record, 40),
    floor: readU64(record, 48),
    chosenLeases: readU64(record, 56),
  }
}

export function writeLimits(tree: Tree, { storeBytesMax, retention, history }: StateLimits): void {
  const { retainedBytesMax, clientRetainedBytesMax } = retention
  const { revisionsMax, ageMs, bytesMax } = history
  const kept = [revisionsMax, ageMs, bytesMax]
  writeNumbers(tree, LIMITS_KEY, [storeBytesMax, retainedBytesMax, clientRetainedBytesMax, ...kept])
}

export function readLimits(tree: Tree): StateLimits {
  const record = readRecord(tree, LIMITS_KEY, 6)
  return {
    storeBytesMax: readU64(record, 0),
    retention: { retainedBytesMax: readU64(record, 8), clientRetainedBytesMax: readU64(record, 16) },
    history: { revisionsMax: readU64(record, 24), ageMs: readU64(record, 32), bytesMax: readU64(record, 40) },
  }
}

function writeNumbers(tree: Tree, key: Uint8Array, numbers: readonly number[]): void {
  const record = new Uint8Array(8 * numbers.length)
  for (const [index, number] of numbers.entries()) writeU64(record, 8 * index, number)
  tree.set(key, record)
}

function readRecord(tree: Tree, key: Uint8Array, numbers: number): Uint8Array {
  const record = tree.get(key)
  assert(record?.length === 8 * numbers, 'a state without its counters and limits')
  return record
}
