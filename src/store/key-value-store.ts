/**
 * The keys and their values, in etcd's model: one revision counter for the store; every change of a key takes the
 * next; a key has the revision that created it, the one that changed it last, and a version that counts its changes
 * and begins anew after a deletion. Deterministic; all of it is replicated state.
 *
 * Compact: a key is a string and a number, its revisions stand in columns, its value lies in an arena.
 */
import { OrderedKeys } from './ordered-keys.ts'
import { ValueArena } from './value-arena.ts'

/**
 * Keys in one store. It bounds what a key costs beside its own bytes, which `storeBytesMax` does not count, and lies
 * below the 2^24 entries that a `Map` takes.
 */
export const KEYS_MAX = 8_000_000

/** Where a key's revisions and value stand, until the key is deleted. */
export type Slot = number
export const NO_SLOT: Slot = -1

export interface KeyValueStoreLimits {
  /** Bytes of all keys and values. */
  readonly storeBytesMax: number
  readonly keysMax?: number
}

/** Keys are byte texts of at least one char. */
export class KeyValueStore {
  readonly #bytesMax: number
  readonly #keysMax: number
  readonly #slots = new Map<string, Slot>()
  readonly #freeSlots: Slot[] = []
  readonly #ordered = new OrderedKeys()
  readonly #values = new ValueArena()
  #createRevisions = new Float64Array(1024)
  #modRevisions = new Float64Array(1024)
  #versions = new Float64Array(1024)
  #revision = 0
  #bytes = 0

  constructor({ storeBytesMax, keysMax = KEYS_MAX }: KeyValueStoreLimits) {
    this.#bytesMax = storeBytesMax
    this.#keysMax = keysMax
  }

  /** Changes since the beginning; 0 in an empty store. */
  get revision(): number {
    return this.#revision
  }

  /** How many keys there are. */
  get size(): number {
    return this.#slots.size
  }

  /** Bytes of all keys and values, as counted against `storeBytesMax`. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes held for values, gaps included. Not replicated state. */
  get heldValueBytes(): number {
    return this.#values.heldBytes
  }

  find(key: string): Slot {
    return this.#slots.get(key) ?? NO_SLOT
  }

  createRevision(slot: Slot): number {
    return this.#createRevisions[slot] as number
  }

  /** 0 for `NO_SLOT`. */
  modRevision(slot: Slot): number {
    return slot === NO_SLOT ? 0 : (this.#modRevisions[slot] as number)
  }

  version(slot: Slot): number {
    return this.#versions[slot] as number
  }

  valueLength(slot: Slot): number {
    return this.#values.length(slot)
  }

  /** Writes a value at an offset of `target`. */
  copyValue(slot: Slot, target: Uint8Array, at: number): void {
    this.#values.copy(slot, target, at)
  }

  /**
   * Sets the key, whose slot `find` gave, to a copy of the bytes from .. to of `source`. Gives its slot, or `NO_SLOT`
   * when there is no space; nothing has changed then.
   */
  put(key: string, found: Slot, source: Uint8Array, from: number, to: number): Slot {
    if (found === NO_SLOT) return this.#create(key, source, from, to)
    const bytes = this.#bytes + (to - from) - this.#values.length(found)
    if (bytes > this.#bytesMax) return NO_SLOT
    this.#bytes = bytes
    this.#values.replace(found, source, from, to)
    this.#modRevisions[found] = ++this.#revision
    this.#versions[found] = this.version(found) + 1
    return found
  }

  /** Deletes the key, whose slot `find` gave and is not `NO_SLOT`. */
  delete(key: string, slot: Slot): void {
    this.#revision++
    this.#bytes -= key.length + this.#values.length(slot)
    this.#values.release(slot)
    this.#slots.delete(key)
    this.#freeSlots.push(slot)
    this.#ordered.delete(key)
  }

  /** Every key with the prefix that comes after `after`, in the order of their bytes. */
  range(prefix: string, after: string): Iterable<string> {
    return this.#ordered.range(prefix, after)
  }

  /** How many keys have the prefix. */
  count(prefix: string): number {
    return this.#ordered.count(prefix)
  }

  #create(key: string, source: Uint8Array, from: number, to: number): Slot {
    const bytes = this.#bytes + key.length + (to - from)
    if (bytes > this.#bytesMax || this.#slots.size >= this.#keysMax) return NO_SLOT
    this.#bytes = bytes
    const slot = this.#freeSlots.pop() ?? this.#slots.size
    if (slot >= this.#versions.length) this.#growColumns()
    this.#slots.set(key, slot)
    this.#ordered.insert(key)
    this.#values.store(slot, source, from, to)
    this.#createRevisions[slot] = ++this.#revision
    this.#modRevisions[slot] = this.#revision
    this.#versions[slot] = 1
    return slot
  }

  #growColumns(): void {
    const grow = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(2 * column.length)
      grown.set(column)
      return grown
    }
    this.#createRevisions = grow(this.#createRevisions)
    this.#modRevisions = grow(this.#modRevisions)
    this.#versions = grow(this.#versions)
  }
}
