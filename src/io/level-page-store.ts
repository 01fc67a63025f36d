/**
 * Pages in LevelDB under their hash, and the anchor in a file beside it (rule 6.3). The database may lose or spoil
 * records when its files are harmed, and tells of it seldom; so nothing that it gives is taken unless it has the hash
 * that was asked for.
 *
 *   <directory>/pages           the database
 *   <directory>/pages.damaged   the last one that was damaged; whole pages of it are in the one that is used
 *   <directory>/anchor          which state is stored whole
 *
 * Whoever opens it holds the lock of the directory that this directory is in.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AssertionFailure, assert } from '../base/assert.ts'
import { equalBytes, toHex } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import { OperatorError } from '../base/operator-error.ts'
import type { Anchor, Page, PageStore } from '../ports.ts'
import { readAnchor, writeAnchor } from './anchor-file.ts'
import type { DirectoryLock } from './directory-lock.ts'
import { type LogFiles, syncDirectory, syncNames, systemLogFiles } from './file-log-files.ts'
import { openPageDatabase, type PageDatabase } from './page-database.ts'
import { findDamage, salvagePages } from './page-salvage.ts'
import { type PageDamage, PageStoreFailed } from './page-store-errors.ts'
import { causeOf, refusalOf } from './system-error.ts'

const PAGES_DIRECTORY = 'pages'
const DAMAGED_SUFFIX = '.damaged'
const SALVAGED_SUFFIX = '.salvaged'
const ANCHOR_FILE = 'anchor'

/** Bytes of pages that one batch of the database takes; it is in memory three times while it is written. */
const BATCH_BYTES_MAX = 1024 * 1024
/** Pages that one batch deletes. */
const BATCH_DELETES_MAX = 1000
/** Damaged pages that are remembered, so that each is reported once. */
const DAMAGED_PAGES_MAX = 4096

export interface LevelPageStoreOptions {
  /** The lock that keeps other processes from the store. */
  readonly lock: DirectoryLock
  /** A write failed. No callback of the store runs afterwards; the process must end. */
  readonly onFailure: (error: PageStoreFailed) => void
  /** Something that was on disk is lost; the store goes on without it. May be called while the store is opened. */
  readonly onDamage: (damage: PageDamage) => void
  /** The file operations under the anchor. */
  readonly files?: LogFiles
  readonly openDatabase?: (path: string) => Promise<PageDatabase>
}

export interface LevelPageStore extends PageStore {
  /** Different pages that were found damaged and have not been written anew. */
  readonly damagedPages: number
  /** Finishes what was asked for, and gives the directory free. */
  close(): Promise<void>
}

/** Opens the page store in a directory, or makes an empty one. Rejects with `PageStoreInUse` or `PageStoreFailed`. */
export async function openLevelPageStore(
  directory: string,
  options: LevelPageStoreOptions,
): Promise<LevelPageStore> {
  options.lock.assertCovers(directory)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const path = join(directory, PAGES_DIRECTORY)
    const anchorPath = join(directory, ANCHOR_FILE)
    const hadPages = existsSync(path)
    const database = await openOrSalvage(path, options)
    const anchor = anchorIn(anchorPath, { path, hadPages, onDamage: options.onDamage })
    return new LevelPages({ files: systemLogFiles, ...options, path, anchorPath, database, anchor })
  } catch (error) {
    if (error instanceof OperatorError || error instanceof AssertionFailure) throw error
    throw new PageStoreFailed(`Opening the pages in ${directory} failed`, error)
  }
}

function anchorIn(
  file: string,
  pages: {
    readonly path: string
    readonly hadPages: boolean
    readonly onDamage: (damage: PageDamage) => void
  },
): Anchor | null {
  const { path, hadPages, onDamage } = pages
  const anchor = readAnchor(file)
  if (anchor === 'damaged') {
    const message = `The anchor in ${file} does not check out: which state is stored is not known.`
    onDamage({ kind: 'anchor', file, message })
    return null
  }
  if (anchor !== null && !hadPages) {
    const message = `The pages in ${path} are missing, though ${file} names a state.`
    onDamage({ kind: 'database', file: path, message })
  }
  return anchor
}

/**
 * Opens the database. One that is damaged is moved aside, and what is whole of it is copied to a new one: the database
 * itself would go on with damaged blocks until it fails for good.
 */
async function openOrSalvage(path: string, options: LevelPageStoreOptions): Promise<PageDatabase> {
  const { onDamage, openDatabase = openPageDatabase } = options
  const aside = `${path}${DAMAGED_SUFFIX}`
  let damage = findDamage(path)
  if (damage === null) {
    try {
      return await openDatabase(path)
    } catch (error) {
      if (error instanceof OperatorError || error instanceof AssertionFailure || !isDamage(error)) throw error
      damage = `it cannot be opened: ${causeOf(error)}`
    }
  }
  // Salvaged beside, so that a crash meanwhile leaves the damaged database where it was found.
  const beside = `${path}${SALVAGED_SUFFIX}`
  rmSync(beside, { recursive: true, force: true })
  const salvaged = await openDatabase(beside)
  const count = await copyPages(salvagePages(path), salvaged)
  await salvaged.close()
  syncDirectory(beside)
  rmSync(aside, { recursive: true, force: true })
  renameSync(path, aside)
  renameSync(beside, path)
  syncDirectory(dirname(path))
  const message = `The pages in ${path} are damaged (${damage}): they were moved to ${aside}, and ${count} whole ones copied.`
  onDamage({ kind: 'database', file: path, message })
  return openDatabase(path)
}

/** Gives how many, of which some may be the same. */
async function copyPages(pages: Iterable<Page>, to: PageDatabase): Promise<number> {
  let count = 0
  for (const batch of batchesOf(pages)) {
    await to.change(batch, { isSynced: true })
    count += batch.length
  }
  return count
}

/** Divides pages into batches of about a mebibyte, so that no more of them are in memory at once. */
export function* batchesOf(pages: Iterable<Page>): Generator<readonly Page[], void, undefined> {
  let batch: Page[] = []
  let size = 0
  for (const page of pages) {
    batch.push(page)
    size += page.bytes.length
    if (size < BATCH_BYTES_MAX) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

type Task =
  | { readonly kind: 'write'; readonly pages: readonly Page[]; readonly done: () => void }
  | {
      readonly kind: 'commit'
      readonly anchor: Anchor
      readonly removed: readonly Uint8Array[]
      readonly done: () => void
    }
  | { readonly kind: 'collect'; readonly keep: ReadonlySet<string>; readonly done: (deleted: number) => void }

interface Parts extends LevelPageStoreOptions {
  readonly files: LogFiles
  readonly path: string
  readonly anchorPath: string
  readonly database: PageDatabase
  readonly anchor: Anchor | null
}

/** Does one thing after the other, in the order of asking. */
class LevelPages implements LevelPageStore {
  readonly #parts: Parts
  readonly #damaged = new Set<string>()
  #anchor: Anchor | null
  #tasks: Task[] = []
  #running: Promise<void> | null = null
  #hasFailed = false
  #isClosed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#anchor = parts.anchor
  }

  get anchor(): Anchor | null {
    return this.#anchor
  }

  get damagedPages(): number {
    return this.#damaged.size
  }

  read(hash: Uint8Array): Uint8Array | null {
    assert(hash.length === DIGEST_BYTES, `a page is asked for by ${hash.length} bytes`)
    let bytes: Uint8Array | undefined
    try {
      bytes = this.#parts.database.read(hash)
    } catch (error) {
      this.#noteDamaged(hash, causeOf(error))
      return null
    }
    if (bytes === undefined) return null
    if (equalBytes(createHash('sha256').update(bytes).digest(), hash)) return bytes
    this.#noteDamaged(hash, 'its bytes have another hash')
    return null
  }

  /** The bytes are kept until `done` is called and must not change before. */
  write(pages: readonly Page[], done: () => void): void {
    this.#add({ kind: 'write', pages, done })
  }

  commit(anchor: Anchor, removed: readonly Uint8Array[], done: () => void): void {
    this.#add({ kind: 'commit', anchor, removed, done })
  }

  collect(keep: Iterable<Uint8Array>, done: (deleted: number) => void): void {
    const kept = new Set<string>()
    for (const hash of keep) kept.add(toKey(hash))
    this.#add({ kind: 'collect', keep: kept, done })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    await this.#parts.database.close()
  }

  #add(task: Task): void {
    assert(!this.#isClosed, 'a page store that was closed is written to')
    this.#tasks.push(task)
    if (!this.#hasFailed) this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    try {
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
        await this.#perform(task)
      }
    } catch (error) {
      this.#hasFailed = true
      this.#tasks = []
      this.#parts.onFailure(failureOf(error, this.#parts.path))
    } finally {
      this.#running = null
    }
  }

  async #perform(task: Task): Promise<void> {
    switch (task.kind) {
      case 'write':
        await this.#write(task.pages)
        process.nextTick(task.done)
        return
      case 'commit':
        await this.#commit(task)
        process.nextTick(task.done)
        return
      case 'collect':
        process.nextTick(task.done, await this.#collect(task.keep))
        return
    }
  }

  /** Every batch is synced: the database syncs only the file that it writes at the moment, and changes it unasked. */
  async #write(pages: readonly Page[]): Promise<void> {
    await copyPages(pages, this.#parts.database)
    if (this.#damaged.size > 0) for (const { hash } of pages) this.#damaged.delete(toKey(hash))
  }

  async #commit({ anchor, removed }: Extract<Task, { kind: 'commit' }>): Promise<void> {
    const { path, anchorPath, files } = this.#parts
    // The database makes new files and does not make their names certain.
    await syncNames(path)
    await writeAnchor(anchorPath, anchor, files).catch((error) => {
      throw new PageStoreFailed(`Writing the anchor ${anchorPath} failed`, error)
    })
    this.#anchor = anchor
    await this.#delete(removed)
  }

  /** Deletions are not synced: those that a crash undoes leave pages that nobody asks for. */
  async #delete(hashes: readonly Uint8Array[]): Promise<void> {
    for (let from = 0; from < hashes.length; from += BATCH_DELETES_MAX) {
      const batch = hashes.slice(from, from + BATCH_DELETES_MAX).map((hash) => ({ hash, bytes: null }))
      await this.#parts.database.change(batch, { isSynced: false })
    }
    if (this.#damaged.size > 0) for (const hash of hashes) this.#damaged.delete(toKey(hash))
  }

  async #collect(keep: ReadonlySet<string>): Promise<number> {
    let deleted = 0
    const hashes = this.#parts.database.hashes()[Symbol.asyncIterator]()
    for (;;) {
      const next = await hashes.next().catch((error) => this.#endCollection(error))
      if (next === null || next.done) return deleted
      const garbage = next.value.filter((hash) => !keep.has(toKey(hash)))
      await this.#delete(garbage)
      deleted += garbage.length
    }
  }

  /** Ends a collection that failed: what cannot be listed cannot be deleted, and takes nothing but room. */
  #endCollection(error: unknown): null {
    const { path, onDamage } = this.#parts
    const message = `The pages in ${path} cannot all be listed: ${causeOf(error)}.`
    onDamage({ kind: 'database', file: path, message })
    return null
  }

  #noteDamaged(hash: Uint8Array, why: string): void {
    const key = toKey(hash)
    if (this.#damaged.has(key) || this.#damaged.size >= DAMAGED_PAGES_MAX) return
    this.#damaged.add(key)
    const { path, onDamage } = this.#parts
    onDamage({ kind: 'page', file: path, message: `Page ${toHex(hash)} in ${path} is damaged: ${why}.` })
  }
}

/** A string of a byte each: the smallest key of a set that equal bytes share. */
const toKey = (hash: Uint8Array): string =>
  Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1')

function failureOf(error: unknown, path: string): PageStoreFailed {
  if (error instanceof PageStoreFailed) return error
  return new PageStoreFailed(`Writing the pages in ${path} failed`, error)
}

/** True if opening failed for what stands in the files, and not for want of rights, room or handles. */
function isDamage(error: unknown): boolean {
  return refusalOf(error) === null
}
