/** The fields that results of several kinds have in common. Results come from replicas that may lie: null is malformed. */
import { readU64 } from '../base/bytes.ts'

/** The revisions of a key in the history of the store. */
export interface KeyRevisions {
  readonly createRevision: number
  readonly modRevision: number
  /** Changes since the key was created, the creation included. */
  readonly version: number
}

/** The three revisions of a key at an offset, or null when they are malformed. */
export function readRevisions(bytes: Uint8Array, at: number): KeyRevisions | null {
  const createRevision = safeU64(bytes, at)
  const modRevision = safeU64(bytes, at + 8)
  const version = safeU64(bytes, at + 16)
  if (createRevision === null || modRevision === null || version === null) return null
  return { createRevision, modRevision, version }
}

/** A 64-bit integer that lies within the bytes and is safe, or null. */
export function safeU64(bytes: Uint8Array, at: number): number | null {
  if (at + 8 > bytes.length) return null
  const value = readU64(bytes, at)
  return Number.isSafeInteger(value) ? value : null
}
