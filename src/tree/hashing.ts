/**
 * The hashing of pages without a hash, from the leaves up, in slices (DESIGN section 7 rule 4). A page is hashed once:
 * unchanged pages are shared and keep their hash.
 */
import { assert } from '../base/assert.ts'
import { readU16 } from '../base/bytes.ts'
import { DIGEST_BYTES, type Hash } from '../base/hash.ts'
import { ENTRY_HEADER_BYTES } from './layout.ts'
import { itemAt, PAGE_AT, type Page, pageBytes, pageHash, placeAt, type ValuePage } from './page.ts'

/**
 * The fixed cost of one hash, as a number of bytes, so that a slice takes equally long with large and with small pages.
 */
const CALL_COST_BYTES = 1024

/** The work left in this slice. */
interface Slice {
  readonly hash: Hash
  bytesLeft: number
}

/**
 * Hashes at most about `bytesMax` bytes, but at least one page, below a page that no tree changes any more. Returns
 * true when all are hashed.
 */
export function hashSlice(page: Page, hash: Hash, bytesMax: number): boolean {
  return hashBelow(page, { hash, bytesLeft: Math.max(1, bytesMax) })
}

/**
 * Hashes a page and those below it. Returns true if the page now has its hash. Recurses as deep as the tree is high.
 */
function hashBelow(page: Page, slice: Slice): boolean {
  if (page.isHashed) return true
  const isReady = page.level === 0 ? hashValues(page, slice) : hashChildren(page, slice)
  if (!isReady) return false
  copyHash(slice.hash(pageBytes(page)), page.bytes, 0)
  page.isHashed = true
  slice.bytesLeft -= page.length + CALL_COST_BYTES
  return true
}

function hashChildren(page: Page, slice: Slice): boolean {
  const { stale, children, bytes } = page
  for (let index = 0; index < stale.length; index++) {
    if (stale[index] === 0) continue
    const child = children[index] as Page
    if (!child.isHashed && (slice.bytesLeft <= 0 || !hashBelow(child, slice))) return false
    copyHash(child.bytes, bytes, placeAt(page, index))
    stale[index] = 0
  }
  return slice.bytesLeft > 0
}

function hashValues(page: Page, slice: Slice): boolean {
  if (page.values === null) return true
  for (const [index, value] of page.values.entries()) {
    if (value === null) continue
    if (!value.isHashed) {
      if (slice.bytesLeft <= 0) return false
      value.bytes.set(slice.hash(value.bytes.subarray(PAGE_AT)))
      value.isHashed = true
      slice.bytesLeft -= value.bytes.length + CALL_COST_BYTES
    }
    const at = itemAt(page, index)
    copyHash(value.bytes, page.bytes, at + ENTRY_HEADER_BYTES + readU16(page.bytes, at))
  }
  return true
}

function copyHash(from: Uint8Array, to: Uint8Array, at: number): void {
  for (let index = 0; index < DIGEST_BYTES; index++) to[at + index] = from[index] as number
}

/** Returns the hash of a page, which must have one. */
export function knownHash(page: Page | ValuePage): Uint8Array {
  assert(page.isHashed, 'asked for a hash before it was made')
  return pageHash(page)
}
