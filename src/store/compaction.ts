/**
 * The floor of the history, and the removal of what lies below it. A read below the floor answers `compacted`; at the
 * floor it still works. The floor moves at once: when an operation asks for it, when more than a number of revisions
 * or of bytes are kept, and when revisions are older than an age in executed time. What nobody can read any more is
 * removed in portions, the oldest changes first, a few at each batch, so that no batch is long. Both depend on what was
 * executed alone.
 *
 * A change at the floor itself is kept: who reads changes from the floor on finds it.
 */
import type { Allowance } from '../base/allowance.ts'
import { readU32, readU64, writeU64 } from '../base/bytes.ts'
import type { Milliseconds } from '../base/ids.ts'
import type { Tree } from '../tree/tree.ts'
import { CHANGE_KINDS, ChangeView } from './change-record.ts'
import type { ChangeRevision } from './key-entry.ts'
import { FIRST_REVISION, historyBytesOf, type KeyValueStore } from './key-value-store.ts'
import { SECTIONS } from './state-keys.ts'

/** The history that is kept. Zero: without a bound. Equal on all replicas, or they part. */
export interface HistoryLimits {
  /** Revisions; up to a quarter more are kept, so that whole pages are cleared at a time. */
  readonly revisionsMax: number
  /** Milliseconds of executed time. */
  readonly ageMs: number
  /** Bytes of the records of changes. */
  readonly bytesMax: number
}

export const HISTORY: HistoryLimits = {
  revisionsMax: 100_000,
  ageMs: 3_600_000,
  bytesMax: 1024 * 1024 * 1024,
}

/** Changes that a batch walks past at least; beyond it twice what the batch changed, so that it catches up. */
export const PORTION_CHANGES = 256
/** The same while more bytes are kept than may be. */
export const PRESSED_PORTION_CHANGES = 4_096
/** Revisions above the bound for which the floor waits, as a share of it. */
const SLACK_SHARE = 1 / 4
/** The revision is noted so often within the age that is kept. */
const MARKS_PER_AGE = 64
/** Changes that are read before others have their turn. */
const CHANGES_AT_ONCE = 16
/** The cost of a removal in units of the allowance. */
const REMOVAL_WORK = 1

/** The revision at an executed time. */
interface Mark {
  readonly time: number
  readonly revision: number
}

/** A change below the floor. */
interface Passed extends ChangeRevision {
  /** The key, where the change is a deletion. */
  readonly deletedKey: Uint8Array | null
}

export class Compaction {
  readonly #tree: Tree
  readonly #store: KeyValueStore
  #limits: HistoryLimits = HISTORY
  #floor = 0
  #newestMark = Number.NEGATIVE_INFINITY
  readonly #view = new ChangeView()

  constructor(store: KeyValueStore) {
    this.#tree = store.tree
    this.#store = store
  }

  restore(floor: number, limits: HistoryLimits): void {
    this.#limits = limits
    this.#floor = floor
    this.#newestMark = Number.NEGATIVE_INFINITY
    for (const { time } of this.#marks()) this.#newestMark = time
  }

  /** The lowest revision that can be read; 0 before the first compaction. */
  get floor(): number {
    return this.#floor
  }

  /** Moves the floor up to a revision that is not above the store's. */
  moveTo(revision: number): void {
    this.#floor = Math.max(this.#floor, revision)
  }

  /** At the end of a batch that changed so much: moves the floor as the limits say, and clears a portion below it. */
  *advance(
    batch: { readonly changes: number; readonly time: Milliseconds },
    allowance: Allowance,
  ): Generator<undefined, void, undefined> {
    this.#obeyLimits(batch.time)
    const portion = Math.max(
      PORTION_CHANGES,
      2 * batch.changes,
      this.#isPressed ? PRESSED_PORTION_CHANGES : 0,
    )
    for (let walked = 0; walked < portion; ) {
      const passed = this.#read(Math.min(CHANGES_AT_ONCE, portion - walked))
      if (passed.length === 0) return
      if (allowance.left <= 0) yield
      for (const change of passed) this.#store.forget(change, change.deletedKey)
      walked += passed.length
      allowance.left -= REMOVAL_WORK * passed.length
    }
  }

  get #isPressed(): boolean {
    const { bytesMax } = this.#limits
    return bytesMax > 0 && this.#store.historyBytes > bytesMax
  }

  #obeyLimits(time: Milliseconds): void {
    const { revisionsMax, ageMs } = this.#limits
    const { revision } = this.#store
    const kept = revision - Math.max(this.#floor, FIRST_REVISION)
    if (revisionsMax > 0 && kept > revisionsMax + Math.floor(revisionsMax * SLACK_SHARE)) {
      this.moveTo(revision - revisionsMax)
    }
    if (ageMs === 0) return
    for (let oldest = this.#oldestMark; oldest !== null; oldest = this.#oldestMark) {
      if (oldest.time > time - ageMs) break
      this.moveTo(oldest.revision)
      this.#tree.remove(markKey(oldest.time))
    }
    if (time < this.#newestMark + ageMs / MARKS_PER_AGE) return
    const value = new Uint8Array(8)
    writeU64(value, 0, revision)
    this.#tree.set(markKey(time), value)
    this.#newestMark = time
  }

  get #oldestMark(): Mark | null {
    for (const mark of this.#marks()) return mark
    return null
  }

  /** The revisions at some executed times, oldest first. */
  *#marks(): Generator<Mark> {
    const cursor = this.#tree.cursor(Uint8Array.of(SECTIONS.mark))
    for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.mark; cursor.next()) {
      yield { time: readU64(cursor.key, 1), revision: readU64(cursor.value, 0) }
    }
  }

  /** The oldest changes below the floor; where too many bytes are kept the floor moves as far as they go. */
  #read(count: number): readonly Passed[] {
    const { bytesMax } = this.#limits
    let excess = bytesMax > 0 ? this.#store.historyBytes - bytesMax : 0
    const passed: Passed[] = []
    const cursor = this.#tree.cursor(FIRST_CHANGE)
    for (; passed.length < count && !cursor.isAtEnd; cursor.next()) {
      const { key, value } = cursor
      const main = readU64(key, 1)
      if (main >= (excess > 0 ? this.#store.revision : this.#floor)) break
      excess -= historyBytesOf(value.length)
      const view = this.#view.place(value, 0, value.length)
      const deletedKey = view.kind === CHANGE_KINDS.delete ? view.key.slice() : null
      passed.push({ main, sub: readU32(key, 9), deletedKey })
      this.moveTo(main + 1)
    }
    return passed
  }
}

/** Changes are the last section of the tree. */
const FIRST_CHANGE = Uint8Array.of(SECTIONS.change)

function markKey(time: number): Uint8Array {
  const key = new Uint8Array(9)
  key[0] = SECTIONS.mark
  writeU64(key, 1, time)
  return key
}
