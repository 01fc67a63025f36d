/**
 * The key-value store, in etcd's model. An empty store is at revision 1. A request that changes something takes the
 * next revision, its main revision, and numbers its changes from 0. A key has the revision that created it, the one
 * that changed it last, and a version that counts its changes and restarts after a deletion. Each change records the
 * entry before it, so that older revisions can be read. Deterministic; everything is replicated state, kept in the
 * tree.
 *
 * `find` selects a key. The getters and the changing methods refer to the key found last.
 */
import { compareBytes, equalBytes, writeU64 } from '../base/bytes.ts'
import type { TreeCursor } from '../tree/search.ts'
import type { TreeSnapshot } from '../tree/snapshot.ts'
import type { Tree } from '../tree/tree.ts'
import { CHANGE_KINDS, type ChangeKind, ChangeRecords, copyBytes } from './change-record.ts'
import {
  type ChangeRevision,
  type EntryHeader,
  EntryView,
  entryHeaderBytes,
  REVISIONS_BYTES,
  writeEntryHeader,
} from './key-entry.ts'
import { LeaseKeys } from './lease-keys.ts'
import { KEY_BYTES_MAX } from './operations.ts'
import { SECTIONS, sectionKey } from './state-keys.ts'

/**
 * The maximum number of keys in one store. It limits the cost of a key apart from its own bytes, which `storeBytesMax`
 * does not count.
 */
export const KEYS_MAX = 8_000_000

/** The revision of an empty store. */
export const FIRST_REVISION = 1

/** The bytes that a change in the history counts in addition to its record. */
const CHANGE_OVERHEAD_BYTES = 64

export interface KeyValueStoreLimits {
  /** The maximum bytes of all existing keys and values. */
  readonly storeBytesMax: number
  readonly keysMax?: number
}

/** The counters of the store. */
export interface KeyValueCounters {
  readonly revision: number
  readonly bytes: number
  readonly historyBytes: number
}

/** The state of the store at one moment. */
export interface SavedState extends KeyValueCounters {
  readonly snapshot: TreeSnapshot
  readonly sub: number
  readonly size: number
  readonly deleted: number
  readonly changes: number
}

export class KeyValueStore {
  readonly tree: Tree
  readonly records: ChangeRecords
  readonly leaseKeys: LeaseKeys
  #bytesMax: number
  readonly #keysMax: number
  #revision = FIRST_REVISION
  /** The number of the last change within the current revision; -1 before the first. */
  #sub = -1
  #bytes = 0
  #historyBytes = 0
  #size = 0
  #deleted = 0
  #changes = 0
  /** The section and the key of the last search. */
  readonly #key = new Uint8Array(1 + KEY_BYTES_MAX).fill(SECTIONS.key)
  #keyLength = 1
  #isFound = false
  readonly #entry = new EntryView()
  /** The entry of the key before the last change, in a buffer that grows. Its length is 0 if there was none. */
  readonly #before = new EntryView()
  readonly #revisions = new Uint8Array(REVISIONS_BYTES)

  constructor(tree: Tree, { storeBytesMax, keysMax = KEYS_MAX }: KeyValueStoreLimits) {
    this.tree = tree
    this.records = new ChangeRecords(tree)
    this.leaseKeys = new LeaseKeys(tree)
    this.#bytesMax = storeBytesMax
    this.#keysMax = keysMax
  }

  /** Continues from the current contents of the tree. */
  restore({ revision, bytes, historyBytes }: KeyValueCounters, storeBytesMax: number): void {
    this.#revision = revision
    this.#sub = -1
    this.#bytes = bytes
    this.#historyBytes = historyBytes
    this.#bytesMax = storeBytesMax
    this.#size = this.tree.count(Uint8Array.of(SECTIONS.key))
    this.#deleted = this.tree.count(Uint8Array.of(SECTIONS.deleted))
    this.#isFound = false
  }

  /** The main revision of the last change; 1 in an empty store. */
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

  /** Bytes of the records of changes. */
  get historyBytes(): number {
    return this.#historyBytes
  }

  /** The number of changes since the last restart. The difference of two values gives the changes of a batch. */
  get changes(): number {
    return this.#changes
  }

  /** True if anything changed since `begin`. */
  get hasChanged(): boolean {
    return this.#sub >= 0
  }

  /** Begins an operation, or a whole transaction. Its changes get one main revision. */
  begin(): void {
    this.#sub = -1
  }

  /** Takes a revision for an operation that changes no key but the answers to reads, so that equal ones are of one state. */
  takeRevision(): void {
    this.#revision++
  }

  /** True if keys and values of this size can be added without any other change. */
  hasRoomFor(keys: number, bytes: number): boolean {
    return this.#bytes + bytes <= this.#bytesMax && this.#size + keys <= this.#keysMax
  }

  /** Returns the current state, to which `undo` returns. */
  save(): SavedState {
    return {
      snapshot: this.tree.snapshot(),
      revision: this.#revision,
      sub: this.#sub,
      bytes: this.#bytes,
      historyBytes: this.#historyBytes,
      size: this.#size,
      deleted: this.#deleted,
      changes: this.#changes,
    }
  }

  /** Undoes all changes since the state was saved. */
  undo(saved: SavedState): void {
    this.tree.restore(saved.snapshot)
    this.#revision = saved.revision
    this.#sub = saved.sub
    this.#bytes = saved.bytes
    this.#historyBytes = saved.historyBytes
    this.#size = saved.size
    this.#deleted = saved.deleted
    this.#changes = saved.changes
    this.#isFound = false
  }

  /** Finds the key in the bytes from..to of `source`. Returns true if it exists. */
  find(source: Uint8Array, from: number, to: number): boolean {
    const key = this.#key
    const length = 1 + to - from
    for (let at = 1; at < length; at++) key[at] = source[from + at - 1] as number
    this.#keyLength = length
    return this.#findKey()
  }

  #findKey(): boolean {
    const { tree } = this
    this.#key[0] = SECTIONS.key
    this.#isFound = tree.find(this.#key, 0, this.#keyLength)
    if (this.#isFound) this.#entry.place(tree.valueBuffer, tree.valueAt, tree.valueLength)
    return this.#isFound
  }

  /** Returns the entry of the key that was found, valid until something changes. */
  get entry(): EntryView {
    return this.#entry
  }

  /**
   * Returns the entry of the key before the last change, valid until the next one. Its length is 0 if there was none.
   */
  get before(): EntryView {
    return this.#before
  }

  /** Returns the modification revision of the key; 0 if it does not exist. */
  get modRevision(): number {
    return this.#isFound ? this.#entry.main : 0
  }

  /** Writes create revision, modification revision and version of the last put at an offset of `target`. */
  copyRevisions(target: Uint8Array, at: number): void {
    for (let offset = 0; offset < REVISIONS_BYTES; offset++) {
      target[at + offset] = this.#revisions[offset] as number
    }
  }

  /**
   * Sets the key to a copy of the bytes from..to of `source`, and attaches it to the lease or to none. Returns false
   * and changes nothing if there is no space. Afterwards no key is selected.
   */
  put(source: Uint8Array, from: number, to: number, lease: Uint8Array | null = null): boolean {
    const length = to - from
    const isNew = !this.#isFound
    const growth = isNew ? this.#keyLength - 1 + length : length - this.#entry.valueLength
    if (this.#bytes + growth > this.#bytesMax || (isNew && this.#size >= this.#keysMax)) return false
    const before = this.#before
    if (!isNew) this.#keep(this.#entry)
    else if (this.#takeDeleted()) this.#findKey()
    this.#advance()
    this.#bytes += growth
    if (isNew) this.#size++
    const isFirst = before.length === 0
    const header: EntryHeader = {
      createRevision: isNew ? this.#revision : before.createRevision,
      main: this.#revision,
      sub: this.#sub,
      version: isNew ? 1 : before.version + 1,
      depth: isFirst ? 0 : before.depth + 1,
      lease,
    }
    const headerBytes = entryHeaderBytes(header.depth)
    const { tree } = this
    tree.put(this.#key, 0, this.#keyLength, headerBytes + length)
    writeEntryHeader(tree.valueBuffer, tree.valueAt, header, before)
    copyBytes(source, from, to, tree.valueBuffer, tree.valueAt + headerBytes)
    writeU64(this.#revisions, 0, header.createRevision)
    writeU64(this.#revisions, 8, header.main)
    writeU64(this.#revisions, 16, header.version)
    this.#attach(lease)
    this.#append(CHANGE_KINDS.put)
    return true
  }

  /** Deletes the key that was found. */
  delete(): void {
    const { tree } = this
    const before = this.#before
    this.#keep(this.#entry)
    tree.delete()
    this.#advance()
    this.#bytes -= this.#keyLength - 1 + before.valueLength
    this.#size--
    const depth = before.depth + 1
    const header: EntryHeader = {
      createRevision: 0,
      main: this.#revision,
      sub: this.#sub,
      version: 0,
      depth,
      lease: null,
    }
    this.#key[0] = SECTIONS.deleted
    tree.find(this.#key, 0, this.#keyLength)
    tree.put(this.#key, 0, this.#keyLength, entryHeaderBytes(depth))
    writeEntryHeader(tree.valueBuffer, tree.valueAt, header, before)
    this.#deleted++
    this.#attach(null)
    this.#append(CHANGE_KINDS.delete)
  }

  /** Removes the record of a change that can no longer be read, and its deleted key if it was a deletion. */
  forget(change: ChangeRevision, deletedKey: Uint8Array | null): void {
    this.#uncount(this.records.remove(change))
    if (deletedKey === null) return
    const key = sectionKey(SECTIONS.deleted, deletedKey)
    if (!this.tree.find(key, 0, key.length)) return
    const { main, sub } = this.#entry.place(this.tree.valueBuffer, this.tree.valueAt, this.tree.valueLength)
    if (main !== change.main || sub !== change.sub) return
    this.tree.delete()
    this.#deleted--
  }

  /** Returns a cursor at the first key with the prefix after `after`, or at the place where it would be. */
  seek(prefix: Uint8Array, after: Uint8Array): TreeCursor {
    // An appended zero gives the smallest key above `after`.
    const next = after.length > 0 ? entryKeyOf(after, 1) : null
    const first = entryKeyOf(prefix, 0)
    return this.tree.cursor(next !== null && compareBytes(next, first) > 0 ? next : first)
  }

  /** Returns the number of keys with the prefix. */
  count(prefix: Uint8Array): number {
    return this.tree.count(entryKeyOf(prefix, 0))
  }

  /** Takes the next number within this request's revision. */
  #advance(): void {
    if (this.#sub < 0) this.#revision++
    this.#sub++
    this.#changes++
  }

  /** Copies an entry, because the tree is about to change. */
  #keep({ bytes, at, length }: EntryView): void {
    const before = this.#before
    if (before.bytes.length < length) before.bytes = new Uint8Array(2 * length)
    before.length = length
    copyBytes(bytes, at, at + length, before.bytes, 0)
  }

  /** Removes the entry of a deleted key and keeps a copy of it. Returns false if no deletion of the key is known. */
  #takeDeleted(): boolean {
    this.#before.length = 0
    if (this.#deleted === 0) return false
    const { tree } = this
    this.#key[0] = SECTIONS.deleted
    if (tree.find(this.#key, 0, this.#keyLength)) {
      this.#keep(this.#entry.place(tree.valueBuffer, tree.valueAt, tree.valueLength))
      tree.delete()
      this.#deleted--
    }
    return true
  }

  /** Attaches the key to another lease than before, or to none. */
  #attach(lease: Uint8Array | null): void {
    const before = this.#before
    const held = before.length > 0 && before.hasLease ? before.lease : null
    if (held === null && lease === null) return
    if (held !== null && lease !== null && equalBytes(held, lease)) return
    if (held !== null) this.leaseKeys.detach(held, this.#key, 1, this.#keyLength)
    if (lease !== null) this.leaseKeys.attach(lease, this.#key, 1, this.#keyLength)
  }

  #append(kind: ChangeKind): void {
    const change = { main: this.#revision, sub: this.#sub }
    const key = { key: this.#key, from: 1, to: this.#keyLength }
    this.#historyBytes += historyBytesOf(this.records.append(change, kind, key, this.#before))
    this.#isFound = false
  }

  #uncount(recordBytes: number): void {
    if (recordBytes > 0) this.#historyBytes -= historyBytesOf(recordBytes)
  }
}

/** Returns the bytes that a change counts in the history. */
export const historyBytesOf = (recordBytes: number): number => recordBytes + CHANGE_OVERHEAD_BYTES

/** Returns the tree's key of an existing key, with some zeros appended. */
export const entryKeyOf = (key: Uint8Array, zeros: number): Uint8Array => sectionKey(SECTIONS.key, key, zeros)
