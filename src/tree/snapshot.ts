/** The snapshot of a tree: its hashes, its pages, its changes since another snapshot, and proofs. */
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

  /** `retirement` collects the pages that the live tree replaces afterwards. */
  constructor(hash: Hash, root: Page, retirement: Retirement | null = null) {
    this.#hash = hash
    this.#root = root
    this.#retirement = retirement
  }

  /** The root page, for the other files of the tree. */
  get root(): Page {
    assert(!this.#isReleased, 'a snapshot was used after its release')
    return this.#root
  }

  /**
   * Lets the tree reuse the buffers that only this snapshot needs. Afterwards neither the snapshot nor any view that it
   * returned may be used. Releasing is optional, but halves the cost of a change; it works best oldest first.
   */
  release(): void {
    this.#isReleased = true
    this.#retirement?.release()
  }

  get size(): number {
    return this.root.total
  }

  /** Hashes at most about `bytesMax` bytes of pages without a hash. Returns the root once all are hashed, else null. */
  hashSome(bytesMax: number): Uint8Array | null {
    return hashSlice(this.root, this.#hash, bytesMax) ? knownHash(this.root).slice() : null
  }

  /** Returns the root. Hashes all pages without a hash, however long that takes. */
  hashAll(): Uint8Array {
    const root = this.hashSome(Number.POSITIVE_INFINITY)
    assert(root !== null, 'pages without a hash are left')
    return root
  }

  /** Returns a view of the page at the end of a path; null if there is none. The root must be known. */
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
   * Returns the pages to write and those to delete in order to store this snapshot after `base`. The root of both must
   * be known, and neither may be released while the result is read.
   */
  changesSince(base: TreeSnapshot | null): Changes {
    return changesBetween(base?.root ?? null, this.root)
  }

  /** Returns a view of the value of a key; null if the key does not exist. */
  get(key: Uint8Array): Uint8Array | null {
    return lookUp(this.root, spanOf(key))
  }

  /** Returns the number of keys with the prefix. */
  count(prefix: Uint8Array): number {
    return countPrefix(this.root, prefix)
  }

  /** Returns a cursor at the first key that is equal to or after the given one. */
  cursor(key: Uint8Array): TreeCursor {
    return new TreeCursor(this.root, spanOf(key))
  }

  /** Returns the proof that a key has its value, or does not exist; `verifyProof` checks it. The root must be known. */
  prove(key: Uint8Array): Uint8Array {
    return prove(this.root, key)
  }
}
