/**
 * The floor of the history, and the removal of changes below it. A read below the floor answers `compacted`; one at the
 * floor still works. The floor moves at once: if an operation asks for it, if too many revisions or bytes are kept, or
 * if revisions exceed an age in executed time. Changes that can no longer be read are removed oldest first, a few after
 * each batch, so that no batch takes long. Both depend on executed operations only.
 *
 * A change at the floor itself is kept, for clients that read changes from the floor on.
 */
import type { Allowance } from '../base/allowance.ts'
import { readU32, readU64, writeU64 } from '../base/bytes.ts'
import type { Milliseconds } from '../base/ids.ts'
import type { Tree } from '../tree/tree.ts'
import { CHANGE_KINDS, ChangeView } from './change-record.ts'
import type { ChangeRevision } from './key-entry.ts'
import { FIRST_REVISION, historyBytesOf, type KeyValueStore } from './key-value-store.ts'
import { SECTIONS } from './state-keys.ts'

/** The limits on the history; zero means no limit. They must be equal on all replicas, or their states diverge. */
export interface HistoryLimits {
  /** The number of revisions. Up to a quarter more are kept, so that whole pages are cleared at once. */
  readonly revisionsMax: number
  /** The age in milliseconds of executed time. */
  readonly ageMs: number
  /** The bytes of the records of changes. */
  readonly bytesMax: number
}

export const HISTORY: HistoryLimits = {
  revisionsMax: 100_000,
  ageMs: 3_600_000,
  bytesMax: 1024 * 1024 * 1024,
}

/**
 * The least number of changes that a batch clears. It is twice the number of changes in the batch if that is more, so
 * that the removal catches up.
 */
export const PORTION_CHANGES = 256
/** The same number while the history has too many bytes. */
export const PRESSED_PORTION_CHANGES = 4_096
/** The share of the limit by which revisions may exceed it before the floor moves. */
const SLACK_SHARE = 1 / 4
/** The number of times that the revision is noted within the kept age. */
const MARKS_PER_AGE = 64
/** The number of changes read before other work has its turn. */
const CHANGES_AT_ONCE = 16
/** The cost of a removal in units of the allowance. */
const REMOVAL_WORK = 1

/** The revision at an executed time. */
interface Mark {
  readonly time: number
  readonly revision: number
}

/** A change below the floor, to be removed. */
interface Passed extends ChangeRevision {
  /** The key, if the change is a deletion. */
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

  /** Returns the lowest revision that can be read; 0 before the first compaction. */
  get floor(): number {
    return this.#floor
  }

  /** Raises the floor to a revision, which must not be above the store's. */
  moveTo(revision: number): void {
    this.#floor = Math.max(this.#floor, revision)
  }

  /**
   * Moves the floor as the limits require, and clears some changes below it. Called at the end of a batch with its
   * number of changes.
   */
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

  /** Yields the revisions at some executed times, oldest first. */
  *#marks(): Generator<Mark> {
    const cursor = this.#tree.cursor(Uint8Array.of(SECTIONS.mark))
    for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.mark; cursor.next()) {
      yield { time: readU64(cursor.key, 1), revision: readU64(cursor.value, 0) }
    }
  }

  /** Returns the oldest changes below the floor. If too many bytes are kept, the floor moves up to include them. */
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

/** The first key of the changes, which are the last section of the tree. */
const FIRST_CHANGE = Uint8Array.of(SECTIONS.change)

function markKey(time: number): Uint8Array {
  const key = new Uint8Array(9)
  key[0] = SECTIONS.mark
  writeU64(key, 1, time)
  return key
}
