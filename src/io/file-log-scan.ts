/**
 * Checks a whole log before it is used (rule 6.3): every checksum, counter and chain, against the marker. What ends
 * behind the last good record is a clean end, a torn tail, damage, or a loss; this file decides which.
 * @rule 6.3
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { equalBytes, readU32, readU64 } from '../base/bytes.ts'
import { LogCorrupt, LogLostSyncedData, LogMissing } from './file-log-errors.ts'
import { readInto } from './file-log-files.ts'
import { type Cut, type DecodedMarker, decodeMarker, MARKER_FILE, type Marker } from './file-log-marker.ts'
import {
  checksumSeed,
  decodeRecord,
  decodeSegmentHeader,
  type FirstRecord,
  nextChain,
  parseFirstContent,
  RECORD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from './file-log-record.ts'
import { parseSegmentName, type Segment } from './file-log-segments.ts'

/** Records that may follow a torn one at most; a higher counter is no record's. */
const TORN_RECORDS_MAX = 2 ** 20
/** Bytes whose checksum is computed in search of a record behind damage, so that made-up content costs no hours. */
const SEARCH_BYTES_MAX = 256 * 1024 * 1024

/** A log that was found good up to its end. */
export interface ScannedLog {
  readonly nonce: Uint8Array
  readonly segments: readonly Segment[]
  /** The last good record. */
  readonly last: Marker
  /** The offset of the next record, in the last of `segments`. */
  readonly endOffset: number
  readonly beginning: FirstRecord | 'cut'
  readonly marked: DecodedMarker
  /** Segments in front of the cut, whose deletion a crash came before. */
  readonly leftovers: readonly string[]
  /** True if something behind the end must be cleared: a torn tail. */
  readonly isTorn: boolean
  /** Segments that hold nothing but the torn tail. */
  readonly tornSegments: readonly string[]
}

/** Scans the log in a directory. Throws `LogMissing`, `LogCorrupt` or `LogLostSyncedData`. */
export function scanLog(directory: string): ScannedLog {
  const paths = segmentPaths(directory)
  const marked = readMarker(directory)
  const { marker, cut } = marked
  const leftovers = paths.filter((path) => (parseSegmentName(basename(path)) ?? 0) < cut.firstCounter)
  const standing = paths.slice(leftovers.length)
  if (standing.length === 0) {
    const counters = { missing: cut.firstCounter, synced: marker.counter }
    throw new LogLostSyncedData({ file: directory, offset: 0 }, counters)
  }
  return { ...new Scan(standing, marker, cut).run(), marked, leftovers }
}

function segmentPaths(directory: string): readonly string[] {
  const names = existsSync(directory) ? readdirSync(directory) : []
  const paths = names
    .filter((name) => parseSegmentName(name) !== null)
    .sort()
    .map((name) => join(directory, name))
  if (paths.length > 0 || names.includes(MARKER_FILE)) return paths
  throw new LogMissing(`There is no log in ${directory}; only init makes one.`)
}

function readMarker(directory: string): DecodedMarker {
  const file = join(directory, MARKER_FILE)
  if (!existsSync(file)) throw new LogCorrupt({ file, offset: 0 }, 'its marker is missing, which belongs')
  const decoded = decodeMarker(readFileSync(file))
  if (decoded === null) throw new LogCorrupt({ file, offset: 0 }, 'its marker does not check out')
  return decoded
}

/** The bytes of a segment, at most the size of its file. */
export function readSegment(path: string): Uint8Array {
  const bytes = new Uint8Array(statSync(path).size)
  const descriptor = openSync(path, 'r')
  try {
    return bytes.subarray(0, readInto(descriptor, bytes, 0))
  } finally {
    closeSync(descriptor)
  }
}

/** One pass over all segments. */
class Scan {
  readonly #paths: readonly string[]
  readonly #marker: Marker
  readonly #segments: Segment[] = []
  #nonce: Uint8Array | null = null
  /** The counter that the next record must have. */
  #expected: number
  #chain: Uint8Array
  #beginning: ScannedLog['beginning'] = 'cut'

  constructor(paths: readonly string[], marker: Marker, cut: Cut) {
    this.#paths = paths
    this.#marker = marker
    this.#expected = cut.firstCounter
    this.#chain = cut.previousChain
  }

  run(): Omit<ScannedLog, 'marked' | 'leftovers'> {
    let endOffset = SEGMENT_HEADER_BYTES
    for (const [index, file] of this.#paths.entries()) {
      const bytes = readSegment(file)
      const header = this.#readHeader(file, bytes, index)
      const seed = checksumSeed(header.nonce)
      endOffset = this.#readRecords(file, bytes, seed)
      const { firstCounter, previousChain, size } = header
      this.#segments.push({ path: file, firstCounter, previousChain, size })
      const rest = bytes.subarray(endOffset)
      const isWhole = bytes.length === header.size && isZero(rest)
      if (isWhole && this.#isContinuedIn(this.#paths[index + 1])) continue
      const hasLater = index + 1 < this.#paths.length
      if (this.#expected <= this.#marker.counter) {
        this.#refuse({ file, offset: endOffset }, !hasLater && hasEnded(rest, bytes.length < header.size))
      }
      if (hasLater || !isWhole) this.#refuseIfProven({ file, offset: endOffset }, index, seed)
      return this.#found(endOffset, hasLater || !isWhole)
    }
    return this.#found(endOffset, false)
  }

  #found(endOffset: number, isTorn: boolean): Omit<ScannedLog, 'marked' | 'leftovers'> {
    return {
      beginning: this.#beginning,
      nonce: this.#nonce ?? new Uint8Array(0),
      segments: this.#segments,
      last: { counter: this.#expected - 1, chain: this.#chain },
      endOffset,
      isTorn,
      tornSegments: this.#paths.slice(this.#segments.length),
    }
  }

  /** A header is on disk before its segment gets its name: a bad one is never a torn write. */
  #readHeader(file: string, bytes: Uint8Array, index: number): SegmentHeader {
    const place = { file, offset: 0 }
    const header = decodeSegmentHeader(bytes)
    if (header === null) {
      const isGone = bytes.length < SEGMENT_HEADER_BYTES && index === this.#paths.length - 1
      if (isGone && this.#expected <= this.#marker.counter) this.#refuse(place, true)
      throw new LogCorrupt(place, 'a segment header does not check out')
    }
    this.#nonce ??= header.nonce
    if (!equalBytes(header.nonce, this.#nonce)) throw new LogCorrupt(place, 'a segment of another log stands')
    if (header.firstCounter > this.#expected) this.#refuse(place, true)
    if (header.firstCounter < this.#expected || !equalBytes(header.previousChain, this.#chain)) {
      throw new LogCorrupt(place, 'a segment that does not continue the one before stands')
    }
    return header
  }

  /** Follows the chain as far as it is good and gives the offset behind it. */
  #readRecords(file: string, bytes: Uint8Array, seed: number): number {
    let at = SEGMENT_HEADER_BYTES
    for (;;) {
      const record = decodeRecord(bytes, at, seed)
      if (record === null) return at
      const chain = nextChain(this.#chain, this.#expected, record.content)
      const isGood = record.counter === this.#expected && equalBytes(record.chain, chain)
      if (!isGood || !this.#knowsBeginning(record.content)) {
        throw new LogCorrupt({ file, offset: at }, `record ${this.#expected} does not continue the chain`)
      }
      if (record.counter === this.#marker.counter && !equalBytes(chain, this.#marker.chain)) {
        throw new LogCorrupt({ file, offset: at }, `record ${record.counter} is not the one that was synced`)
      }
      this.#chain = chain
      this.#expected++
      at = record.end
    }
  }

  /** Takes from record 0 how the log begins; false when it says nothing of that. */
  #knowsBeginning(content: Uint8Array): boolean {
    if (this.#expected > 0) return true
    const first = parseFirstContent(content, this.#nonce ?? new Uint8Array(0))
    this.#beginning = first ?? 'cut'
    return first !== null
  }

  #isContinuedIn(path: string | undefined): boolean {
    return path !== undefined && parseSegmentName(basename(path)) === this.#expected
  }

  /** Names what became of a record that had been synced. */
  #refuse(place: { readonly file: string; readonly offset: number }, hasEnded: boolean): never {
    const missing = this.#expected
    if (hasEnded) throw new LogLostSyncedData(place, { missing, synced: this.#marker.counter })
    throw new LogCorrupt(place, `record ${missing} does not check out, though it was synced,`)
  }

  /** A later record that knew the missing one to be synced turns a torn tail into damage. */
  #refuseIfProven(
    place: { readonly file: string; readonly offset: number },
    index: number,
    seed: number,
  ): void {
    const budget = { left: SEARCH_BYTES_MAX }
    for (const [later, path] of this.#paths.slice(index).entries()) {
      const from = later === 0 ? place.offset : SEGMENT_HEADER_BYTES
      const proof = findProof(readSegment(path), { from, missing: this.#expected, seed, budget })
      if (proof !== null) {
        throw new LogCorrupt(place, `record ${this.#expected} does not check out before good record ${proof}`)
      }
    }
  }
}

/** True if bytes stop here: only zeros follow, or the file was cut within the record. */
function hasEnded(rest: Uint8Array, isFileShort: boolean): boolean {
  if (isZero(rest)) return true
  return (
    isFileShort && (rest.length < RECORD_HEADER_BYTES || RECORD_HEADER_BYTES + readU32(rest, 0) > rest.length)
  )
}

/** The counter of a good record at or behind `from` that was written when `missing` had been synced, or null. */
function findProof(
  bytes: Uint8Array,
  search: {
    readonly from: number
    readonly missing: number
    readonly seed: number
    readonly budget: { left: number }
  },
): number | null {
  const { from, missing, seed, budget } = search
  const end = endOfContent(bytes)
  for (let at = from; at < end && at + RECORD_HEADER_BYTES <= bytes.length && budget.left > 0; at++) {
    // Most places fail here, before anything is hashed.
    const counter = readU64(bytes, at + 8)
    if (counter <= missing || counter > missing + TORN_RECORDS_MAX || readU64(bytes, at + 16) < missing)
      continue
    const length = readU32(bytes, at)
    if (length > RECORD_BYTES_MAX) continue
    budget.left -= RECORD_HEADER_BYTES + length
    if (decodeRecord(bytes, at, seed) !== null) return counter
  }
  return null
}

const ZEROS = new Uint8Array(64 * 1024)

/** An offset behind which there are only zeros. */
function endOfContent(bytes: Uint8Array): number {
  let end = bytes.length
  while (end > 0 && isZero(bytes.subarray(Math.max(0, end - ZEROS.length), end))) end -= ZEROS.length
  return Math.max(0, end)
}

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const piece = bytes.subarray(at, at + ZEROS.length)
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) !== 0) return false
  }
  return true
}
