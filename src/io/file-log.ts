/**
 * The log of one replica: append-only segment files and a marker (rule 6.3). Records are chained by hash, carry
 * checksums, and are checked as a whole whenever the log is opened. `init` makes a log with its birth record; one that
 * is made after a loss says so for as long as its first record stands (rule 6.4).
 *
 *   <directory>/0000000000000000.segment ...   records, named by their first counter
 *   <directory>/marker                         "synced up to"
 *
 * Whoever makes or opens a log holds the lock of the directory that the log's directory is in.
 * @rule 6.3
 */
import { existsSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LogPosition, LogReplay } from '../ports.ts'
import type { DirectoryLock } from './directory-lock.ts'
import { writeNewLog } from './file-log-create.ts'
import { LogCorrupt, LogExists, LogFailed, namedFailure } from './file-log-errors.ts'
import { type LogFile, type LogFiles, openLogFile, syncDirectory, systemLogFiles } from './file-log-files.ts'
import { MARKER_FILE, MarkerWriter } from './file-log-marker.ts'
import { checksumSeed, decodeRecord, SEGMENT_BYTES, SEGMENT_HEADER_BYTES } from './file-log-record.ts'
import { readSegment, type ScannedLog, scanLog } from './file-log-scan.ts'
import { SegmentMaker, writeZeros } from './file-log-segments.ts'
import { type FileLog, LogWriter, positionOf } from './file-log-writer.ts'

export interface FileLogOptions {
  /** The lock that keeps other processes from the log. */
  readonly lock: DirectoryLock
  /** Bytes of a segment, unless a single record needs more. */
  readonly segmentBytes?: number
  readonly files?: LogFiles
}

export interface OpenFileLogOptions extends FileLogOptions {
  /** A write or a sync failed. No callback of the log runs afterwards; the process must end. */
  readonly onFailure: (error: LogFailed) => void
}

/** The records are read from the files each time they are iterated: all of them before anything is trimmed. */
export interface FileLogReplay extends LogReplay {
  readonly log: FileLog
}

/** Makes a log that holds its birth record. Rejects with `LogExists` where there is one, or part of one. */
export async function createFileLog(directory: string, options: FileLogOptions): Promise<void> {
  const { lock, segmentBytes = SEGMENT_BYTES, files = systemLogFiles } = options
  lock.assertCovers(directory)
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new LogExists(`${directory} is not empty; a log is never overwritten.`)
  }
  await writeNewLog(directory, { first: 'birth', segmentBytes, files })
}

/**
 * Begins a log anew where one is missing, damaged or has lost synced data (rule 6.4): its first record says amnesia.
 * What stands there is moved to `<directory>.damaged`, in place of what was moved there before. After a crash at any
 * point there is the old log, none, or the new one. Rejects with `LogFailed` where the system refuses.
 */
export async function restartFileLogAfterLoss(directory: string, options: FileLogOptions): Promise<void> {
  const { lock, segmentBytes = SEGMENT_BYTES, files = systemLogFiles } = options
  lock.assertCovers(directory)
  const beside = `${directory}.new`
  const aside = `${directory}.damaged`
  try {
    rmSync(beside, { recursive: true, force: true })
    await writeNewLog(beside, { first: 'amnesia', segmentBytes, files })
    if (existsSync(directory)) {
      rmSync(aside, { recursive: true, force: true })
      renameSync(directory, aside)
    }
    renameSync(beside, directory)
    syncDirectory(dirname(directory))
  } catch (error) {
    throw namedFailure(`Beginning the log in ${directory} anew failed`, error)
  }
}

/**
 * Opens a log: checks all of it, cuts a torn tail, and makes what it found certain. Rejects with `LogMissing`,
 * `LogCorrupt`, `LogLostSyncedData`, or `LogFailed` where the system refuses. The records are without record 0, of which
 * `beginning` tells: none at all after a birth means a first start.
 */
export async function openFileLog(directory: string, options: OpenFileLogOptions): Promise<FileLogReplay> {
  options.lock.assertCovers(directory)
  try {
    const scanned = scanLog(directory)
    const log = await continueLog(directory, { ...options, scanned })
    return { log, beginning: scanned.beginning, records: replayOf(scanned) }
  } catch (error) {
    throw namedFailure(`Opening the log in ${directory} failed`, error)
  }
}

async function continueLog(
  directory: string,
  options: OpenFileLogOptions & { readonly scanned: ScannedLog },
): Promise<FileLog> {
  const { scanned, onFailure, segmentBytes = SEGMENT_BYTES, files = systemLogFiles } = options
  const { nonce, segments, endOffset, last } = scanned
  const tail = segments[segments.length - 1]
  if (tail === undefined) throw new LogCorrupt({ file: directory, offset: 0 }, 'no segment stands')
  const file = await openLogFile(tail.path, 'r+')
  if (scanned.isTorn) await cutTail(file, { ...scanned, size: tail.size, files })
  await files.sync(file)
  const markerFile = await openLogFile(join(directory, MARKER_FILE), 'r+')
  const marker = new MarkerWriter({
    file: markerFile,
    files,
    newest: scanned.marked,
    onFailure: (error) =>
      onFailure(new LogFailed(`Writing the log’s marker ${markerFile.path} failed`, error)),
  })
  marker.note(last)
  if (scanned.leftovers.length > 0) {
    if (!scanned.marked.isCutInBoth) await marker.cutTo(scanned.marked.cut)
    for (const path of scanned.leftovers) await files.remove(path)
    syncDirectory(directory)
  }
  const maker = new SegmentMaker(directory, files)
  const seed = checksumSeed(nonce)
  const facts = { nonce, seed, segments, endOffset, last }
  return new LogWriter({ ...facts, file, segmentBytes, files, maker, marker, onFailure })
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
