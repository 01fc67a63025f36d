/**
 * The record of one change, stored under its revision: the key, and the key's entry before the change. Big-endian.
 *
 *   record   = kind u8 | key length u16 | key | entry before (the rest)      no entry: no change is known before this one
 *
 * Records are appended, read in order, and removed oldest first; none is changed. The result of a change is the entry
 * of the key, or is part of the record of that key's next change.
 */
import { readU16, writeU16, writeU32, writeU64 } from '../base/bytes.ts'
import type { Tree } from '../tree/tree.ts'
import { type ChangeRevision, EntryView } from './key-entry.ts'
import { SECTIONS } from './state-keys.ts'

export const CHANGE_KINDS = { put: 1, delete: 2 } as const
export type ChangeKind = (typeof CHANGE_KINDS)[keyof typeof CHANGE_KINDS]

const KEY_BYTES = 13
const KEY_AT = 3

/** Returns the key of a change in the tree. */
export function changeKey({ main, sub }: ChangeRevision, key = new Uint8Array(KEY_BYTES)): Uint8Array {
  key[0] = SECTIONS.change
  writeU64(key, 1, main)
  writeU32(key, 9, sub)
  return key
}

/** A view of a change in its record, valid until those bytes change. */
export class ChangeView {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  length = 0
  readonly #before = new EntryView()

  place(bytes: Uint8Array, at: number, length: number): this {
    this.bytes = bytes
    this.at = at
    this.length = length
    return this
  }

  get kind(): ChangeKind {
    return this.bytes[this.at] as ChangeKind
  }

  get key(): Uint8Array {
    return this.bytes.subarray(this.at + KEY_AT, this.at + KEY_AT + this.#keyLength)
  }

  /** The entry of the key before the change; null if none is known. */
  get before(): EntryView | null {
    const head = KEY_AT + this.#keyLength
    if (this.length === head) return null
    return this.#before.place(this.bytes, this.at + head, this.length - head)
  }

  get #keyLength(): number {
    return readU16(this.bytes, this.at + 1)
  }
}

/** The records of changes in a tree. */
export class ChangeRecords {
  readonly #tree: Tree
  readonly #key = new Uint8Array(KEY_BYTES)

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** Moves the view to a change. Returns false if it does not exist. */
  open(view: ChangeView, change: ChangeRevision): boolean {
    if (!this.#tree.find(changeKey(change, this.#key), 0, KEY_BYTES)) return false
    view.place(this.#tree.valueBuffer, this.#tree.valueAt, this.#tree.valueLength)
    return true
  }

  /** Appends a change of the key in the bytes from..to of `key`. Returns the bytes of its record. */
  append(
    change: ChangeRevision,
    kind: ChangeKind,
    { key, from, to }: { readonly key: Uint8Array; readonly from: number; readonly to: number },
    before: EntryView,
  ): number {
    const tree = this.#tree
    const head = KEY_AT + to - from
    const length = head + before.length
    changeKey(change, this.#key)
    tree.find(this.#key, 0, KEY_BYTES)
    tree.put(this.#key, 0, KEY_BYTES, length)
    const { valueBuffer: bytes, valueAt: at } = tree
    bytes[at] = kind
    writeU16(bytes, at + 1, to - from)
    for (let index = from; index < to; index++) bytes[at + KEY_AT + index - from] = key[index] as number
    copyBytes(before.bytes, before.at, before.at + before.length, bytes, at + head)
    return length
  }

  /** Removes a change. Returns the bytes of its record, or 0 if it does not exist. */
  remove(change: ChangeRevision): number {
    const tree = this.#tree
    if (!tree.find(changeKey(change, this.#key), 0, KEY_BYTES)) return 0
    const { valueLength } = tree
    tree.delete()
    return valueLength
  }
}

/** The maximum number of bytes copied one by one: beyond it, making a view costs less. */
const SHORT_BYTES = 192

export function copyBytes(
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): void {
  if (to - from > SHORT_BYTES) return target.set(source.subarray(from, to), at)
  for (let offset = 0; offset < to - from; offset++) target[at + offset] = source[from + offset] as number
}
