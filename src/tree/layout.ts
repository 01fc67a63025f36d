/**
 * The exact bytes of the pages of the tree. A page's hash is the SHA-256 of these bytes. Big-endian. (Rule 2.4: leaves,
 * inner pages and values each begin with a different byte.)
 *
 *   leaf   = 0 u8 | level 0 u8 | count u16 | offset u16 × count | entry × count
 *   entry  = key length u16 | value length u32 | key | value, or, above VALUE_INLINE_BYTES_MAX, its page's hash 32
 *   inner  = 1 u8 | level u8 | count u16 | (hash 32 | keys u48 | offset u16) × count | separator × count
 *   value  = 2 u8 | key length u16 | key | value
 *
 * An offset counts from the end of the table to the start of the entry or separator, without gaps. Keys rise strictly.
 * A child holds the keys from its separator on and below the next; the first separator is empty, and `keys` counts all
 * keys of the child. A page's level is one more than its children's. A value's page contains its key, so that no page
 * occurs twice in a tree.
 * @rule 2.4
 */
import { DIGEST_BYTES } from '../base/hash.ts'

/** The maximum bytes of a key: longer than a user's key, because the store adds a prefix. */
export const TREE_KEY_BYTES_MAX = 4 * 1024 + 64
/** The maximum bytes of a value: 1 MiB, plus a user's key and the store's header. */
export const TREE_VALUE_BYTES_MAX = 1024 * 1024 + TREE_KEY_BYTES_MAX + 256
/** The maximum bytes of a value that is stored in its leaf. */
export const VALUE_INLINE_BYTES_MAX = 1024

export const PAGE_TAGS = { leaf: 0, inner: 1, value: 2 } as const

/** The bytes before the table of a leaf or an inner page. */
export const PAGE_HEADER_BYTES = 4
/**
 * The bytes of a place in the table: an offset and, in an inner page, before it the child's hash and its number of
 * keys.
 */
export const LEAF_PLACE_BYTES = 2
export const INNER_PLACE_BYTES = DIGEST_BYTES + 6 + 2
/** The bytes before an entry's key. */
export const ENTRY_HEADER_BYTES = 6
/** The bytes before a value page's key. */
export const VALUE_HEADER_BYTES = 3

/** The size above which a leaf with more than one entry is divided, in bytes. */
export const LEAF_BYTES_MAX = 4 * 1024
/** The size above which an inner page with more than `INNER_CHILDREN_KEPT` children is divided, in bytes. */
export const INNER_BYTES_MAX = 8 * 1024
/**
 * The number of children that stay together however long their separators are. Otherwise a tree of long keys would
 * become too high.
 */
export const INNER_CHILDREN_KEPT = 8
/**
 * The share of its limit below which a page is joined with a neighbour, if both together fill at most three quarters.
 */
export const JOIN_BELOW = 1 / 4
export const JOINED_MAX = 3 / 4

/** The maximum number of levels above the leaves. Eight million keys of full length stay far below it. */
export const LEVELS_MAX = 24

/** The maximum bytes of a leaf or an inner page, given the limits above. */
export const INDEX_PAGE_BYTES_MAX = 48 * 1024
/** The maximum bytes of any page. */
export const PAGE_BYTES_MAX = VALUE_HEADER_BYTES + TREE_KEY_BYTES_MAX + TREE_VALUE_BYTES_MAX

/** Returns the bytes that an entry's value takes in its leaf. */
export function placedBytes(valueLength: number): number {
  return valueLength > VALUE_INLINE_BYTES_MAX ? DIGEST_BYTES : valueLength
}
