/**
 * A disk that tells the truth about what it lost: what was appended and not synced is gone after a crash, or all of it
 * behind a random point is. It belongs to a node and outlives its crashes. It holds a log and a page store.
 */
import { assert } from '../../base/assert.ts'
import type { Random } from '../../base/random.ts'
import type { Log, LogPosition, LogReplay } from '../../ports.ts'
import { createCopier } from './slab.ts'
import type { VirtualTime } from './virtual-clock.ts'
import { type PagesCopy, VirtualPageStore } from './virtual-page-store.ts'

export interface DiskBehaviour {
  /** The least and the most time that a sync takes, in virtual milliseconds. */
  readonly syncMs: readonly [number, number]
  /** Virtual milliseconds until a record is read back. */
  readonly readMs: number
  /** True if a random part of what was not synced may survive a crash: always the records appended first. */
  readonly isTornAtCrash: boolean
}

/** The time that a slow disk adds to each sync, in virtual milliseconds: the least and the most. */
const SLOW_SYNC_MS = [150, 500] as const
/** Trimmed records are deleted in segments of so many. */
const SEGMENT_RECORDS = 16

/** A disk as it was once: what was synced. */
interface DiskCopy {
  readonly records: readonly Uint8Array[]
  readonly first: number
  readonly beginning: LogReplay['beginning']
  readonly pages: PagesCopy
}

export class VirtualDisk {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #behaviour: DiskBehaviour
  readonly #copy = createCopier()
  readonly #pages: VirtualPageStore
  /** The records from position `#first` on. */
  #records: Uint8Array[] = []
  /** The position of the first record that was not deleted. */
  #first = 0
  /** The number of records, from the birth on, that survive whatever happens. */
  #durable = 0
  #beginning: LogReplay['beginning'] = 'birth'
  /** True if synced records are damaged: the next opening finds it. */
  #isRotten = false
  #copied: DiskCopy | null = null
  #isOld = false
  /** Rises at each crash and each opening: what was asked of the disk before is never answered. */
  #incarnation = 0
  #syncs = 0
  #losses = 0
  #isSlow = false
  #onFull: () => boolean = () => false

  constructor(time: VirtualTime, random: Random, behaviour: DiskBehaviour) {
    this.#time = time
    this.#random = random
    this.#behaviour = behaviour
    this.#pages = new VirtualPageStore({
      random,
      isTornAtCrash: behaviour.isTornAtCrash,
      after: (done) => this.#unlessOver(this.#syncDelay(), done),
    })
  }

  /** Records that were appended since the log began, synced or not, deleted or not. */
  get appendedRecords(): number {
    return this.#first + this.#records.length
  }

  get syncedRecords(): number {
    return this.#durable
  }

  /** Records that were trimmed and deleted. */
  get deletedRecords(): number {
    return this.#first
  }

  /** Syncs that were carried out. */
  get syncs(): number {
    return this.#syncs
  }

  /** The number of times that the log began anew, or was replaced by an older one. */
  get losses(): number {
    return this.#losses
  }

  get pages(): VirtualPageStore {
    return this.#pages
  }

  /** True if the next opening will find that synced records are missing. */
  get isLost(): boolean {
    return this.#isRotten
  }

  /** True if there is a copy of it that could be put in its place. */
  get hasCopy(): boolean {
    return this.#copied !== null
  }

  /** True if what was synced is missing and the disk does not show it. */
  get isOld(): boolean {
    return this.#isOld
  }

  /** Stops counting what was missing. */
  outgrow(): void {
    this.#isOld = false
  }

  /** From now on, or until now, each sync takes very long. */
  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow
  }

  /**
   * There is no room: the next sync calls `onFull`, and if that says that the process halted, nobody is told of the
   * sync; else room was found after all. Null frees the disk.
   */
  setFull(onFull: (() => boolean) | null): void {
    this.#onFull = onFull ?? (() => false)
  }

  /** The power fails: gives how many records of the log are left, from its birth on. */
  crash(): number {
    this.#incarnation++
    const unsynced = this.appendedRecords - this.#durable
    const surviving = this.#behaviour.isTornAtCrash ? this.#random.between(0, unsynced) : 0
    this.#durable += surviving
    this.#records.length = this.#durable - this.#first
    this.#pages.crash()
    return this.#durable
  }

  /** Somebody keeps a copy of what is synced, in place of an earlier one. */
  copy(): void {
    const records = this.#records.slice(0, this.#durable - this.#first)
    this.#copied = { records, first: this.#first, beginning: this.#beginning, pages: this.#pages.copy() }
  }

  /** The copy takes the disk's place. Only while the node is down; gives how many records of the log are left. */
  putBack(): number {
    const copied = this.#copied
    assert(copied !== null, 'there is a copy of the disk')
    const { records, first, beginning, pages } = copied
    const durable = first + records.length
    if (durable < this.#durable || this.#isRotten) {
      this.#isOld = true
      this.#losses++
    }
    this.#isRotten = false
    this.#records = [...records]
    this.#first = first
    this.#durable = durable
    this.#beginning = beginning
    this.#pages.putBack(pages)
    return durable
  }

  /** Everything on the disk is gone. Only while the node is down. */
  lose(): void {
    this.#pages.lose()
    this.#isRotten = true
  }

  /** Synced records of the log are damaged, which the next opening finds. Only while the node is down. */
  rotLog(): void {
    this.#isRotten = true
  }

  /** Reads the log from its first record and continues it. An earlier opening is answered no more. */
  open(): LogReplay {
    const incarnation = ++this.#incarnation
    if (this.#isRotten) this.#beginAnew()
    // What a reader finds is made certain first: it will act on it.
    this.#durable = this.appendedRecords
    const first = this.#first
    const records = this.#records.map((record, index) => ({
      position: first + index,
      record: this.#copy(record),
    }))
    return { log: this.#logOf(incarnation), beginning: this.#beginning, records }
  }

  /** Does what a replica process does that finds its log gone or damaged: makes a new one, which says so. */
  #beginAnew(): void {
    this.#records = []
    this.#first = 0
    this.#durable = 0
    this.#beginning = 'amnesia'
    this.#losses++
    this.#isRotten = false
    // It knows now what it lacks; and a copy from before is of another log.
    this.#isOld = false
    this.#copied = null
  }

  #logOf(incarnation: number): Log {
    const isOver = (): boolean => incarnation !== this.#incarnation
    let waiting: (() => void)[] = []
    let isSyncing = false
    let unneeded = 0

    const startSync = (): void => {
      const covered = this.appendedRecords
      const trimmed = unneeded
      const callbacks = waiting
      waiting = []
      isSyncing = true
      this.#unlessOver(this.#syncDelay(), () => {
        if (this.#onFull()) return
        isSyncing = false
        this.#durable = Math.max(this.#durable, covered)
        this.#syncs++
        this.#deleteBefore(trimmed)
        if (waiting.length > 0) startSync()
        for (const done of callbacks) done()
      })
    }

    return {
      append: (record) => {
        assert(!isOver(), 'a log is written after its node crashed')
        this.#records.push(this.#copy(record))
        return this.appendedRecords - 1
      },
      sync: (done) => {
        waiting.push(done)
        if (!isSyncing) startSync()
      },
      read: (position: LogPosition, done) => {
        this.#unlessOver(this.#behaviour.readMs, () => done(this.#copyOf(position)))
      },
      trim: (before) => {
        unneeded = Math.max(unneeded, before)
      },
    }
  }

  #unlessOver(delay: number, run: () => void): void {
    const incarnation = this.#incarnation
    this.#time.after(delay, () => {
      if (incarnation === this.#incarnation) run()
    })
  }

  /** Deletes whole segments in front of a position. */
  #deleteBefore(position: LogPosition): void {
    const kept = Math.floor(Math.min(position, this.#durable) / SEGMENT_RECORDS) * SEGMENT_RECORDS
    if (kept <= this.#first) return
    this.#records.splice(0, kept - this.#first)
    this.#first = kept
    this.#beginning = 'cut'
  }

  #copyOf(position: LogPosition): Uint8Array | null {
    const record = this.#records[position - this.#first]
    return record === undefined ? null : this.#copy(record)
  }

  #syncDelay(): number {
    const [least, most] = this.#behaviour.syncMs
    const usual = least + this.#random.next() * (most - least)
    if (!this.#isSlow) return usual
    return usual + SLOW_SYNC_MS[0] + this.#random.next() * (SLOW_SYNC_MS[1] - SLOW_SYNC_MS[0])
  }
}
