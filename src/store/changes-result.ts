/**
 * The result of a read of changes. Big-endian.
 *
 *   changes   revision u64 | through: main u64, sub u32 | count u32 | change *
 *   change    kind u8 | main u64 | sub u32 | key length u16 | key | entry of a put | entry before
 *   kind      1 put, 2 delete · 4 with the entry before · 8 the entry before is left out because of its size
 *   entry     createRevision u64 | modRevision u64 | version u64 | lease 8 | value length u32 | value
 *
 * The answer contains every change of the range after the given place up to `through`, in their order. It ends with a
 * whole revision: `through` then has the sub `WHOLE_REVISION`. Only if a single revision is too large for any answer,
 * `through` names its last change that was examined, and the rest of that revision follows in the next answer.
 */
import { readU16, readU32, readU64 } from '../base/bytes.ts'
import { CHANGE_KINDS } from './change-record.ts'
import { type ChangeRevision, type EntryView, LEASE_BYTES, REVISIONS_BYTES } from './key-entry.ts'
import { type KeyRevisions, readRevisions, safeU64 } from './result-fields.ts'
import type { ResultsWriter } from './results-writer.ts'

/** An entry of a key at some revision. */
export interface ChangedEntry extends KeyRevisions {
  /** The lease's id, 8 bytes; all zero if there is none. */
  readonly lease: Uint8Array
  readonly value: Uint8Array
}

/** A change of a key. */
export interface Change extends ChangeRevision {
  readonly key: Uint8Array
  /** The entry that was put; null for a deletion. */
  readonly put: ChangedEntry | null
  /**
   * The entry before the change. It is null if the key did not exist, if it was not asked for, or if it is compacted.
   * It is `omitted` if it does not fit into an answer; a read at the revision before gives it.
   */
  readonly previous: ChangedEntry | null | 'omitted'
}

/** The changes of a range. Keys and values are views of the bytes read. */
export interface ChangesResult {
  readonly status: 'ok'
  readonly kind: 'changes'
  readonly revision: number
  readonly through: ChangeRevision
  readonly changes: readonly Change[]
}

/** A change to be written: views, valid until something changes. */
export interface FoundChange extends ChangeRevision {
  readonly key: Uint8Array
  readonly put: EntryView | null
  readonly previous: EntryView | null
}

export const CHANGES_HEADER_BYTES = 24
const CHANGE_BYTES = 15
const ENTRY_BYTES = REVISIONS_BYTES + LEASE_BYTES + 4
const FLAGS = { previous: 4, omitted: 8 } as const

const entryBytes = (entry: EntryView | null): number => (entry === null ? 0 : ENTRY_BYTES + entry.valueLength)

/** Returns the bytes of a change in a result. */
export const changeBytes = ({ key, put, previous }: FoundChange): number =>
  CHANGE_BYTES + key.length + entryBytes(put) + entryBytes(previous)

/** True if a change with its previous entry is too large for any answer of this size. */
export const isTooLarge = (change: FoundChange, bytesMax: number): boolean =>
  CHANGES_HEADER_BYTES + changeBytes(change) > bytesMax

/** Writes a change. An oversized previous entry was replaced by null, and `isOmitted` says so. */
export function writeChange(results: ResultsWriter, change: FoundChange, isOmitted: boolean): void {
  const { main, sub, key, put, previous } = change
  const kind = put === null ? CHANGE_KINDS.delete : CHANGE_KINDS.put
  results.u8(kind | (previous === null ? 0 : FLAGS.previous) | (isOmitted ? FLAGS.omitted : 0))
  results.u64(main)
  results.u32(sub)
  results.u16(key.length)
  results.bytes(key.length, (target, at) => target.set(key, at))
  if (put !== null) writeEntry(results, put)
  if (previous !== null) writeEntry(results, previous)
}

function writeEntry(results: ResultsWriter, entry: EntryView): void {
  const { lease, value } = entry
  results.revisions(entry)
  results.bytes(LEASE_BYTES, (target, at) => target.set(lease, at))
  results.u32(value.length)
  results.bytes(value.length, (target, at) => target.set(value, at))
}

/** Reads the fields of the result; null if they are malformed. */
export function interpretChangesResult(fields: Uint8Array): ChangesResult | null {
  const revision = safeU64(fields, 0)
  const main = safeU64(fields, 8)
  if (fields.length < CHANGES_HEADER_BYTES || revision === null || main === null) return null
  const changes = readChanges(fields.subarray(20))
  const through = { main, sub: readU32(fields, 16) }
  return changes === null ? null : { status: 'ok', kind: 'changes', revision, through, changes }
}

/** Reads a count and changes that take up all the bytes; null if they are malformed. */
export function readChanges(bytes: Uint8Array): readonly Change[] | null {
  if (bytes.length < 4) return null
  const count = readU32(bytes, 0)
  const reader = { bytes, at: 4 }
  const changes: Change[] = []
  for (let index = 0; index < count; index++) {
    const change = readChange(reader)
    if (change === null) return null
    changes.push(change)
  }
  return reader.at === bytes.length ? changes : null
}

interface Reader {
  readonly bytes: Uint8Array
  at: number
}

function readChange(reader: Reader): Change | null {
  const { bytes, at } = reader
  if (at + CHANGE_BYTES > bytes.length) return null
  const kind = bytes[at] as number
  const main = readU64(bytes, at + 1)
  const keyEnd = at + CHANGE_BYTES + readU16(bytes, at + 13)
  const isPut = (kind & 3) === CHANGE_KINDS.put
  const isKnown = isPut || (kind & 3) === CHANGE_KINDS.delete
  if (!isKnown || kind >= 12 || !Number.isSafeInteger(main) || keyEnd > bytes.length) return null
  reader.at = keyEnd
  const put = isPut ? readEntry(reader) : null
  const before = (kind & FLAGS.previous) === 0 ? null : readEntry(reader)
  if ((isPut && put === null) || ((kind & FLAGS.previous) !== 0 && before === null)) return null
  const previous = (kind & FLAGS.omitted) === 0 ? before : 'omitted'
  return { main, sub: readU32(bytes, at + 9), key: bytes.subarray(at + CHANGE_BYTES, keyEnd), put, previous }
}

function readEntry(reader: Reader): ChangedEntry | null {
  const { bytes, at } = reader
  const valueStart = at + ENTRY_BYTES
  if (valueStart > bytes.length) return null
  const revisions = readRevisions(bytes, at)
  const valueEnd = valueStart + readU32(bytes, valueStart - 4)
  if (revisions === null || valueEnd > bytes.length) return null
  reader.at = valueEnd
  const lease = bytes.subarray(at + REVISIONS_BYTES, at + REVISIONS_BYTES + LEASE_BYTES)
  return { ...revisions, lease, value: bytes.subarray(valueStart, valueEnd) }
}
