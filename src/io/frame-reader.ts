/**
 * Cuts a stream of bytes into frames. Nothing is kept of a frame that announces more than its limit, and never more
 * than twice of what arrived of one: a header alone cannot make a replica allocate megabytes.
 */
import { assert } from '../base/assert.ts'
import { readU32 } from '../base/bytes.ts'
import { FRAME_LENGTH_BYTES } from '../messages/frame.ts'

/** The admissible shape of the next frame. Both fields change when a handshake ends. */
export interface FrameShape {
  /** The largest value of a length field. */
  readonly lengthMax: number
  /** Bytes behind every frame that belong to it on this link but not to the frame. */
  readonly tagBytes: number
}

export type FrameRead =
  | { readonly kind: 'frame'; readonly frame: Uint8Array; readonly tag: Uint8Array }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'too-large'; readonly length: number }

/** Bytes first set aside for a frame that did not arrive in one piece. */
const ASSEMBLY_BYTES_LEAST = 4 * 1024

const INCOMPLETE: FrameRead = { kind: 'incomplete' }
const NOTHING = new Uint8Array(0)

/** The reader of one link's incoming bytes. `push` gives it a chunk, `next` takes out the frames one by one. */
export class FrameReader {
  /** Bytes that were pushed and not yet looked at; a view of the socket's chunk. */
  #unread: Uint8Array = NOTHING
  /** A frame of which some bytes arrived, or null. */
  #assembly: Assembly | null = null

  /** Bytes that this reader holds on to. */
  get heldBytes(): number {
    return this.#unread.length + (this.#assembly?.capacity ?? 0)
  }

  push(chunk: Uint8Array): void {
    assert(this.#unread.length === 0, 'a chunk is pushed when the one before it was read')
    this.#unread = chunk
  }

  /**
   * The next whole frame: a copy of its own size, so that who keeps it does not keep the chunk. The tag is valid until
   * the next call. After `too-large` the stream is of no further use.
   */
  next(shape: FrameShape): FrameRead {
    if (this.#assembly !== null) return this.#continueAssembly(this.#assembly, shape)
    const unread = this.#unread
    if (unread.length < FRAME_LENGTH_BYTES) return this.#beginAssembly(shape)
    const length = readU32(unread, 0)
    if (length > shape.lengthMax) return this.#refuse(length)
    const frameBytes = FRAME_LENGTH_BYTES + length
    const total = frameBytes + shape.tagBytes
    if (unread.length < total) return this.#beginAssembly(shape)
    this.#unread = unread.length === total ? NOTHING : unread.subarray(total)
    return {
      kind: 'frame',
      frame: new Uint8Array(unread.subarray(0, frameBytes)),
      tag: unread.subarray(frameBytes, total),
    }
  }

  #beginAssembly(shape: FrameShape): FrameRead {
    if (this.#unread.length === 0) return INCOMPLETE
    this.#assembly = new Assembly()
    return this.#continueAssembly(this.#assembly, shape)
  }

  #continueAssembly(assembly: Assembly, shape: FrameShape): FrameRead {
    this.#unread = assembly.take(this.#unread, FRAME_LENGTH_BYTES)
    const length = assembly.length
    if (length === null) return INCOMPLETE
    if (length > shape.lengthMax) return this.#refuse(length)
    const frameBytes = FRAME_LENGTH_BYTES + length
    const total = frameBytes + shape.tagBytes
    this.#unread = assembly.take(this.#unread, total)
    if (assembly.filled < total) return INCOMPLETE
    this.#assembly = null
    const bytes = assembly.bytes(total)
    return { kind: 'frame', frame: bytes.subarray(0, frameBytes), tag: bytes.subarray(frameBytes) }
  }

  #refuse(length: number): FrameRead {
    this.#unread = NOTHING
    this.#assembly = null
    return { kind: 'too-large', length }
  }
}

/** A frame that arrives in pieces: a buffer that doubles with what came, up to the frame's size. */
class Assembly {
  #buffer: Uint8Array = new Uint8Array(FRAME_LENGTH_BYTES)
  #filled = 0

  get filled(): number {
    return this.#filled
  }

  get capacity(): number {
    return this.#buffer.length
  }

  /** The frame's length field, or null while it is incomplete. */
  get length(): number | null {
    return this.#filled < FRAME_LENGTH_BYTES ? null : readU32(this.#buffer, 0)
  }

  /** Takes bytes from `source` until `goal` bytes are there in all, and returns the rest. */
  take(source: Uint8Array, goal: number): Uint8Array {
    const count = Math.min(goal - this.#filled, source.length)
    if (count <= 0) return source
    this.#reserve(this.#filled + count, goal)
    this.#buffer.set(source.subarray(0, count), this.#filled)
    this.#filled += count
    return source.subarray(count)
  }

  /** The first `total` bytes, in a buffer of just that size. */
  bytes(total: number): Uint8Array {
    assert(this.#filled === total && this.#buffer.length === total, 'a frame is taken when it is whole')
    return this.#buffer
  }

  #reserve(needed: number, goal: number): void {
    if (needed <= this.#buffer.length) return
    const grown = new Uint8Array(Math.min(goal, Math.max(2 * needed, ASSEMBLY_BYTES_LEAST)))
    grown.set(this.#buffer.subarray(0, this.#filled))
    this.#buffer = grown
  }
}
