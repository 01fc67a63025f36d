/**
 * The assembly of a tree from its pages (rule 2.5). It proceeds from the root down, checks each page against its
 * parent, and fetches only pages that the live tree lacks. If the target changes, gathered pages are kept.
 */
import { byteText } from '../base/byte-text.ts'
import { compareBytes, equalBytes, readU16 } from '../base/bytes.ts'
import { DIGEST_BYTES, type Hash } from '../base/hash.ts'
import { decodePage, decodeValuePage, type Expected } from './decode.ts'
import { Generation } from './generation.ts'
import { ENTRY_HEADER_BYTES, PAGE_BYTES_MAX } from './layout.ts'
import {
  childTotal,
  entryKey,
  entryValueLength,
  isApart,
  itemAt,
  Page,
  pageHash,
  placeAt,
  separatorOf,
  ValuePage,
} from './page.ts'
import { childIndex, entryIndex } from './search.ts'
import { TreeSnapshot } from './snapshot.ts'

export interface MissingPage {
  /**
   * The index of the child at each level, from the root down. For a value, the last number is the index of its entry in
   * the leaf.
   */
  readonly path: readonly number[]
  readonly hash: Uint8Array
}

export type AddVerdict = 'taken' | 'wrong-hash' | 'malformed' | 'not-missing'

/** A page with pages missing below it. */
interface Part {
  readonly page: Page
  readonly lower: Uint8Array
  readonly upper: Uint8Array | null
  /** For each place a part, `missing`, or null if nothing is missing there. */
  readonly below: (Part | 'missing' | null)[]
  /** The number of places that are not null. */
  open: number
}

/** A page that was added, and the last round in which it was part of the target. */
interface Gathered {
  readonly page: Page | ValuePage
  /** True if nothing is missing below it. */
  isWhole: boolean
  round: number
}

/** The number of targets after which a gathered page that belongs to none of them is dropped. */
const ROUNDS_KEPT = 4
const NOTHING = new Uint8Array(0)
/** The placeholder of a missing child. */
const HOLE = Page.empty(0, new Generation())

const textOf = (hash: Uint8Array): string => byteText(hash, 0, DIGEST_BYTES)

export class TreeAssembly {
  readonly #hash: Hash
  /** The tree whose pages may be reused. */
  readonly #live: Page
  readonly #generation = new Generation()
  readonly #gathered = new Map<string, Gathered>()
  #round = 0
  #root: Uint8Array
  #top: Part | Page | null

  constructor(hash: Hash, live: TreeSnapshot, root: Uint8Array) {
    this.#hash = hash
    this.#live = live.root
    this.#root = root.slice()
    this.#top = this.#found(rootExpected(this.#root))
  }

  /** Returns at most `countMax` missing pages, parents first and then in the order of keys. */
  missing(countMax: number): readonly MissingPage[] {
    const pages: MissingPage[] = []
    if (this.#top === null && countMax > 0) pages.push({ path: [], hash: this.#root })
    if (this.#top !== null && !(this.#top instanceof Page)) list(this.#top, [], countMax, pages)
    return pages
  }

  /**
   * Adds a copy of a page's bytes. `malformed` means that the target itself is not a tree, since the hash was right.
   */
  add({ path, hash }: MissingPage, bytes: Uint8Array): AddVerdict {
    const trail = this.#trail(path)
    if (trail === null) return 'not-missing'
    const index = path.at(-1) ?? 0
    const parent = trail.at(-1)
    const expectedHash = parent === undefined ? this.#root : slotHash(parent.page, index)
    if (!equalBytes(expectedHash, hash)) return 'not-missing'
    if (!equalBytes(this.#hash(bytes), hash)) return 'wrong-hash'
    if (bytes.length > PAGE_BYTES_MAX) return 'malformed'
    const filling =
      parent?.page.level === 0 ? this.#value(parent, index, bytes) : this.#index(parent, index, bytes)
    if (filling === null) return 'malformed'
    this.#fill(trail, path, filling)
    return 'taken'
  }

  /** Changes the target and keeps every gathered page that belongs to it. */
  retarget(root: Uint8Array): void {
    if (equalBytes(root, this.#root)) return
    if (this.#top !== null) this.#mark(this.#top instanceof Page ? this.#top : this.#top.page)
    this.#round++
    for (const [text, { round }] of this.#gathered) {
      if (round + ROUNDS_KEPT < this.#round) this.#gathered.delete(text)
    }
    this.#root = root.slice()
    this.#top = this.#found(rootExpected(this.#root))
  }

  /** Returns the tree once nothing is missing; else null. */
  finish(): TreeSnapshot | null {
    return this.#top instanceof Page ? new TreeSnapshot(this.#hash, this.#top) : null
  }

  /** Returns the parts from the root to the one in which the page at a path is missing; null if it is not missing. */
  #trail(path: readonly number[]): Part[] | null {
    if (path.length === 0) return this.#top === null ? [] : null
    const trail: Part[] = []
    let part: Part | Page | 'missing' | null | undefined = this.#top
    for (const index of path) {
      if (part === null || part === undefined || part === 'missing' || part instanceof Page) return null
      trail.push(part)
      part = part.below[index]
    }
    return part === 'missing' ? trail : null
  }

  #index(parent: Part | undefined, index: number, bytes: Uint8Array): Part | Page | null {
    const expected = parent === undefined ? rootExpected(this.#root) : expectedChild(parent, index)
    const page = decodePage(bytes, expected, this.#generation)
    if (!(page instanceof Page)) return null
    page.children = new Array<Page>(page.level === 0 ? 0 : page.count).fill(HOLE)
    page.stale = new Array<number>(page.children.length).fill(0)
    this.#gathered.set(textOf(expected.hash), { page, isWhole: false, round: this.#round })
    return this.#partOf(page, expected)
  }

  #value(parent: Part, index: number, bytes: Uint8Array): ValuePage | null {
    const hash = slotHash(parent.page, index)
    const key = entryKey(parent.page, index)
    const page = decodeValuePage(bytes, { hash, key, valueLength: entryValueLength(parent.page, index) })
    if (!(page instanceof ValuePage)) return null
    this.#gathered.set(textOf(hash), { page, isWhole: true, round: this.#round })
    return page
  }

  /** Inserts a page, and from there up completes the parts with nothing missing. */
  #fill(trail: readonly Part[], path: readonly number[], filling: Part | Page | ValuePage): void {
    let below = filling
    for (let depth = trail.length - 1; depth >= 0; depth--) {
      const part = trail[depth] as Part
      const index = path[depth] as number
      if (!(below instanceof Page || below instanceof ValuePage)) {
        part.page.children[index] = below.page
        part.below[index] = below
        return
      }
      if (below instanceof Page) part.page.children[index] = below
      else if (part.page.values !== null) part.page.values[index] = below
      part.below[index] = null
      part.open--
      if (part.open > 0) return
      this.#close(part.page)
      below = part.page
    }
    if (!(below instanceof ValuePage)) this.#top = below
  }

  #close(page: Page): void {
    const gathered = this.#gathered.get(textOf(pageHash(page)))
    if (gathered !== undefined) gathered.isWhole = true
  }

  /**
   * Returns a page, or the available part of it, from the gathered pages or the live tree; null if it must be fetched.
   */
  #found(expected: Expected): Part | Page | null {
    const gathered = this.#gathered.get(textOf(expected.hash))
    if (gathered?.page instanceof Page) {
      const { page } = gathered
      gathered.round = this.#round
      if (!belongs(page, expected)) return null
      return gathered.isWhole ? page : this.#partOf(page, expected)
    }
    return liveTwin(this.#live, expected)
  }

  /** Finds the available pages below a gathered page. Returns the page itself if nothing is missing. */
  #partOf(page: Page, { lower, upper }: Expected): Part | Page {
    const part: Part = { page, lower, upper, below: new Array<null>(page.count).fill(null), open: 0 }
    for (let index = 0; index < page.count; index++) {
      const below = page.level === 0 ? this.#foundValue(page, index) : this.#foundChild(part, index)
      part.below[index] = below
      if (below !== null) part.open++
    }
    if (part.open > 0) return part
    this.#close(page)
    return page
  }

  #foundChild(part: Part, index: number): Part | 'missing' | null {
    const found = this.#found(expectedChild(part, index))
    if (found === null) return 'missing'
    const isWhole = found instanceof Page
    part.page.children[index] = isWhole ? found : found.page
    return isWhole ? null : found
  }

  #foundValue(leaf: Page, index: number): 'missing' | null {
    if (!isApart(entryValueLength(leaf, index)) || leaf.values === null) return null
    const hash = slotHash(leaf, index)
    const gathered = this.#gathered.get(textOf(hash))
    const found = gathered?.page ?? liveValue(this.#live, entryKey(leaf, index))
    if (!(found instanceof ValuePage) || !found.isHashed || !equalBytes(pageHash(found), hash))
      return 'missing'
    if (gathered !== undefined) gathered.round = this.#round
    leaf.values[index] = found
    return null
  }

  /** Notes that the gathered pages below this one are part of the target. */
  #mark(page: Page | ValuePage): void {
    if (page instanceof Page && page.generation !== this.#generation) return
    const gathered = this.#gathered.get(textOf(pageHash(page)))
    if (gathered !== undefined) gathered.round = this.#round
    if (page instanceof ValuePage) return
    for (const child of page.children) if (child !== HOLE) this.#mark(child)
    for (const value of page.values ?? []) if (value !== null) this.#mark(value)
  }
}

const rootExpected = (hash: Uint8Array): Expected => ({
  hash,
  level: null,
  total: null,
  lower: NOTHING,
  upper: null,
})

function expectedChild({ page, lower, upper }: Part, index: number): Expected {
  return {
    hash: slotHash(page, index),
    level: page.level - 1,
    total: childTotal(page, index),
    lower: index === 0 ? lower : separatorOf(page, index),
    upper: index + 1 < page.count ? separatorOf(page, index + 1) : upper,
  }
}

/** Returns the hash that a page names for a child, or for the value of an entry. */
function slotHash(page: Page, index: number): Uint8Array {
  const at = page.level > 0 ? placeAt(page, index) : valueHashAt(page, index)
  return page.bytes.subarray(at, at + DIGEST_BYTES)
}

function valueHashAt(leaf: Page, index: number): number {
  const at = itemAt(leaf, index)
  return at + ENTRY_HEADER_BYTES + readU16(leaf.bytes, at)
}

function list(part: Part, path: readonly number[], countMax: number, pages: MissingPage[]): void {
  for (const [index, below] of part.below.entries()) {
    if (pages.length >= countMax) return
    if (below === null) continue
    if (below === 'missing') pages.push({ path: [...path, index], hash: slotHash(part.page, index).slice() })
    else list(below, [...path, index], countMax, pages)
  }
}

/** True if a page that was valid at another place is valid here too. */
function belongs(page: Page, { level, total, lower, upper }: Expected): boolean {
  if (level === null) return page.level === 0 || page.count > 1
  if (page.level !== level || page.total !== total || page.count === 0) return false
  return isAtOrAbove(page, lower) && (upper === null || isBelow(page, upper))
}

function isAtOrAbove(page: Page, lower: Uint8Array): boolean {
  if (page === HOLE) return true // checked when it arrives
  if (page.level === 0) return compareBytes(entryKey(page, 0), lower) >= 0
  if (page.count > 1 && compareBytes(separatorOf(page, 1), lower) < 0) return false
  return isAtOrAbove(page.children[0] as Page, lower)
}

function isBelow(page: Page, upper: Uint8Array): boolean {
  if (page === HOLE) return true
  if (page.level === 0) return compareBytes(entryKey(page, page.count - 1), upper) < 0
  if (compareBytes(separatorOf(page, page.count - 1), upper) >= 0) return false
  return isBelow(page.children[page.count - 1] as Page, upper)
}

/**
 * Returns the live tree's page with the expected hash: the one on the path to the lower bound, or its right neighbour.
 */
function liveTwin(live: Page, expected: Expected): Page | null {
  const { level, lower, hash } = expected
  if (level === null) return live.isHashed && equalBytes(pageHash(live), hash) ? live : null
  let page = live
  let next: Page | null = null
  while (page.level > level) {
    const index = childIndex(page, lower, 0, lower.length)
    next = page.children[index + 1] ?? (next === null || next.level === 0 ? null : (next.children[0] as Page))
    page = page.children[index] as Page
  }
  for (const twin of [page, next]) {
    if (twin === null || twin.level !== level || !twin.isHashed) continue
    if (equalBytes(pageHash(twin), hash)) return belongs(twin, expected) ? twin : null
  }
  return null
}

function liveValue(live: Page, key: Uint8Array): ValuePage | null {
  let page = live
  while (page.level > 0) page = page.children[childIndex(page, key, 0, key.length)] as Page
  const index = entryIndex(page, key, 0, key.length)
  return index < 0 ? null : (page.values?.[index] ?? null)
}
