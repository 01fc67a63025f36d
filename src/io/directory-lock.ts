/**
 * A lock of the kernel on a directory: it holds against every other process that reaches the same file system, in other
 * containers and on other hosts as far as the file system carries locks, and ends with its process, however that ends.
 *
 *   <path>/LOCK          the file that is locked; never opened, read, copied or removed by anything but LevelDB
 *   <path>/holder        a note by the holder about itself, for messages: it may be old, and decides nothing
 *   <path>/LOG, LOG.old  a directory and a file that keep LevelDB from writing a log before it has the lock
 *
 * Node has no call that locks a file. An empty LevelDB database is opened in its place, for the `fcntl` lock that it
 * takes first and keeps. The directory of a lock stays where it is: were it removed, one process could lock the removed
 * file and another the new one.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { assert } from '../base/assert.ts'
import { OperatorError } from '../base/operator-error.ts'
import { noteOpened } from './open-directories.ts'
import { asSentence, refusalOf } from './system-error.ts'

const HOLDER_FILE = 'holder'
const LOG_DIRECTORY = 'LOG'
const OLD_LOG_FILE = 'LOG.old'
/** The files that stay when a damaged lock is made anew. The lock itself is on the first of them. */
const KEPT_FILES: readonly string[] = ['LOCK', HOLDER_FILE, LOG_DIRECTORY, OLD_LOG_FILE]
const SETTINGS = { writeBufferSize: 64 * 1024, cacheSize: 0, maxOpenFiles: 64, compression: false } as const

/** Another process has the lock. */
export class DirectoryInUse extends OperatorError {
  override readonly name: string = 'DirectoryInUse'
}

/** The system refused to make the lock, for a reason that a person can mend. */
export class LockFailed extends OperatorError {
  override readonly name = 'LockFailed'
}

export interface DirectoryLock {
  /** Throws an assertion unless the lock is held and the path lies in the directory that it stands in. */
  assertCovers(path: string): void
  release(): Promise<void>
}

/**
 * Takes the lock in the directory `path`, which is made in an existing one. Rejects with what `inUse` makes of the
 * holder, or with `LockFailed`.
 */
export async function takeDirectoryLock(
  path: string,
  inUse: (holder: string) => OperatorError,
): Promise<DirectoryLock> {
  const failed = (error: unknown): unknown => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return new LockFailed(`The directory ${dirname(path)} does not exist.`, { cause: error })
    }
    const refusal = refusalOf(error)
    if (refusal === null) return error
    const { reason, remedy } = refusal
    const advice = remedy === null ? '' : ` ${asSentence(remedy)}.`
    return new LockFailed(`${path} cannot be locked, because ${reason}.${advice}`, { cause: error })
  }
  let noteClosed: (() => void) | null
  try {
    prepare(path)
    noteClosed = noteOpened(path)
  } catch (error) {
    throw failed(error)
  }
  // Asked first: even an open that is refused would lose the lock that this process has.
  if (noteClosed === null) throw inUse(`process ${process.pid}, which asks for it a second time`)
  try {
    const level = await openOrRenew(path)
    const release = async (): Promise<void> => {
      await level.close()
      noteClosed()
    }
    noteHolder(path)
    return new HeldLock(dirname(path), release)
  } catch (error) {
    noteClosed()
    throw isLocked(error) ? inUse(describeHolder(path)) : failed(error)
  }
}

class HeldLock implements DirectoryLock {
  readonly #directory: string
  readonly #release: () => Promise<void>
  #isHeld = true

  constructor(directory: string, release: () => Promise<void>) {
    this.#directory = resolve(directory)
    this.#release = release
  }

  assertCovers(path: string): void {
    assert(this.#isHeld, `${path} is opened under a lock that was released`)
    assert(
      resolve(path).startsWith(`${this.#directory}${sep}`),
      `${path} is opened under the lock of ${this.#directory}`,
    )
  }

  async release(): Promise<void> {
    if (!this.#isHeld) return
    this.#isHeld = false
    await this.#release()
  }
}

/** Makes what keeps LevelDB from renaming and emptying its log before it asks for the lock. */
function prepare(path: string): void {
  mkdirUnlessThere(path)
  mkdirUnlessThere(join(path, LOG_DIRECTORY))
  unlessThere(() => writeFileSync(join(path, OLD_LOG_FILE), '', { flag: 'wx', mode: 0o600 }))
}

const mkdirUnlessThere = (path: string): void => unlessThere(() => mkdirSync(path, { mode: 0o700 }))

function unlessThere(make: () => void): void {
  try {
    make()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Opens the database. A crash may have damaged it, which must keep nobody from starting: what was written is removed, all
 * but the locked file, so that this harms no lock that another process takes meanwhile.
 */
async function openOrRenew(path: string): Promise<ClassicLevel> {
  try {
    return await open(path)
  } catch (error) {
    if (isLocked(error) || refusalOf(error) !== null) throw error
    for (const name of readdirSync(path)) {
      if (!KEPT_FILES.includes(name)) rmSync(join(path, name), { recursive: true, force: true })
    }
    return open(path)
  }
}

async function open(path: string): Promise<ClassicLevel> {
  const level = new ClassicLevel(path)
  await level.open({ ...SETTINGS, passive: false })
  return level
}

/** True if another process has the lock. A file system without locks is reported under the same code. */
function isLocked(error: unknown): boolean {
  const cause = (error as Error).cause as { readonly code?: string; readonly message?: string } | undefined
  return cause?.code === 'LEVEL_LOCKED' && !/no locks available|not supported/i.test(cause.message ?? '')
}

function noteHolder(path: string): void {
  const since = new Date(Date.now() - process.uptime() * 1000).toISOString()
  const note = { process: process.pid, host: hostname(), since: since.replace(/\.\d+Z$/, 'Z') }
  try {
    writeFileSync(join(path, HOLDER_FILE), `${JSON.stringify(note)}\n`, { mode: 0o600 })
  } catch {
    // It is for messages only: a full disk must not cost the lock.
  }
}

/** A phrase that names the holder as far as it is known. */
function describeHolder(path: string): string {
  try {
    const note = JSON.parse(readFileSync(join(path, HOLDER_FILE), 'utf8'))
    const { process: id, host, since } = note as Record<string, unknown>
    const isWhole = Number.isSafeInteger(id) && isShortText(host) && isShortText(since)
    if (isWhole) return `process ${id} on host ${host}, started at ${since}`
  } catch {
    // The holder has not written it yet, or could not.
  }
  return 'another process'
}

const isShortText = (value: unknown): boolean => typeof value === 'string' && /^[!-~]{1,255}$/.test(value)
