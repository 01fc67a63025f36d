/**
 * The open log: appends, group commit, reading back (rule 6: durable before send). `append` only remembers; a sync
 * writes everything remembered with one `writev` and one `fdatasync`. One is in flight at a time; what is appended
 * meanwhile goes with the next.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { assert } from '../base/assert.ts'
import { readU32 } from '../base/bytes.ts'
import type { Log, LogPosition } from '../ports.ts'
import { openPatiently } from './descriptors.ts'
import { LogFailed } from './file-log-errors.ts'
import { closeLogFile, type LogFile, type LogFiles } from './file-log-files.ts'
import type { Marker, MarkerWriter } from './file-log-marker.ts'
import {
  decodeRecord,
  encodeRecordHeader,
  nextChain,
  RECORD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
} from './file-log-record.ts'
import type { Segment, SegmentMaker } from './file-log-segments.ts'

/** A position is segment index * SPAN + offset. */
const SPAN = 2 ** 32

export interface FileLog extends Log {
  /** Syncs everything appended, and gives the log free. No position is read and nothing appended afterwards. */
  close(): Promise<void>
}

/** The position of a record, by the index of its segment. */
export interface LogRecordPosition {
  readonly segment: number
  readonly offset: number
}

export function positionOf({ segment, offset }: LogRecordPosition): LogPosition {
  return segment * SPAN + offset
}

interface Appended extends LogRecordPosition {
  readonly counter: number
  readonly content: Uint8Array
}

interface Waiting {
  /** The counter of the last record that must be on disk. */
  readonly upTo: number
  /** The segments in front of this one may go then. */
  readonly trimTo: number
  readonly done: () => void
}

export interface LogWriterOptions {
  readonly nonce: Uint8Array
  readonly seed: number
  readonly segments: readonly Segment[]
  /** The last of `segments`, open for writing. */
  readonly file: LogFile
  readonly endOffset: number
  /** The last record on disk. */
  readonly last: Marker
  /** Bytes of a new segment. */
  readonly segmentBytes: number
  readonly files: LogFiles
  readonly maker: SegmentMaker
  readonly marker: MarkerWriter
  readonly onFailure: (error: LogFailed) => void
}

/** Owns the log's files until it is closed. */
export class LogWriter implements FileLog {
  readonly #options: LogWriterOptions
  /** By their index; those in front of `#firstSegment` are deleted. */
  readonly #segments: Map<number, Segment>
  #firstSegment = 0
  /** Segments that may go after the next sync, and that may go now: those in front of these. */
  #unneeded = 0
  #trimTo = 0
  #trimming: Promise<void> | null = null
  #file: LogFile
  /** The position of the next record; its segment may not exist yet. */
  #tail: { segment: number; size: number; offset: number }
  /** Sizes of segments that records were given a place in and that do not exist yet. */
  readonly #plannedSizes = new Map<number, number>()
  #lastCounter: number
  #written: Marker
  #syncedCounter: number
  #pending: Appended[] = []
  /** Records that are not on disk yet, for reading back. */
  readonly #unsynced = new Map<LogPosition, Uint8Array>()
  #waiting: Waiting[] = []
  #flushing: Promise<void> | null = null
  #hasFailed = false
  #isClosed = false

  constructor(options: LogWriterOptions) {
    const { segments, file, endOffset, last } = options
    const segment = segments.length - 1
    this.#options = options
    this.#segments = new Map(segments.entries())
    this.#file = file
    this.#tail = { segment, size: segments[segment]?.size ?? 0, offset: endOffset }
    this.#lastCounter = last.counter
    this.#syncedCounter = last.counter
    this.#written = last
  }

  /** The record is kept as it is until it is on disk: its bytes must not change. */
  append(record: Uint8Array): LogPosition {
    assert(!this.#isClosed, 'a log that was closed is appended to')
    assert(record.length <= RECORD_BYTES_MAX, `a record of ${record.length} bytes is too large for the log`)
    const place = this.#place(RECORD_HEADER_BYTES + record.length)
    const position = positionOf(place)
    this.#pending.push({ ...place, counter: ++this.#lastCounter, content: record })
    this.#unsynced.set(position, record)
    return position
  }

  sync(done: () => void): void {
    this.#waiting.push({ upTo: this.#lastCounter, trimTo: this.#unneeded, done })
    this.#serve()
  }

  trim(before: LogPosition): void {
    this.#unneeded = Math.max(this.#unneeded, Math.floor(before / SPAN))
  }

  read(position: LogPosition, done: (record: Uint8Array | null) => void): void {
    const unsynced = this.#unsynced.get(position)
    const segment = this.#segments.get(Math.floor(position / SPAN))
    if (unsynced !== undefined || segment === undefined) {
      process.nextTick(done, unsynced === undefined ? null : Uint8Array.from(unsynced))
      return
    }
    // `done` runs outside the promise, so that what it throws is an uncaught exception like any other.
    readBack(segment.path, position % SPAN, this.#options.seed).then(
      (record) => process.nextTick(done, record),
      () => process.nextTick(done, null),
    )
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    while (!this.#hasFailed && (this.#flushing !== null || this.#pending.length > 0)) {
      this.#flushing ??= this.#startFlush()
      await this.#flushing
    }
    await this.#flushing
    await this.#trimming
    await this.#options.maker.close()
    await this.#options.marker.close()
    // After a failure there may be no file left to close.
    await closeLogFile(this.#file).catch(() => {})
  }

  /** Gives a record its place: in the current segment or, where it does not fit, at the head of the next. */
  #place(bytes: number): LogRecordPosition {
    if (this.#tail.offset + bytes > this.#tail.size) {
      const segment = this.#tail.segment + 1
      const size = Math.max(this.#options.segmentBytes, SEGMENT_HEADER_BYTES + bytes)
      this.#tail = { segment, size, offset: SEGMENT_HEADER_BYTES }
      this.#plannedSizes.set(segment, size)
    }
    const place = { segment: this.#tail.segment, offset: this.#tail.offset }
    this.#tail.offset += bytes
    return place
  }

  /** Starts a flush when somebody waits for one, and answers those whose records are on disk. */
  #serve(): void {
    if (this.#flushing !== null || this.#hasFailed) return
    const served = this.#waiting.filter(({ upTo }) => upTo <= this.#syncedCounter)
    this.#waiting = this.#waiting.filter(({ upTo }) => upTo > this.#syncedCounter)
    if (this.#waiting.length > 0) this.#flushing = this.#startFlush()
    for (const { trimTo, done } of served) {
      this.#trimTo = Math.max(this.#trimTo, trimTo)
      process.nextTick(done)
    }
    this.#startTrim()
  }

  /** Deletes segments beside the syncs of the log, which never wait for it. */
  #startTrim(): void {
    if (this.#trimming !== null || this.#hasFailed || this.#isClosed) return
    // The last segment stays: the log continues in it.
    const to = Math.min(this.#trimTo, this.#firstSegment + this.#segments.size - 1)
    const first = this.#segments.get(to)
    if (first === undefined || to <= this.#firstSegment) return
    this.#trimming = this.#deleteInFrontOf(to, first).then(
      () => {
        this.#trimming = null
        this.#startTrim()
      },
      (error) => this.#fail(error),
    )
  }

  /** The order is the proof: what the log begins with is certain before anything in front of it goes. */
  async #deleteInFrontOf(to: number, { firstCounter, previousChain }: Segment): Promise<void> {
    const { marker, files } = this.#options
    if (!(await marker.cutTo({ firstCounter, previousChain }))) {
      this.#hasFailed = true // the marker has reported it
      return
    }
    while (this.#firstSegment < to) {
      const segment = this.#segments.get(this.#firstSegment)
      this.#segments.delete(this.#firstSegment++)
      if (segment === undefined) continue
      await files.remove(segment.path).catch((error) => {
        throw new LogFailed(`Deleting the log’s segment ${segment.path} failed`, error)
      })
    }
  }

  #startFlush(): Promise<void> {
    const group = this.#pending
    this.#pending = []
    return this.#flush(group).then(
      () => this.#finish(group),
      (error) => this.#fail(error),
    )
  }

  async #flush(group: readonly Appended[]): Promise<void> {
    const { files, maker, segmentBytes } = this.#options
    for (let from = 0; from < group.length; ) {
      const first = group[from] as Appended
      const to = group.findIndex(({ segment }, index) => index > from && segment !== first.segment)
      const run = group.slice(from, to < 0 ? group.length : to)
      if (first.segment === this.#firstSegment + this.#segments.size) await this.#openSegment(first)
      await files.write(this.#file, this.#encode(run), first.offset)
      await files.sync(this.#file)
      from += run.length
    }
    if (this.#tail.offset > this.#tail.size / 2) maker.prepare(segmentBytes)
  }

  async #openSegment({ segment, counter }: Appended): Promise<void> {
    const { nonce, maker, segmentBytes } = this.#options
    const size = this.#plannedSizes.get(segment) ?? segmentBytes
    this.#plannedSizes.delete(segment)
    const previousChain = this.#written.chain
    const file = await maker.activate({ nonce, firstCounter: counter, size, previousChain })
    await closeLogFile(this.#file)
    this.#file = file
    this.#segments.set(segment, { path: file.path, firstCounter: counter, previousChain, size })
  }

  #encode(records: readonly Appended[]): Uint8Array[] {
    const parts: Uint8Array[] = []
    for (const { counter, content } of records) {
      const chain = nextChain(this.#written.chain, counter, content)
      const facts = { counter, synced: this.#syncedCounter, chain }
      parts.push(encodeRecordHeader(facts, content, this.#options.seed), content)
      this.#written = { counter, chain }
    }
    return parts
  }

  #finish(group: readonly Appended[]): void {
    this.#syncedCounter = this.#written.counter
    for (const place of group) this.#unsynced.delete(positionOf(place))
    this.#options.marker.note(this.#written)
    this.#flushing = null
    this.#serve()
  }

  #fail(error: unknown): void {
    this.#flushing = null
    if (this.#hasFailed) return
    this.#hasFailed = true
    const failure =
      error instanceof LogFailed ? error : new LogFailed(`Writing the log ${this.#file.path} failed`, error)
    this.#options.onFailure(failure)
  }
}

/** Reads one record, or null when it does not check out. */
async function readBack(path: string, offset: number, seed: number): Promise<Uint8Array | null> {
  const file = await openPatiently(path, () => open(path, 'r'))
  try {
    const header = await readExactly(file, offset, RECORD_HEADER_BYTES)
    if (header === null || readU32(header, 0) > RECORD_BYTES_MAX) return null
    const record = await readExactly(file, offset, RECORD_HEADER_BYTES + readU32(header, 0))
    return record === null ? null : (decodeRecord(record, 0, seed)?.content ?? null)
  } finally {
    await file.close()
  }
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length)
  const { bytesRead } = await file.read(bytes, 0, length, offset)
  return bytesRead === length ? bytes : null
}
