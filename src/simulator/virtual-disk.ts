/**
 * A disk that tells the truth about what it lost: what was appended and not synced is gone after a crash, or all of it
 * behind a random point is. It belongs to a node and outlives its crashes.
 */
import { assert } from '../base/assert.ts'
import type { Random } from '../base/random.ts'
import type { Log, LogPosition, LogReplay } from '../ports.ts'
import { createCopier } from './slab.ts'
import type { VirtualTime } from './virtual-clock.ts'

export interface DiskBehaviour {
  /** The least and the most time that a sync takes, in virtual milliseconds. */
  readonly syncMs: readonly [number, number]
  /** Virtual milliseconds until a record is read back. */
  readonly readMs: number
  /** Whether a random part of what was not synced may survive a crash: always the records appended first. */
  readonly isTornAtCrash: boolean
}

export class VirtualDisk {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #behaviour: DiskBehaviour
  readonly #copy = createCopier()
  readonly #records: Uint8Array[] = []
  /** How many records, from the first on, survive whatever happens. */
  #durable = 0
  /** Rises at each crash and each opening: what was asked of the disk before is never answered. */
  #incarnation = 0
  #syncs = 0

  constructor(time: VirtualTime, random: Random, behaviour: DiskBehaviour) {
    this.#time = time
    this.#random = random
    this.#behaviour = behaviour
  }

  /** Records on the disk, synced or not. */
  get appendedRecords(): number {
    return this.#records.length
  }

  get syncedRecords(): number {
    return this.#durable
  }

  /** Syncs that were carried out. */
  get syncs(): number {
    return this.#syncs
  }

  /** The power fails: gives how many records are left. */
  crash(): number {
    this.#incarnation++
    const unsynced = this.#records.length - this.#durable
    const surviving = this.#behaviour.isTornAtCrash ? this.#random.between(0, unsynced) : 0
    this.#records.length = this.#durable + surviving
    this.#durable = this.#records.length
    return this.#durable
  }

  /** Reads the log from its first record and continues it. An earlier opening is answered no more. */
  open(): LogReplay {
    const incarnation = ++this.#incarnation
    // What a reader finds is made certain first: it will act on it.
    this.#durable = this.#records.length
    const held = this.#records.map((record, position) => ({ position, record: this.#copy(record) }))
    return { log: this.#logOf(incarnation), records: held }
  }

  #logOf(incarnation: number): Log {
    const isOver = (): boolean => incarnation !== this.#incarnation
    let waiting: (() => void)[] = []
    let isSyncing = false

    const startSync = (): void => {
      const covered = this.#records.length
      const callbacks = waiting
      waiting = []
      isSyncing = true
      this.#time.after(this.#syncDelay(), () => {
        if (isOver()) return
        isSyncing = false
        this.#durable = Math.max(this.#durable, covered)
        this.#syncs++
        if (waiting.length > 0) startSync()
        for (const done of callbacks) done()
      })
    }

    return {
      append: (record) => {
        assert(!isOver(), 'a log is written after its node crashed')
        return this.#records.push(this.#copy(record)) - 1
      },
      sync: (done) => {
        waiting.push(done)
        if (!isSyncing) startSync()
      },
      read: (position: LogPosition, done) => {
        this.#time.after(this.#behaviour.readMs, () => {
          if (!isOver()) done(this.#copyOf(position))
        })
      },
    }
  }

  #copyOf(position: LogPosition): Uint8Array | null {
    const record = this.#records[position]
    return record === undefined ? null : this.#copy(record)
  }

  #syncDelay(): number {
    const [least, most] = this.#behaviour.syncMs
    return least + this.#random.next() * (most - least)
  }
}
