/** The reader of VIEW-CHANGE and NEW-VIEW bodies, which hold certificates, envelopes and whole frames. */
import { readU16, readU32, writeU16 } from '../base/bytes.ts'
import { REPLICAS_MAX } from '../base/quorum.ts'
import type { Checkpoint } from './checkpoint.ts'
import { FRAME_LENGTH_BYTES, frameOfEnvelope } from './frame.ts'
import type { PrePrepareHeader } from './pre-prepare.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import type { ViewChange } from './view-change.ts'
import type { Vote } from './vote.ts'

/** Returns the message of a frame of any kind, or a rejection. */
export type DecodeFrame = (frame: Uint8Array) => Checkpoint | PrePrepareHeader | Vote | ViewChange | Rejection

/** Encodes the number of items that precedes them. */
export function countOf(items: readonly unknown[]): Uint8Array {
  const count = new Uint8Array(2)
  writeU16(count, 0, items.length)
  return count
}

type Decoded = Exclude<ReturnType<DecodeFrame>, Rejection>

/** Reads the parts of a body in order. After the first fault it returns filler values. */
export class BodyReader {
  fault: Rejection | null = null
  readonly #body: Uint8Array
  readonly #decodeFrame: DecodeFrame
  #at = 0

  constructor(body: Uint8Array, decodeFrame: DecodeFrame) {
    this.#body = body
    this.#decodeFrame = decodeFrame
  }

  u8(most: number): number {
    return this.#number(1, most)
  }

  u16(most: number): number {
    return this.#number(2, most)
  }

  certificate(): readonly Decoded[] {
    const count = this.u8(REPLICAS_MAX)
    const messages: Decoded[] = []
    for (let index = 0; index < count && this.fault === null; index++) {
      const message = this.envelope()
      if (message !== null) messages.push(message)
    }
    return messages
  }

  envelope(): Decoded | null {
    const length = this.u16(0xffff)
    return this.#decode(length, (bytes) => frameOfEnvelope(bytes))
  }

  /** Reads a whole frame with its length field. */
  frame(): Decoded | null {
    if (this.#at + FRAME_LENGTH_BYTES > this.#body.length) this.fault ??= rejection('body-malformed')
    if (this.fault !== null) return null
    return this.#decode(FRAME_LENGTH_BYTES + readU32(this.#body, this.#at), (bytes) => bytes)
  }

  /** Returns the first fault, or null. Leftover bytes are a fault. */
  end(): Rejection | null {
    if (this.#at !== this.#body.length) this.fault ??= rejection('frame-has-trailing-bytes')
    return this.fault
  }

  #number(size: 1 | 2, most: number): number {
    if (this.#at + size > this.#body.length) this.fault ??= rejection('body-malformed')
    if (this.fault !== null) return 0
    const value = size === 1 ? (this.#body[this.#at] as number) : readU16(this.#body, this.#at)
    this.#at += size
    if (value > most) this.fault = rejection('body-malformed')
    return value
  }

  #decode(length: number, frameOf: (bytes: Uint8Array) => Uint8Array): Decoded | null {
    const end = this.#at + length
    if (end > this.#body.length) this.fault ??= rejection('body-malformed')
    if (this.fault !== null) return null
    const message = this.#decodeFrame(frameOf(this.#body.subarray(this.#at, end)))
    this.#at = end
    if (!isRejection(message)) return message
    this.fault = message
    return null
  }
}
