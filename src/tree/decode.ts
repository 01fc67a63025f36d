/**
 * Decodes a page that came from another replica. Its hash was checked, so it belongs to some replica's tree. This file
 * checks that it is well-formed and valid at its place. Never throws.
 */
import { compareBytes, equalBytes, readU16, readU32 } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import type { Generation } from './generation.ts'
import {
  ENTRY_HEADER_BYTES,
  INDEX_PAGE_BYTES_MAX,
  LEVELS_MAX,
  PAGE_HEADER_BYTES,
  PAGE_TAGS,
  placedBytes,
  TREE_KEY_BYTES_MAX,
  TREE_VALUE_BYTES_MAX,
  VALUE_HEADER_BYTES,
} from './layout.ts'
import {
  childTotal,
  entryKey,
  isApart,
  itemAt,
  itemEnd,
  PAGE_AT,
  Page,
  separatorOf,
  ValuePage,
} from './page.ts'
import { isTooLarge } from './structure.ts'

/** The properties that a page must have at its place in the tree. */
export interface Expected {
  readonly hash: Uint8Array
  /** The level; null for a root, which may have any level. */
  readonly level: number | null
  /** The number of keys that its parent counts in it and below; null for a root. */
  readonly total: number | null
  /** The bounds of its keys: at or above `lower`, and below `upper` unless that is null. */
  readonly lower: Uint8Array
  readonly upper: Uint8Array | null
}

/**
 * The fault of a page. `tag`: it is neither a leaf nor an inner page. `size`: it is too short, too long or overfull.
 * `level`: not one less than its parent's. `count`: too few items. `offsets`: items with gaps or overlaps. `length`: a
 * key or value beyond its limit. `order`: keys that do not rise. `range`: keys that belong elsewhere. `total`: not the
 * stated number of keys. `key`: the key of another value.
 */
export type PageFault =
  | 'tag'
  | 'size'
  | 'level'
  | 'count'
  | 'offsets'
  | 'length'
  | 'order'
  | 'range'
  | 'total'
  | 'key'

/** Decodes a page. Returns it with its children still empty, in a generation that no tree changes; or its fault. */
export function decodePage(
  encoded: Uint8Array,
  expected: Expected,
  generation: Generation,
): Page | PageFault {
  if (encoded.length < PAGE_HEADER_BYTES || encoded.length > INDEX_PAGE_BYTES_MAX) return 'size'
  const [tag, level] = encoded as unknown as [number, number]
  if (tag !== PAGE_TAGS.leaf && tag !== PAGE_TAGS.inner) return 'tag'
  if ((tag === PAGE_TAGS.leaf) !== (level === 0) || level > LEVELS_MAX) return 'level'
  if (expected.level !== null && level !== expected.level) return 'level'
  const bytes = new Uint8Array(PAGE_AT + encoded.length)
  bytes.set(expected.hash)
  bytes.set(encoded, PAGE_AT)
  const page = new Page(level, generation, bytes, encoded.length)
  page.isHashed = true
  return pageFault(page, expected) ?? page
}

function pageFault(page: Page, expected: Expected): PageFault | null {
  const countMin = expected.level !== null ? 1 : page.level === 0 ? 0 : 2
  if (page.count < countMin) return 'count'
  if (!hasItemsInARow(page)) return 'offsets'
  if (isTooLarge(page)) return 'size'
  const fault = page.level === 0 ? leafFault(page, expected) : innerFault(page, expected)
  if (fault !== null) return fault
  return expected.total !== null && expected.total !== page.total ? 'total' : null
}

function hasItemsInARow(page: Page): boolean {
  const heap = PAGE_AT + PAGE_HEADER_BYTES + page.count * page.width
  const end = PAGE_AT + page.length
  if (heap > end) return false
  if (page.count === 0) return heap === end
  if (itemAt(page, 0) !== heap) return false
  for (let index = 0; index < page.count; index++) {
    if (itemEnd(page, index) < itemAt(page, index) || itemEnd(page, index) > end) return false
  }
  return true
}

function leafFault(page: Page, { lower, upper }: Expected): PageFault | null {
  const { bytes, count } = page
  for (let index = 0; index < count; index++) {
    const at = itemAt(page, index)
    const size = itemEnd(page, index) - at
    if (size < ENTRY_HEADER_BYTES) return 'offsets'
    const keyLength = readU16(bytes, at)
    const valueLength = readU32(bytes, at + 2)
    if (keyLength > TREE_KEY_BYTES_MAX || valueLength > TREE_VALUE_BYTES_MAX) return 'length'
    if (size !== ENTRY_HEADER_BYTES + keyLength + placedBytes(valueLength)) return 'offsets'
    if (index > 0 && compareBytes(entryKey(page, index - 1), entryKey(page, index)) >= 0) return 'order'
    if (isApart(valueLength)) page.values ??= new Array<ValuePage | null>(count).fill(null)
  }
  if (count > 0 && !isWithin(entryKey(page, 0), entryKey(page, count - 1), lower, upper)) return 'range'
  return null
}

function innerFault(page: Page, { lower, upper }: Expected): PageFault | null {
  const { count } = page
  if (separatorOf(page, 0).length > 0) return 'order'
  for (let index = 0; index < count; index++) {
    const total = childTotal(page, index)
    if (total === 0) return 'total'
    page.total += total
    if (itemEnd(page, index) - itemAt(page, index) > TREE_KEY_BYTES_MAX) return 'length'
    if (index > 0 && compareBytes(separatorOf(page, index - 1), separatorOf(page, index)) >= 0) return 'order'
  }
  if (!Number.isSafeInteger(page.total)) return 'total'
  if (count > 1 && !isWithin(separatorOf(page, 1), separatorOf(page, count - 1), lower, upper)) return 'range'
  return null
}

function isWithin(first: Uint8Array, last: Uint8Array, lower: Uint8Array, upper: Uint8Array | null): boolean {
  return compareBytes(first, lower) >= 0 && (upper === null || compareBytes(last, upper) < 0)
}

/** The properties that a value's page must have. */
export interface ExpectedValue {
  readonly hash: Uint8Array
  readonly key: Uint8Array
  readonly valueLength: number
}

export function decodeValuePage(encoded: Uint8Array, expected: ExpectedValue): ValuePage | PageFault {
  const { key, valueLength, hash } = expected
  if (encoded[0] !== PAGE_TAGS.value) return 'tag'
  const valueAt = VALUE_HEADER_BYTES + key.length
  if (encoded.length !== valueAt + valueLength) return 'size'
  if (readU16(encoded, 1) !== key.length) return 'key'
  if (!equalBytes(encoded.subarray(VALUE_HEADER_BYTES, valueAt), key)) return 'key'
  const bytes = new Uint8Array(DIGEST_BYTES + encoded.length)
  bytes.set(hash)
  bytes.set(encoded, PAGE_AT)
  const page = new ValuePage(bytes)
  page.isHashed = true
  return page
}
