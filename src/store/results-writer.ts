/** The writer of one request's results within their budget. The layout is in `results.ts`. */
import { assert } from '../base/assert.ts'
import { writeU16, writeU32, writeU64 } from '../base/bytes.ts'
import { REVISIONS_BYTES } from './key-entry.ts'
import { RESULT_HEADER_BYTES } from './result-fields.ts'
import { RESULTS_BYTES_MAX, RESULTS_HEADER_BYTES, STATUSES, type Status } from './results.ts'
import { NESTED_HEADER_BYTES } from './transaction-results.ts'

const START_BYTES = 64 * 1024

/** A place in the results, and what is still to come there. */
export interface WriterMark {
  readonly length: number
  readonly left: number
  readonly reserved: number
}

/**
 * Writes the results of one request, one after another. Reserves room for the headers of all further results, so that
 * each operation gets at least a status. The buffer grows to at most `RESULTS_BYTES_MAX` and is reused.
 */
export class ResultsWriter {
  #bytes = new Uint8Array(START_BYTES)
  #length = RESULTS_HEADER_BYTES
  #count = 0
  #left = 0
  /** The bytes that the headers of all further results take. */
  #reserved = 0
  #lastStatus: Status = 'ok'
  #budget = RESULTS_BYTES_MAX

  /** Starts the results of a request with `count` operations. A smaller budget still has room for each one's status. */
  begin(count: number, budgetBytes: number): void {
    this.#reserved = RESULT_HEADER_BYTES * count
    const least = RESULTS_HEADER_BYTES + this.#reserved
    this.#budget = Math.min(RESULTS_BYTES_MAX, Math.max(least, budgetBytes))
    this.#length = RESULTS_HEADER_BYTES
    this.#count = count
    this.#left = count
  }

  /** True if the next result may have `fieldBytes` bytes of fields. */
  fits(fieldBytes: number): boolean {
    return this.#length + this.#reserved + fieldBytes <= this.#budget
  }

  /** Starts the next result. Exactly `fieldBytes` bytes of fields must follow, for which `fits` returned true. */
  result(status: Status, fieldBytes: number): void {
    assert(this.#left > 0, 'more results than operations')
    this.#left--
    this.#reserved -= RESULT_HEADER_BYTES
    this.#lastStatus = status
    const start = this.#length
    this.#reserve(start + RESULT_HEADER_BYTES + fieldBytes)
    this.#bytes[start] = STATUSES[status]
    writeU32(this.#bytes, start + 1, fieldBytes)
    this.#length = start + RESULT_HEADER_BYTES
  }

  /** The status of the result that was started last. */
  get lastStatus(): Status {
    return this.#lastStatus
  }

  /** Returns the current place, to which `rewind` goes back. */
  mark(): WriterMark {
    return { length: this.#length, left: this.#left, reserved: this.#reserved }
  }

  /** Returns a view of the fields of the result that was written since the mark; null if it is no success. */
  fieldsSince({ length }: WriterMark): Uint8Array | null {
    if (this.#bytes[length] !== STATUSES.ok) return null
    return this.#bytes.subarray(length + RESULT_HEADER_BYTES, this.#length)
  }

  /** Drops all results since the mark. */
  rewind({ length, left, reserved }: WriterMark): void {
    this.#length = length
    this.#left = left
    this.#reserved = reserved
  }

  /**
   * Starts a result that contains further ones, each after the code of its operation. `fieldBytes` bytes of fields must
   * follow, then the results. Room for them and for their headers must be left. Returns the offset of the fields, for
   * `endNested`.
   */
  beginNested(fieldBytes: number, count: number): number {
    this.result('ok', fieldBytes)
    this.#left += count
    this.#reserved += count * NESTED_HEADER_BYTES
    return this.#length
  }

  /** Writes the code of the operation whose result comes next in a nested one. */
  operationCode(code: number): void {
    this.#reserved -= NESTED_HEADER_BYTES - RESULT_HEADER_BYTES
    this.#reserve(this.#length + 1)
    this.#bytes[this.#length++] = code
  }

  /** Ends a result that contains further ones. Its first field is the revision. */
  endNested(fieldsAt: number, revision: number): void {
    writeU32(this.#bytes, fieldsAt - 4, this.#length - fieldsAt)
    writeU64(this.#bytes, fieldsAt, revision)
  }

  u8(value: number): void {
    this.#bytes[this.#length++] = value
  }

  u16(value: number): void {
    writeU16(this.#bytes, this.#length, value)
    this.#length += 2
  }

  u32(value: number): void {
    writeU32(this.#bytes, this.#length, value)
    this.#length += 4
  }

  /** Writes a revision or a count: a safe integer of at least 0. */
  u64(value: number): void {
    writeU64(this.#bytes, this.#length, value)
    this.#length += 8
  }

  /** Writes the three revisions of a key. */
  revisions(source: { copyRevisions(target: Uint8Array, at: number): void }): void {
    source.copyRevisions(this.#bytes, this.#length)
    this.#length += REVISIONS_BYTES
  }

  /** Calls `write` to put `length` bytes at an offset of the given buffer. */
  bytes(length: number, write: (target: Uint8Array, at: number) => void): void {
    write(this.#bytes, this.#length)
    this.#length += length
  }

  /** Returns a copy of the results of the request. */
  finish(): Uint8Array {
    assert(this.#left === 0, 'fewer results than operations')
    writeU16(this.#bytes, 0, this.#count)
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(needed: number): void {
    assert(needed <= RESULTS_BYTES_MAX, 'results beyond their budget')
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.min(RESULTS_BYTES_MAX, Math.max(needed, 2 * this.#bytes.length)))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
