/**
 * The differences between two snapshots, page by page and as far as they are asked for. A page stands at most once in
 * a tree (its keys are in it), at the same level in both, and pages of one level stand in the order of their first
 * keys. So two rows of them are merged as they come, and only what is in one of the trees alone is opened.
 */
import { compareBytes, equalBytes, readU16 } from '../base/bytes.ts'
import { knownHash } from './hashing.ts'
import { VALUE_HEADER_BYTES } from './layout.ts'
import { entryKey, PAGE_AT, Page, type ValuePage } from './page.ts'

/**
 * Both walk the two trees while they are gone through, so their time may be shared out; each may be gone through once.
 * What the walk for one finds for the other waits there.
 */
export interface Changes {
  /** Pages that the newer one has and the older one has not. Views, not to be changed. */
  readonly added: Iterable<{ readonly hash: Uint8Array; readonly bytes: Uint8Array }>
  /** Hashes of pages that only the older one has. */
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

/** Pages of one tree alone that nobody took yet. */
interface Found {
  readonly added: AnyPage[]
  readonly removed: AnyPage[]
}

/** Pages of one level that are to be compared, those from `at` on. */
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

/** One level of both trees; its rows are filled from the level above. */
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

  /** Goes on a little, here or above; false when both rows have ended. */
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
    // Equal though not the same: a page that went and came back.
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

/** The rows of values, which are lowest, below those of every level. */
function rowsOf(base: Page | null, next: Page, found: Found): Rows {
  let rows: Rows | null = null
  for (let level = Math.max(base?.level ?? 0, next.level); level >= 0; level--) {
    rows = new Rows(rows, found)
    if (base?.level === level) rows.older.add(base)
    if (next.level === level) rows.newer.add(next)
  }
  return new Rows(rows, found)
}

/** The first key in a page or below it: no other page of its level has it. */
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

/** Gives the pages right below one, in order. */
function open(page: AnyPage, row: Row): void {
  if (!(page instanceof Page)) return
  for (const child of page.children) row.add(child)
  if (page.values === null) return
  for (const value of page.values) if (value !== null) row.add(value)
}

/** The pages that wait, and then those that further steps find. */
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
