/**
 * The layout of records and segments on disk (rule 6.3). Big-endian.
 *
 *   segment = header 128 | record * | zeros up to the size in the header
 *   header  = magic 16 | nonce 16 | first counter u64 | size u64 | previous chain 32 | checksum u32 | zeros
 *   record  = length u32 | checksum u32 | counter u64 | synced u64 | chain 32 | content      length = of the content
 *   chain   = SHA-256(previous chain | counter u64 | content)
 *
 * `counter` counts records from 0, which tells how the log began. `synced` is the counter up to which everything was on disk when
 * the record was written: a good record proves that all before that one had been synced, so damage there is no torn
 * write. Records that were written together may reach the disk in any order, and prove nothing about one another.
 *
 * A record's checksum is a CRC-32 over everything but itself. It starts from the log's nonce, so that a client's value
 * that looks like a record is none.
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { concatBytes, equalBytes, readU32, readU64, utf8, writeU32, writeU64 } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'

const MIB = 1024 * 1024

/** Bytes of one record's content. */
export const RECORD_BYTES_MAX = 9 * MIB
/** Bytes of a segment, unless a single record needs more. */
export const SEGMENT_BYTES = 16 * MIB

export const SEGMENT_HEADER_BYTES = 128
export const RECORD_HEADER_BYTES = 56
export const NONCE_BYTES = 16
/** The bytes that the first record's hash covers in place of a predecessor's. */
export const FIRST_CHAIN: Uint8Array = new Uint8Array(DIGEST_BYTES)

const MAGIC = utf8('strategos log 1\n')
const HEADER_CHECKSUM_AT = 80

/** The beginning of a new log: with its replica's birth, or anew after a loss (rule 6.4). */
export type FirstRecord = 'birth' | 'amnesia'

const FIRST_RECORDS = {
  birth: utf8('strategos birth record'),
  amnesia: utf8('strategos amnesia record'),
} as const

/** The content of record 0. It makes the chains of two logs different. */
export function firstContent(first: FirstRecord, nonce: Uint8Array): Uint8Array {
  return concatBytes(FIRST_RECORDS[first], nonce)
}

/** Which record 0 this is, or null for none. */
export function parseFirstContent(content: Uint8Array, nonce: Uint8Array): FirstRecord | null {
  if (equalBytes(content, firstContent('birth', nonce))) return 'birth'
  return equalBytes(content, firstContent('amnesia', nonce)) ? 'amnesia' : null
}

export interface SegmentHeader {
  /** Random, the same in all segments of a log. */
  readonly nonce: Uint8Array
  readonly firstCounter: number
  /** Bytes of the whole segment. */
  readonly size: number
  readonly previousChain: Uint8Array
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES)
  bytes.set(MAGIC)
  bytes.set(header.nonce, 16)
  writeU64(bytes, 32, header.firstCounter)
  writeU64(bytes, 40, header.size)
  bytes.set(header.previousChain, 48)
  writeU32(bytes, HEADER_CHECKSUM_AT, crc32(bytes.subarray(0, HEADER_CHECKSUM_AT)))
  return bytes
}

/** Reads a segment's header, or null when it does not check out. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES || !equalBytes(bytes.subarray(0, 16), MAGIC)) return null
  const header = {
    nonce: bytes.slice(16, 32),
    firstCounter: readU64(bytes, 32),
    size: readU64(bytes, 40),
    previousChain: bytes.slice(48, 80),
  }
  if (!Number.isSafeInteger(header.firstCounter) || !Number.isSafeInteger(header.size)) return null
  // Encoding again compares the checksum and the zeros behind it.
  return equalBytes(encodeSegmentHeader(header), bytes.subarray(0, SEGMENT_HEADER_BYTES)) ? header : null
}

/** The start value of the checksums of a log's records. */
export function checksumSeed(nonce: Uint8Array): number {
  return readU32(nonce, 0)
}

/** The hash that ties a record to all before it. */
export function nextChain(previous: Uint8Array, counter: number, content: Uint8Array): Uint8Array {
  const counterBytes = new Uint8Array(8)
  writeU64(counterBytes, 0, counter)
  return createHash('sha256').update(previous).update(counterBytes).update(content).digest()
}

export interface RecordFacts {
  readonly counter: number
  readonly synced: number
  readonly chain: Uint8Array
}

/** Encodes the header in front of a record's content. */
export function encodeRecordHeader(facts: RecordFacts, content: Uint8Array, seed: number): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES)
  writeU32(bytes, 0, content.length)
  writeU64(bytes, 8, facts.counter)
  writeU64(bytes, 16, facts.synced)
  bytes.set(facts.chain, 24)
  writeU32(bytes, 4, recordChecksum(bytes, content, seed))
  return bytes
}

export interface StoredRecord extends RecordFacts {
  /** A view of the bytes read. */
  readonly content: Uint8Array
  /** Offset behind the record. */
  readonly end: number
}

/** Reads the record at an offset, or null when there is none that checks out. */
export function decodeRecord(bytes: Uint8Array, at: number, seed: number): StoredRecord | null {
  const start = at + RECORD_HEADER_BYTES
  if (start > bytes.length) return null
  const length = readU32(bytes, at)
  const end = start + length
  if (length > RECORD_BYTES_MAX || end > bytes.length) return null
  const content = bytes.subarray(start, end)
  if (readU32(bytes, at + 4) !== recordChecksum(bytes.subarray(at, start), content, seed)) return null
  const counter = readU64(bytes, at + 8)
  const synced = readU64(bytes, at + 16)
  if (!Number.isSafeInteger(counter) || !Number.isSafeInteger(synced)) return null
  return { counter, synced, chain: bytes.slice(at + 24, start), content, end }
}

function recordChecksum(header: Uint8Array, content: Uint8Array, seed: number): number {
  const length = crc32(header.subarray(0, 4), seed)
  return crc32(content, crc32(header.subarray(8), length))
}
