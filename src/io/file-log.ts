/**
 * The log of one replica: append-only segment files and a marker (rule 6.3). Records are chained by hash, carry
 * checksums, and are checked as a whole whenever the log is opened. `init` makes a log with its birth record; nobody
 * else makes one (rule 6.4).
 *
 *   <directory>/0000000000000000.segment ...   records, named by their first counter
 *   <directory>/marker                         "synced up to"
 *   <directory>/lock                           while it is open
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LogPosition, LogReplay } from '../ports.ts'
import { LogCorrupt, LogExists, LogFailed, LogInUse } from './file-log-errors.ts'
import {
  closeLogFile,
  type LogFile,
  type LogFiles,
  openLogFile,
  syncDirectory,
  systemLogFiles,
} from './file-log-files.ts'
import { encodeFirstMarker, MARKER_FILE, MarkerWriter } from './file-log-marker.ts'
import {
  birthContent,
  checksumSeed,
  decodeRecord,
  encodeRecordHeader,
  FIRST_CHAIN,
  NONCE_BYTES,
  nextChain,
  SEGMENT_BYTES,
  SEGMENT_HEADER_BYTES,
} from './file-log-record.ts'
import { readSegment, type ScannedLog, scanLog, segmentPaths } from './file-log-scan.ts'
import { SegmentMaker, writeZeros } from './file-log-segments.ts'
import { type FileLog, LogWriter, positionOf } from './file-log-writer.ts'
import { takeProcessLock } from './process-lock.ts'

const LOCK_FILE = 'lock'

export interface FileLogOptions {
  /** Bytes of a segment, unless a single record needs more. */
  readonly segmentBytes?: number
  readonly files?: LogFiles
}

export interface OpenFileLogOptions extends FileLogOptions {
  /** A write or a sync failed. No callback of the log runs afterwards; the process must end. */
  readonly onFailure: (error: LogFailed) => void
}

export interface FileLogReplay extends LogReplay {
  readonly log: FileLog
}

/** Makes a log that holds its birth record. Rejects with `LogExists` where there is one, or part of one. */
export async function createFileLog(directory: string, options: FileLogOptions = {}): Promise<void> {
  const { segmentBytes = SEGMENT_BYTES, files = systemLogFiles } = options
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new LogExists(`${directory} is not empty; a log is never overwritten.`)
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const nonce = Uint8Array.from(randomBytes(NONCE_BYTES))
  const content = birthContent(nonce)
  const facts = { counter: 0, synced: 0, chain: nextChain(FIRST_CHAIN, 0, content) }
  const header = { nonce, firstCounter: 0, size: segmentBytes, previousChain: FIRST_CHAIN }
  const segment = await new SegmentMaker(directory, files).activate(header)
  const record = [encodeRecordHeader(facts, content, checksumSeed(nonce)), content]
  await writeAndClose(segment, { parts: record, offset: SEGMENT_HEADER_BYTES, files })
  const marker = await openLogFile(join(directory, MARKER_FILE), 'wx+')
  await writeAndClose(marker, { parts: [encodeFirstMarker(facts)], offset: 0, files })
  syncDirectory(directory)
  syncDirectory(dirname(directory))
}

async function writeAndClose(
  file: LogFile,
  write: { readonly parts: readonly Uint8Array[]; readonly offset: number; readonly files: LogFiles },
): Promise<void> {
  try {
    await write.files.write(file, write.parts, write.offset)
    await write.files.sync(file)
  } finally {
    await closeLogFile(file)
  }
}

/**
 * Opens a log: checks all of it, cuts a torn tail, and makes what it found certain. Rejects with `LogMissing`,
 * `LogInUse`, `LogCorrupt` or `LogLostSyncedData`. The records are without the birth record: none means a first start.
 */
export async function openFileLog(directory: string, options: OpenFileLogOptions): Promise<FileLogReplay> {
  segmentPaths(directory)
  const lock = join(directory, LOCK_FILE)
  const release = takeProcessLock(
    lock,
    (holder) =>
      new LogInUse(
        `The log in ${directory} is in use by process ${holder}; if that is another program, delete ${lock}.`,
      ),
  )
  try {
    const scanned = scanLog(directory)
    return { log: await continueLog(directory, { ...options, scanned, release }), records: replayOf(scanned) }
  } catch (error) {
    release()
    throw error
  }
}

async function continueLog(
  directory: string,
  options: OpenFileLogOptions & { readonly scanned: ScannedLog; readonly release: () => void },
): Promise<FileLog> {
  const { scanned, release, onFailure, segmentBytes = SEGMENT_BYTES, files = systemLogFiles } = options
  const { nonce, segments, endOffset, last } = scanned
  const tail = segments[segments.length - 1]
  if (tail === undefined) throw new LogCorrupt({ file: directory, offset: 0 }, 'no segment stands')
  const file = await openLogFile(tail.path, 'r+')
  if (scanned.isTorn) await cutTail(file, { ...scanned, size: tail.size, files })
  await files.sync(file)
  const marker = new MarkerWriter({
    file: await openLogFile(join(directory, MARKER_FILE), 'r+'),
    files,
    newestSlot: scanned.markerSlot,
    onFailure: (error) => onFailure(new LogFailed('Writing the marker of the log failed', error)),
  })
  marker.note(last)
  const maker = new SegmentMaker(directory, files)
  const seed = checksumSeed(nonce)
  const facts = { nonce, seed, segments, endOffset, last }
  return new LogWriter({ ...facts, file, segmentBytes, files, maker, marker, release, onFailure })
}

/** Makes the place behind the last good record as if nothing had been written there. */
async function cutTail(
  file: LogFile,
  tail: Pick<ScannedLog, 'endOffset' | 'tornSegments'> & { readonly size: number; readonly files: LogFiles },
): Promise<void> {
  for (const path of tail.tornSegments) rmSync(path)
  await writeZeros(file, { from: tail.endOffset, to: tail.size }, tail.files)
  truncateSync(file.path, tail.size)
  syncDirectory(dirname(file.path))
}

/** Reads the records segment by segment, each time it is iterated. */
function replayOf(scanned: ScannedLog): LogReplay['records'] {
  return { [Symbol.iterator]: () => records(scanned) }
}

function* records({
  nonce,
  segments,
  last,
}: ScannedLog): Generator<{ readonly position: LogPosition; readonly record: Uint8Array }, void, undefined> {
  const seed = checksumSeed(nonce)
  for (const [segment, { path, firstCounter }] of segments.entries()) {
    const bytes = readSegment(path)
    const end = segments[segment + 1]?.firstCounter ?? last.counter + 1
    let offset = SEGMENT_HEADER_BYTES
    for (let counter = firstCounter; counter < end; counter++) {
      const record = decodeRecord(bytes, offset, seed)
      if (record === null || record.counter !== counter) {
        throw new LogCorrupt({ file: path, offset }, `record ${counter} changed while the log was open`)
      }
      // A copy: what is kept of a record must not keep its segment.
      if (counter > 0) yield { position: positionOf({ segment, offset }), record: record.content.slice() }
      offset = record.end
    }
  }
}
