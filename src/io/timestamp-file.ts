/**
 * A client's reserved timestamps on disk, and the lock that keeps a second process from using the same key.
 * @rule 1.8
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { OperatorError } from '../base/operator-error.ts'
import { takeDirectoryLock } from './directory-lock.ts'

export class ClientInUse extends OperatorError {
  override readonly name = 'ClientInUse'
}

export class TimestampFileError extends OperatorError {
  override readonly name = 'TimestampFileError'
}

export interface TimestampFile {
  readonly reservedUpTo: number
  /** Calls `done` when the number is on disk, or `failed` with a sentence when the disk does not take it for now. */
  reserve(upTo: number, done: () => void, failed: (why: string) => void): void
  /** Gives the key free for another process. */
  close(): Promise<void>
}

/** Replaces a file's text: when it returns, the text is on disk. Throws the system's error. */
export type WriteDurably = (path: string, text: string) => void

/** The names that people know for the system's errors. */
const DISK_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the quota of its disk is used up (EDQUOT)',
  EROFS: 'its disk is read-only (EROFS)',
  EACCES: 'this user may not write there (EACCES)',
  ENOENT: 'its directory is gone (ENOENT)',
  EIO: 'the disk failed (EIO)',
}

/**
 * Opens `<base>.timestamps` under the lock `<base>.key-lock`. There is no file for a key that was never used, nor for one that
 * was copied or restored without it: where its timestamps stand, replicas say. `write` replaces a file's text durably.
 */
export async function openTimestampFile(
  base: string,
  write: WriteDurably = replaceDurably,
): Promise<TimestampFile> {
  const path = `${base}.timestamps`
  const lock = await takeDirectoryLock(
    `${base}.key-lock`,
    (holder) =>
      new ClientInUse(
        `The client key ${base}.key is in use by ${holder}; give each process a client key of its own (--client).`,
      ),
  )
  let reservedUpTo: number
  try {
    reservedUpTo = readReserved(path)
  } catch (error) {
    await lock.release()
    throw error
  }
  return {
    reservedUpTo,
    reserve: (upTo, done, failed) => {
      try {
        write(path, `${upTo}\n`)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === undefined) throw error
        return failed(`${path} cannot be written: ${DISK_FAULTS[code] ?? code}`)
      }
      done()
    },
    close: () => lock.release(),
  }
}

function readReserved(path: string): number {
  if (!existsSync(path)) return 0
  const text = readFileSync(path, 'utf8').trim()
  const value = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) {
    throw new TimestampFileError(
      `The timestamps in ${path} are damaged, and guessing them could repeat a request: give the client a new key.`,
    )
  }
  return value
}

/** Written beside, synced and renamed: a crash or a full disk leaves the old number or the new one. */
export function replaceDurably(path: string, text: string): void {
  const beside = `${path}.new`
  try {
    withFile(beside, 'w', (file) => {
      writeSync(file, text)
      fdatasyncSync(file)
    })
    renameSync(beside, path)
  } catch (error) {
    removeIfPossible(beside)
    throw error
  }
  withFile(dirname(path), 'r', fsyncSync)
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // What kept the file from being written keeps it from being removed; the next write replaces it.
  }
}

function withFile(path: string, flags: 'w' | 'r', use: (file: number) => void): void {
  const file = openSync(path, flags, 0o600)
  try {
    use(file)
  } finally {
    closeSync(file)
  }
}
