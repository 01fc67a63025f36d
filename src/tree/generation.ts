/**
 * Who may change which page, and what becomes of the pages that nobody needs any more. All changes between two
 * snapshots belong to one generation; a page of an older one is copied before it changes. The page that was copied serves
 * again once every snapshot that holds it was released: making pages costs more than filling them, and what is not made
 * needs no collecting. A snapshot that is never released costs only that.
 */
import { DIGEST_BYTES } from '../base/hash.ts'
import type { Page } from './page.ts'

/** Pages that wait to be used again, in all. */
const SPARE_PAGES_MAX = 16_384

/** The pages of one tree that nothing holds: leaves in one row, inner pages in the other. */
export class SparePages {
  readonly #leaves: Page[] = []
  readonly #inner: Page[] = []

  /** A page with anything in it, or none. */
  take(level: number): Page | undefined {
    return (level === 0 ? this.#leaves : this.#inner).pop()
  }

  give(page: Page): void {
    if (this.#leaves.length + this.#inner.length >= SPARE_PAGES_MAX || !page.isStandard) return
    page.letGo()
    if (page.level === 0) this.#leaves.push(page)
    else this.#inner.push(page)
  }
}

/** Bytes of a line of the processor's cache, at which a cell begins. */
const CELL_STEP_BYTES = 64
/** Cells are cut from buffers of so many bytes at most. */
const SLAB_BYTES_MAX = 256 * 1024

/** Part of a buffer, with room for a page at `at` and for its hash in front of it. */
export interface Cell {
  readonly bytes: Uint8Array
  readonly at: number
  readonly room: number
}

/**
 * Cuts cells from larger buffers: what the engine keeps for a buffer of its own costs a search and a hash as much time as
 * the page itself, where it is in no cache. A buffer is gone once all of its cells are.
 */
export class Cells {
  #slab = new Uint8Array(0)
  #at = 0

  cut(room: number): Cell {
    const bytes = Math.ceil((DIGEST_BYTES + room) / CELL_STEP_BYTES) * CELL_STEP_BYTES
    if (this.#at + bytes > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(bytes, Math.min(2 * this.#slab.length, SLAB_BYTES_MAX)))
      this.#at = 0
    }
    const at = this.#at + DIGEST_BYTES
    this.#at += bytes
    return { bytes: this.#slab, at, room }
  }
}

/** The time between two snapshots of one tree. */
export class Generation {
  readonly number: number
  readonly spares: SparePages
  readonly cells: Cells
  /** Numbers of the tree's generations that ended in a snapshot which was not released, and of the present one. */
  readonly open: Set<number>

  constructor(before: Generation | null = null) {
    this.number = before === null ? 0 : before.number + 1
    this.spares = before?.spares ?? new SparePages()
    this.cells = before?.cells ?? new Cells()
    this.open = before?.open ?? new Set()
    this.open.add(this.number)
  }
}

/** The pages that a tree replaced while one snapshot was its newest. The snapshot owns it, so both go together. */
export class Retirement {
  readonly #generation: Generation
  #pages: Page[] = []
  #isReleased = false

  /** Of the snapshot in which this generation ended. */
  constructor(generation: Generation) {
    this.#generation = generation
  }

  add(page: Page): void {
    if (!this.#isReleased) this.#pages.push(page)
  }

  /** Hands on the pages that no other snapshot holds. */
  release(): void {
    this.#isReleased = true
    const { number, open, spares } = this.#generation
    open.delete(number)
    let newestOpen = -1
    for (const other of open) if (other < number && other > newestOpen) newestOpen = other
    for (const page of this.#pages) {
      // It stands in the snapshots from its own generation's to this one's. Other trees' pages may have other holders.
      const isOfThisTree = page.generation.spares === spares
      if (isOfThisTree && page.generation.number > newestOpen) spares.give(page)
    }
    this.#pages = []
  }
}
