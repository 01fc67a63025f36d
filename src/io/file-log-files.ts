/** The file operations beneath the log. The ones in use while it runs are replaceable, so that tests can fail them. */
import {
  close,
  closeSync,
  fdatasync,
  fsync,
  fsyncSync,
  open,
  openSync,
  readSync,
  unlink,
  writev,
  writevSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { openPatiently } from './descriptors.ts'

const openAsync = promisify(open)
const closeAsync = promisify(close)
const fsyncAsync = promisify(fsync)
const fdatasyncAsync = promisify(fdatasync)
const unlinkAsync = promisify(unlink)

/** An open file. */
export interface LogFile {
  readonly descriptor: number
  readonly path: string
}

/** Rejects with the system's error. */
export interface LogFiles {
  /** Writes all parts, one behind the other, from this offset on. */
  write(file: LogFile, parts: readonly Uint8Array[], offset: number): Promise<void>
  /** Resolves when what was written is on disk. */
  sync(file: LogFile): Promise<void>
  remove(path: string): Promise<void>
}

export const systemLogFiles: LogFiles = {
  write: writeAll,
  sync: (file) => fdatasyncAsync(file.descriptor),
  remove: unlinkAsync,
}

/**
 * Bytes up to which a write is made at once: it only fills the page cache, which is quicker than handing it to another
 * thread. Larger ones, the zeros of new segments above all, may be made to wait by the system.
 */
const IMMEDIATE_BYTES_MAX = 512 * 1024

async function writeAll(file: LogFile, parts: readonly Uint8Array[], offset: number): Promise<void> {
  let total = 0
  for (const part of parts) total += part.length
  const isImmediate = total <= IMMEDIATE_BYTES_MAX
  let rest = parts.filter((part) => part.length > 0)
  let at = offset
  while (rest.length > 0) {
    const written = isImmediate
      ? writevSync(file.descriptor, rest, at)
      : await writeOnce(file.descriptor, rest, at)
    at += written
    rest = dropBytes(rest, written)
  }
}

function writeOnce(descriptor: number, parts: readonly Uint8Array[], offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(descriptor, parts, offset, (error, written) => (error ? reject(error) : resolve(written)))
  })
}

/** Returns the parts that are left after `written` bytes. A system may write less than it was given. */
function dropBytes(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count
  const rest: Uint8Array[] = []
  for (const part of parts) {
    if (left < part.length) rest.push(part.subarray(left))
    left = Math.max(0, left - part.length)
  }
  return rest
}

export async function openLogFile(path: string, flags: 'r+' | 'wx+'): Promise<LogFile> {
  return { descriptor: await openPatiently(path, () => openAsync(path, flags, 0o600)), path }
}

export function closeLogFile(file: LogFile): Promise<void> {
  return closeAsync(file.descriptor)
}

/** Makes names that were added to or removed from a directory certain, while the process goes on. */
export async function syncNames(directory: string): Promise<void> {
  const descriptor = await openPatiently(directory, () => openAsync(directory, 'r'))
  try {
    await fsyncAsync(descriptor)
  } finally {
    await closeAsync(descriptor)
  }
}

/** The same at once, for what is done before the process serves anybody. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Reads from an offset until `target` is full or the file ends; gives how many bytes were read. */
export function readInto(descriptor: number, target: Uint8Array, offset: number): number {
  let length = 0
  while (length < target.length) {
    const count = readSync(descriptor, target, length, target.length - length, offset + length)
    if (count === 0) break
    length += count
  }
  return length
}
