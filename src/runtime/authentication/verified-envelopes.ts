import { equalBytes, readU32 } from '../../base/bytes.ts'

/** Envelopes remembered: what a window of 13 replicas holds, and some more. */
const REMEMBERED_MAX = 8_192

/**
 * Envelopes whose signatures were checked. A view change cites thousands of them, nearly all of which came in as votes
 * before; bytes that are equal are not checked again (rule 3.12). Only good ones are remembered, the newest of them.
 */
export class VerifiedEnvelopes {
  readonly #byKey = new Map<number, Uint8Array>()

  has(message: { readonly envelope: Uint8Array; readonly authentication: Uint8Array }): boolean {
    const known = this.#byKey.get(keyOf(message.authentication))
    return known !== undefined && equalBytes(known, message.envelope)
  }

  /** Keeps a copy: an envelope is a part of its frame, which may be large. */
  add(message: { readonly envelope: Uint8Array; readonly authentication: Uint8Array }): void {
    const key = keyOf(message.authentication)
    this.#byKey.delete(key)
    this.#byKey.set(key, message.envelope.slice())
    if (this.#byKey.size <= REMEMBERED_MAX) return
    for (const oldest of this.#byKey.keys()) {
      this.#byKey.delete(oldest)
      break
    }
  }
}

/** 53 bits of the signature. Two that share them only forget one another. */
function keyOf(signature: Uint8Array): number {
  return signature.length < 8 ? 0 : readU32(signature, 0) * 0x20_0000 + (readU32(signature, 4) >>> 11)
}
