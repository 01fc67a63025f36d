/** The keys that are attached to each lease, in their order: those whose entries name it. */
import type { Tree } from '../tree/tree.ts'
import { copyBytes } from './change-record.ts'
import { LEASE_BYTES } from './key-entry.ts'
import { KEY_BYTES_MAX } from './operations.ts'
import { SECTIONS } from './state-keys.ts'

/** The maximum number of keys that are attached to one lease. */
export const LEASE_KEYS_MAX = 100_000

const HEADER_BYTES = 1 + LEASE_BYTES

export class LeaseKeys {
  readonly #tree: Tree
  readonly #key = new Uint8Array(HEADER_BYTES + KEY_BYTES_MAX).fill(SECTIONS.leaseKey)

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** Attaches the key in the bytes from..to of `source` to a lease. */
  attach(lease: Uint8Array, source: Uint8Array, from: number, to: number): void {
    const length = this.#place(lease, source, from, to)
    if (!this.#tree.find(this.#key, 0, length)) this.#tree.put(this.#key, 0, length, 0)
  }

  /** Detaches a key from its lease. */
  detach(lease: Uint8Array, source: Uint8Array, from: number, to: number): void {
    if (this.has(lease, source, from, to)) this.#tree.delete()
  }

  /** True if a key is attached to this lease. */
  has(lease: Uint8Array, source: Uint8Array, from: number, to: number): boolean {
    return this.#tree.find(this.#key, 0, this.#place(lease, source, from, to))
  }

  /** Returns the number of keys that are attached to a lease. */
  count(lease: Uint8Array): number {
    return this.#tree.count(this.#key.subarray(0, this.#place(lease, lease, 0, 0)))
  }

  /** Yields the keys that are attached to a lease, as views, while the tree does not change. */
  *after(lease: Uint8Array, after: Uint8Array): Generator<Uint8Array> {
    const length = this.#place(lease, after, 0, after.length)
    // An appended zero gives the smallest key above `after`.
    const first = new Uint8Array(length + (after.length > 0 ? 1 : 0))
    first.set(this.#key.subarray(0, length))
    const prefix = first.slice(0, HEADER_BYTES)
    const cursor = this.#tree.cursor(first)
    for (; !cursor.isAtEnd && cursor.startsWith(prefix); cursor.next())
      yield cursor.key.subarray(HEADER_BYTES)
  }

  /** Writes the key of an attachment in the tree. Returns its length. */
  #place(lease: Uint8Array, source: Uint8Array, from: number, to: number): number {
    copyBytes(lease, 0, LEASE_BYTES, this.#key, 1)
    copyBytes(source, from, to, this.#key, HEADER_BYTES)
    return HEADER_BYTES + to - from
  }
}
