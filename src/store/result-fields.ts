/**
 * The fields that results of several kinds share. Results come from replicas that may lie, so malformed fields read as
 * null.
 */
import { readU64 } from '../base/bytes.ts'

/** The bytes of status and length before a result's fields. */
export const RESULT_HEADER_BYTES = 5

/** The revisions of a key in the history of the store. */
export interface KeyRevisions {
  readonly createRevision: number
  readonly modRevision: number
  /** The number of changes since the key was created, including the creation. */
  readonly version: number
}

/** Reads the three revisions of a key at an offset; null if they are malformed. */
export function readRevisions(bytes: Uint8Array, at: number): KeyRevisions | null {
  const createRevision = safeU64(bytes, at)
  const modRevision = safeU64(bytes, at + 8)
  const version = safeU64(bytes, at + 16)
  if (createRevision === null || modRevision === null || version === null) return null
  return { createRevision, modRevision, version }
}

/** Reads a 64-bit integer; null if it is out of bounds or not a safe integer. */
export function safeU64(bytes: Uint8Array, at: number): number | null {
  if (at + 8 > bytes.length) return null
  const value = readU64(bytes, at)
  return Number.isSafeInteger(value) ? value : null
}
