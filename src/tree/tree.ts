/**
 * A map from byte strings to byte strings in their order: a copy-on-write Merkle B+tree (DESIGN section 1.3). A snapshot
 * costs nothing; after it, the first change below a page copies that page. Deterministic: equal operations from equal
 * trees give equal pages.
 *
 * For speed a change is made in two steps: `find`, and then `put` or `delete` at the place found.
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
  /** Only its pages may change. */
  #generation = new Generation()
  /** Of the newest snapshot. */
  #retirement: Retirement | null = null
  #root: Page
  // Where the last `find` went: the pages above the leaf, and which child was taken in each.
  readonly #pages: Page[] = []
  readonly #indices: number[] = []
  #depth = 0
  #leaf: Page
  /** The index of the key's entry, or -1 - i where it would stand at i. */
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

  /** The tree as it is now, frozen. */
  snapshot(): TreeSnapshot {
    this.#retirement = new Retirement(this.#generation)
    this.#generation = new Generation(this.#generation)
    return new TreeSnapshot(this.#hash, this.#root, this.#retirement)
  }

  /** Goes on from a snapshot, of this tree or of another. */
  restore(snapshot: TreeSnapshot): void {
    // Pages that were retired may live again, so nothing of before gives its buffers to what comes now.
    this.#generation = new Generation()
    this.#retirement = null
    this.#root = snapshot.root
    this.find(new Uint8Array(0), 0, 0)
  }

  /** A view of the value under a key, or null; valid until the tree changes. */
  get(key: Uint8Array): Uint8Array | null {
    return this.find(key, 0, key.length) ? this.value : null
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.find(key, 0, key.length)
    this.put(key, 0, key.length, value.length)
    this.valueBuffer.set(value, this.valueAt)
  }

  /** True if the key was there. */
  remove(key: Uint8Array): boolean {
    const isFound = this.find(key, 0, key.length)
    if (isFound) this.delete()
    return isFound
  }

  /** The number of keys with the prefix. */
  count(prefix: Uint8Array): number {
    return countPrefix(this.#root, prefix)
  }

  /** The number of keys from the first on and before the second. */
  countBetween(from: Uint8Array, to: Uint8Array): number {
    return Math.max(0, rankOf(this.#root, spanOf(to)) - rankOf(this.#root, spanOf(from)))
  }

  /** Stands on the first key at or behind the given one; good until the tree changes. */
  cursor(key: Uint8Array): TreeCursor {
    return new TreeCursor(this.#root, spanOf(key))
  }

  /**
   * Goes to the place of the key that stands in `key` from .. to, and says whether it is there; its value is then
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

  /** Notes where the value of the key at the place is. */
  #stand(): void {
    const leaf = this.#leaf
    const at = itemAt(leaf, this.#index)
    this.valueLength = readU32(leaf.bytes, at + 2)
    const page = leaf.values === null ? null : leaf.values[this.#index]
    this.valueBuffer = page?.bytes ?? leaf.bytes
    this.valueAt = page?.valueAt ?? at + ENTRY_HEADER_BYTES + readU16(leaf.bytes, at)
  }

  /** A view of the value of the key that was found. */
  get value(): Uint8Array {
    return this.valueBuffer.subarray(this.valueAt, this.valueAt + this.valueLength)
  }

  /**
   * Sets the key that `find` just looked for to a value of so many bytes, which the caller writes to `valueBuffer` at
   * `valueAt`, at once. A value of the same length that stands in its leaf is there still; else anything is.
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

  /** Makes the pages on the path to the leaf this generation's own. */
  #own(): void {
    const generation = this.#generation
    // Whoever made the leaf its own did so with all above it.
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

  /** Counts keys that the leaf got or lost, in it and above it. */
  #count(change: number): void {
    this.#leaf.total += change
    for (let depth = 0; depth < this.#depth; depth++) {
      const page = this.#pages[depth] as Page
      const index = this.#indices[depth] as number
      page.total += change
      setChildTotal(page, index, childTotal(page, index) + change)
    }
  }

  /** True if entries moved to other pages; so too the next two. */
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

  /** Removes or joins pages that became too small, from the leaf up. */
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
