import { concatBytes, equalBytes, readU32 } from '../../base/bytes.ts'
import type { Request } from '../../messages/message.ts'

/** The number of remembered requests. */
const REMEMBERED_MAX = 1_024

/**
 * A cache of requests that arrived alone and whose signatures were verified. A backup that receives a request as a
 * witness (rule 5.4) soon finds it in a batch, and does not check it again. Holds the newest verified ones.
 */
export class VerifiedRequests {
  readonly #byKey = new Map<number, Uint8Array>()

  add(request: Request): void {
    const key = keyOf(request)
    this.#byKey.delete(key)
    this.#byKey.set(key, wordsOf(request))
    if (this.#byKey.size <= REMEMBERED_MAX) return
    for (const oldest of this.#byKey.keys()) {
      this.#byKey.delete(oldest)
      break
    }
  }

  /** True if a request with the same signed content is remembered. Removes it. */
  take(request: Request): boolean {
    const key = keyOf(request)
    const known = this.#byKey.get(key)
    if (known === undefined || !equalBytes(known, wordsOf(request))) return false
    this.#byKey.delete(key)
    return true
  }
}

const wordsOf = ({ digest, publicKey, authentication }: Request): Uint8Array =>
  concatBytes(digest, publicKey, authentication)

/** Returns 53 bits of the digest. Two requests with the same key only evict each other. */
const keyOf = ({ digest }: Request): number => readU32(digest, 0) * 0x20_0000 + (readU32(digest, 4) >>> 11)
