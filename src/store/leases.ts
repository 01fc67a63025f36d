/**
 * The leases: each ends at a moment of executed time, unless it is kept alive, and its keys end with it. Leases that are
 * due end at the beginning of a batch, before its requests, in the order of their time: each with all its keys at one
 * revision, or at none if it has no key. A batch ends few leases, so that it does not take long; one that is due and
 * still waits no longer counts as a lease.
 */
import type { Allowance } from '../base/allowance.ts'
import { assert } from '../base/assert.ts'
import { readU64, writeU64 } from '../base/bytes.ts'
import type { Milliseconds } from '../base/ids.ts'
import { LEASE_BYTES } from './key-entry.ts'
import type { KeyValueStore } from './key-value-store.ts'
import { namesLease, writeLeaseId } from './lease-id.ts'
import { SECTIONS, sectionKey } from './state-keys.ts'

/** The maximum number of leases in one store. */
export const LEASES_MAX = 100_000
/** The shortest and the longest life of a lease in seconds: a shorter one is raised, a longer one refused. */
export const LEASE_TTL_MIN = 2
export const LEASE_TTL_MAX = 9_000_000_000

/** The numbers of leases and of keys after which a batch ends no further lease. */
export const PORTION_LEASES = 1_000
export const PORTION_LEASE_KEYS = 1_000

/** The id before the first that the store chooses. Clients that choose ids themselves rarely choose such large ones. */
const CHOSEN_BASE = 1n << 62n

/** The number of keys that are read before they are deleted. */
const KEYS_AT_ONCE = 16
/** The costs of an ended lease and of the deletion of a key in units of the allowance. */
const END_WORK = 8
const DELETION_WORK = 8

const RECORD_BYTES = 16
/**
 * The end of a lease of a restored state, whose life begins anew with the first batch that has a time. No other lease has
 * it, because lives are not shorter than `LEASE_TTL_MIN`.
 */
const NOT_BEGUN = 0

export interface Lease {
  /** The life in seconds that a keep-alive gives it anew. */
  readonly ttl: number
  readonly endsAt: Milliseconds
}

export type GrantRefusal = 'lease-exists' | 'lease-too-long' | 'too-many-leases'

/** A lease that is due. */
interface Due {
  readonly id: Uint8Array
  readonly endsAt: number
}

type Work = Generator<undefined, number, undefined>

export class Leases {
  readonly #store: KeyValueStore
  readonly #onEnd: (id: Uint8Array) => void
  #time = 0 as Milliseconds
  #chosenCount = 0

  /** Calls `onEnd` with the id of each lease that ends. */
  constructor(store: KeyValueStore, onEnd: (id: Uint8Array) => void = () => {}) {
    this.#store = store
    this.#onEnd = onEnd
  }

  /** Continues from the current contents of the tree. */
  restore(time: Milliseconds, chosenCount: number): void {
    this.#time = time
    this.#chosenCount = chosenCount
  }

  /** The number of ids that the store has chosen. It chooses none twice. */
  get chosenCount(): number {
    return this.#chosenCount
  }

  /** The time at which the next lease ends; 0 if it is reached already; null if there is no lease. */
  get nextExpiry(): Milliseconds | null {
    const first = this.#first()
    if (first === null) return null
    return (first.endsAt <= this.#time ? 0 : first.endsAt) as Milliseconds
  }

  /** The executed time, as of the batch that is being executed. */
  get time(): Milliseconds {
    return this.#time
  }

  /** Returns a lease; null if there is none that still runs. */
  find(id: Uint8Array): Lease | null {
    const lease = this.#read(id)
    if (lease === null || !this.#isRunning(lease.endsAt)) return null
    return lease.endsAt === NOT_BEGUN ? { ...lease, endsAt: this.#endOf(lease.ttl) } : lease
  }

  /** Yields the ids of the leases that run, as views, in the order of their bytes. */
  *running(): Generator<Uint8Array> {
    const cursor = this.#store.tree.cursor(Uint8Array.of(SECTIONS.lease))
    for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.lease; cursor.next()) {
      if (this.#isRunning(readU64(cursor.value, 8))) yield cursor.key.subarray(1)
    }
  }

  /** The number of leases, including those that are due and still wait. */
  get size(): number {
    return this.#store.tree.count(Uint8Array.of(SECTIONS.lease))
  }

  /** Begins a lease. Chooses an id if none is asked for. Returns the id and the life. */
  grant(asked: Uint8Array, ttl: number): { readonly id: Uint8Array; readonly ttl: number } | GrantRefusal {
    if (ttl > LEASE_TTL_MAX) return 'lease-too-long'
    if (namesLease(asked, 0) && this.#read(asked) !== null) return 'lease-exists'
    if (this.size >= LEASES_MAX) return 'too-many-leases'
    const granted = Math.max(ttl, LEASE_TTL_MIN)
    const id = namesLease(asked, 0) ? asked.slice() : this.#chooseId()
    this.#write(id, granted, this.#endOf(granted))
    return { id, ttl: granted }
  }

  /** Begins the life of a lease anew. Returns the life in seconds; null if the lease does not exist. */
  keepAlive(id: Uint8Array): number | null {
    const lease = this.#read(id)
    if (lease === null || !this.#isRunning(lease.endsAt)) return null
    this.#renew(id, lease)
    return lease.ttl
  }

  /** Ends a lease, which must exist, with all its keys, at one revision. Returns the number of keys. */
  *end(id: Uint8Array, allowance: Allowance): Work {
    const store = this.#store
    const lease = this.#read(id)
    let deleted = 0
    for (;;) {
      const keys: Uint8Array[] = []
      for (const key of store.leaseKeys.after(id, NO_KEY)) {
        if (keys.push(key.slice()) === KEYS_AT_ONCE) break
      }
      if (keys.length === 0) break
      for (const key of keys) {
        if (allowance.left <= 0) yield
        allowance.left -= DELETION_WORK
        assert(store.find(key, 0, key.length), 'a lease names a key that does not exist')
        store.delete()
      }
      deleted += keys.length
    }
    if (lease !== null) store.tree.remove(expiryKey(lease.endsAt, id))
    store.tree.remove(sectionKey(SECTIONS.lease, id))
    this.#onEnd(id)
    return deleted
  }

  /**
   * Moves the executed time up and ends leases that are due. Called at the beginning of a batch, which has a time unless
   * it is the null batch.
   * @rule 1.9
   */
  *advance(
    time: Milliseconds,
    allowance: Allowance,
    hasTime: boolean,
  ): Generator<undefined, void, undefined> {
    this.#time = time
    let keys = 0
    for (let leases = 0; leases < PORTION_LEASES && keys < PORTION_LEASE_KEYS; leases++) {
      const due = this.#first()
      if (due === null || due.endsAt > time) return
      if (allowance.left <= 0) yield
      allowance.left -= END_WORK
      if (due.endsAt === NOT_BEGUN) {
        if (!hasTime) return
        this.#renew(due.id, this.#expect(due.id))
        continue
      }
      this.#store.begin()
      keys += yield* this.end(due.id, allowance)
    }
  }

  /** Lets no time pass for the leases until the next batch that has a time: their lives then begin anew. */
  suspend(): void {
    const ids: Uint8Array[] = []
    const cursor = this.#store.tree.cursor(Uint8Array.of(SECTIONS.lease))
    for (; !cursor.isAtEnd && cursor.key[0] === SECTIONS.lease; cursor.next()) ids.push(cursor.key.slice(1))
    for (const id of ids) this.#replace(id, this.#expect(id), NOT_BEGUN)
  }

  #isRunning(endsAt: number): boolean {
    return endsAt === NOT_BEGUN || endsAt > this.#time
  }

  #endOf(ttl: number): Milliseconds {
    return (this.#time + 1_000 * ttl) as Milliseconds
  }

  #expect(id: Uint8Array): Lease {
    const lease = this.#read(id)
    assert(lease !== null, 'the order in which leases end names one that does not exist')
    return lease
  }

  #renew(id: Uint8Array, lease: Lease): void {
    this.#replace(id, lease, this.#endOf(lease.ttl))
  }

  #replace(id: Uint8Array, { ttl, endsAt }: Lease, newEnd: number): void {
    this.#store.tree.remove(expiryKey(endsAt, id))
    this.#write(id, ttl, newEnd)
  }

  /** Returns the lease that ends next. */
  #first(): Due | null {
    const cursor = this.#store.tree.cursor(Uint8Array.of(SECTIONS.leaseExpiry))
    if (cursor.isAtEnd || cursor.key[0] !== SECTIONS.leaseExpiry) return null
    return { endsAt: readU64(cursor.key, 1), id: cursor.key.slice(9) }
  }

  /** Returns an id that is free. Those that a client took itself are passed over. */
  #chooseId(): Uint8Array {
    const id = new Uint8Array(LEASE_BYTES)
    do writeLeaseId(id, 0, CHOSEN_BASE + BigInt(++this.#chosenCount))
    while (this.#read(id) !== null)
    return id
  }

  #read(id: Uint8Array): Lease | null {
    const record = this.#store.tree.get(sectionKey(SECTIONS.lease, id))
    return record === null ? null : { ttl: readU64(record, 0), endsAt: readU64(record, 8) as Milliseconds }
  }

  #write(id: Uint8Array, ttl: number, endsAt: number): void {
    const { tree } = this.#store
    const record = new Uint8Array(RECORD_BYTES)
    writeU64(record, 0, ttl)
    writeU64(record, 8, endsAt)
    tree.set(sectionKey(SECTIONS.lease, id), record)
    tree.set(expiryKey(endsAt, id), NO_KEY)
  }
}

const NO_KEY = new Uint8Array(0)

function expiryKey(endsAt: number, id: Uint8Array): Uint8Array {
  const key = new Uint8Array(9 + LEASE_BYTES)
  key[0] = SECTIONS.leaseExpiry
  writeU64(key, 1, endsAt)
  key.set(id, 9)
  return key
}
