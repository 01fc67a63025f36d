/**
 * A disk that reports its losses truthfully: after a crash, unsynced records are gone, or all of them after a random
 * point. It belongs to a node, survives its crashes, and contains a log and a page store.
 */
import { assert } from '../../base/assert.ts'
import type { Random } from '../../base/random.ts'
import type { Log, LogPosition, LogReplay } from '../../ports.ts'
import { createCopier } from './slab.ts'
import type { VirtualTime } from './virtual-clock.ts'
import { type PagesCopy, VirtualPageStore } from './virtual-page-store.ts'

export interface DiskBehaviour {
  /** The minimum and the maximum time of a sync, in virtual milliseconds. */
  readonly syncMs: readonly [number, number]
  /** Virtual milliseconds until a record is read back. */
  readonly readMs: number
  /** True if a random part of the unsynced records, always the first ones, may survive a crash. */
  readonly isTornAtCrash: boolean
}

/** The minimum and the maximum time that a slow disk adds to each sync, in virtual milliseconds. */
const SLOW_SYNC_MS = [150, 500] as const
/** The number of records per segment, in which trimmed records are deleted. */
const SEGMENT_RECORDS = 16

/** A copy of the synced contents of a disk. */
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
  /** The number of records, from the birth on, that survive every crash. */
  #durable = 0
  #beginning: LogReplay['beginning'] = 'birth'
  /** True if synced records are damaged, which the next opening detects. */
  #isRotten = false
  #copied: DiskCopy | null = null
  #isOld = false
  /** Increases at each crash and each opening, so that earlier requests to the disk are never answered. */
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

  /** The number of records appended since the log began, synced or not, deleted or not. */
  get appendedRecords(): number {
    return this.#first + this.#records.length
  }

  get syncedRecords(): number {
    return this.#durable
  }

  /** The number of trimmed and deleted records. */
  get deletedRecords(): number {
    return this.#first
  }

  /** The number of completed syncs. */
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

  /** True if a copy of it exists that could replace it. */
  get hasCopy(): boolean {
    return this.#copied !== null
  }

  /** True if synced data is missing and the disk does not show it. */
  get isOld(): boolean {
    return this.#isOld
  }

  /** Stops regarding the disk as incomplete. */
  outgrow(): void {
    this.#isOld = false
  }

  /** Makes each sync slow, or ends that. */
  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow
  }

  /**
   * Fills the disk: the next sync calls `onFull`. If that returns that the process halted, the sync is never answered;
   * otherwise it succeeds after all. Null frees the disk.
   */
  setFull(onFull: (() => boolean) | null): void {
    this.#onFull = onFull ?? (() => false)
  }

  /** Fails the power; returns the number of surviving records of the log. */
  crash(): number {
    this.#incarnation++
    const unsynced = this.appendedRecords - this.#durable
    const surviving = this.#behaviour.isTornAtCrash ? this.#random.between(0, unsynced) : 0
    this.#durable += surviving
    this.#records.length = this.#durable - this.#first
    this.#pages.crash()
    return this.#durable
  }

  /** Copies the synced contents, replacing an earlier copy. */
  copy(): void {
    const records = this.#records.slice(0, this.#durable - this.#first)
    this.#copied = { records, first: this.#first, beginning: this.#beginning, pages: this.#pages.copy() }
  }

  /** Replaces the disk by the copy, only while the node is down; returns the number of records in the log. */
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

  /** Deletes everything on the disk, only while the node is down. */
  lose(): void {
    this.#pages.lose()
    this.#isRotten = true
  }

  /** Damages synced records of the log, which the next opening detects; only while the node is down. */
  rotLog(): void {
    this.#isRotten = true
  }

  /** Reads the log from its first record and continues it. Requests of an earlier opening are no longer answered. */
  open(): LogReplay {
    const incarnation = ++this.#incarnation
    if (this.#isRotten) this.#beginAnew()
    // The found records are made durable first, because the reader acts on them.
    this.#durable = this.appendedRecords
    const first = this.#first
    const records = this.#records.map((record, index) => ({
      position: first + index,
      record: this.#copy(record),
    }))
    return { log: this.#logOf(incarnation), beginning: this.#beginning, records }
  }

  /** Acts like a replica process that finds its log missing or damaged: makes a new one, which records the loss. */
  #beginAnew(): void {
    this.#records = []
    this.#first = 0
    this.#durable = 0
    this.#beginning = 'amnesia'
    this.#losses++
    this.#isRotten = false
    // The loss is now known, and an earlier copy belongs to another log.
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

  /** Deletes whole segments before a position. */
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
