/**
 * Pages in memory: the encoded bytes of a page, edited in place while only the live tree holds it, and the pages below
 * it. Both kinds consist of a table followed by a heap: the entries of a leaf, or the separators of an inner page.
 */
import { assert } from '../base/assert.ts'
import { readU16, readU32, writeU16, writeU32 } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import type { Generation } from './generation.ts'
import {
  ENTRY_HEADER_BYTES,
  INNER_PLACE_BYTES,
  LEAF_BYTES_MAX,
  LEAF_PLACE_BYTES,
  PAGE_HEADER_BYTES,
  PAGE_TAGS,
  VALUE_HEADER_BYTES,
  VALUE_INLINE_BYTES_MAX,
} from './layout.ts'

/** The offset of a page's bytes in its buffer, after its hash. */
export const PAGE_AT = DIGEST_BYTES
const TABLE_AT = PAGE_AT + PAGE_HEADER_BYTES
/** The step in which buffers grow, in bytes. */
const GROWTH_BYTES = 512

/** A value too large for its leaf: its hash, then the page's bytes. Never changed after its value is written. */
export class ValuePage {
  readonly bytes: Uint8Array
  isHashed = false

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  static of(key: Uint8Array, valueLength: number): ValuePage {
    const bytes = new Uint8Array(PAGE_AT + VALUE_HEADER_BYTES + key.length + valueLength)
    bytes[PAGE_AT] = PAGE_TAGS.value
    writeU16(bytes, PAGE_AT + 1, key.length)
    bytes.set(key, PAGE_AT + VALUE_HEADER_BYTES)
    return new ValuePage(bytes)
  }

  /** The offset of the value in `bytes`, at whose end it ends. */
  get valueAt(): number {
    return PAGE_AT + VALUE_HEADER_BYTES + readU16(this.bytes, PAGE_AT + 1)
  }
}

const NO_CHILDREN: Page[] = []
const NO_STALE: number[] = []

/** A leaf (level 0) or an inner page. */
export class Page {
  readonly level: number
  /** The bytes of one place in the table. */
  readonly width: number
  /** The generation of the tree that may change it. */
  readonly generation: Generation
  bytes: Uint8Array
  /** The bytes of the encoded page, which starts at `PAGE_AT` of `bytes`. */
  length: number
  count: number
  /** The number of keys in it and below it. */
  total: number
  isHashed = false
  /** The children of an inner page. */
  children: Page[]
  /** 1 for each child whose hash in the table may be outdated. */
  stale: number[]
  /** For each entry of a leaf, the page of its value or null. Null if no entry has one. */
  values: (ValuePage | null)[] | null = null
  /** The first bytes of an inner page's separators, which `childIndex` compares first. Computed at the first search. */
  heads: Uint32Array | null = null
  /** The number of bytes that all separators except for the first share. */
  sharedBytes = 0

  constructor(level: number, generation: Generation, bytes: Uint8Array, length: number) {
    this.level = level
    this.width = level === 0 ? LEAF_PLACE_BYTES : INNER_PLACE_BYTES
    this.generation = generation
    this.bytes = bytes
    this.length = length
    this.count = readU16(bytes, PAGE_AT + 2)
    this.total = level === 0 ? this.count : 0
    this.children = level === 0 ? NO_CHILDREN : []
    this.stale = level === 0 ? NO_STALE : []
  }

  static empty(level: number, generation: Generation): Page {
    const bytes = new Uint8Array(capacityOf(PAGE_HEADER_BYTES))
    bytes[PAGE_AT] = level === 0 ? PAGE_TAGS.leaf : PAGE_TAGS.inner
    bytes[PAGE_AT + 1] = level
    return new Page(level, generation, bytes, PAGE_HEADER_BYTES)
  }

  /** Returns a copy of the page, for another generation to change. */
  copy(generation: Generation): Page {
    const bytes = generation.buffers.take(capacityOf(this.length))
    // Copying the unused end of the buffer costs less than making a view.
    const isSame = bytes.length === this.bytes.length
    bytes.set(isSame ? this.bytes : this.bytes.subarray(0, PAGE_AT + this.length))
    const copy = new Page(this.level, generation, bytes, this.length)
    copy.total = this.total
    if (this.level > 0) {
      copy.children = this.children.slice()
      copy.stale = this.stale.slice()
      copy.heads = this.heads
      copy.sharedBytes = this.sharedBytes
    }
    if (this.values !== null) copy.values = this.values.slice()
    return copy
  }
}

export function capacityOf(length: number): number {
  return PAGE_AT + Math.ceil((length + 64) / GROWTH_BYTES) * GROWTH_BYTES
}

/** Returns a view of the page's encoded bytes. */
export function pageBytes(page: Page): Uint8Array {
  return page.bytes.subarray(PAGE_AT, PAGE_AT + page.length)
}

export function pageHash(page: Page | ValuePage): Uint8Array {
  return page.bytes.subarray(0, DIGEST_BYTES)
}

/** Returns the offset of the item at an index in the page's buffer. */
export function itemAt(page: Page, index: number): number {
  const { bytes, width } = page
  const place = TABLE_AT + (index + 1) * width - 2
  return TABLE_AT + page.count * width + readU16(bytes, place)
}

export function itemEnd(page: Page, index: number): number {
  return index + 1 < page.count ? itemAt(page, index + 1) : PAGE_AT + page.length
}

/** Returns the offset of a place of the table in the page's buffer. */
export function placeAt(page: Page, index: number): number {
  return TABLE_AT + index * page.width
}

export function entryKeyAt(page: Page, index: number): number {
  return itemAt(page, index) + ENTRY_HEADER_BYTES
}

export function entryKey(page: Page, index: number): Uint8Array {
  const at = itemAt(page, index)
  const keyAt = at + ENTRY_HEADER_BYTES
  return page.bytes.subarray(keyAt, keyAt + readU16(page.bytes, at))
}

export function entryValueLength(page: Page, index: number): number {
  return readU32(page.bytes, itemAt(page, index) + 2)
}

export function isApart(valueLength: number): boolean {
  return valueLength > VALUE_INLINE_BYTES_MAX
}

/** Returns the number of keys below a child, as its parent counts them. */
export function childTotal(page: Page, index: number): number {
  const at = placeAt(page, index) + DIGEST_BYTES
  return readU16(page.bytes, at) * 0x1_0000_0000 + readU32(page.bytes, at + 2)
}

export function setChildTotal(page: Page, index: number, total: number): void {
  const at = placeAt(page, index) + DIGEST_BYTES
  writeU16(page.bytes, at, Math.floor(total / 0x1_0000_0000))
  writeU32(page.bytes, at + 2, total >>> 0)
}

export function separatorOf(page: Page, index: number): Uint8Array {
  return page.bytes.subarray(itemAt(page, index), itemEnd(page, index))
}

// The editing of the table and its heap, the same for both kinds.

function setCount(page: Page, count: number): void {
  page.heads = null
  page.count = count
  writeU16(page.bytes, PAGE_AT + 2, count)
}

function shiftOffsets(page: Page, from: number, by: number): void {
  const { bytes, width, count } = page
  for (let index = from; index < count; index++) {
    const at = TABLE_AT + (index + 1) * width - 2
    writeU16(bytes, at, readU16(bytes, at) + by)
  }
}

/**
 * Makes room for a page of `length` bytes. A page that is appended to gets more room, because more will be appended.
 */
function reserve(page: Page, length: number, isAppended = false): void {
  if (PAGE_AT + length <= page.bytes.length) return
  const isFilling = isAppended && page.level === 0 && length < LEAF_BYTES_MAX
  const bytes = new Uint8Array(capacityOf(isFilling ? LEAF_BYTES_MAX : length))
  bytes.set(page.bytes.subarray(0, PAGE_AT + page.length))
  page.bytes = bytes
}

/** Makes room for an item of `size` bytes at an index, and a place of zeros for it in the table. */
export function openItem(page: Page, index: number, size: number): void {
  const { width, count } = page
  const heap = TABLE_AT + count * width
  const end = PAGE_AT + page.length
  const at = index < count ? itemAt(page, index) : end
  reserve(page, page.length + width + size, index === count)
  const { bytes } = page
  bytes.copyWithin(at + width + size, at, end)
  bytes.copyWithin(heap + width, heap, at)
  const place = placeAt(page, index)
  bytes.copyWithin(place + width, place, heap)
  bytes.fill(0, place, place + width)
  page.length += width + size
  setCount(page, count + 1)
  writeU16(bytes, place + width - 2, at - heap)
  shiftOffsets(page, index + 1, size)
}

/** Changes the size of an item. Its remaining bytes stay at its start. */
export function resizeItem(page: Page, index: number, size: number): void {
  const by = size - (itemEnd(page, index) - itemAt(page, index))
  if (by === 0) return
  page.heads = null
  reserve(page, page.length + by)
  const end = itemEnd(page, index)
  page.bytes.copyWithin(end + by, end, PAGE_AT + page.length)
  page.length += by
  shiftOffsets(page, index + 1, by)
}

export function removeItem(page: Page, index: number): void {
  const { bytes, width, count } = page
  const at = itemAt(page, index)
  const end = itemEnd(page, index)
  const heap = TABLE_AT + count * width
  const place = placeAt(page, index)
  shiftOffsets(page, index + 1, at - end)
  bytes.copyWithin(place, place + width, heap)
  bytes.copyWithin(heap - width, heap, at)
  bytes.copyWithin(at - width, end, PAGE_AT + page.length)
  page.length -= width + end - at
  setCount(page, count - 1)
}

/** Moves the items from an index on, at least one and not all, to a new page of the same generation. */
export function cutItems(page: Page, from: number): Page {
  const { bytes, width, count } = page
  assert(from > 0 && from < count, 'a page is cut at its edge')
  const moved = count - from
  const heapFrom = itemAt(page, from)
  const heapBytes = PAGE_AT + page.length - heapFrom
  const shift = readU16(bytes, placeAt(page, from) + width - 2)
  const length = PAGE_HEADER_BYTES + moved * width + heapBytes
  const target = new Uint8Array(capacityOf(length))
  target[PAGE_AT] = bytes[PAGE_AT] as number
  target[PAGE_AT + 1] = bytes[PAGE_AT + 1] as number
  writeU16(target, PAGE_AT + 2, moved)
  target.set(bytes.subarray(placeAt(page, from), placeAt(page, count)), TABLE_AT)
  target.set(bytes.subarray(heapFrom, heapFrom + heapBytes), TABLE_AT + moved * width)
  const cut = new Page(page.level, page.generation, target, length)
  shiftOffsets(cut, 0, -shift)
  // The remaining items move up to the end of the shorter table.
  bytes.copyWithin(placeAt(page, from), placeAt(page, count), heapFrom)
  page.length -= moved * width + heapBytes
  setCount(page, from)
  return cut
}

/** Appends all items of another page of the same level. */
export function appendItems(page: Page, other: Page): void {
  const { width, count, length } = page
  const heapBytes = length - PAGE_HEADER_BYTES - count * width
  const placesBytes = other.count * width
  reserve(page, length + other.length - PAGE_HEADER_BYTES)
  const { bytes } = page
  const heap = placeAt(page, count)
  bytes.copyWithin(heap + placesBytes, heap, PAGE_AT + length)
  bytes.set(other.bytes.subarray(TABLE_AT, TABLE_AT + placesBytes), heap)
  bytes.set(
    other.bytes.subarray(TABLE_AT + placesBytes, PAGE_AT + other.length),
    PAGE_AT + length + placesBytes,
  )
  page.length += other.length - PAGE_HEADER_BYTES
  setCount(page, count + other.count)
  shiftOffsets(page, count, heapBytes)
}
