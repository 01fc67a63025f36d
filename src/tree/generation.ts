/**
 * Who may change which page, and what becomes of the pages that nobody needs any more. All changes between two
 * snapshots belong to one generation; a page of an older one is copied before it changes. The page that was copied serves
 * again once every snapshot that holds it was released: making pages costs more than filling them, and what is not made
 * needs no collecting. A snapshot that is never released costs only that.
 */
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

/** The time between two snapshots of one tree. */
export class Generation {
  readonly number: number
  readonly spares: SparePages
  /** Numbers of the tree's generations that ended in a snapshot which was not released, and of the present one. */
  readonly open: Set<number>

  constructor(before: Generation | null = null) {
    this.number = before === null ? 0 : before.number + 1
    this.spares = before?.spares ?? new SparePages()
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
