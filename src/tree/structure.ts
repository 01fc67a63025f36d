/**
 * Dividing and joining pages. The result depends on the bytes of the pages only. The tree's shape is therefore a
 * function of the operations since a given tree, even if that tree was transferred from another replica.
 */
import { assert } from '../base/assert.ts'
import {
  INNER_BYTES_MAX,
  INNER_CHILDREN_KEPT,
  JOIN_BELOW,
  JOINED_MAX,
  LEAF_BYTES_MAX,
  LEVELS_MAX,
  PAGE_HEADER_BYTES,
} from './layout.ts'
import {
  appendItems,
  childTotal,
  cutItems,
  entryKey,
  itemAt,
  itemEnd,
  openItem,
  Page,
  removeItem,
  resizeItem,
  separatorOf,
  setChildTotal,
} from './page.ts'

/** A page that was cut off, and the separator before it. */
export interface Piece {
  readonly page: Page
  readonly separator: Uint8Array
}

const NOTHING = new Uint8Array(0)

export function isTooLarge(page: Page): boolean {
  return page.level === 0
    ? page.length > LEAF_BYTES_MAX && page.count > 1
    : page.length > INNER_BYTES_MAX && page.count > INNER_CHILDREN_KEPT
}

export function isSmall(page: Page): boolean {
  return page.length < JOIN_BELOW * bytesMax(page)
}

const bytesMax = (page: Page): number => (page.level === 0 ? LEAF_BYTES_MAX : INNER_BYTES_MAX)

/**
 * Divides a page that is too large until no piece is. The page itself stays the first piece; returns the others in
 * order. `isAscending` means that its last item is new and the last of the tree: keys inserted in order then leave full
 * pages.
 */
export function divide(page: Page, isAscending: boolean): Piece[] {
  if (!isTooLarge(page)) return []
  const right = cut(page, isAscending ? page.count - 1 : middleOf(page))
  const separator = page.level === 0 ? shortestBetween(page, right) : takeFirstSeparator(right)
  return [...divide(page, false), { page: right, separator }, ...divide(right, false)]
}

/** Returns the first index before which there are at least half of the bytes; never the first or one past the last. */
function middleOf(page: Page): number {
  const half = page.length / 2
  let index = 1
  while (index < page.count - 1) {
    const left = PAGE_HEADER_BYTES + index * page.width + itemAt(page, index) - itemAt(page, 0)
    if (left >= half) break
    index++
  }
  return index
}

function cut(page: Page, from: number): Page {
  const right = cutItems(page, from)
  if (page.level === 0) {
    right.total = right.count
    if (page.values !== null) right.values = page.values.splice(from)
  } else {
    right.children = page.children.splice(from)
    right.stale = page.stale.splice(from)
    for (let index = 0; index < right.count; index++) right.total += childTotal(right, index)
  }
  page.total -= right.total
  return right
}

/** Returns the shortest byte string above the left leaf's last key and not above the right leaf's first. */
function shortestBetween(left: Page, right: Page): Uint8Array {
  const below = entryKey(left, left.count - 1)
  const above = entryKey(right, 0)
  let shared = 0
  while (shared < below.length && below[shared] === above[shared]) shared++
  return above.slice(0, shared + 1)
}

function takeFirstSeparator(page: Page): Uint8Array {
  const separator = separatorOf(page, 0).slice()
  resizeItem(page, 0, 0)
  return separator
}

/** Returns a new root above the old root and the pieces that were cut off it. */
export function rootAbove(root: Page, pieces: readonly Piece[]): Page {
  assert(root.level < LEVELS_MAX, 'the tree has grown too high')
  const above = Page.empty(root.level + 1, root.generation)
  insertChildren(above, 0, [{ page: root, separator: NOTHING }, ...pieces])
  for (const child of above.children) above.total += child.total
  return above
}

/** Inserts children from an index on. The parent's total does not change, since it includes their keys already. */
export function insertChildren(parent: Page, index: number, pieces: readonly Piece[]): void {
  for (const [offset, { page, separator }] of pieces.entries()) {
    const at = index + offset
    openItem(parent, at, separator.length)
    parent.bytes.set(separator, itemAt(parent, at))
    parent.children.splice(at, 0, page)
    parent.stale.splice(at, 0, 1)
    setChildTotal(parent, at, page.total)
  }
}

export function linkChild(parent: Page, index: number, child: Page): void {
  parent.children[index] = child
  parent.stale[index] = 1
}

export function removeChild(parent: Page, index: number): void {
  removeItem(parent, index)
  parent.children.splice(index, 1)
  parent.stale.splice(index, 1)
  if (index === 0 && parent.count > 0) resizeItem(parent, 0, 0)
}

/** True if the child at an index and the next one together fit into a page that is not nearly full. */
export function canJoin(parent: Page, index: number): boolean {
  const left = parent.children[index]
  const right = parent.children[index + 1]
  if (left === undefined || right === undefined) return false
  const separatorBytes = left.level === 0 ? 0 : itemEnd(parent, index + 1) - itemAt(parent, index + 1)
  const joined = left.length + right.length - PAGE_HEADER_BYTES + separatorBytes
  return joined <= JOINED_MAX * bytesMax(left)
}

/** Joins the child at an index with the next one. The caller must own the parent. */
export function joinChildren(parent: Page, index: number): void {
  const right = parent.children[index + 1] as Page
  let left = parent.children[index] as Page
  if (left.generation !== parent.generation) left = left.copy(parent.generation)
  const separator = separatorOf(parent, index + 1)
  const count = left.count
  appendItems(left, right)
  if (left.level === 0) {
    joinValues(left, count, right)
  } else {
    resizeItem(left, count, separator.length)
    left.bytes.set(separator, itemAt(left, count))
    left.children.push(...right.children)
    left.stale.push(...right.stale)
  }
  left.total += right.total
  linkChild(parent, index, left)
  setChildTotal(parent, index, left.total)
  removeChild(parent, index + 1)
}

function joinValues(left: Page, leftCount: number, right: Page): void {
  if (left.values === null && right.values === null) return
  const before = left.values ?? new Array<null>(leftCount).fill(null)
  left.values = [...before, ...(right.values ?? new Array<null>(right.count).fill(null))]
}
