/**
 * Where values lie: appended one after another into large segments, so that a small value costs its bytes and not an
 * object. A value that is replaced leaves a gap; when gaps outweigh values, the emptiest segment is moved together.
 * Memory is therefore at most twice the values, and a few segments more.
 *
 *   entry in a segment = slot u32 | capacity u32 | value
 */
import { assert } from '../base/assert.ts'
import { readU32, writeU32 } from '../base/bytes.ts'

/** Bytes of a shared segment. Moving one together takes a fraction of a millisecond. */
export const SEGMENT_BYTES = 256 * 1024
/** A value of so many bytes gets a segment to itself. */
const OWN_SEGMENT_BYTES = 32 * 1024
const ENTRY_HEADER_BYTES = 8
/** Segments of gaps that are tolerated whatever the values weigh. */
const SPARE_SEGMENTS = 4
/** A position is segment * SPAN + offset. No segment is longer. */
const SPAN = 2 ** 21
const NOWHERE = -1

interface Segment {
  readonly bytes: Uint8Array
  /** Whether it takes many values, or is one large value's own. */
  readonly shared: boolean
  /** Where the next entry goes. */
  end: number
  /** Bytes of entries that still hold a slot's value. */
  live: number
}

/** The values of numbered slots. Slots are small integers, given by the owner. */
export class ValueArena {
  #positions = new Float64Array(1024)
  #lengths = new Uint32Array(1024)
  readonly #segments: (Segment | null)[] = []
  readonly #freeNumbers: number[] = []
  #current = NOWHERE
  #sharedSegments = 0
  #sharedLive = 0

  /** Bytes held for values, gaps included. */
  get heldBytes(): number {
    let held = 0
    for (const segment of this.#segments) held += segment?.bytes.length ?? 0
    return held
  }

  length(slot: number): number {
    return this.#lengths[slot] as number
  }

  /** Gives a slot, which must hold nothing, a copy of the bytes from .. to of `source`. */
  store(slot: number, source: Uint8Array, from: number, to: number): void {
    this.#reserveSlot(slot)
    const length = to - from
    this.#lengths[slot] = length
    const position = length === 0 ? NOWHERE : this.#place(slot, length)
    this.#positions[slot] = position
    if (position !== NOWHERE) this.#fill(position, source, from, to)
  }

  /** Replaces what a slot holds. */
  replace(slot: number, source: Uint8Array, from: number, to: number): void {
    if (to > from && to - from === this.length(slot)) {
      this.#fill(this.#positions[slot] as number, source, from, to)
      return
    }
    this.release(slot)
    this.store(slot, source, from, to)
  }

  /** Empties a slot. */
  release(slot: number): void {
    const position = this.#positions[slot] as number
    this.#positions[slot] = NOWHERE
    this.#lengths[slot] = 0
    if (position === NOWHERE) return
    const number = Math.floor(position / SPAN)
    const segment = this.#segment(number)
    const capacity = readU32(segment.bytes, (position % SPAN) - 4)
    segment.live -= capacity + ENTRY_HEADER_BYTES
    if (capacity >= OWN_SEGMENT_BYTES) {
      this.#drop(number)
      return
    }
    this.#sharedLive -= capacity + ENTRY_HEADER_BYTES
    const held = this.#sharedSegments * SEGMENT_BYTES
    if (held > 2 * this.#sharedLive + SPARE_SEGMENTS * SEGMENT_BYTES) this.#moveEmptiest()
  }

  /** Writes a slot's value at an offset of `target`. */
  copy(slot: number, target: Uint8Array, at: number): void {
    const position = this.#positions[slot] as number
    if (position === NOWHERE) return
    const start = position % SPAN
    const { bytes } = this.#segment(Math.floor(position / SPAN))
    target.set(bytes.subarray(start, start + this.length(slot)), at)
  }

  #fill(position: number, source: Uint8Array, from: number, to: number): void {
    const { bytes } = this.#segment(Math.floor(position / SPAN))
    bytes.set(source.subarray(from, to), position % SPAN)
  }

  /** Makes an entry and gives the position of its value. */
  #place(slot: number, length: number): number {
    const number =
      length >= OWN_SEGMENT_BYTES
        ? this.#open({ size: length + ENTRY_HEADER_BYTES, shared: false })
        : this.#sharedSegmentFor(length)
    const segment = this.#segment(number)
    const at = segment.end
    writeU32(segment.bytes, at, slot)
    writeU32(segment.bytes, at + 4, length)
    segment.end += ENTRY_HEADER_BYTES + length
    segment.live += ENTRY_HEADER_BYTES + length
    if (length < OWN_SEGMENT_BYTES) this.#sharedLive += ENTRY_HEADER_BYTES + length
    return number * SPAN + at + ENTRY_HEADER_BYTES
  }

  #sharedSegmentFor(length: number): number {
    const current = this.#segments[this.#current]
    if (current && current.end + ENTRY_HEADER_BYTES + length <= SEGMENT_BYTES) return this.#current
    this.#current = this.#open({ size: SEGMENT_BYTES, shared: true })
    this.#sharedSegments++
    return this.#current
  }

  #open({ size, shared }: { readonly size: number; readonly shared: boolean }): number {
    const number = this.#freeNumbers.pop() ?? this.#segments.length
    this.#segments[number] = { bytes: new Uint8Array(size), shared, end: 0, live: 0 }
    return number
  }

  #drop(number: number): void {
    this.#segments[number] = null
    this.#freeNumbers.push(number)
  }

  #segment(number: number): Segment {
    const segment = this.#segments[number]
    assert(segment, 'a value lies in a segment that is gone')
    return segment
  }

  #moveEmptiest(): void {
    let emptiest = NOWHERE
    let least = SEGMENT_BYTES
    for (const [number, segment] of this.#segments.entries()) {
      if (segment === null || number === this.#current || !segment.shared || segment.live >= least) continue
      emptiest = number
      least = segment.live
    }
    if (emptiest === NOWHERE) return
    const { bytes, end } = this.#segment(emptiest)
    for (let at = 0; at < end; ) {
      const slot = readU32(bytes, at)
      const start = at + ENTRY_HEADER_BYTES
      at = start + readU32(bytes, at + 4)
      if (this.#positions[slot] !== emptiest * SPAN + start) continue
      const position = this.#place(slot, at - start)
      this.#positions[slot] = position
      this.#fill(position, bytes, start, at)
    }
    this.#sharedLive -= least
    this.#sharedSegments--
    this.#drop(emptiest)
  }

  #reserveSlot(slot: number): void {
    if (slot < this.#positions.length) return
    const capacity = Math.max(slot + 1, 2 * this.#positions.length)
    const positions = new Float64Array(capacity)
    positions.set(this.#positions)
    this.#positions = positions
    const lengths = new Uint32Array(capacity)
    lengths.set(this.#lengths)
    this.#lengths = lengths
  }
}
