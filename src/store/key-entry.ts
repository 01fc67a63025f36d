/**
 * The entry of a key in the state: its newest change. Big-endian.
 *
 *   entry    = create revision u64 | main u64 | version u64 | sub u32 | lease 8 | depth u64 | far change * | value
 *   change   = main u64 | sub u32
 *
 * `main` and `sub` are the revision of the change, its modification revision. `depth` is the number of earlier changes
 * in the chain from this entry. Beyond depths of 16, 256 and 4,096 an entry also names one change far before it: the
 * last one whose depth plus one is a multiple of that number. An old revision is therefore found in few steps, however
 * often a key changed. A change before the floor of the history may be removed while other entries still name it.
 *
 * A deletion is an entry of version 0, without a create revision, lease and value.
 */
import { readU32, readU64, writeU32, writeU64 } from '../base/bytes.ts'

/** The bytes of create revision, modification revision and version, in entries and in results. */
export const REVISIONS_BYTES = 24
export const LEASE_BYTES = 8
/** The bytes of a reference to a change. */
const CHANGE_BYTES = 12

const MAIN_AT = 8
const VERSION_AT = 16
const SUB_AT = REVISIONS_BYTES
const LEASE_AT = SUB_AT + 4
const DEPTH_AT = LEASE_AT + LEASE_BYTES
const FAR_AT = DEPTH_AT + 8

/** The depths beyond which an entry names one more change. */
const FAR_DEPTHS = [16, 256, 4_096] as const

/** The revision of a change: the main revision of its request, and its number within that request. */
export interface ChangeRevision {
  readonly main: number
  readonly sub: number
}

const farCountOf = (depth: number): number =>
  depth < FAR_DEPTHS[0] ? 0 : depth < FAR_DEPTHS[1] ? 1 : depth < FAR_DEPTHS[2] ? 2 : 3

/** Returns the bytes before the value in an entry of this depth. */
export const entryHeaderBytes = (depth: number): number => FAR_AT + farCountOf(depth) * CHANGE_BYTES

/** A view of an entry, valid until its bytes change. */
export class EntryView {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  length = 0

  place(bytes: Uint8Array, at: number, length: number): this {
    this.bytes = bytes
    this.at = at
    this.length = length
    return this
  }

  get createRevision(): number {
    return readU64(this.bytes, this.at)
  }

  get main(): number {
    return readU64(this.bytes, this.at + MAIN_AT)
  }

  get sub(): number {
    return readU32(this.bytes, this.at + SUB_AT)
  }

  /** The version; 0 for a deletion. */
  get version(): number {
    return readU64(this.bytes, this.at + VERSION_AT)
  }

  get depth(): number {
    return readU64(this.bytes, this.at + DEPTH_AT)
  }

  get leaseAt(): number {
    return this.at + LEASE_AT
  }

  get hasLease(): boolean {
    return readU32(this.bytes, this.leaseAt) !== 0 || readU32(this.bytes, this.leaseAt + 4) !== 0
  }

  get lease(): Uint8Array {
    return this.bytes.subarray(this.leaseAt, this.leaseAt + LEASE_BYTES)
  }

  get valueAt(): number {
    return this.at + entryHeaderBytes(this.depth)
  }

  get valueLength(): number {
    return this.length - entryHeaderBytes(this.depth)
  }

  get value(): Uint8Array {
    return this.bytes.subarray(this.valueAt, this.at + this.length)
  }

  /** Returns the revision of the next change on the way back to the entry at `revision`, which is below this one. */
  back(revision: number): ChangeRevision {
    for (let index = farCountOf(this.depth) - 1; index >= 0; index--) {
      const at = this.at + FAR_AT + index * CHANGE_BYTES
      const main = readU64(this.bytes, at)
      if (main > revision) return { main, sub: readU32(this.bytes, at + 8) }
    }
    return { main: this.main, sub: this.sub }
  }

  /** Writes create revision, modification revision and version at an offset of `target`. */
  copyRevisions(target: Uint8Array, at: number): void {
    for (let offset = 0; offset < REVISIONS_BYTES; offset++) {
      target[at + offset] = this.bytes[this.at + offset] as number
    }
  }
}

export interface EntryHeader extends ChangeRevision {
  readonly createRevision: number
  readonly version: number
  readonly depth: number
  /** The 8 bytes of the lease's id; null for none. */
  readonly lease: Uint8Array | null
}

/** Writes an entry except for its value. `before` is the entry of the previous change, if its depth is above 0. */
export function writeEntryHeader(
  bytes: Uint8Array,
  at: number,
  header: EntryHeader,
  before: EntryView,
): void {
  const { createRevision, main, version, sub, depth, lease } = header
  writeU64(bytes, at, createRevision)
  writeU64(bytes, at + MAIN_AT, main)
  writeU64(bytes, at + VERSION_AT, version)
  writeU32(bytes, at + SUB_AT, sub)
  if (lease === null) bytes.fill(0, at + LEASE_AT, at + LEASE_AT + LEASE_BYTES)
  else bytes.set(lease, at + LEASE_AT)
  writeU64(bytes, at + DEPTH_AT, depth)
  const farCount = farCountOf(depth)
  for (let index = 0; index < farCount; index++) {
    const offset = FAR_AT + index * CHANGE_BYTES
    if (depth % (FAR_DEPTHS[index] as number) === 0) {
      writeU64(bytes, at + offset, before.main)
      writeU32(bytes, at + offset + 8, before.sub)
    } else {
      const from = before.at + offset
      for (let byte = 0; byte < CHANGE_BYTES; byte++) {
        bytes[at + offset + byte] = before.bytes[from + byte] as number
      }
    }
  }
}
