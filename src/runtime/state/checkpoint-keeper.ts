import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import { encodeCertificate } from '../../messages/certificate.ts'
import type { CheckpointCertificate } from '../../messages/message.ts'
import type { Application, Page, PageStore, Snapshot } from '../../ports.ts'

/** The bytes hashed in one turn: about a millisecond, or a few if the pages are not in a cache. */
const HASHED_PER_TURN = 512 * 1024
/** The bytes of pages given to the page store at once. */
const WRITTEN_AT_ONCE = 1024 * 1024
/**
 * The number of snapshots kept: those above the last stable one, that one, the one before, and one that is being
 * fetched.
 */
const SNAPSHOTS_MAX = 6
/** The ticks for which a snapshot that a replica fetches is kept, though newer ones are stable (rule 2.5). */
const KEPT_WHILE_FETCHED_TICKS = 500

interface Taken {
  readonly snapshot: Snapshot
  root: Uint8Array | null
  fetchedTick: number
}

/** A state that is being written to the page store. */
interface Storing {
  readonly stable: CheckpointCertificate
  readonly snapshot: Snapshot
  readonly done: () => void
}

export interface CheckpointKeeperOptions {
  readonly application: Application
  readonly pages: PageStore
  /** The bytes of the log after which the next stable checkpoint is stored, so that the log can be trimmed. */
  readonly storeAfterBytes: number
  /** The contents of the page store as a snapshot; null if it is empty. */
  readonly stored: Snapshot | null
  readonly onTaken: (sequence: Sequence, root: Uint8Array) => void
  readonly onStored: (sequence: Sequence) => void
}

/**
 * The keeper of checkpoint snapshots: hashes them in slices, serves their pages to replicas that transfer the state,
 * and sometimes stores one apart from the log.
 * @rule 2.1 2.5
 */
export class CheckpointKeeper {
  readonly #options: CheckpointKeeperOptions
  readonly #taken = new Map<Sequence, Taken>()
  #stored: Snapshot | null
  #storedSequence = 0 as Sequence
  #stable: CheckpointCertificate | null = null
  #logBytes = 0
  /** The state that is being stored. */
  #storing: Snapshot | null = null
  /** A transferred state that waits to be stored. A newer one replaces it. */
  #next: Storing | null = null
  /** All snapshots that are not released, the oldest first. */
  readonly #inUse = new Set<Snapshot>()
  #ticks = 0

  constructor(options: CheckpointKeeperOptions) {
    this.#options = options
    this.#stored = options.stored
    if (options.stored !== null) this.#inUse.add(options.stored)
  }

  /** True if snapshots wait to be hashed. */
  get hasWork(): boolean {
    for (const { root } of this.#taken.values()) if (root === null) return true
    return false
  }

  tick(): void {
    this.#ticks++
  }

  noteLogged(bytes: number): void {
    this.#logBytes += bytes
  }

  /** Freezes the state after `sequence`. */
  take(sequence: Sequence): void {
    this.#keep(sequence, this.#options.application.snapshot(), null)
  }

  /** Adopts a transferred state, which is stored already. */
  adopt(stable: CheckpointCertificate, snapshot: Snapshot): void {
    this.#keep(stable.sequence, snapshot, stable.root)
    if (stable.sequence > (this.#stable?.sequence ?? 0)) this.#stable = stable
    this.#stored = snapshot
    this.#storedSequence = stable.sequence
    this.#logBytes = 0
  }

  /** Hashes a slice of the oldest snapshot without a root. */
  work(): void {
    for (const [sequence, taken] of this.#taken) {
      if (taken.root !== null) continue
      taken.root = taken.snapshot.hashSome(HASHED_PER_TURN)
      if (taken.root === null) return
      this.#options.onTaken(sequence, taken.root)
      this.#storeIfDue()
      return
    }
  }

  /** Notes that a quorum certified this checkpoint: only replicas that lag still need older snapshots. */
  stable(certificate: CheckpointCertificate): void {
    this.#stable = certificate
    this.#dropOld()
    this.#storeIfDue()
  }

  /** The certificate of the last stable checkpoint, if its snapshot is kept and has its root; else null. */
  get certified(): CheckpointCertificate | null {
    const stable = this.#stable
    const root = stable === null ? undefined : this.#taken.get(stable.sequence)?.root
    return stable !== null && root && equalBytes(root, stable.root) ? stable : null
  }

  /** Returns the page of a kept snapshot; null if there is none. */
  page(sequence: Sequence, path: readonly number[]): Uint8Array | null {
    const taken = this.#taken.get(sequence)
    if (taken === undefined || taken.root === null) return null
    taken.fetchedTick = this.#ticks
    return taken.snapshot.page(path)
  }

  #keep(sequence: Sequence, snapshot: Snapshot, root: Uint8Array | null): void {
    this.#taken.set(sequence, { snapshot, root, fetchedTick: Number.NEGATIVE_INFINITY })
    // One that is being fetched is spared, so that it can be fetched under any load.
    let isSpared = false
    for (const [oldest, { fetchedTick }] of this.#taken) {
      if (this.#taken.size <= SNAPSHOTS_MAX + (isSpared ? 1 : 0)) break
      if (!isSpared && this.#ticks - fetchedTick <= KEPT_WHILE_FETCHED_TICKS) isSpared = true
      else this.#taken.delete(oldest)
    }
    this.#inUse.add(snapshot)
    this.#releaseUnused()
  }

  #releaseUnused(): void {
    const used = new Set([this.#stored, this.#storing, this.#next?.snapshot])
    for (const { snapshot } of this.#taken.values()) used.add(snapshot)
    for (const snapshot of this.#inUse) {
      if (used.has(snapshot)) continue
      this.#inUse.delete(snapshot)
      snapshot.release()
    }
  }

  /**
   * Drops all snapshots except for the last stable one, the one before it, those above, and any that is being fetched.
   */
  #dropOld(): void {
    const stable = this.#stable?.sequence ?? (0 as Sequence)
    const below = [...this.#taken.keys()].filter((sequence) => sequence < stable).sort((a, b) => b - a)
    for (const sequence of below.slice(1)) {
      const fetchedTick = this.#taken.get(sequence)?.fetchedTick ?? 0
      if (this.#ticks - fetchedTick > KEPT_WHILE_FETCHED_TICKS) this.#taken.delete(sequence)
    }
    this.#releaseUnused()
  }

  #storeIfDue(): void {
    const stable = this.#stable
    if (stable === null || this.#storing !== null || this.#logBytes < this.#options.storeAfterBytes) return
    const taken = this.#taken.get(stable.sequence)
    const isCertified =
      taken?.root !== undefined && taken.root !== null && equalBytes(taken.root, stable.root)
    if (taken === undefined || !isCertified) return
    this.#logBytes = 0
    this.#store({ stable, snapshot: taken.snapshot, done: () => this.#options.onStored(stable.sequence) })
  }

  /** Stores a transferred state, after the one that is being stored, if any. */
  storeTransferred(stable: CheckpointCertificate, snapshot: Snapshot, done: () => void): void {
    const storing = { stable, snapshot, done }
    this.#inUse.add(snapshot)
    if (this.#storing !== null) this.#next = storing
    else this.#store(storing)
  }

  #store(storing: Storing): void {
    // The anchor never moves back, because the log before it may be trimmed already.
    if (storing.stable.sequence <= this.#storedSequence) return storing.done()
    this.#storing = storing.snapshot
    this.#write(storing, () => {
      this.#storing = null
      storing.done()
      const next = this.#next
      this.#next = null
      if (next !== null) this.#store(next)
      else this.#storeIfDue()
      this.#releaseUnused()
    })
  }

  /** Writes the pages that the page store lacks, in portions, and then the anchor. */
  #write({ stable, snapshot }: Storing, done: () => void): void {
    const { pages } = this.#options
    const { added, removed } = snapshot.changesSince(this.#stored)
    const iterator = added[Symbol.iterator]()
    const writeSome = (): void => {
      const some: Page[] = []
      let bytes = 0
      while (bytes < WRITTEN_AT_ONCE) {
        const next = iterator.next()
        if (next.done === true) break
        some.push(next.value)
        bytes += next.value.bytes.length
      }
      if (some.length > 0) return pages.write(some, writeSome)
      const { sequence, root, checkpoints } = stable
      const anchor = { sequence, root, certificate: encodeCertificate(checkpoints) }
      pages.commit(anchor, [...removed], () => {
        this.#stored = snapshot
        this.#storedSequence = sequence
        done()
      })
    }
    writeSome()
  }
}
