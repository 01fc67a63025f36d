/** The editing of a page's table and of the heap behind it: the same for both kinds. */
import { assert } from '../base/assert.ts'
import { readU16, writeU16 } from '../base/bytes.ts'
import { PAGE_HEADER_BYTES } from './layout.ts'
import {
  itemAt,
  itemEnd,
  ownCell,
  Page,
  pageBytes,
  pageEnd,
  placeAt,
  roomFor,
  setCount,
  tableAt,
} from './page.ts'

function shiftOffsets(page: Page, from: number, by: number): void {
  const { bytes, width, count } = page
  const table = tableAt(page)
  for (let index = from; index < count; index++) {
    const at = table + (index + 1) * width - 2
    writeU16(bytes, at, readU16(bytes, at) + by)
  }
}

/** Moves the page where it has room for so many bytes. */
function reserve(page: Page, length: number): void {
  if (length <= page.room) return
  const { bytes, at, room } = ownCell(roomFor(page.level, length))
  bytes.set(pageBytes(page), at)
  page.bytes = bytes
  page.at = at
  page.room = room
}

/** Makes room for an item of so many bytes at an index, and a place of zeros for it in the table. */
export function openItem(page: Page, index: number, size: number): void {
  const { width, count } = page
  reserve(page, page.length + width + size)
  const heap = tableAt(page) + count * width
  const end = pageEnd(page)
  const at = index < count ? itemAt(page, index) : end
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

/** Makes an item larger or smaller; what of its bytes remains stays at its beginning. */
export function resizeItem(page: Page, index: number, size: number): void {
  const by = size - (itemEnd(page, index) - itemAt(page, index))
  if (by === 0) return
  page.heads = null
  reserve(page, page.length + by)
  const end = itemEnd(page, index)
  page.bytes.copyWithin(end + by, end, pageEnd(page))
  page.length += by
  shiftOffsets(page, index + 1, by)
}

export function removeItem(page: Page, index: number): void {
  const { bytes, width, count } = page
  const at = itemAt(page, index)
  const end = itemEnd(page, index)
  const heap = tableAt(page) + count * width
  const place = placeAt(page, index)
  shiftOffsets(page, index + 1, at - end)
  bytes.copyWithin(place, place + width, heap)
  bytes.copyWithin(heap - width, heap, at)
  bytes.copyWithin(at - width, end, pageEnd(page))
  page.length -= width + end - at
  setCount(page, count - 1)
}

/** Moves the items from an index on, at least one and not all, to a new page of the same generation. */
export function cutItems(page: Page, from: number): Page {
  const { bytes, width, count } = page
  assert(from > 0 && from < count, 'a page is cut at its edge')
  const moved = count - from
  const heapFrom = itemAt(page, from)
  const heapBytes = pageEnd(page) - heapFrom
  const shift = readU16(bytes, placeAt(page, from) + width - 2)
  const length = PAGE_HEADER_BYTES + moved * width + heapBytes
  const cut = Page.withRoom(page.level, page.generation, length)
  const table = tableAt(cut)
  cut.bytes.set(bytes.subarray(placeAt(page, from), placeAt(page, count)), table)
  cut.bytes.set(bytes.subarray(heapFrom, heapFrom + heapBytes), table + moved * width)
  cut.length = length
  setCount(cut, moved)
  shiftOffsets(cut, 0, -shift)
  // What stays moves up to its shorter table.
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
  const end = pageEnd(page)
  const [table, otherHeap] = [tableAt(other), placeAt(other, other.count)]
  bytes.copyWithin(heap + placesBytes, heap, end)
  bytes.set(other.bytes.subarray(table, otherHeap), heap)
  bytes.set(other.bytes.subarray(otherHeap, pageEnd(other)), end + placesBytes)
  page.length += other.length - PAGE_HEADER_BYTES
  setCount(page, count + other.count)
  shiftOffsets(page, count, heapBytes)
}
