/**
 * LevelDB's files, read without LevelDB: it does not look at its own checksums, and what it makes of a damaged block may
 * be a lasting error, or the end of the process. Little-endian, as it writes them.
 *
 *   table = block * | filter block | metaindex block | index block | footer 48
 *   block = content | type 1 | masked CRC-32C of both u32
 *   log   = blocks of 32 KiB of: masked CRC-32C u32 | length u16 | type 1 | fragment
 */
import { equalBytes } from '../base/bytes.ts'

const FOOTER_BYTES = 48
const MAGIC = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb)
const TRAILER_BYTES = 5
/** Behind each key of a table: a sequence number of seven bytes and a type. */
const KEY_SUFFIX_BYTES = 8
const LOG_BLOCK_BYTES = 32 * 1024
const LOG_HEADER_BYTES = 7
const BATCH_HEADER_BYTES = 12
const PUT = 1
const DELETE = 0

export interface LevelEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

interface Handle {
  readonly offset: number
  readonly size: number
  /** Behind the handle itself. */
  readonly end: number
}

/** The offset of the first damage in a table, or null when all of its checksums are right and it is the one named. */
export function damageInTable(file: Uint8Array, facts: TableFacts): number | null {
  const footer = file.length === facts.size ? readFooter(file) : null
  if (footer === null) return Math.max(0, file.length - FOOTER_BYTES)
  for (const parent of [footer.metaindex, footer.index]) {
    const block = readBlock(file, parent)
    if (block === null) return parent.offset
    let isEmpty = true
    for (const { value } of entriesOf(block)) {
      const child = readHandle(value, 0)
      if (child === null || readBlock(file, child) === null) return child?.offset ?? parent.offset
      isEmpty = false
    }
    if (isEmpty && parent === footer.index) return parent.offset
  }
  return holdsKeys(file, footer.index, facts) ? null : footer.index.offset
}

/** True if a good table begins and ends with these keys. */
function holdsKeys(file: Uint8Array, index: Handle, { first, last }: TableFacts): boolean {
  const blocks = [...entriesOf(readBlock(file, index) ?? new Uint8Array(0))].map(({ value }) =>
    readHandle(value, 0),
  )
  const keysAt = (at: number): readonly Uint8Array[] => {
    const handle = blocks.at(at)
    const block = handle ? readBlock(file, handle) : null
    return block === null ? [] : [...entriesOf(block)].map(({ key }) => key)
  }
  return equalBytes(keysAt(0)[0] ?? NO_KEY, first) && equalBytes(keysAt(-1).at(-1) ?? NO_KEY, last)
}

const NO_KEY = new Uint8Array(0)

/** True if every good record of a log is a batch of changes: one that is not is another file's. */
export function isLogOfBatches(file: Uint8Array): boolean {
  for (const record of recordsOfLog(file)) if (!isBatch(record)) return false
  return true
}

function isBatch(batch: Uint8Array): boolean {
  if (batch.length < BATCH_HEADER_BYTES) return false
  let count = 0
  let at = BATCH_HEADER_BYTES
  for (; at < batch.length; count++) {
    const type = batch[at]
    const key = readSlice(batch, at + 1)
    if (key === null || (type !== PUT && type !== DELETE)) return false
    const value = type === DELETE ? key : readSlice(batch, key.end)
    if (value === null) return false
    at = value.end
  }
  return count === readU32(batch, BATCH_HEADER_BYTES - 4)
}

/** Returns the entries in the good blocks of a table, also where others are damaged. */
export function* entriesOfTable(file: Uint8Array): Generator<LevelEntry, void, undefined> {
  const footer = readFooter(file)
  const index = footer === null ? null : readBlock(file, footer.index)
  if (index === null) return
  for (const { value } of entriesOf(index)) {
    const handle = readHandle(value, 0)
    const block = handle === null ? null : readBlock(file, handle)
    if (block === null) continue
    for (const entry of entriesOf(block)) {
      const key = entry.key.subarray(0, Math.max(0, entry.key.length - KEY_SUFFIX_BYTES))
      if (entry.key[key.length] === PUT) yield { key, value: entry.value }
    }
  }
}

/** Returns the entries in the good records of a log, also where others are damaged. */
export function* entriesOfLog(file: Uint8Array): Generator<LevelEntry, void, undefined> {
  for (const record of recordsOfLog(file)) yield* entriesOfBatch(record)
}

/** The facts that a manifest gives of a table: by them a good table at another's place is found. */
export interface TableFacts {
  /** Bytes. */
  readonly size: number
  /** Its least and its greatest key, with their suffixes. */
  readonly first: Uint8Array
  readonly last: Uint8Array
}

/** The tables that a manifest, itself written as a log, names as a database's own, by their numbers. */
export function tablesOfManifest(file: Uint8Array): ReadonlyMap<number, TableFacts> {
  const tables = new Map<number, TableFacts>()
  for (const record of recordsOfLog(file)) applyEdit(record, tables)
  return tables
}

/** Follows one edit of a manifest as far as it makes sense. */
function applyEdit(edit: Uint8Array, tables: Map<number, TableFacts>): void {
  let at = 0
  const number = (): number => {
    const read = readVarint(edit, at)
    at = read?.end ?? Number.POSITIVE_INFINITY
    return read?.value ?? -1
  }
  const slice = (): Uint8Array => {
    const read = readSlice(edit, at)
    at = read?.end ?? Number.POSITIVE_INFINITY
    return read?.bytes ?? new Uint8Array(0)
  }
  while (at < edit.length) {
    const tag = number()
    if (tag === 1)
      slice() // the comparator's name
    else if (tag === 2 || tag === 3 || tag === 4 || tag === 9)
      number() // counters
    else if (tag === 5) {
      number() // where the next compaction of a level begins
      slice()
    } else if (tag === 6) {
      number() // a level
      tables.delete(number())
    } else if (tag === 7) {
      number() // a level
      tables.set(number(), { size: number(), first: slice(), last: slice() })
    } else return
  }
}

function* recordsOfLog(file: Uint8Array): Generator<Uint8Array, void, undefined> {
  let fragments: Uint8Array[] | null = null
  for (let at = 0; at + LOG_HEADER_BYTES <= file.length; ) {
    const blockEnd = Math.min(file.length, at - (at % LOG_BLOCK_BYTES) + LOG_BLOCK_BYTES)
    const record = readLogRecord(file, at, blockEnd)
    if (record === null) {
      // The next place where a record is known to begin is the next block.
      fragments = null
      at = blockEnd
      continue
    }
    at = record.end
    if (record.isFirst) fragments = []
    fragments?.push(record.fragment)
    if (!record.isLast || fragments === null) continue
    yield Buffer.concat(fragments)
    fragments = null
  }
}

function readLogRecord(file: Uint8Array, at: number, blockEnd: number) {
  const start = at + LOG_HEADER_BYTES
  if (start > blockEnd) return null
  const type = file[at + 6] as number
  const end = start + (file[at + 4] as number) + (file[at + 5] as number) * 0x100
  if (type < 1 || type > 4 || end > blockEnd) return null
  if (unmask(readU32(file, at)) !== crc32c(file.subarray(at + 6, end))) return null
  // Full, first, middle, last.
  return { fragment: file.subarray(start, end), isFirst: type <= 2, isLast: type === 1 || type === 4, end }
}

function* entriesOfBatch(batch: Uint8Array): Generator<LevelEntry, void, undefined> {
  for (let at = BATCH_HEADER_BYTES; at < batch.length; ) {
    const type = batch[at]
    const key = readSlice(batch, at + 1)
    if (key === null || (type !== PUT && type !== DELETE)) return
    at = key.end
    if (type === DELETE) continue
    const value = readSlice(batch, at)
    if (value === null) return
    yield { key: key.bytes, value: value.bytes }
    at = value.end
  }
}

function readSlice(
  bytes: Uint8Array,
  at: number,
): { readonly bytes: Uint8Array; readonly end: number } | null {
  const length = readVarint(bytes, at)
  if (length === null || length.end + length.value > bytes.length) return null
  const end = length.end + length.value
  return { bytes: bytes.subarray(length.end, end), end }
}

function readFooter(file: Uint8Array): { readonly metaindex: Handle; readonly index: Handle } | null {
  if (file.length < FOOTER_BYTES) return null
  const footer = file.subarray(file.length - FOOTER_BYTES)
  if (!MAGIC.every((byte, index) => footer[FOOTER_BYTES - MAGIC.length + index] === byte)) return null
  const metaindex = readHandle(footer, 0)
  const index = metaindex === null ? null : readHandle(footer, metaindex.end)
  return metaindex === null || index === null ? null : { metaindex, index }
}

/** The content of a plain block with a good checksum, or null. */
function readBlock(file: Uint8Array, { offset, size }: Handle): Uint8Array | null {
  const end = offset + size
  if (end + TRAILER_BYTES > file.length || file[end] !== 0) return null
  const isGood = unmask(readU32(file, end + 1)) === crc32c(file.subarray(offset, end + 1))
  return isGood ? file.subarray(offset, end) : null
}

/** Entries share the beginning of their keys with the one before. Ends early where they make no sense. */
function* entriesOf(block: Uint8Array): Generator<LevelEntry, void, undefined> {
  const restarts = block.length < 4 ? 0 : readU32(block, block.length - 4)
  const end = block.length - 4 - 4 * restarts
  let previous: Uint8Array = new Uint8Array(0)
  for (let at = 0; at < end; ) {
    const shared = readVarint(block, at)
    const own = shared && readVarint(block, shared.end)
    const length = own && readVarint(block, own.end)
    if (!shared || !own || !length || shared.value > previous.length) return
    const valueAt = length.end + own.value
    at = valueAt + length.value
    if (at > end) return
    const key = new Uint8Array(shared.value + own.value)
    key.set(previous.subarray(0, shared.value))
    key.set(block.subarray(length.end, valueAt), shared.value)
    previous = key
    yield { key, value: block.subarray(valueAt, at) }
  }
}

function readHandle(bytes: Uint8Array, at: number): Handle | null {
  const offset = readVarint(bytes, at)
  const size = offset === null ? null : readVarint(bytes, offset.end)
  return offset === null || size === null ? null : { offset: offset.value, size: size.value, end: size.end }
}

function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } | null {
  let value = 0
  for (let index = 0; index < 7; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) return null
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value, end: at + index + 1 }
  }
  return null
}

function readU32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
}

/** Checksums are stored rotated and shifted, so that those of bytes that hold checksums are no special case. */
function unmask(stored: number): number {
  const rotated = (stored - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

/** Four tables of CRC-32C, so that four bytes are taken at a time. */
const TABLES = Array.from({ length: 4 }, () => new Uint32Array(256)) as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  TABLES[0][byte] = value
}
for (const [index, table] of TABLES.entries()) {
  const before = TABLES[index - 1]
  if (before === undefined) continue
  for (let byte = 0; byte < 256; byte++) {
    const value = before[byte] as number
    table[byte] = (value >>> 8) ^ (TABLES[0][value & 0xff] as number)
  }
}

function crc32c(bytes: Uint8Array): number {
  const [first, second, third, fourth] = TABLES
  let crc = 0xffffffff
  let at = 0
  for (; at + 4 <= bytes.length; at += 4) {
    crc ^= readU32(bytes, at)
    crc =
      (fourth[crc & 0xff] as number) ^
      (third[(crc >>> 8) & 0xff] as number) ^
      (second[(crc >>> 16) & 0xff] as number) ^
      (first[crc >>> 24] as number)
  }
  for (; at < bytes.length; at++) {
    crc = (crc >>> 8) ^ (first[(crc ^ (bytes[at] as number)) & 0xff] as number)
  }
  return (crc ^ 0xffffffff) >>> 0
}
