/** A tree at one moment, frozen: its hashes, its pages, what changed since another, proofs of what it holds. */
import { assert } from '../base/assert.ts'
import type { Hash } from '../base/hash.ts'
import { type Changes, changesBetween } from './changes.ts'
import type { Retirement } from './generation.ts'
import { hashSlice, knownHash } from './hashing.ts'
import { PAGE_AT, type Page, pageBytes } from './page.ts'
import { prove } from './prove.ts'
import { countPrefix, lookUp, spanOf, TreeCursor } from './search.ts'

export class TreeSnapshot {
  readonly #root: Page
  readonly #hash: Hash

  readonly #retirement: Retirement | null
  #isReleased = false

  /** `retirement` gathers what a tree that goes on replaces. */
  constructor(hash: Hash, root: Page, retirement: Retirement | null = null) {
    this.#hash = hash
    this.#root = root
    this.#retirement = retirement
  }

  /** The topmost page; for the tree's own files. */
  get root(): Page {
    assert(!this.#isReleased, 'a snapshot was used after its release')
    return this.#root
  }

  /**
   * Lets the tree use the buffers again that only this snapshot needed: nothing is asked of it from now on, and no view
   * that it gave is read any more. Not necessary, but it halves the cost of a change; the oldest first is best.
   */
  release(): void {
    this.#isReleased = true
    this.#retirement?.release()
  }

  get size(): number {
    return this.root.total
  }

  /** Hashes pages that have no hash yet, about so many bytes at most. Gives the root once all are hashed, else null. */
  hashSome(bytesMax: number): Uint8Array | null {
    return hashSlice(this.root, this.#hash, bytesMax) ? knownHash(this.root).slice() : null
  }

  /** The root; hashes whatever has no hash yet, however long that takes. */
  hashAll(): Uint8Array {
    const root = this.hashSome(Number.POSITIVE_INFINITY)
    assert(root !== null, 'pages without a hash are left')
    return root
  }

  /** The page at the end of a path, once the root is known; null where there is none. A view, not to be changed. */
  page(path: readonly number[]): Uint8Array | null {
    if (!this.root.isHashed) return null
    let page = this.root
    for (const [depth, index] of path.entries()) {
      if (page.level === 0) {
        const value = depth === path.length - 1 ? page.values?.[index] : undefined
        return value ? value.bytes.subarray(PAGE_AT) : null
      }
      const child = page.children[index]
      if (child === undefined) return null
      page = child
    }
    return pageBytes(page)
  }

  /**
   * The pages to write and those that may be deleted when `base` is stored and this is to be stored. Both have their
   * root, and are not released while it is gone through.
   */
  changesSince(base: TreeSnapshot | null): Changes {
    return changesBetween(base?.root ?? null, this.root)
  }

  /** A view of the value under a key, or null. */
  get(key: Uint8Array): Uint8Array | null {
    return lookUp(this.root, spanOf(key))
  }

  /** The number of keys with the prefix. */
  count(prefix: Uint8Array): number {
    return countPrefix(this.root, prefix)
  }

  /** Stands on the first key at or behind the given one. */
  cursor(key: Uint8Array): TreeCursor {
    return new TreeCursor(this.root, spanOf(key))
  }

  /** The proof that a key has its value, or is not there; `verifyProof` reads it. The root must be known. */
  prove(key: Uint8Array): Uint8Array {
    return prove(this.root, key)
  }
}
