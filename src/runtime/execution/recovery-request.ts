/** The recovery operation of an amnesiac replica: its own key, a fresh nonce, no client timestamp. */
import type { Hash } from '../../base/hash.ts'
import type { Timestamp } from '../../base/ids.ts'
import { SESSION_NONCE_BYTES } from '../../messages/limits.ts'
import type { Request } from '../../messages/message.ts'
import { encodeRequest, type SigningDigest } from '../../messages/request.ts'
import type { Signer } from '../../ports.ts'

/** The timestamp of recovery operations, which are a replica's own requests: no client uses it. */
const RECOVERY_TIMESTAMP = 0 as Timestamp
/** The session of recovery operations, which belong to none: their operations are a nonce. */
const NO_SESSION = new Uint8Array(SESSION_NONCE_BYTES)
/** Bytes of a recovery operation's nonce. */
export const NONCE_BYTES = 32

/**
 * Creates the request that carries it.
 * @rule 6.4
 */
export function createRecoveryRequest(context: {
  readonly signer: Signer
  readonly hash: Hash
  readonly signingDigest: SigningDigest
  /** 32 unpredictable bytes. */
  readonly nonce: Uint8Array
}): Request {
  const { signer, hash, signingDigest, nonce } = context
  const { publicKey } = signer
  return encodeRequest(
    { publicKey, session: NO_SESSION, timestamp: RECOVERY_TIMESTAMP, responder: 0, operations: nonce },
    { hash, signingDigest, sign: (digest) => signer.sign(digest) },
  )
}
