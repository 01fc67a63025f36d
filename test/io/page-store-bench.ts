/** Page stores in separate directories, whose process the test can end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DirectoryInUse, type DirectoryLock, takeDirectoryLock } from '../../src/io/directory-lock.ts'
import type { LogFiles } from '../../src/io/file-log-files.ts'
import { type LevelPageStore, openLevelPageStore } from '../../src/io/level-page-store.ts'
import { openPageDatabase, type PageChange, type PageDatabase } from '../../src/io/page-database.ts'
import type { PageDamage, PageStoreFailed } from '../../src/io/page-store-errors.ts'
import type { PageStoreBench } from '../conformance/page-store-suite.ts'
import { WatchedFiles } from './file-log-bench.ts'

/** A page store in a temporary directory that `dispose` removes. */
export class LevelPageStoreBench implements PageStoreBench {
  readonly #root = mkdtempSync(join(tmpdir(), 'strategos-pages-'))
  readonly directory = join(this.#root, 'state')
  readonly failures: PageStoreFailed[] = []
  readonly damages: PageDamage[] = []
  files = new WatchedFiles()
  /** The changes that reached the disk, in order. */
  readonly changes: string[] = []
  /** The error that the next changes of the database fail with. */
  failing: Error | null = null
  #database: PageDatabase | null = null
  #store: LevelPageStore | null = null
  #lock: Promise<DirectoryLock> | null = null

  async open(): Promise<LevelPageStore> {
    const files = new WatchedFiles()
    this.files = files
    const anchorFiles: LogFiles = {
      write: (file, parts, offset) => files.write(file, parts, offset),
      remove: (path) => files.remove(path),
      sync: async (file) => {
        await files.sync(file)
        this.changes.push('anchor')
      },
    }
    const store = await openLevelPageStore(this.directory, {
      lock: await this.lock(),
      files: anchorFiles,
      openDatabase: (path) => this.#openDatabase(path, files),
      onFailure: (error) => this.failures.push(error),
      onDamage: (damage) => this.damages.push(damage),
    })
    this.#store = store
    return store
  }

  /** The lock of the directory that the store's is in: taken once, and held through crashes. */
  lock(): Promise<DirectoryLock> {
    this.#lock ??= takeDirectoryLock(join(this.#root, 'lock'), (holder) => new DirectoryInUse(holder))
    return this.#lock
  }

  async crash(): Promise<void> {
    this.files.isDead = true
    this.#store = null
    await this.files.settled()
    await this.#database?.close()
    this.#database = null
  }

  async close(): Promise<void> {
    const store = this.#store
    this.#store = null
    this.#database = null
    await store?.close()
  }

  until<T>(outcome: Promise<T>): Promise<T> {
    return outcome
  }

  async dispose(): Promise<void> {
    await this.close()
    await (await this.#lock)?.release()
    rmSync(this.#root, { recursive: true, force: true })
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  /** The real database; each change counts as an operation of a file, and never ends once the process has. */
  async #openDatabase(path: string, files: WatchedFiles): Promise<PageDatabase> {
    const database = await openPageDatabase(path)
    this.#database = database
    return {
      ...database,
      change: async (changes: readonly PageChange[], options) => {
        if (this.failing !== null) throw this.failing
        await files.perform('write', path, () => database.change(changes, options))
        const kind = changes[0]?.bytes === null ? 'delete' : 'write'
        this.changes.push(`${kind} ${changes.length}${options.isSynced ? ', synced' : ''}`)
      },
    }
  }
}
