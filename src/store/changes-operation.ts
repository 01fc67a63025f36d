/**
 * The fields of a read of the changes in a range after a revision. Big-endian.
 *
 *   changes   options u8 (1 previous entries) | after: main u64, sub u32 | limit u32 (0: none) | range
 *
 * `after` names the last change that the reader already has. A sub of `WHOLE_REVISION` names all changes of that main
 * revision. The range is written as in `range-operations.ts`.
 */
import { readU32, readU64, writeU32, writeU64 } from '../base/bytes.ts'
import type { ChangeRevision } from './key-entry.ts'
import type { KeyRange } from './key-range.ts'
import { type FieldsFault, readRange, writeRange } from './range-operations.ts'

/** The sub revision that names all changes of a main revision. No change has it. */
export const WHOLE_REVISION = 0xffff_ffff

/** A read of changes in their order. */
export interface ChangesQuery extends KeyRange {
  readonly after: ChangeRevision
  /** The number of changes after which the answer ends, with the revision that reaches it; 0 if it is not limited. */
  readonly limit: number
  /** True to return the entry of the key before each change. */
  readonly previous: boolean
}

export interface ChangesOperation extends KeyRange, Pick<ChangesQuery, 'after'> {
  readonly kind: 'changes'
  readonly limit?: number
  readonly previous?: boolean
}

/** Returns the place after all changes of a main revision. */
export const endOfRevision = (main: number): ChangeRevision => ({ main, sub: WHOLE_REVISION })

const HEADER_BYTES = 17
const PREVIOUS = 1

/** Returns the bytes of the fields of an operation. */
export const changesFieldsBytes = ({ key, end }: KeyRange): number =>
  HEADER_BYTES + 2 + key.length + end.length

export function encodeChangesFields(operation: ChangesOperation): Uint8Array {
  const { after, limit = 0, previous = false } = operation
  const bytes = new Uint8Array(changesFieldsBytes(operation))
  bytes[0] = previous ? PREVIOUS : 0
  writeU64(bytes, 1, after.main)
  writeU32(bytes, 9, after.sub)
  writeU32(bytes, 13, limit)
  writeRange(bytes, HEADER_BYTES, operation)
  return bytes
}

/** Reads the fields. Keys are views of them. */
export function readChangesQuery(fields: Uint8Array): ChangesQuery | FieldsFault {
  const [options = 0] = fields
  if (fields.length < HEADER_BYTES || options > PREVIOUS) return 'bad-operation'
  const main = readU64(fields, 1)
  if (!Number.isSafeInteger(main)) return 'bad-operation'
  const range = readRange(fields.subarray(HEADER_BYTES))
  if (typeof range === 'string') return range
  const after = { main, sub: readU32(fields, 9) }
  return { ...range, after, limit: readU32(fields, 13), previous: options === PREVIOUS }
}
