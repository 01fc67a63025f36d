/**
 * The pages of the tree, as exact bytes: a page's hash is SHA-256 over them. Big-endian. (rule 2.4: leaves, inner
 * pages and values each begin with a byte of their own.)
 *
 *   leaf   = 0 u8 | level 0 u8 | count u16 | offset u16 × count | entry × count
 *   entry  = key length u16 | value length u32 | key | value, or, above VALUE_INLINE_BYTES_MAX, its page's hash 32
 *   inner  = 1 u8 | level u8 | count u16 | (hash 32 | keys u48 | offset u16) × count | separator × count
 *   value  = 2 u8 | key length u16 | key | value
 *
 * An offset counts from the end of the table to where the entry or separator begins; they stand without gaps. Keys rise
 * strictly. A child holds the keys from its separator on and below the next; the first separator is empty, and `keys`
 * counts them all. A level is one more than its children's. A value's page names its key, so that no page stands in
 * a tree twice.
 * @rule 2.4
 */
import { DIGEST_BYTES } from '../base/hash.ts'

/** Bytes of a key. A byte more than what a user may name: the store puts one in front. */
export const TREE_KEY_BYTES_MAX = 4 * 1024 + 64
/** Bytes of a value: 1 MiB, and room for a user's key and what else the store puts in front. */
export const TREE_VALUE_BYTES_MAX = 1024 * 1024 + TREE_KEY_BYTES_MAX + 256
/** Bytes of a value that stands in its leaf. */
export const VALUE_INLINE_BYTES_MAX = 1024

export const PAGE_TAGS = { leaf: 0, inner: 1, value: 2 } as const

/** Bytes in front of a leaf's or an inner page's table. */
export const PAGE_HEADER_BYTES = 4
/** Bytes of a place in the table: an offset; in an inner page behind the child's hash and its number of keys. */
export const LEAF_PLACE_BYTES = 2
export const INNER_PLACE_BYTES = DIGEST_BYTES + 6 + 2
/** Bytes in front of an entry's key. */
export const ENTRY_HEADER_BYTES = 6
/** Bytes in front of a value page's key. */
export const VALUE_HEADER_BYTES = 3

/** A leaf of more bytes and more than one entry is split. */
export const LEAF_BYTES_MAX = 4 * 1024
/** An inner page of more bytes and more children than `INNER_CHILDREN_KEPT` is split. */
export const INNER_BYTES_MAX = 8 * 1024
/** So many children stay together however long their separators are, or a tree of long keys would grow too high. */
export const INNER_CHILDREN_KEPT = 8
/** A page that shrinks below a quarter of its bound is joined with a neighbour where both fill at most three. */
export const JOIN_BELOW = 1 / 4
export const JOINED_MAX = 3 / 4

/** Levels above the leaves. Eight million keys of full length stay far below it. */
export const LEVELS_MAX = 24

/** Bytes of a leaf or an inner page at most: what its bound leaves alone. */
export const INDEX_PAGE_BYTES_MAX = 48 * 1024
/** Bytes of any page. */
export const PAGE_BYTES_MAX = VALUE_HEADER_BYTES + TREE_KEY_BYTES_MAX + TREE_VALUE_BYTES_MAX

/** Bytes that an entry's value takes in its leaf. */
export function placedBytes(valueLength: number): number {
  return valueLength > VALUE_INLINE_BYTES_MAX ? DIGEST_BYTES : valueLength
}
