/**
 * The reading of signed payloads: one msgpack array of integers and byte strings, each in its shortest form. It is
 * written apart from `src/messages/payload.ts`, which needs a package, and reads only the shapes that proofs have.
 */
import { readU16, readU32, readU64 } from '../../src/base/bytes.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'

/** The items of a payload: a number for an integer, or the exact size of a byte string. */
export type Shape = readonly ('integer' | number)[]

/** Returns the items of a payload of this shape; null for any other bytes. */
export function readPayload(payload: Uint8Array, shape: Shape): readonly (number | Uint8Array)[] | null {
  if (payload[0] !== 0x90 + shape.length) return null
  const items: (number | Uint8Array)[] = []
  let at = 1
  for (const item of shape) {
    const read = item === 'integer' ? readInteger(payload, at) : readBytes(payload, at, item)
    if (read === null) return null
    items.push(read.value)
    at = read.next
  }
  return at === payload.length ? items : null
}

interface ReadItem {
  readonly value: number | Uint8Array
  readonly next: number
}

const INTEGER_BYTES: Readonly<Record<number, number>> = { 204: 2, 205: 3, 206: 5, 211: 9 }

function readInteger(payload: Uint8Array, at: number): ReadItem | null {
  const first = payload[at] ?? 0xff
  if (first <= 0x7f) return { value: first, next: at + 1 }
  const next = at + (INTEGER_BYTES[first] ?? 0)
  if (next === at || next > payload.length) return null
  const value = longInteger(payload, at, first)
  const isShortest = value > ({ 204: 0x7f, 205: 0xff, 206: 0xffff, 211: 0xffff_ffff }[first] ?? 0)
  return isShortest && value <= COUNTER_MAX ? { value, next } : null
}

function longInteger(payload: Uint8Array, at: number, first: number): number {
  if (first === 0xcc) return payload[at + 1] as number
  if (first === 0xcd) return readU16(payload, at + 1)
  return first === 0xce ? readU32(payload, at + 1) : readU64(payload, at + 1)
}

/** Reads a byte string of at most 255 bytes, as all in these payloads are. */
function readBytes(payload: Uint8Array, at: number, size: number): ReadItem | null {
  const next = at + 2 + size
  if (payload[at] !== 0xc4 || payload[at + 1] !== size || next > payload.length) return null
  return { value: payload.subarray(at + 2, next), next }
}
