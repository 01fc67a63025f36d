/**
 * The check of a proof against a root. It needs only a hash function, so it can run without the store. The layouts are
 * in `prove.ts` and `layout.ts`. A root that a quorum signed belongs to an ordered tree. A proof may contain anything,
 * and never makes this function throw.
 */
import type { Hash } from '../base/hash.ts'

/**
 * The fault of a proof. `malformed`: its framing or a page breaks the layout. `wrong-hash`: a page is not the one that
 * its parent names.
 */
export type ProofFault = 'malformed' | 'wrong-hash'

export type ProofVerdict =
  | { readonly kind: 'present'; readonly value: Uint8Array }
  | { readonly kind: 'absent' }
  | { readonly kind: 'rejected'; readonly fault: ProofFault }

export interface ProofClaim {
  readonly root: Uint8Array
  readonly key: Uint8Array
  readonly proof: Uint8Array
}

const HASH_BYTES = 32
const HEADER_BYTES = 4
const LEAF_PLACE_BYTES = 2
const INNER_PLACE_BYTES = 40
const ENTRY_HEADER_BYTES = 6
const VALUE_HEADER_BYTES = 3
const VALUE_INLINE_BYTES_MAX = 1024

/** Checks a proof. Returns its claim about the key, or its fault. A present value is a view of the proof. */
export function verifyProof(hash: Hash, { root, key, proof }: ProofClaim): ProofVerdict {
  const pages = unframe(proof)
  if (pages === null) return rejected('malformed')
  let expected = root
  for (const [depth, page] of pages.entries()) {
    if (!areEqual(hash(page), expected)) return rejected('wrong-hash')
    const left = pages.length - depth - 1
    if (page[0] === 0) return inLeaf(hash, page, key, pages.slice(depth + 1))
    const child = page[0] === 1 && left > 0 ? childOf(page, key) : null
    if (child === null) return rejected('malformed')
    expected = child
  }
  return rejected('malformed')
}

const rejected = (fault: ProofFault): ProofVerdict => ({ kind: 'rejected', fault })

function unframe(proof: Uint8Array): Uint8Array[] | null {
  const pages: Uint8Array[] = []
  const count = proof[0] ?? 0
  let at = 1
  for (let index = 0; index < count; index++) {
    if (at + 4 > proof.length) return null
    const end = at + 4 + integer(proof, at, 4)
    if (end > proof.length) return null
    pages.push(proof.subarray(at + 4, end))
    at = end
  }
  return at === proof.length && count > 0 ? pages : null
}

/** Returns the hash that an inner page names for the child to which the key belongs. */
function childOf(page: Uint8Array, key: Uint8Array): Uint8Array | null {
  const starts = itemStarts(page, INNER_PLACE_BYTES)
  if (starts === null) return null
  let chosen = -1
  for (let index = 0; index + 1 < starts.length; index++) {
    if (order(page.subarray(starts[index], starts[index + 1]), key) <= 0) chosen = index
  }
  const at = HEADER_BYTES + chosen * INNER_PLACE_BYTES
  return chosen < 0 ? null : page.subarray(at, at + HASH_BYTES)
}

function inLeaf(hash: Hash, page: Uint8Array, key: Uint8Array, rest: readonly Uint8Array[]): ProofVerdict {
  const starts = itemStarts(page, LEAF_PLACE_BYTES)
  if (starts === null) return rejected('malformed')
  for (let index = 0; index + 1 < starts.length; index++) {
    const entry = page.subarray(starts[index], starts[index + 1])
    if (entry.length < ENTRY_HEADER_BYTES) return rejected('malformed')
    const keyEnd = ENTRY_HEADER_BYTES + integer(entry, 0, 2)
    const valueLength = integer(entry, 2, 4)
    const isApart = valueLength > VALUE_INLINE_BYTES_MAX
    if (entry.length !== keyEnd + (isApart ? HASH_BYTES : valueLength)) return rejected('malformed')
    if (order(entry.subarray(ENTRY_HEADER_BYTES, keyEnd), key) !== 0) continue
    if (isApart) return apart(hash, { expected: entry.subarray(keyEnd), key, valueLength }, rest)
    return rest.length === 0 ? { kind: 'present', value: entry.subarray(keyEnd) } : rejected('malformed')
  }
  return rest.length === 0 ? { kind: 'absent' } : rejected('malformed')
}

function apart(
  hash: Hash,
  named: { readonly expected: Uint8Array; readonly key: Uint8Array; readonly valueLength: number },
  rest: readonly Uint8Array[],
): ProofVerdict {
  const [page] = rest
  if (page === undefined || rest.length > 1) return rejected('malformed')
  if (!areEqual(hash(page), named.expected)) return rejected('wrong-hash')
  const valueAt = VALUE_HEADER_BYTES + named.key.length
  if (page[0] !== 2 || page.length !== valueAt + named.valueLength) return rejected('malformed')
  if (order(page.subarray(VALUE_HEADER_BYTES, valueAt), named.key) !== 0) return rejected('malformed')
  return { kind: 'present', value: page.subarray(valueAt) }
}

/** Returns the offsets of the items of a page, and the end of the last one; null if they have gaps or overlaps. */
export function itemStarts(page: Uint8Array, placeBytes: number): number[] | null {
  if (page.length < HEADER_BYTES) return null
  const count = integer(page, 2, 2)
  const heap = HEADER_BYTES + count * placeBytes
  if (heap > page.length) return null
  const starts: number[] = []
  for (let index = 1; index <= count; index++) {
    starts.push(heap + integer(page, HEADER_BYTES + index * placeBytes - 2, 2))
  }
  starts.push(page.length)
  const isInOrder = starts.every(
    (start, index) => start >= (starts[index - 1] ?? heap) && start <= page.length,
  )
  return isInOrder && starts[0] === heap ? starts : null
}

/** Reads a big-endian integer; bytes beyond the end count as zeros. */
export function integer(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let index = at; index < at + width; index++) value = value * 256 + (bytes[index] ?? 0)
  return value
}

const areEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && order(a, b) === 0

function order(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const difference = (a[index] as number) - (b[index] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
