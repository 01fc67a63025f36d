/**
 * State transfer: fetches the state of a stable checkpoint page by page (TOCS 2002 section 5.3.2). Each page is checked
 * against its parent. Several sources are asked at once; a source that is wrong, silent or slow is not asked for a
 * while. Keeps rule 2.5.
 */
import type { ReplicaId } from '../../base/ids.ts'
import { replicaIds } from '../../base/ids.ts'
import { weakQuorum } from '../../base/quorum.ts'
import type { PageFetchContent } from '../../messages/content.ts'
import { PAGES_PER_FETCH_MAX } from '../../messages/limits.ts'
import type { CheckpointCertificate, PageDelivery, Verified } from '../../messages/message.ts'
import type { Application, Assembly, PageReference, PageStore, Snapshot } from '../../ports.ts'

/** The number of pages requested at once, from all sources and from one. */
const UNDER_WAY_MAX = 64
const UNDER_WAY_PER_SOURCE_MAX = 2 * PAGES_PER_FETCH_MAX
/** The ticks after which a requested page counts as lost, and those for which its source is then not asked. */
const PAGE_TIMEOUT_TICKS = 20
const REST_TICKS = 100
/** The number of pages looked up in this replica's page store per tick. */
const FOUND_PER_TICK_MAX = 256

interface Asked {
  readonly reference: PageReference
  readonly source: ReplicaId
  readonly tick: number
}

interface Source {
  readonly id: ReplicaId
  underWay: number
  /** The tick until which the source is not asked. */
  restsUntil: number
  /** True if the source reported that it does not have the state. */
  isWithout: boolean
}

export interface StateTransferOptions {
  readonly id: ReplicaId
  readonly n: number
  readonly application: Application
  readonly pages: PageStore
  readonly send: (to: ReplicaId, content: PageFetchContent) => void
  /** Called when all pages have arrived. */
  readonly onComplete: (stable: CheckpointCertificate, snapshot: Snapshot) => void
  /** Called when a weak quorum of sources, and so a correct one, no longer has the state. */
  readonly onGone: () => void
  /** Called when a source sent another page than its parent names. */
  readonly onWrongPage: (source: ReplicaId) => void
}

export class StateTransfer {
  readonly #options: StateTransferOptions
  readonly #sources: readonly Source[]
  readonly #asked = new Map<string, Asked>()
  #target: CheckpointCertificate | null = null
  #assembly: Assembly | null = null
  #ticks = 0
  #nextSource = 0

  constructor(options: StateTransferOptions) {
    this.#options = options
    this.#sources = replicaIds(options.n)
      .filter((id) => id !== options.id)
      .map((id) => ({ id, underWay: 0, restsUntil: 0, isWithout: false }))
  }

  /** The checkpoint whose state is being fetched; null if there is none. */
  get target(): CheckpointCertificate | null {
    return this.#target
  }

  /** Starts a transfer, or changes its target and keeps the pages that both states share. */
  aim(stable: CheckpointCertificate): void {
    if (this.#assembly === null) this.#assembly = this.#options.application.assemble(stable.root)
    else this.#assembly.retarget(stable.root)
    this.#target = stable
    this.#asked.clear()
    for (const source of this.#sources) {
      source.underWay = 0
      source.isWithout = false
    }
    this.#advance()
  }

  stop(): void {
    this.#target = null
    this.#assembly = null
    this.#asked.clear()
  }

  tick(): void {
    this.#ticks++
    if (this.#target === null) return
    for (const [key, { source, tick }] of this.#asked) {
      if (this.#ticks - tick < PAGE_TIMEOUT_TICKS) continue
      this.#asked.delete(key)
      this.#rest(source)
    }
    this.#advance()
  }

  onPage({ sender, sequence, path, page }: Verified<PageDelivery>): void {
    const key = keyOf(path)
    const asked = this.#asked.get(key)
    // Pages that this source was not asked for are ignored, however many it sends.
    if (asked === undefined || asked.source !== sender || sequence !== this.#target?.sequence) return
    this.#asked.delete(key)
    const source = this.#sources.find(({ id }) => id === sender)
    if (source === undefined || this.#assembly === null) return
    source.underWay--
    if (page.length === 0) return this.#noteWithout(source)
    const verdict = this.#assembly.add(asked.reference, page)
    if (verdict === 'wrong-hash' || verdict === 'malformed') {
      this.#rest(sender)
      this.#options.onWrongPage(sender)
    }
    this.#advance()
  }

  #noteWithout(source: Source): void {
    source.isWithout = true
    source.restsUntil = this.#ticks + REST_TICKS
    if (this.#sources.filter(({ isWithout }) => isWithout).length < weakQuorum(this.#options.n)) return
    for (const each of this.#sources) each.isWithout = false
    this.#options.onGone()
  }

  #rest(id: ReplicaId): void {
    const source = this.#sources.find((each) => each.id === id)
    if (source === undefined) return
    source.underWay = 0
    source.restsUntil = this.#ticks + REST_TICKS
    for (const [key, asked] of this.#asked) if (asked.source === id) this.#asked.delete(key)
  }

  #advance(): void {
    const assembly = this.#assembly
    const target = this.#target
    if (assembly === null || target === null) return
    this.#takeOwnPages(assembly)
    const snapshot = assembly.finish()
    if (snapshot !== null) {
      this.stop()
      this.#options.onComplete(target, snapshot)
      return
    }
    this.#ask(assembly, target)
  }

  /** Takes pages that an earlier attempt has written from the page store, so that they need not be fetched. */
  #takeOwnPages(assembly: Assembly): void {
    for (let found = 0; found < FOUND_PER_TICK_MAX; ) {
      let isAnyFound = false
      for (const reference of assembly.missing(UNDER_WAY_MAX)) {
        if (this.#asked.has(keyOf(reference.path))) continue
        const page = this.#options.pages.read(reference.hash)
        if (page === null || assembly.add(reference, page) !== 'taken') continue
        isAnyFound = true
        found++
      }
      if (!isAnyFound) return
    }
  }

  /** Divides the missing pages among the sources that may be asked. */
  #ask(assembly: Assembly, target: CheckpointCertificate): void {
    const missing = assembly
      .missing(UNDER_WAY_MAX)
      .filter(({ path }) => !this.#asked.has(keyOf(path)))
      .slice(0, UNDER_WAY_MAX - this.#asked.size)
    for (let at = 0; at < missing.length; ) {
      const source = this.#sourceInTurn()
      if (source === null) return
      const references = missing.slice(at, at + PAGES_PER_FETCH_MAX)
      at += references.length
      for (const reference of references) {
        this.#asked.set(keyOf(reference.path), { reference, source: source.id, tick: this.#ticks })
      }
      source.underWay += references.length
      const paths = references.map(({ path }) => path)
      this.#options.send(source.id, { kind: 'page-fetch', sequence: target.sequence, paths })
    }
  }

  #sourceInTurn(): Source | null {
    for (let tried = 0; tried < this.#sources.length; tried++) {
      const source = this.#sources[this.#nextSource++ % this.#sources.length] as Source
      const isFree = source.underWay < UNDER_WAY_PER_SOURCE_MAX && source.restsUntil <= this.#ticks
      if (isFree && !source.isWithout) return source
    }
    return null
  }
}

const keyOf = (path: readonly number[]): string => path.join('.')
