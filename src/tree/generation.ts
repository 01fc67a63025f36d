/**
 * The ownership of pages: which tree may change a page, and when its buffer is reused. All changes between two
 * snapshots belong to one generation; a page of an older generation is copied before it changes. The buffer of the
 * copied page is reused once every snapshot that holds it was released, because allocating buffers costs more than
 * filling them. If a snapshot is never released, its buffers are not reused; nothing else depends on it.
 */

/** The maximum number of spare buffers, of all sizes together. */
const SPARE_BUFFERS_MAX = 16_384

/** The unused buffers of one tree, by size. */
export class SpareBuffers {
  readonly #bySize = new Map<number, Uint8Array[]>()
  #count = 0

  /** Returns a buffer of this size with arbitrary contents. */
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
  /** The numbers of the current generation and of those whose snapshot is not released. */
  readonly open: Set<number>

  constructor(before: Generation | null = null) {
    this.number = before === null ? 0 : before.number + 1
    this.buffers = before?.buffers ?? new SpareBuffers()
    this.open = before?.open ?? new Set()
    this.open.add(this.number)
  }
}

/** The part of a page that its retirement needs. */
interface RetiredPage {
  readonly generation: Generation
  readonly bytes: Uint8Array
}

/**
 * The pages that a tree replaced while one snapshot was its newest. The snapshot owns this list, so both are freed
 * together.
 */
export class Retirement {
  readonly #generation: Generation
  #pages: RetiredPage[] = []
  #isReleased = false

  /** Takes the generation that ended in the snapshot. */
  constructor(generation: Generation) {
    this.#generation = generation
  }

  add(page: RetiredPage): void {
    if (!this.#isReleased) this.#pages.push(page)
  }

  /** Frees the buffers of pages that no other snapshot holds. */
  release(): void {
    this.#isReleased = true
    const { number, open, buffers } = this.#generation
    open.delete(number)
    let newestOpen = -1
    for (const other of open) if (other < number && other > newestOpen) newestOpen = other
    for (const page of this.#pages) {
      // The page is in the snapshots from its own generation's to this one's. Other trees' pages may have other
      // holders.
      const isOfThisTree = page.generation.buffers === buffers
      if (isOfThisTree && page.generation.number > newestOpen) buffers.give(page.bytes)
    }
    this.#pages = []
  }
}
