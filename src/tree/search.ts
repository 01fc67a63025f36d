/** Where keys stand in pages, and the order in which they follow each other. */
import { readU16, readU32 } from '../base/bytes.ts'
import { ENTRY_HEADER_BYTES } from './layout.ts'
import { childTotal, entryKeyAt, isApart, itemAt, itemEnd, type Page, type ValuePage } from './page.ts'

/** A byte string inside another. */
export interface Span {
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
}

export const spanOf = (bytes: Uint8Array): Span => ({ bytes, from: 0, to: bytes.length })

/** The order of the bytes at .. end of a page and a key. */
function compareAt(
  bytes: Uint8Array,
  at: number,
  end: number,
  key: Uint8Array,
  from: number,
  to: number,
): number {
  const shared = Math.min(end - at, to - from)
  for (let index = 0; index < shared; index++) {
    const difference = (bytes[at + index] as number) - (key[from + index] as number)
    if (difference !== 0) return difference
  }
  return end - at - (to - from)
}

/** The index of the child whose keys the key belongs to. */
export function childIndex(page: Page, key: Uint8Array, from: number, to: number): number {
  let low = 0
  let high = page.count - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (compareAt(page.bytes, itemAt(page, middle), itemEnd(page, middle), key, from, to) <= 0) low = middle
    else high = middle - 1
  }
  return low
}

/** The index of the key's entry, or -1 - i where it would stand at index i. */
export function entryIndex(page: Page, key: Uint8Array, from: number, to: number): number {
  const { bytes } = page
  let low = 0
  let high = page.count
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = itemAt(page, middle)
    const keyAt = at + ENTRY_HEADER_BYTES
    const order = compareAt(bytes, keyAt, keyAt + readU16(bytes, at), key, from, to)
    if (order === 0) return middle
    if (order < 0) low = middle + 1
    else high = middle
  }
  return -1 - low
}

/** How many keys below a page come before the key. */
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

/** How many keys have the prefix. */
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

  /** Whether the key begins with the prefix. */
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
