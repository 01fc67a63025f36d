import { concatBytes, equalBytes, readU32 } from '../../base/bytes.ts'
import type { Request } from '../../messages/message.ts'

/** Requests remembered. */
const REMEMBERED_MAX = 1_024

/**
 * Requests that came by themselves and whose signatures were checked: a backup that was sent one to see how long it waits
 * (rule 5.4) finds it in a batch soon, and does not check it again. Only good ones are remembered, the newest of them.
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

  /** True if it is remembered, the same in all that its signature depends on; it is forgotten then. */
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

/** 53 bits of the digest. Two that share them only forget one another. */
const keyOf = ({ digest }: Request): number => readU32(digest, 0) * 0x20_0000 + (readU32(digest, 4) >>> 11)
