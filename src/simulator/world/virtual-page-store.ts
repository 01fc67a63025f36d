/**
 * Pages on a virtual disk. A crash loses uncommitted pages, or a random part of them; the anchor switches atomically;
 * pages that a commit removes are deleted after the switch.
 */
import { toHex } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import type { Anchor, Page, PageStore } from '../../ports.ts'

/** A write or a commit, performed in order. */
interface Task {
  /** Null for a write, whose pages are visible at once and durable with the next commit. */
  readonly commit: (() => void) | null
  readonly done: () => void
}

/** A copy of a page store. */
export interface PagesCopy {
  readonly pages: ReadonlyMap<string, Uint8Array>
  readonly damaged: ReadonlySet<string>
  readonly anchor: Anchor | null
}

export class VirtualPageStore implements PageStore {
  readonly #random: Random
  readonly #isTornAtCrash: boolean
  readonly #after: (done: () => void) => void
  readonly #pages = new Map<string, Uint8Array>()
  /** Pages that are not yet committed. */
  readonly #uncommitted = new Set<string>()
  readonly #damaged = new Set<string>()
  /** Pages that a running commit will delete; a page that is written again meanwhile is kept. */
  readonly #obsolete = new Set<string>()
  #tasks: Task[] = []
  #anchor: Anchor | null = null

  constructor(context: {
    readonly random: Random
    readonly isTornAtCrash: boolean
    /** Runs a function when the disk has finished an operation; never, if the node crashes first. */
    readonly after: (done: () => void) => void
  }) {
    this.#random = context.random
    this.#isTornAtCrash = context.isTornAtCrash
    this.#after = context.after
  }

  get anchor(): Anchor | null {
    return this.#anchor
  }

  /** Pages on the disk, committed or not. */
  get size(): number {
    return this.#pages.size
  }

  read(hash: Uint8Array): Uint8Array | null {
    const key = toHex(hash)
    return this.#damaged.has(key) ? null : (this.#pages.get(key)?.slice() ?? null)
  }

  write(pages: readonly Page[], done: () => void): void {
    for (const { hash, bytes } of pages) {
      const key = toHex(hash)
      if (!this.#pages.has(key)) this.#uncommitted.add(key)
      this.#damaged.delete(key)
      this.#obsolete.delete(key)
      this.#pages.set(key, bytes.slice())
    }
    this.#enqueue({ commit: null, done })
  }

  commit(anchor: Anchor, removed: readonly Uint8Array[], done: () => void): void {
    const written = [...this.#uncommitted]
    const obsolete = removed.map(toHex)
    for (const key of obsolete) this.#obsolete.add(key)
    const { sequence, root, certificate } = anchor
    const copy = { sequence, root: root.slice(), certificate: certificate.slice() }
    const commit = (): void => {
      for (const key of written) this.#uncommitted.delete(key)
      this.#anchor = copy
      for (const key of obsolete) if (this.#obsolete.has(key)) this.#forget(key)
    }
    this.#enqueue({ commit, done })
  }

  collect(keep: Iterable<Uint8Array>, done: (deleted: number) => void): void {
    const kept = new Set([...keep].map(toHex))
    const collected = [...this.#pages.keys()].filter((key) => !kept.has(key))
    const commit = (): void => {
      for (const key of collected) this.#forget(key)
    }
    this.#enqueue({ commit, done: () => done(collected.length) })
  }

  /** Fails the power: uncommitted pages, or some of them, are gone. A running commit has either happened or not. */
  crash(): void {
    const [underWay] = this.#tasks
    if (this.#isTornAtCrash && this.#random.chance(0.5)) underWay?.commit?.()
    this.#tasks = []
    for (const key of [...this.#uncommitted]) {
      if (this.#isTornAtCrash && this.#random.chance(0.5)) continue
      this.#forget(key)
    }
    this.#uncommitted.clear()
    this.#obsolete.clear()
  }

  /** Deletes everything, only while the node is down. */
  lose(): void {
    this.#pages.clear()
    this.#damaged.clear()
    this.#anchor = null
  }

  /** Returns the contents that every crash preserves. */
  copy(): PagesCopy {
    const pages = new Map(this.#pages)
    for (const key of this.#uncommitted) pages.delete(key)
    return { pages, damaged: new Set(this.#damaged), anchor: this.#anchor }
  }

  /** Restores a copy, only while the node is down. */
  putBack({ pages, damaged, anchor }: PagesCopy): void {
    this.lose()
    for (const [key, bytes] of pages) this.#pages.set(key, bytes)
    for (const key of damaged) this.#damaged.add(key)
    this.#anchor = anchor
  }

  /** Damages this share of the pages; reading a damaged page returns null. */
  rot(share: number): void {
    for (const key of this.#pages.keys()) if (this.#random.chance(share)) this.#damaged.add(key)
  }

  #enqueue(task: Task): void {
    this.#tasks.push(task)
    if (this.#tasks.length === 1) this.#carryOut()
  }

  #carryOut(): void {
    this.#after(() => {
      const task = this.#tasks.shift()
      task?.commit?.()
      if (this.#tasks.length > 0) this.#carryOut()
      task?.done()
    })
  }

  #forget(key: string): void {
    this.#pages.delete(key)
    this.#uncommitted.delete(key)
    this.#damaged.delete(key)
    this.#obsolete.delete(key)
  }
}
