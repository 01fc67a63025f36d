import { equalBytes, readU32 } from '../../base/bytes.ts'

/** The number of remembered envelopes: those of a window of 13 replicas, and some more. */
const REMEMBERED_MAX = 8_192

/**
 * A cache of envelopes whose signatures were verified. A view change cites thousands of envelopes, most of which
 * arrived earlier as votes; the same bytes are not checked again (rule 3.12). Holds the newest verified ones.
 */
export class VerifiedEnvelopes {
  readonly #byKey = new Map<number, Uint8Array>()

  has(message: { readonly envelope: Uint8Array; readonly authentication: Uint8Array }): boolean {
    const known = this.#byKey.get(keyOf(message.authentication))
    return known !== undefined && equalBytes(known, message.envelope)
  }

  /** Adds a copy of an envelope, since an envelope shares the memory of its large frame. */
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

/** Returns 53 bits of the signature. Two envelopes with the same key only evict each other. */
function keyOf(signature: Uint8Array): number {
  return signature.length < 8 ? 0 : readU32(signature, 0) * 0x20_0000 + (readU32(signature, 4) >>> 11)
}
