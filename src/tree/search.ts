/** The order of keys in pages, and searches for them. */
import { readU16, readU32 } from '../base/bytes.ts'
import { ENTRY_HEADER_BYTES, LEAF_PLACE_BYTES, PAGE_HEADER_BYTES } from './layout.ts'
import {
  childTotal,
  entryKeyAt,
  isApart,
  itemAt,
  itemEnd,
  PAGE_AT,
  type Page,
  type ValuePage,
} from './page.ts'

/** A byte string inside another. */
export interface Span {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

export const spanOf = (bytes: Uint8Array): Span => ({ bytes, from: 0, to: bytes.length })

/**
 * Returns the index of the child to whose range the key belongs. Compares first the four bytes of each separator after
 * the prefix that all share, which are kept as an array of numbers, so that few separators are read. The key is known
 * to share its first `known` bytes with everything that the page may hold; the same holds for `entryIndex`.
 */
export function childIndex(page: Page, key: Uint8Array, from: number, to: number, known = 0): number {
  const heads = page.heads ?? makeHeads(page)
  const shared = page.sharedBytes
  const order = shared <= known ? 0 : orderOfShared(page, known, key, from, to)
  if (order !== 0) return order < 0 ? page.count - 1 : 0
  const head = headAt(key, from + shared, to)
  let low = 0
  let high = page.count - 1
  // The number of bytes that the key is known to share with the separators at `low` and after `high`.
  let sharedBelow = shared
  let sharedAbove = shared
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    const other = heads[middle] as number
    let isUpTo = other < head
    let common = shared
    if (other === head) {
      const at = itemAt(page, middle)
      const length = itemEnd(page, middle) - at
      const end = length < to - from ? length : to - from
      common = sharedBelow < sharedAbove ? sharedBelow : sharedAbove
      while (common < end && page.bytes[at + common] === key[from + common]) common++
      isUpTo =
        common < end
          ? (page.bytes[at + common] as number) < (key[from + common] as number)
          : length <= to - from
    }
    if (isUpTo) {
      low = middle
      sharedBelow = common
    } else {
      high = middle - 1
      sharedAbove = common
    }
  }
  return low
}

/**
 * Returns the number of bytes that the key shares with every other key that may be in the child, from what it shares
 * with the separators around the child. Zeros after the end of a key count as bytes.
 */
export function knownBelow(page: Page, index: number, key: Uint8Array, from: number, to: number): number {
  const { heads, sharedBytes } = page
  if (heads === null || index === 0 || index + 1 >= heads.length) return 0
  const head = headAt(key, from + sharedBytes, to)
  const differences = (head ^ (heads[index] as number)) | (head ^ (heads[index + 1] as number))
  return sharedBytes + (Math.clz32(differences) >>> 3)
}

/** Compares the prefix that all separators except for the first share with the key. */
function orderOfShared(page: Page, known: number, key: Uint8Array, from: number, to: number): number {
  const shared = page.sharedBytes
  const at = itemAt(page, 1)
  const length = Math.min(shared, to - from)
  for (let index = known; index < length; index++) {
    const difference = (page.bytes[at + index] as number) - (key[from + index] as number)
    if (difference !== 0) return difference
  }
  return shared - length
}

/** Returns the next four bytes as a number, padded with zeros. */
function headAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) return readU32(bytes, at)
  let head = 0
  for (let index = at; index < at + 4; index++)
    head = head * 256 + (index < end ? (bytes[index] as number) : 0)
  return head
}

function makeHeads(page: Page): Uint32Array {
  const { count, bytes } = page
  const heads = new Uint32Array(count)
  let shared = 0
  if (count > 1) {
    const [first, last] = [itemAt(page, 1), itemAt(page, count - 1)]
    const length = Math.min(itemEnd(page, 1) - first, itemEnd(page, count - 1) - last)
    while (shared < length && bytes[first + shared] === bytes[last + shared]) shared++
  }
  for (let index = 1; index < count; index++) {
    heads[index] = headAt(bytes, itemAt(page, index) + shared, itemEnd(page, index))
  }
  page.heads = heads
  page.sharedBytes = shared
  return heads
}

/** Returns the index of the key's entry, or -1 - i if it would be inserted at index i. */
export function entryIndex(page: Page, key: Uint8Array, from: number, to: number, known = 0): number {
  const { bytes, count } = page
  const length = to - from
  const table = PAGE_AT + PAGE_HEADER_BYTES
  const heap = table + count * LEAF_PLACE_BYTES
  let low = 0
  let high = count
  // The number of bytes that the key shares with the entries below and above it, and so with all between them.
  let sharedBelow = known
  let sharedAbove = known
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = heap + readU16(bytes, table + middle * LEAF_PLACE_BYTES)
    const otherLength = readU16(bytes, at)
    const keyAt = at + ENTRY_HEADER_BYTES
    const end = otherLength < length ? otherLength : length
    let offset = sharedBelow < sharedAbove ? sharedBelow : sharedAbove
    while (offset < end && bytes[keyAt + offset] === key[from + offset]) offset++
    const order =
      offset < end ? (bytes[keyAt + offset] as number) - (key[from + offset] as number) : otherLength - length
    if (order === 0) return middle
    if (order < 0) {
      low = middle + 1
      sharedBelow = offset
    } else {
      high = middle
      sharedAbove = offset
    }
  }
  return -1 - low
}

/** Returns the number of keys below a page that come before the key. */
export function rankOf(root: Page, { bytes, from, to }: Span): number {
  let rank = 0
  let page = root
  while (page.level > 0) {
    const index = childIndex(page, bytes, from, to)
    for (let before = 0; before < index; before++) rank += childTotal(page, before)
    page = page.children[index] as Page
  }
  const index = entryIndex(page, bytes, from, to)
  return rank + (index < 0 ? -1 - index : index)
}

/** Returns the smallest byte string above all those with the prefix; null if there is none. */
export function successorOf(prefix: Uint8Array): Uint8Array | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return null
  // Not `slice`, which gives a view of a Node.js buffer.
  const next = new Uint8Array(prefix.subarray(0, length))
  next[length - 1] = (next[length - 1] as number) + 1
  return next
}

/** Returns the number of keys with the prefix. */
export function countPrefix(root: Page, prefix: Uint8Array): number {
  const next = successorOf(prefix)
  const end = next === null ? root.total : rankOf(root, spanOf(next))
  return end - rankOf(root, spanOf(prefix))
}

/**
 * A cursor over the keys of a tree, in order. It is valid until the tree changes. Its fields hold views into pages,
 * which must not be changed.
 */
export class TreeCursor {
  readonly #pages: Page[] = []
  readonly #indices: number[] = []
  #leaf: Page
  #index: number

  /** Starts at the first key that is equal to or after the given one. */
  constructor(root: Page, { bytes, from, to }: Span) {
    let page = root
    while (page.level > 0) {
      const index = childIndex(page, bytes, from, to)
      this.#pages.push(page)
      this.#indices.push(index)
      page = page.children[index] as Page
    }
    this.#leaf = page
    const index = entryIndex(page, bytes, from, to)
    this.#index = index < 0 ? -1 - index : index
    if (this.#index === page.count) this.#nextLeaf()
  }

  get isAtEnd(): boolean {
    return this.#index >= this.#leaf.count
  }

  next(): void {
    this.#index++
    if (this.#index === this.#leaf.count) this.#nextLeaf()
  }

  /** Returns a view of the key. */
  get key(): Uint8Array {
    const at = itemAt(this.#leaf, this.#index)
    const keyAt = at + ENTRY_HEADER_BYTES
    return this.#leaf.bytes.subarray(keyAt, keyAt + readU16(this.#leaf.bytes, at))
  }

  /** Returns a view of the value. */
  get value(): Uint8Array {
    return entryValue(this.#leaf, this.#index)
  }

  get keyLength(): number {
    return readU16(this.#leaf.bytes, itemAt(this.#leaf, this.#index))
  }

  get valueLength(): number {
    return readU32(this.#leaf.bytes, itemAt(this.#leaf, this.#index) + 2)
  }

  /** True if the key begins with the prefix. */
  startsWith(prefix: Uint8Array): boolean {
    if (this.keyLength < prefix.length) return false
    const { bytes } = this.#leaf
    const keyAt = entryKeyAt(this.#leaf, this.#index)
    for (let at = 0; at < prefix.length; at++) if (bytes[keyAt + at] !== prefix[at]) return false
    return true
  }

  #nextLeaf(): void {
    let depth = this.#pages.length - 1
    while (depth >= 0) {
      const page = this.#pages[depth] as Page
      const index = (this.#indices[depth] as number) + 1
      if (index < page.count) {
        this.#indices[depth] = index
        let below = page.children[index] as Page
        for (let at = depth + 1; at < this.#pages.length; at++) {
          this.#pages[at] = below
          this.#indices[at] = 0
          below = below.children[0] as Page
        }
        this.#leaf = below
        this.#index = 0
        return
      }
      depth--
    }
  }
}

/** Returns a view of the value of a leaf's entry. */
export function entryValue(leaf: Page, index: number): Uint8Array {
  const { bytes } = leaf
  const at = itemAt(leaf, index)
  const length = readU32(bytes, at + 2)
  if (isApart(length)) {
    const page = leaf.values?.[index] as ValuePage
    return page.bytes.subarray(page.valueAt)
  }
  const valueAt = entryKeyAt(leaf, index) + readU16(bytes, at)
  return bytes.subarray(valueAt, valueAt + length)
}

/** Returns a view of the value of a key; null if the key does not exist. */
export function lookUp(root: Page, { bytes, from, to }: Span): Uint8Array | null {
  let page = root
  while (page.level > 0) page = page.children[childIndex(page, bytes, from, to)] as Page
  const index = entryIndex(page, bytes, from, to)
  return index < 0 ? null : entryValue(page, index)
}
