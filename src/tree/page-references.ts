/**
 * The references in pages, for those who walk a tree from its root by hashes: proofs and snapshots. The layout is in
 * `layout.ts`. A page may contain anything, and never makes these functions throw.
 */
import { compareBytes } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import {
  ENTRY_HEADER_BYTES,
  INNER_PLACE_BYTES,
  LEAF_PLACE_BYTES,
  PAGE_HEADER_BYTES,
  PAGE_TAGS,
  placedBytes,
  VALUE_INLINE_BYTES_MAX,
} from './layout.ts'
import { integer, itemStarts } from './verify-proof.ts'

/** A page that another page names: its place in that page, and its hash. */
export interface PageReference {
  readonly index: number
  readonly hash: Uint8Array
  /** True for the page of a value, which names no others. */
  readonly isValue: boolean
}

/** Returns the pages that a page names, in order: the children of an inner page, the values of a leaf that stand apart. */
export function referencesOf(page: Uint8Array): readonly PageReference[] | null {
  if (page[0] === PAGE_TAGS.inner) return childrenOf(page)
  return page[0] === PAGE_TAGS.leaf && page[1] === 0 ? valuesOf(page) : null
}

function childrenOf(page: Uint8Array): readonly PageReference[] | null {
  const starts = itemStarts(page, INNER_PLACE_BYTES)
  if (starts === null || starts.length < 2) return null
  return starts.slice(1).map((_, index) => {
    const at = PAGE_HEADER_BYTES + index * INNER_PLACE_BYTES
    return { index, hash: page.subarray(at, at + DIGEST_BYTES), isValue: false }
  })
}

function valuesOf(page: Uint8Array): readonly PageReference[] | null {
  const entries = entriesOf(page)
  if (entries === null) return null
  return entries.flatMap(({ index, valueLength, placed }) =>
    valueLength > VALUE_INLINE_BYTES_MAX ? [{ index, hash: placed, isValue: true }] : [],
  )
}

/** An entry of a leaf. */
export interface LeafEntry {
  readonly index: number
  readonly key: Uint8Array
  readonly valueLength: number
  /** The value, or the hash of its page if it stands apart. */
  readonly placed: Uint8Array
}

/** Returns the entries of a leaf; null if it is malformed. */
export function entriesOf(page: Uint8Array): readonly LeafEntry[] | null {
  const starts = itemStarts(page, LEAF_PLACE_BYTES)
  if (starts === null) return null
  const entries: LeafEntry[] = []
  for (let index = 0; index + 1 < starts.length; index++) {
    const entry = page.subarray(starts[index], starts[index + 1])
    if (entry.length < ENTRY_HEADER_BYTES) return null
    const keyEnd = ENTRY_HEADER_BYTES + integer(entry, 0, 2)
    const valueLength = integer(entry, 2, 4)
    if (entry.length !== keyEnd + placedBytes(valueLength)) return null
    const key = entry.subarray(ENTRY_HEADER_BYTES, keyEnd)
    entries.push({ index, key, valueLength, placed: entry.subarray(keyEnd) })
  }
  return entries
}

/** Returns the page to which the way to a key goes on; null at its end, and in a malformed page. */
export function referenceTowards(page: Uint8Array, key: Uint8Array): PageReference | null {
  const references = referencesOf(page) ?? []
  if (page[0] === PAGE_TAGS.leaf) {
    const entry = entriesOf(page)?.find((each) => compareBytes(each.key, key) === 0)
    return references.find(({ index }) => index === entry?.index) ?? null
  }
  const starts = itemStarts(page, INNER_PLACE_BYTES) ?? []
  let chosen = -1
  for (let index = 0; index + 1 < starts.length; index++) {
    if (compareBytes(page.subarray(starts[index], starts[index + 1]), key) <= 0) chosen = index
  }
  return references[chosen] ?? null
}
