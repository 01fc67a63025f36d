/**
 * The keys and their values, in etcd's model: one revision counter for the store; every change of a key takes the
 * next; a key has the revision that created it, the one that changed it last, and a version that counts its changes
 * and begins anew after a deletion. Deterministic; all of it is replicated state and stands in the tree.
 *
 * `find` goes to a key; what the store says of a key, and what it changes, is of the one found last.
 */
import { compareBytes, readU64, writeU64 } from '../base/bytes.ts'
import type { TreeCursor } from '../tree/search.ts'
import type { Tree } from '../tree/tree.ts'
import { KEY_BYTES_MAX } from './operations.ts'
import { SECTIONS } from './state-keys.ts'

/** Keys in one store. It bounds what a key costs beside its own bytes, which `storeBytesMax` does not count. */
export const KEYS_MAX = 8_000_000

/** Bytes of the revisions in front of a value. */
export const REVISIONS_BYTES = 24

export interface KeyValueStoreLimits {
  /** Bytes of all keys and values. */
  readonly storeBytesMax: number
  readonly keysMax?: number
}

/** Counters beside the keys themselves. */
export interface KeyValueCounters {
  readonly revision: number
  readonly bytes: number
}

export class KeyValueStore {
  readonly #tree: Tree
  #bytesMax: number
  readonly #keysMax: number
  #revision = 0
  #bytes = 0
  #size = 0
  /** The section and the key that was looked for last. */
  readonly #key = new Uint8Array(1 + KEY_BYTES_MAX).fill(SECTIONS.entry)
  #keyLength = 1
  #isFound = false

  constructor(tree: Tree, { storeBytesMax, keysMax = KEYS_MAX }: KeyValueStoreLimits) {
    this.#tree = tree
    this.#bytesMax = storeBytesMax
    this.#keysMax = keysMax
  }

  /** Goes on from what the tree holds now. */
  restore({ revision, bytes }: KeyValueCounters, storeBytesMax: number): void {
    this.#revision = revision
    this.#bytes = bytes
    this.#bytesMax = storeBytesMax
    this.#size = this.#tree.count(Uint8Array.of(SECTIONS.entry))
  }

  /** Changes since the beginning; 0 in an empty store. */
  get revision(): number {
    return this.#revision
  }

  /** The number of keys. */
  get size(): number {
    return this.#size
  }

  /** Bytes of all keys and values, as counted against `storeBytesMax`. */
  get bytes(): number {
    return this.#bytes
  }

  /** Goes to the key that stands in `source` from .. to, and says whether it is there. */
  find(source: Uint8Array, from: number, to: number): boolean {
    const key = this.#key
    const length = 1 + to - from
    for (let at = 1; at < length; at++) key[at] = source[from + at - 1] as number
    this.#keyLength = length
    this.#isFound = this.#tree.find(key, 0, length)
    return this.#isFound
  }

  get createRevision(): number {
    return readU64(this.#tree.valueBuffer, this.#tree.valueAt)
  }

  /** 0 where there is no such key. */
  get modRevision(): number {
    return this.#isFound ? readU64(this.#tree.valueBuffer, this.#tree.valueAt + 8) : 0
  }

  get version(): number {
    return readU64(this.#tree.valueBuffer, this.#tree.valueAt + 16)
  }

  get valueLength(): number {
    return this.#tree.valueLength - REVISIONS_BYTES
  }

  /** Writes the revisions and then the value, as they stand in the tree, at an offset of `target`. */
  copyRevisionsAndValue(target: Uint8Array, at: number): void {
    target.set(this.#tree.value, at)
  }

  /**
   * Sets the key to a copy of the bytes from .. to of `source`. False when there is no space; nothing has changed then.
   * Afterwards the store stands on the key still.
   */
  put(source: Uint8Array, from: number, to: number): boolean {
    const length = to - from
    const tree = this.#tree
    const isNew = !this.#isFound
    const change = isNew ? this.#keyLength - 1 + length : length - this.valueLength
    if (this.#bytes + change > this.#bytesMax || (isNew && this.#size >= this.#keysMax)) return false
    const revision = ++this.#revision
    const createRevision = isNew ? revision : this.createRevision
    const version = isNew ? 1 : this.version + 1
    this.#bytes += change
    if (isNew) this.#size++
    tree.put(this.#key, 0, this.#keyLength, REVISIONS_BYTES + length)
    this.#isFound = true
    const { valueBuffer, valueAt } = tree
    writeU64(valueBuffer, valueAt, createRevision)
    writeU64(valueBuffer, valueAt + 8, revision)
    writeU64(valueBuffer, valueAt + 16, version)
    copyValue(source, from, to, valueBuffer, valueAt + REVISIONS_BYTES)
    return true
  }

  /** Writes create revision, modification revision and version at an offset of `target`. */
  copyRevisions(target: Uint8Array, at: number): void {
    const { valueBuffer, valueAt } = this.#tree
    for (let offset = 0; offset < REVISIONS_BYTES; offset++) {
      target[at + offset] = valueBuffer[valueAt + offset] as number
    }
  }

  /** Deletes the key, which was found. */
  delete(): void {
    this.#revision++
    this.#bytes -= this.#keyLength - 1 + this.valueLength
    this.#size--
    this.#tree.delete()
    this.#isFound = false
  }

  /** On the first key with the prefix that comes after `after`, or where it would be. */
  seek(prefix: Uint8Array, after: Uint8Array): TreeCursor {
    // A zero behind it makes the least key above `after`.
    const next = after.length > 0 ? entryKeyOf(after, 1) : null
    const first = entryKeyOf(prefix, 0)
    return this.#tree.cursor(next !== null && compareBytes(next, first) > 0 ? next : first)
  }

  /** The number of keys with the prefix. */
  count(prefix: Uint8Array): number {
    return this.#tree.count(entryKeyOf(prefix, 0))
  }
}

/** The key in the tree, with some zeros behind it. */
export function entryKeyOf(key: Uint8Array, zeros: number): Uint8Array {
  const whole = new Uint8Array(1 + key.length + zeros)
  whole[0] = SECTIONS.entry
  whole.set(key, 1)
  return whole
}

/** Values of at most so many bytes are copied byte by byte: making a view costs more. */
const SHORT_VALUE_BYTES = 48

function copyValue(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from > SHORT_VALUE_BYTES) return target.set(source.subarray(from, to), at)
  for (let offset = 0; offset < to - from; offset++) target[at + offset] = source[from + offset] as number
}
