/** Finds damage in the files of a page database before it is opened, and pages that are whole in one that is damaged. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { equalBytes } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import type { Page } from '../ports.ts'
import {
  damageInTable,
  entriesOfLog,
  entriesOfTable,
  isLogOfBatches,
  tablesOfManifest,
} from './level-table.ts'
import { assertNotOpen } from './open-directories.ts'

const TABLE = /\.(ldb|sst)$/
const LOG = /\.log$/

/** The first damage that opening a database would not show, as a phrase; null when there is none. */
export function findDamage(directory: string): string | null {
  assertNotOpen(directory)
  const manifest = currentManifest(directory)
  if (manifest === null) {
    const isNew = filesOf(directory, TABLE).length + filesOf(directory, LOG).length === 0
    return isNew ? null : `no file in ${directory} says which of its files belong to it`
  }
  const own = tablesOfManifest(manifest)
  for (const path of filesOf(directory, TABLE)) {
    // A table that a crash left unfinished is named nowhere, and is deleted when the database is opened.
    const facts = own.get(Number.parseInt(basename(path), 10))
    if (facts === undefined) continue
    const file = readOrNull(path)
    if (file === null) return `${path} cannot be read`
    const offset = damageInTable(file, facts)
    if (offset !== null) return `a block of ${path} at offset ${offset} does not check out`
  }
  for (const path of filesOf(directory, LOG)) {
    if (!isLogOfBatches(readOrNull(path) ?? NOTHING)) return `${path} holds what belongs to another file`
  }
  return null
}

/** The manifest that is in use; empty where the one that is named cannot be read, which opening will show. */
function currentManifest(directory: string): Uint8Array | null {
  const current = join(directory, 'CURRENT')
  if (!existsSync(current)) return null
  const name = Buffer.from(readOrNull(current) ?? NOTHING).toString('latin1')
  return readOrNull(join(directory, basename(name.trimEnd()))) ?? NOTHING
}

const NOTHING = new Uint8Array(0)

/** A disk that cannot read a file any more throws; what the file held is then lost like any other damage. */
function readOrNull(path: string): Uint8Array | null {
  try {
    return readFileSync(path)
  } catch {
    return null
  }
}

/** Every page of a database whose bytes have its hash, deleted ones too as long as they are not overwritten. */
export function* salvagePages(directory: string): Generator<Page, void, undefined> {
  assertNotOpen(directory)
  for (const path of filesOf(directory, TABLE)) yield* wholePages(entriesOfTable(readOrNull(path) ?? NOTHING))
  for (const path of filesOf(directory, LOG)) yield* wholePages(entriesOfLog(readOrNull(path) ?? NOTHING))
}

function* wholePages(entries: ReturnType<typeof entriesOfTable>): Generator<Page, void, undefined> {
  for (const { key, value } of entries) {
    if (key.length !== DIGEST_BYTES) continue
    if (equalBytes(createHash('sha256').update(value).digest(), key)) yield { hash: key, bytes: value }
  }
}

function filesOf(directory: string, kind: RegExp): readonly string[] {
  const names = existsSync(directory) ? readdirSync(directory) : []
  return names
    .filter((name) => kind.test(name))
    .sort()
    .map((name) => join(directory, name))
}
