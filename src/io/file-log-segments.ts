/**
 * The segment files of a log. A segment is filled with zeros before it is used, so that a sync while it fills writes
 * data and no metadata; the next one is made in the background.
 */
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import { LogFailed } from './file-log-errors.ts'
import { closeLogFile, type LogFile, type LogFiles, openLogFile, syncNames } from './file-log-files.ts'
import { encodeSegmentHeader, type SegmentHeader } from './file-log-record.ts'

const SUFFIX = '.segment'
/** A segment that no record is in yet. One that a crash left behind is made again. */
export const PREPARED_FILE = 'next.prepared'
/** Zeros written at a time while a segment is prepared, so that syncs of the log come in between. */
const ZEROS_BYTES = 1024 * 1024
const ZEROS = new Uint8Array(ZEROS_BYTES)

export interface Segment {
  readonly path: string
  readonly firstCounter: number
  /** The hash that its first record continues from. */
  readonly previousChain: Uint8Array
  /** Bytes. */
  readonly size: number
}

/** Names sort in the order of their first counters. */
export function segmentName(firstCounter: number): string {
  return `${String(firstCounter).padStart(16, '0')}${SUFFIX}`
}

/** The first counter in a segment's name, or null for another file's. */
export function parseSegmentName(name: string): number | null {
  return /^\d{16}\.segment$/.test(name) ? Number(name.slice(0, 16)) : null
}

/**
 * Fills a file with zeros from an offset on and syncs them, piece by piece: one large sync would hold up the log's own.
 * Stops early when `isOver` says so.
 */
export async function writeZeros(
  file: LogFile,
  range: { readonly from: number; readonly to: number },
  files: LogFiles,
  isOver: () => boolean = () => false,
): Promise<void> {
  for (let at = range.from; at < range.to && !isOver(); at += ZEROS_BYTES) {
    await files.write(file, [ZEROS.subarray(0, Math.min(ZEROS_BYTES, range.to - at))], at)
    await files.sync(file)
  }
}

/** Makes the files that a log continues in. Owns the prepared one until it is activated. */
export class SegmentMaker {
  readonly #directory: string
  readonly #files: LogFiles
  #prepared: { readonly size: number; readonly file: Promise<LogFile> } | null = null
  #isClosing = false

  constructor(directory: string, files: LogFiles) {
    this.#directory = directory
    this.#files = files
  }

  /** Begins to make a segment of this size, unless one is being made or ready. */
  prepare(size: number): void {
    if (this.#prepared !== null || this.#isClosing) return
    const file = this.#make(size)
    // A failure shows when the segment is needed.
    file.catch(() => {})
    this.#prepared = { size, file }
  }

  /** Gives a segment its header and its name; both are on disk when this resolves. */
  async activate(header: SegmentHeader): Promise<LogFile> {
    if (this.#prepared?.size !== header.size) await this.#discard()
    this.prepare(header.size)
    assert(this.#prepared, 'a log that was closed is continued')
    const made = await this.#prepared.file.catch((error) => {
      throw new LogFailed(
        `Making the log’s next segment ${join(this.#directory, PREPARED_FILE)} failed`,
        error,
      )
    })
    this.#prepared = null
    await this.#files.write(made, [encodeSegmentHeader(header)], 0)
    await this.#files.sync(made)
    const path = join(this.#directory, segmentName(header.firstCounter))
    renameSync(made.path, path)
    await syncNames(this.#directory)
    return { descriptor: made.descriptor, path }
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await this.#discard()
  }

  async #make(size: number): Promise<LogFile> {
    const path = join(this.#directory, PREPARED_FILE)
    rmSync(path, { force: true })
    const file = await openLogFile(path, 'wx+')
    try {
      await writeZeros(file, { from: 0, to: size }, this.#files, () => this.#isClosing)
      return file
    } catch (error) {
      await closeLogFile(file)
      throw error
    }
  }

  async #discard(): Promise<void> {
    const prepared = this.#prepared
    this.#prepared = null
    if (prepared === null) return
    const file = await prepared.file.catch(() => null)
    if (file === null) return
    await closeLogFile(file)
    rmSync(file.path, { force: true })
  }
}
