/**
 * A client's reserved timestamps on disk, and the lock that keeps a second process from using the same key. // PBFT-1.8
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
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
  reserve(upTo: number, done: () => void): void
  /** Gives the key free for another process. */
  close(): Promise<void>
}

/** Opens `<base>.timestamps` under the lock `<base>.key-lock`. A key that was never used has no file yet. */
export async function openTimestampFile(base: string): Promise<TimestampFile> {
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
    reserve: (upTo, done) => {
      replaceDurably(path, `${upTo}\n`)
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

/** Written beside, synced and renamed: a crash leaves the old number or the new one. */
function replaceDurably(path: string, text: string): void {
  const beside = `${path}.new`
  const file = openSync(beside, 'w', 0o600)
  writeSync(file, text)
  fdatasyncSync(file)
  closeSync(file)
  renameSync(beside, path)
  const directory = openSync(dirname(path), 'r')
  fsyncSync(directory)
  closeSync(directory)
}
