/**
 * The record of one change, under its revision: the key, and the key's entry before the change, as it stood. Big-endian.
 *
 *   record   = kind u8 | key length u16 | key | entry before (the rest)      no entry: no change is known before this one
 *
 * Records are appended, read in their order, and removed from the oldest on; none is changed. What a change left is the
 * entry of the key, or stands in the record of the change of that key after it.
 */
import { readU16, writeU16, writeU32, writeU64 } from '../base/bytes.ts'
import type { Tree } from '../tree/tree.ts'
import { type ChangeRevision, EntryView } from './key-entry.ts'
import { SECTIONS } from './state-keys.ts'

export const CHANGE_KINDS = { put: 1, delete: 2 } as const
export type ChangeKind = (typeof CHANGE_KINDS)[keyof typeof CHANGE_KINDS]

const KEY_BYTES = 13
const KEY_AT = 3

/** The key of a change in the tree. */
export function changeKey({ main, sub }: ChangeRevision, key = new Uint8Array(KEY_BYTES)): Uint8Array {
  key[0] = SECTIONS.change
  writeU64(key, 1, main)
  writeU32(key, 9, sub)
  return key
}

/** A change where its record stands: good until those bytes change. */
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

  /** The entry of the key before the change; null where none is known. */
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

  /** Goes to a change; false when it is not there. */
  open(view: ChangeView, change: ChangeRevision): boolean {
    if (!this.#tree.find(changeKey(change, this.#key), 0, KEY_BYTES)) return false
    view.place(this.#tree.valueBuffer, this.#tree.valueAt, this.#tree.valueLength)
    return true
  }

  /** Appends a change of the key that stands in `key` from .. to; gives the bytes of its record. */
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

  /** Removes a change and gives the bytes of its record; 0 when it is not there. */
  remove(change: ChangeRevision): number {
    const tree = this.#tree
    if (!tree.find(changeKey(change, this.#key), 0, KEY_BYTES)) return 0
    const { valueLength } = tree
    tree.delete()
    return valueLength
  }
}

/** So many bytes at most are copied one by one: making a view costs more. */
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
