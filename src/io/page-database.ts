/** LevelDB as the page store uses it: pages under their hash, read at once, changed in batches. */

import { mkdirSync } from 'node:fs'
import { ClassicLevel } from 'classic-level'
import { assert } from '../base/assert.ts'
import { noteOpened } from './open-directories.ts'
import { PageStoreInUse } from './page-store-errors.ts'

/** A page to store, or with `null` to delete. */
export interface PageChange {
  readonly hash: Uint8Array
  readonly bytes: Uint8Array | null
}

/** Methods reject or throw the database's error. */
export interface PageDatabase {
  read(hash: Uint8Array): Uint8Array | undefined
  /** All of it or nothing; on disk when this resolves, if synced. */
  change(changes: readonly PageChange[], options: { readonly isSynced: boolean }): Promise<void>
  /** All hashes in order, some at a time. */
  hashes(): AsyncIterable<readonly Uint8Array[]>
  close(): Promise<void>
}

const MIB = 1024 * 1024
const HASHES_AT_ONCE = 1000

const SETTINGS = {
  // What the pages store uses of memory: two write buffers and the cache.
  writeBufferSize: 8 * MIB,
  cacheSize: 8 * MIB,
  maxFileSize: 8 * MIB,
  blockSize: 16 * 1024,
  maxOpenFiles: 256,
  // Pages are compact already, and plain blocks can be looked into when a table is damaged.
  compression: false,
} as const

/** Opens or makes the database in a directory. Rejects with `PageStoreInUse` or the database's error. */
export async function openPageDatabase(path: string): Promise<PageDatabase> {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const noteClosed = noteOpened(path)
  assert(noteClosed, `the database in ${path} is opened twice in one process`)
  const level = new ClassicLevel<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
  try {
    await level.open({ ...SETTINGS, passive: false })
  } catch (error) {
    noteClosed()
    const { code } = (error as Error).cause as { code?: string }
    if (code === 'LEVEL_LOCKED')
      throw new PageStoreInUse(`The pages in ${path} are in use by another process.`)
    throw error
  }
  return {
    read: (hash) => level.getSync(hash),
    change: (changes, { isSynced }) => level.batch(changes.map(toOperation), { sync: isSynced }),
    hashes: () => hashesOf(level),
    close: async () => {
      await level.close()
      noteClosed()
    },
  }
}

const toOperation = ({ hash, bytes }: PageChange) =>
  bytes === null ? ({ type: 'del', key: hash } as const) : ({ type: 'put', key: hash, value: bytes } as const)

async function* hashesOf(level: ClassicLevel<Uint8Array, Uint8Array>): AsyncGenerator<readonly Uint8Array[]> {
  const keys = level.keys()
  try {
    for (;;) {
      const some = await keys.nextv(HASHES_AT_ONCE)
      if (some.length === 0) return
      yield some
    }
  } finally {
    await keys.close()
  }
}
