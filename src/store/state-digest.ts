/**
 * A digest over a state of any size, in pieces: each piece of input is hashed behind the digest of what came before.
 * Every field carries its length, so two states that differ give different input.
 */
import { utf8, writeU64 } from '../base/bytes.ts'
import { DIGEST_BYTES, type Hash } from '../base/hash.ts'

/** Bytes that gather before they are hashed. */
const PIECE_BYTES = 64 * 1024

/** One digest in the making. */
export class StateDigest {
  readonly #hash: Hash
  readonly #piece = new Uint8Array(PIECE_BYTES)
  #length = 0
  #chain: Uint8Array = new Uint8Array(DIGEST_BYTES)

  constructor(hash: Hash, name: string) {
    this.#hash = hash
    this.text(name)
  }

  /** A safe integer of at least 0. */
  integer(value: number): void {
    if (this.#length + 8 > PIECE_BYTES) this.#flush()
    writeU64(this.#piece, this.#length, value)
    this.#length += 8
  }

  text(text: string): void {
    this.bytes(utf8(text))
  }

  bytes(bytes: Uint8Array): void {
    this.integer(bytes.length)
    if (this.#length + bytes.length > PIECE_BYTES) this.#flush()
    if (bytes.length > PIECE_BYTES) {
      this.#chain = this.#hash(this.#chain, bytes)
      return
    }
    this.#piece.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** The digest, 32 bytes. Nothing is added afterwards. */
  finish(): Uint8Array {
    this.#flush()
    return this.#chain
  }

  #flush(): void {
    this.#chain = this.#hash(this.#chain, this.#piece.subarray(0, this.#length))
    this.#length = 0
  }
}
