/**
 * The differences between two snapshots, found page by page on demand. Each page occurs at most once in a tree, since
 * its keys are in it, and has the same level in both trees. Pages of one level are in the order of their first keys.
 * The two rows of pages are therefore merged like sorted lists, and only pages that belong to one tree alone are
 * opened.
 */
import { compareBytes, equalBytes, readU16 } from '../base/bytes.ts'
import { knownHash } from './hashing.ts'
import { VALUE_HEADER_BYTES } from './layout.ts'
import { entryKey, PAGE_AT, Page, type ValuePage } from './page.ts'

/**
 * The two iterables walk both trees as they are read, so that the work can be divided over time. Each can be read once.
 * Pages that one of them finds for the other are kept for it.
 */
export interface Changes {
  /** The pages of the newer snapshot that the older one lacks. They are views and must not be changed. */
  readonly added: Iterable<{ readonly hash: Uint8Array; readonly bytes: Uint8Array }>
  /** The hashes of pages that only the older snapshot has. */
  readonly removed: Iterable<Uint8Array>
}

type AnyPage = Page | ValuePage

export function changesBetween(base: Page | null, next: Page): Changes {
  knownHash(next)
  if (base !== null) knownHash(base)
  const found: Found = { added: [], removed: [] }
  const lowest = rowsOf(base, next, found)
  return { added: described(walked(lowest, found.added)), removed: hashesOf(walked(lowest, found.removed)) }
}

/** The pages of one tree alone that were found but not read yet. */
interface Found {
  readonly added: AnyPage[]
  readonly removed: AnyPage[]
}

/** The pages of one level still to be compared: those from `at` on. */
class Row {
  #pages: AnyPage[] = []
  #at = 0

  get head(): AnyPage | undefined {
    return this.#pages[this.#at]
  }

  add(page: AnyPage): void {
    this.#pages.push(page)
  }

  shift(): void {
    this.#at++
    if (this.#at < this.#pages.length) return
    this.#pages = []
    this.#at = 0
  }
}

/** The pages of one level in both trees, supplied by the level above. */
class Rows {
  readonly older = new Row()
  readonly newer = new Row()
  readonly #above: Rows | null
  readonly #found: Found
  #below: Rows | null = null

  constructor(above: Rows | null, found: Found) {
    this.#above = above
    this.#found = found
    if (above !== null) above.#below = this
  }

  /** Does one step here or above. Returns false when both rows have ended. */
  step(): boolean {
    const older = this.older.head
    const newer = this.newer.head
    if (older === undefined || newer === undefined) {
      if (this.#above?.step()) return true
      if (older !== undefined) this.#remove(older)
      if (newer !== undefined) this.#add(newer)
      return older !== undefined || newer !== undefined
    }
    const order = older === newer ? 0 : compareBytes(firstKey(older), firstKey(newer))
    // Equal pages may be different objects, if a page was changed and restored.
    if (older === newer || (order === 0 && equalBytes(knownHash(older), knownHash(newer)))) {
      this.older.shift()
      this.newer.shift()
      return true
    }
    if (order <= 0) this.#remove(older)
    if (order >= 0) this.#add(newer)
    return true
  }

  #remove(page: AnyPage): void {
    this.older.shift()
    this.#found.removed.push(page)
    if (this.#below !== null) open(page, this.#below.older)
  }

  #add(page: AnyPage): void {
    this.newer.shift()
    this.#found.added.push(page)
    if (this.#below !== null) open(page, this.#below.newer)
  }
}

/** Returns the rows of values, the lowest, with the rows of all levels above them. */
function rowsOf(base: Page | null, next: Page, found: Found): Rows {
  let rows: Rows | null = null
  for (let level = Math.max(base?.level ?? 0, next.level); level >= 0; level--) {
    rows = new Rows(rows, found)
    if (base?.level === level) rows.older.add(base)
    if (next.level === level) rows.newer.add(next)
  }
  return new Rows(rows, found)
}

/** Returns the first key in or below a page. No other page of its level has it. */
function firstKey(page: AnyPage): Uint8Array {
  if (!(page instanceof Page)) {
    const keyAt = PAGE_AT + VALUE_HEADER_BYTES
    return page.bytes.subarray(keyAt, keyAt + readU16(page.bytes, PAGE_AT + 1))
  }
  let leaf = page
  while (leaf.level > 0) leaf = leaf.children[0] as Page
  return leaf.count === 0 ? NOTHING : entryKey(leaf, 0)
}

const NOTHING = new Uint8Array(0)

/** Adds the children of a page to a row, in order. */
function open(page: AnyPage, row: Row): void {
  if (!(page instanceof Page)) return
  for (const child of page.children) row.add(child)
  if (page.values === null) return
  for (const value of page.values) if (value !== null) row.add(value)
}

/** Yields the waiting pages, and then those that further steps find. */
function* walked(rows: Rows, waiting: AnyPage[]): Generator<AnyPage> {
  do {
    yield* waiting
    waiting.length = 0
  } while (rows.step())
}

function* described(pages: Iterable<AnyPage>): Generator<{ hash: Uint8Array; bytes: Uint8Array }> {
  for (const page of pages) {
    const end = page instanceof Page ? PAGE_AT + page.length : page.bytes.length
    yield { hash: knownHash(page), bytes: page.bytes.subarray(PAGE_AT, end) }
  }
}

function* hashesOf(pages: Iterable<AnyPage>): Generator<Uint8Array> {
  for (const page of pages) yield knownHash(page)
}
