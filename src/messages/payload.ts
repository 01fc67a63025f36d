/**
 * The strict msgpack encoding of payloads. A payload is one array of integers, byte strings and such arrays, each in
 * its shortest form, so that each value has one encoding. `packPayload` writes this form.
 *
 * `scan` first walks the bytes within fixed limits and without allocating. Only bytes that it accepts reach the
 * library's decoder, which therefore sees no map, extension, float or string.
 */
import { Packr, Unpackr } from 'msgpackr'
import { readU16, readU32 } from '../base/bytes.ts'
import { COUNTER_MAX, PAYLOAD_DEPTH_MAX, PAYLOAD_ITEMS_MAX } from './limits.ts'
import { type Rejection, type RejectionReason, rejection } from './rejection.ts'

export type PayloadItem = number | Uint8Array | readonly PayloadItem[]
export type Payload = readonly PayloadItem[]

const packr = new Packr({ useRecords: false, moreTypes: false })
const unpackr = new Unpackr({ useRecords: false, moreTypes: false, int64AsType: 'number' })

const U32_MAX = 0xffff_ffff
const COUNTER_HIGH_MAX = Math.floor(COUNTER_MAX / 2 ** 32)

export function packPayload(items: Payload): Uint8Array {
  return packr.pack(items.map(packable))
}

/**
 * Returns an item in a type that the library encodes right: it writes a number above 2^32 - 1 as a float, but a bigint
 * as the int 64 that the format requires.
 */
function packable(item: PayloadItem): unknown {
  if (typeof item === 'number') return item > U32_MAX ? BigInt(item) : item
  return item instanceof Uint8Array ? item : item.map(packable)
}

export function unpackPayload(bytes: Uint8Array): Payload | Rejection {
  const fault = scan(bytes)
  if (fault !== null) return rejection(fault)
  // The library attaches a view to the array that it reads. A temporary subarray keeps the view from living as long as
  // the message.
  return unpackr.unpack(bytes.subarray()) as Payload
}

/** Returns the first fault of a payload, or null. */
function scan(bytes: Uint8Array): RejectionReason | null {
  if (bytes.length === 0 || !isArrayHeader(bytes[0] as number)) return 'payload-shape'
  const remaining: number[] = [] // the number of items still expected, per open array
  let items = 0
  let at = 0
  do {
    const value = scanValue(bytes, at)
    if (typeof value === 'string') return value
    at = value.next
    if (++items > PAYLOAD_ITEMS_MAX) return 'payload-too-many-items'
    if (remaining.length > 0) remaining[remaining.length - 1] = (remaining.at(-1) as number) - 1
    if (value.children !== SCALAR) {
      if (value.children > PAYLOAD_ITEMS_MAX) return 'payload-too-many-items'
      if (remaining.length >= PAYLOAD_DEPTH_MAX) return 'payload-too-deep'
      remaining.push(value.children)
    }
    while (remaining.at(-1) === 0) remaining.pop()
  } while (remaining.length > 0)
  return at === bytes.length ? null : 'payload-malformed'
}

const isArrayHeader = (byte: number): boolean => (byte >= 0x90 && byte <= 0x9f) || byte === 0xdc

interface Scanned {
  readonly next: number
  /** The number of items that an array announces; `SCALAR` for any other value. */
  readonly children: number
}

const SCALAR = -1

/** Returns the extent of one value: the offset of the next one, and the number of items that an array announces. */
function scanValue(bytes: Uint8Array, at: number): Scanned | RejectionReason {
  const left = bytes.length - at
  if (left <= 0) return 'payload-malformed'
  const first = bytes[at] as number
  if (first <= 0x7f) return { next: at + 1, children: SCALAR }
  if (first >= 0x90 && first <= 0x9f) return { next: at + 1, children: first & 0x0f }
  switch (first) {
    case 0xcc:
      return integer(left, at, 2, () => (bytes[at + 1] as number) > 0x7f)
    case 0xcd:
      return integer(left, at, 3, () => readU16(bytes, at + 1) > 0xff)
    case 0xce:
      return integer(left, at, 5, () => readU32(bytes, at + 1) > 0xffff)
    case 0xd3: {
      if (left < 9) return 'payload-malformed'
      const high = readU32(bytes, at + 1)
      if (high > COUNTER_HIGH_MAX) return 'unsafe-integer' // negative, or above COUNTER_MAX
      return high === 0 ? 'payload-not-shortest-form' : { next: at + 9, children: SCALAR }
    }
    case 0xc4:
      return left < 2 ? 'payload-malformed' : binary(left, at, 2, bytes[at + 1] as number, 0)
    case 0xc5:
      return left < 3 ? 'payload-malformed' : binary(left, at, 3, readU16(bytes, at + 1), 0x100)
    case 0xdc: {
      if (left < 3) return 'payload-malformed'
      const children = readU16(bytes, at + 1)
      return children <= 0x0f ? 'payload-not-shortest-form' : { next: at + 3, children }
    }
    default:
      return 'payload-type-forbidden'
  }
}

function integer(
  left: number,
  at: number,
  size: number,
  isShortest: () => boolean,
): Scanned | RejectionReason {
  if (left < size) return 'payload-malformed'
  return isShortest() ? { next: at + size, children: SCALAR } : 'payload-not-shortest-form'
}

function binary(
  left: number,
  at: number,
  header: number,
  length: number,
  least: number,
): Scanned | RejectionReason {
  if (length < least) return 'payload-not-shortest-form'
  return left < header + length ? 'payload-malformed' : { next: at + header + length, children: SCALAR }
}
