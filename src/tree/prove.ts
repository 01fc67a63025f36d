/**
 * Proofs that a key has its value, or does not exist: the pages from the root to the key's leaf, and the value's page
 * if it has one. Big-endian:
 *
 *   proof = count u8 | (length u32 | page) × count
 */
import { writeU32 } from '../base/bytes.ts'
import { knownHash } from './hashing.ts'
import { PAGE_AT, type Page, pageBytes } from './page.ts'
import { childIndex, entryIndex } from './search.ts'

export function prove(root: Page, key: Uint8Array): Uint8Array {
  knownHash(root)
  const pages: Uint8Array[] = []
  let page = root
  while (page.level > 0) {
    pages.push(pageBytes(page))
    page = page.children[childIndex(page, key, 0, key.length)] as Page
  }
  pages.push(pageBytes(page))
  const index = entryIndex(page, key, 0, key.length)
  const value = index < 0 ? null : page.values?.[index]
  if (value) pages.push(value.bytes.subarray(PAGE_AT))
  return framed(pages)
}

function framed(pages: readonly Uint8Array[]): Uint8Array {
  const length = pages.reduce((sum, page) => sum + 4 + page.length, 1)
  const proof = new Uint8Array(length)
  proof[0] = pages.length
  let at = 1
  for (const page of pages) {
    writeU32(proof, at, page.length)
    proof.set(page, at + 4)
    at += 4 + page.length
  }
  return proof
}
