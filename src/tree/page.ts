/**
 * A page in memory: its encoded bytes, edited in place while only the live tree holds it, and the pages below it. Both
 * kinds are one table with a heap behind it: the entries of a leaf, the separators of an inner page.
 */
import { readU16, readU32, writeU16, writeU32 } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import type { Cell, Generation } from './generation.ts'
import {
  ENTRY_HEADER_BYTES,
  INNER_BYTES_MAX,
  INNER_PLACE_BYTES,
  LEAF_BYTES_MAX,
  LEAF_PLACE_BYTES,
  PAGE_HEADER_BYTES,
  PAGE_TAGS,
  VALUE_HEADER_BYTES,
  VALUE_INLINE_BYTES_MAX,
} from './layout.ts'

/** A value page's hash stands in its buffer in front of its bytes. */
export const VALUE_PAGE_AT = DIGEST_BYTES
/**
 * Bytes of a page's room, but for a page that needs more: what its bound allows, and an entry of usual length on top
 * before it is divided. All the same, so that any spare page serves.
 */
const LEAF_ROOM_BYTES = LEAF_BYTES_MAX + 256
const INNER_ROOM_BYTES = INNER_BYTES_MAX + 256
/** Larger rooms grow in steps of so many bytes. */
const GROWTH_BYTES = 512

/** A value too large for its leaf: hash, then the page's bytes. Never changed once its value is written. */
export class ValuePage {
  readonly bytes: Uint8Array
  /** Where the page begins in `bytes`; it reaches to their end. */
  readonly at = VALUE_PAGE_AT
  isHashed = false

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  static of(key: Uint8Array, valueLength: number): ValuePage {
    const bytes = new Uint8Array(VALUE_PAGE_AT + VALUE_HEADER_BYTES + key.length + valueLength)
    bytes[VALUE_PAGE_AT] = PAGE_TAGS.value
    writeU16(bytes, VALUE_PAGE_AT + 1, key.length)
    bytes.set(key, VALUE_PAGE_AT + VALUE_HEADER_BYTES)
    return new ValuePage(bytes)
  }

  /** Where the value begins in `bytes`; it reaches to their end. */
  get valueAt(): number {
    return VALUE_PAGE_AT + VALUE_HEADER_BYTES + readU16(this.bytes, VALUE_PAGE_AT + 1)
  }
}

const NO_CHILDREN: Page[] = []
const NO_STALE: number[] = []

/** A leaf (level 0) or an inner page. What every search reads comes first: it is one line of the processor's cache. */
export class Page {
  /** Where the page stands, among others; its hash in front of it. */
  bytes: Uint8Array
  /** Where the encoded page begins in `bytes`. */
  at: number
  count: number
  level: number
  /** The generation of the tree that may change it. */
  generation: Generation
  /** For each entry of a leaf its value's page, or null; null where no entry has one. */
  values: (ValuePage | null)[] | null = null
  /** Bytes of the encoded page. */
  length: number
  /** Bytes of one place in the table. */
  readonly width: number
  /** Bytes that the encoded page may take where it stands. */
  room: number
  /** Keys in it and below it. */
  total: number
  isHashed = false
  /** The children of an inner page. */
  children: Page[]
  /** 1 for each child whose hash in the table may be out of date. */
  stale: number[]
  /** Made from an inner page's separators when they are searched: what `childIndex` compares first. */
  heads: Uint32Array | null = null
  /** Bytes that all separators but the first share. */
  sharedBytes = 0

  constructor(level: number, generation: Generation, { bytes, at, room }: Cell) {
    this.bytes = bytes
    this.at = at
    this.count = 0
    this.level = level
    this.generation = generation
    this.length = PAGE_HEADER_BYTES
    this.width = level === 0 ? LEAF_PLACE_BYTES : INNER_PLACE_BYTES
    this.room = room
    this.total = 0
    this.children = level === 0 ? NO_CHILDREN : []
    this.stale = level === 0 ? NO_STALE : []
  }

  /** A page with room for so many bytes; its header stands there, and anything behind it. */
  static withRoom(level: number, generation: Generation, length: number): Page {
    const room = roomFor(level, length)
    const isStandard = room === standardRoom(level)
    const spare = isStandard ? generation.spares.take(level) : undefined
    const page = spare ?? new Page(level, generation, isStandard ? generation.cells.cut(room) : ownCell(room))
    page.generation = generation
    page.level = level
    page.isHashed = false
    page.total = 0
    page.length = PAGE_HEADER_BYTES
    page.bytes[page.at] = level === 0 ? PAGE_TAGS.leaf : PAGE_TAGS.inner
    page.bytes[page.at + 1] = level
    return page
  }

  static empty(level: number, generation: Generation): Page {
    const page = Page.withRoom(level, generation, PAGE_HEADER_BYTES)
    setCount(page, 0)
    return page
  }

  /** Whether it takes as much room as any page of its kind. */
  get isStandard(): boolean {
    return this.room === standardRoom(this.level)
  }

  /** The same page for another generation to change. */
  copy(generation: Generation): Page {
    const copy = Page.withRoom(this.level, generation, this.length)
    copy.bytes.set(pageBytes(this), copy.at)
    copy.length = this.length
    copy.count = this.count
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

  /** Holds nothing any more but its place. */
  letGo(): void {
    this.values = null
    if (this.level === 0) return
    this.children = []
    this.stale = []
    this.heads = null
  }
}

const standardRoom = (level: number): number => (level === 0 ? LEAF_ROOM_BYTES : INNER_ROOM_BYTES)

/** Bytes of the room that a page of so many bytes gets. */
export function roomFor(level: number, length: number): number {
  const standard = standardRoom(level)
  return length <= standard ? standard : Math.ceil((length + 64) / GROWTH_BYTES) * GROWTH_BYTES
}

/** A cell in a buffer of its own. */
export function ownCell(room: number): Cell {
  return { bytes: new Uint8Array(DIGEST_BYTES + room), at: DIGEST_BYTES, room }
}

/** The page's encoded bytes; a view. */
export function pageBytes(page: Page): Uint8Array {
  return page.bytes.subarray(page.at, page.at + page.length)
}

export function pageHash(page: Page | ValuePage): Uint8Array {
  return page.bytes.subarray(page.at - DIGEST_BYTES, page.at)
}

/** Where the page's table begins in its buffer. */
export function tableAt(page: Page): number {
  return page.at + PAGE_HEADER_BYTES
}

/** Where the encoded page ends in its buffer. */
export function pageEnd(page: Page): number {
  return page.at + page.length
}

/** Where the item at an index begins in the page's buffer. */
export function itemAt(page: Page, index: number): number {
  const { bytes, width } = page
  const table = tableAt(page)
  return table + page.count * width + readU16(bytes, table + (index + 1) * width - 2)
}

export function itemEnd(page: Page, index: number): number {
  return index + 1 < page.count ? itemAt(page, index + 1) : pageEnd(page)
}

/** Where a place of the table begins in the page's buffer. */
export function placeAt(page: Page, index: number): number {
  return tableAt(page) + index * page.width
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

/** The keys below a child, as its parent counts them. */
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

export function setCount(page: Page, count: number): void {
  page.heads = null
  page.count = count
  writeU16(page.bytes, page.at + 2, count)
}
