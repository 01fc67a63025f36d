/**
 * An ordered map from byte strings to byte strings: a copy-on-write Merkle B+tree (DESIGN section 1.3). A snapshot
 * costs nothing; after it, the first change below a page copies that page. Deterministic: equal operations on equal
 * trees give equal pages.
 *
 * For speed a change takes two steps: `find`, and then `put` or `delete` at that place.
 */
import { assert } from '../base/assert.ts'
import { readU16, readU32, writeU16, writeU32 } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import { Generation, Retirement } from './generation.ts'
import { ENTRY_HEADER_BYTES, placedBytes, TREE_KEY_BYTES_MAX, TREE_VALUE_BYTES_MAX } from './layout.ts'
import {
  childTotal,
  isApart,
  itemAt,
  openItem,
  Page,
  removeItem,
  resizeItem,
  setChildTotal,
  ValuePage,
} from './page.ts'
import { childIndex, countPrefix, entryIndex, knownBelow, rankOf, spanOf, TreeCursor } from './search.ts'
import { TreeSnapshot } from './snapshot.ts'
import {
  canJoin,
  divide,
  insertChildren,
  isSmall,
  isTooLarge,
  joinChildren,
  linkChild,
  removeChild,
  rootAbove,
} from './structure.ts'

export class Tree {
  readonly #hash: Hash
  /** The current generation: only its pages may change. */
  #generation = new Generation()
  /** The retirement of the newest snapshot. */
  #retirement: Retirement | null = null
  #root: Page
  // The path of the last `find`: the pages above the leaf, and the index of the child taken in each.
  readonly #pages: Page[] = []
  readonly #indices: number[] = []
  #depth = 0
  #leaf: Page
  /** The index of the key's entry, or -1 - i if it would be inserted at i. */
  #index = -1
  valueBuffer: Uint8Array = new Uint8Array(0)
  valueAt = 0
  valueLength = 0

  constructor(hash: Hash) {
    this.#hash = hash
    this.#root = Page.empty(0, this.#generation)
    this.#leaf = this.#root
  }

  /** The number of keys. */
  get size(): number {
    return this.#root.total
  }

  /** Returns a snapshot of the tree. */
  snapshot(): TreeSnapshot {
    this.#retirement = new Retirement(this.#generation)
    this.#generation = new Generation(this.#generation)
    return new TreeSnapshot(this.#hash, this.#root, this.#retirement)
  }

  /** Continues from a snapshot of this tree or of another. */
  restore(snapshot: TreeSnapshot): void {
    // Retired pages may be in use again, so the buffers of earlier generations are not reused.
    this.#generation = new Generation()
    this.#retirement = null
    this.#root = snapshot.root
    this.find(new Uint8Array(0), 0, 0)
  }

  /** Returns a view of the value of a key, valid until the tree changes; null if the key does not exist. */
  get(key: Uint8Array): Uint8Array | null {
    return this.find(key, 0, key.length) ? this.value : null
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.find(key, 0, key.length)
    this.put(key, 0, key.length, value.length)
    this.valueBuffer.set(value, this.valueAt)
  }

  /** Removes a key. Returns true if it existed. */
  remove(key: Uint8Array): boolean {
    const isFound = this.find(key, 0, key.length)
    if (isFound) this.delete()
    return isFound
  }

  /** Returns the number of keys with the prefix. */
  count(prefix: Uint8Array): number {
    return countPrefix(this.#root, prefix)
  }

  /** Returns the number of keys that are at or after `from` and before `to`. */
  countBetween(from: Uint8Array, to: Uint8Array): number {
    return Math.max(0, rankOf(this.#root, spanOf(to)) - rankOf(this.#root, spanOf(from)))
  }

  /** Returns a cursor at the first key that is equal to or after the given one, valid until the tree changes. */
  cursor(key: Uint8Array): TreeCursor {
    return new TreeCursor(this.#root, spanOf(key))
  }

  /**
   * Finds the place of the key in the bytes from..to of `key`. Returns true if the key exists. Its value is then
   * `valueLength` bytes of `valueBuffer` at `valueAt`, until the tree changes.
   */
  find(key: Uint8Array, from: number, to: number): boolean {
    this.#find(key, from, to)
    if (this.#index < 0) return false
    this.#stand()
    return true
  }

  #find(key: Uint8Array, from: number, to: number): void {
    let page = this.#root
    let depth = 0
    let known = 0
    while (page.level > 0) {
      const index = childIndex(page, key, from, to, known)
      known = Math.max(known, knownBelow(page, index, key, from, to))
      this.#pages[depth] = page
      this.#indices[depth] = index
      depth++
      page = page.children[index] as Page
    }
    this.#depth = depth
    this.#leaf = page
    this.#index = entryIndex(page, key, from, to, known)
  }

  /** Notes the location of the value of the key that was found. */
  #stand(): void {
    const leaf = this.#leaf
    const at = itemAt(leaf, this.#index)
    this.valueLength = readU32(leaf.bytes, at + 2)
    const page = leaf.values === null ? null : leaf.values[this.#index]
    this.valueBuffer = page?.bytes ?? leaf.bytes
    this.valueAt = page?.valueAt ?? at + ENTRY_HEADER_BYTES + readU16(leaf.bytes, at)
  }

  /** Returns a view of the value of the key that was found. */
  get value(): Uint8Array {
    return this.valueBuffer.subarray(this.valueAt, this.valueAt + this.valueLength)
  }

  /**
   * Sets the key that `find` just looked for to a value of `valueLength` bytes. The caller must at once write them to
   * `valueBuffer` at `valueAt`. An old value of the same length in the leaf is still there; otherwise the bytes are
   * arbitrary.
   */
  put(key: Uint8Array, from: number, to: number, valueLength: number): void {
    assert(valueLength <= TREE_VALUE_BYTES_MAX, 'a value is too long for its page')
    this.#own()
    const page = isApart(valueLength) ? ValuePage.of(key.subarray(from, to), valueLength) : null
    const isMoved = this.#index >= 0 ? this.#replace(valueLength) : this.#insert(key, from, to, valueLength)
    if (isMoved) this.#find(key, from, to)
    const leaf = this.#leaf
    if (page !== null) leaf.values ??= new Array<ValuePage | null>(leaf.count).fill(null)
    if (leaf.values !== null) leaf.values[this.#index] = page
    this.#stand()
  }

  /** Deletes the key that was found. */
  delete(): void {
    this.#own()
    const leaf = this.#leaf
    removeItem(leaf, this.#index)
    leaf.values?.splice(this.#index, 1)
    this.#count(-1)
    this.#mend()
  }

  /** Copies the pages on the path to the leaf unless this generation owns them. */
  #own(): void {
    const generation = this.#generation
    // If this generation owns the leaf, it owns all pages above it.
    if (this.#leaf.generation === generation) return
    for (let depth = 0; depth <= this.#depth; depth++) {
      const page = depth === this.#depth ? this.#leaf : (this.#pages[depth] as Page)
      if (page.generation === generation) continue
      const copy = page.copy(generation)
      this.#retirement?.add(page)
      if (depth === 0) this.#root = copy
      else linkChild(this.#pages[depth - 1] as Page, this.#indices[depth - 1] as number, copy)
      if (depth === this.#depth) this.#leaf = copy
      else this.#pages[depth] = copy
    }
  }

  /** Adds a change of the number of keys to the leaf and all pages above it. */
  #count(change: number): void {
    this.#leaf.total += change
    for (let depth = 0; depth < this.#depth; depth++) {
      const page = this.#pages[depth] as Page
      const index = this.#indices[depth] as number
      page.total += change
      setChildTotal(page, index, childTotal(page, index) + change)
    }
  }

  /** Returns true if entries moved to other pages; so do the next two. */
  #replace(valueLength: number): boolean {
    const leaf = this.#leaf
    const before = this.valueLength
    if (before === valueLength) return false
    const at = itemAt(leaf, this.#index)
    const size = ENTRY_HEADER_BYTES + readU16(leaf.bytes, at)
    resizeItem(leaf, this.#index, size + placedBytes(valueLength))
    writeU32(leaf.bytes, at + 2, valueLength)
    return isTooLarge(leaf) ? this.#divide() : valueLength < before && this.#mend()
  }

  #insert(key: Uint8Array, from: number, to: number, valueLength: number): boolean {
    const length = to - from
    assert(length <= TREE_KEY_BYTES_MAX, 'a key is too long for the tree')
    const leaf = this.#leaf
    const index = -1 - this.#index
    this.#index = index
    openItem(leaf, index, ENTRY_HEADER_BYTES + length + placedBytes(valueLength))
    const { bytes } = leaf
    const at = itemAt(leaf, index)
    writeU16(bytes, at, length)
    writeU32(bytes, at + 2, valueLength)
    const keyAt = at + ENTRY_HEADER_BYTES
    for (let offset = 0; offset < length; offset++) bytes[keyAt + offset] = key[from + offset] as number
    leaf.values?.splice(index, 0, null)
    this.#count(1)
    return isTooLarge(leaf) && this.#divide()
  }

  #divide(): boolean {
    let page = this.#leaf
    let isAscending = this.#index === page.count - 1
    for (let depth = 0; isAscending && depth < this.#depth; depth++) {
      isAscending = this.#indices[depth] === (this.#pages[depth] as Page).count - 1
    }
    for (let depth = this.#depth; isTooLarge(page); depth--) {
      const pieces = divide(page, isAscending)
      if (depth === 0) {
        this.#root = rootAbove(page, pieces)
        return true
      }
      const parent = this.#pages[depth - 1] as Page
      const index = this.#indices[depth - 1] as number
      setChildTotal(parent, index, page.total)
      insertChildren(parent, index + 1, pieces)
      page = parent
    }
    return true
  }

  /** Removes or joins pages that have become too small, from the leaf up. */
  #mend(): boolean {
    let page = this.#leaf
    let isMoved = false
    for (let depth = this.#depth; depth > 0 && isSmall(page); depth--) {
      const parent = this.#pages[depth - 1] as Page
      const index = this.#indices[depth - 1] as number
      if (page.count === 0) removeChild(parent, index)
      else if (index > 0 && canJoin(parent, index - 1)) joinChildren(parent, index - 1)
      else if (canJoin(parent, index)) joinChildren(parent, index)
      else break
      isMoved = true
      page = parent
    }
    while (this.#root.level > 0 && this.#root.count === 1) this.#root = this.#root.children[0] as Page
    return isMoved
  }
}
