/**
 * The ownership of pages: who may change which one, and what becomes of those that nobody needs any more. All changes
 * between two snapshots belong to one generation; a page of an older one is copied before it changes. The buffer of
 * the page that was copied serves again once every snapshot that holds it was released: making buffers costs more
 * than filling them. A snapshot that is never released costs only that.
 */

/** Buffers that wait to be used again, in all. */
const SPARE_BUFFERS_MAX = 16_384

/** The buffers of one tree that no page uses, by their size. */
export class SpareBuffers {
  readonly #bySize = new Map<number, Uint8Array[]>()
  #count = 0

  /** A buffer of this size, with anything in it. */
  take(size: number): Uint8Array {
    const buffer = this.#bySize.get(size)?.pop()
    if (buffer === undefined) return new Uint8Array(size)
    this.#count--
    return buffer
  }

  give(buffer: Uint8Array): void {
    if (this.#count >= SPARE_BUFFERS_MAX) return
    const same = this.#bySize.get(buffer.length)
    if (same === undefined) this.#bySize.set(buffer.length, [buffer])
    else same.push(buffer)
    this.#count++
  }
}

/** The time between two snapshots of one tree. */
export class Generation {
  readonly number: number
  readonly buffers: SpareBuffers
  /** Numbers of the tree's generations that ended in a snapshot which was not released, and of the present one. */
  readonly open: Set<number>

  constructor(before: Generation | null = null) {
    this.number = before === null ? 0 : before.number + 1
    this.buffers = before?.buffers ?? new SpareBuffers()
    this.open = before?.open ?? new Set()
    this.open.add(this.number)
  }
}

/** A page as far as its life goes. */
interface RetiredPage {
  readonly generation: Generation
  readonly bytes: Uint8Array
}

/** The pages that a tree replaced while one snapshot was its newest. The snapshot owns it, so both go together. */
export class Retirement {
  readonly #generation: Generation
  #pages: RetiredPage[] = []
  #isReleased = false

  /** Of the snapshot in which this generation ended. */
  constructor(generation: Generation) {
    this.#generation = generation
  }

  add(page: RetiredPage): void {
    if (!this.#isReleased) this.#pages.push(page)
  }

  /** Hands on the buffers of the pages that no other snapshot holds. */
  release(): void {
    this.#isReleased = true
    const { number, open, buffers } = this.#generation
    open.delete(number)
    let newestOpen = -1
    for (const other of open) if (other < number && other > newestOpen) newestOpen = other
    for (const page of this.#pages) {
      // It stands in the snapshots from its own generation's to this one's. Other trees' pages may have other holders.
      const isOfThisTree = page.generation.buffers === buffers
      if (isOfThisTree && page.generation.number > newestOpen) buffers.give(page.bytes)
    }
    this.#pages = []
  }
}
