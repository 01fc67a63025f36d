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
 * The index of the child whose keys the key belongs to. The separators' next four bytes behind what all of them share
 * stand in a row of numbers, so that few separators are read. The key is known to share its first `known` bytes with
 * all that the page may hold; so too `entryIndex`.
 */
export function childIndex(page: Page, key: Uint8Array, from: number, to: number, known = 0): number {
  const heads = page.heads ?? makeHeads(page)
  const shared = page.sharedBytes
  const order = shared <= known ? 0 : orderOfShared(page, known, key, from, to)
  if (order !== 0) return order < 0 ? page.count - 1 : 0
  const head = headAt(key, from + shared, to)
  let low = 0
  let high = page.count - 1
  // The bytes that the key is known to share with the separators at `low` and behind `high`.
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
 * The number of bytes, zeros behind an end counted as bytes, that a key that belongs to a child shares with every
 * other one that may stand there: what it shares with the separators around the child.
 */
export function knownBelow(page: Page, index: number, key: Uint8Array, from: number, to: number): number {
  const { heads, sharedBytes } = page
  if (heads === null || index === 0 || index + 1 >= heads.length) return 0
  const head = headAt(key, from + sharedBytes, to)
  const differences = (head ^ (heads[index] as number)) | (head ^ (heads[index + 1] as number))
  return sharedBytes + (Math.clz32(differences) >>> 3)
}

/** The order of what all separators but the first share, and the key. */
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

/** The next four bytes as a number, zeros where there are none. */
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

/** The index of the key's entry, or -1 - i where it would stand at index i. */
export function entryIndex(page: Page, key: Uint8Array, from: number, to: number, known = 0): number {
  const { bytes, count } = page
  const length = to - from
  const table = PAGE_AT + PAGE_HEADER_BYTES
  const heap = table + count * LEAF_PLACE_BYTES
  let low = 0
  let high = count
  // The bytes that the key shares with what is below it and above it, and so with all between.
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

/** The number of keys below a page that come before the key. */
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

/** The least byte string above every one with the prefix, or null when there is none. */
export function successorOf(prefix: Uint8Array): Uint8Array | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return null
  const next = prefix.slice(0, length)
  next[length - 1] = (next[length - 1] as number) + 1
  return next
}

/** The number of keys with the prefix. */
export function countPrefix(root: Page, prefix: Uint8Array): number {
  const next = successorOf(prefix)
  const end = next === null ? root.total : rankOf(root, spanOf(next))
  return end - rankOf(root, spanOf(prefix))
}

/**
 * Goes through the keys of a tree in their order. What it stands on may be read until the tree changes; the fields hold
 * views into pages, not to be changed.
 */
export class TreeCursor {
  readonly #pages: Page[] = []
  readonly #indices: number[] = []
  #leaf: Page
  #index: number

  /** Stands on the first key at or behind the given one. */
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

  /** A view of the key. */
  get key(): Uint8Array {
    const at = itemAt(this.#leaf, this.#index)
    const keyAt = at + ENTRY_HEADER_BYTES
    return this.#leaf.bytes.subarray(keyAt, keyAt + readU16(this.#leaf.bytes, at))
  }

  /** A view of the value. */
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

/** A view of the value of a leaf's entry. */
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

/** A view of the value under a key, or null. */
export function lookUp(root: Page, { bytes, from, to }: Span): Uint8Array | null {
  let page = root
  while (page.level > 0) page = page.children[childIndex(page, bytes, from, to)] as Page
  const index = entryIndex(page, bytes, from, to)
  return index < 0 ? null : entryValue(page, index)
}
