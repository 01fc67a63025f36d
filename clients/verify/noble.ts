/** SHA-256 and the check of Ed25519 signatures without native code: they run in Node and in browsers. */
import * as ed25519 from '@noble/ed25519'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '../../src/base/bytes.ts'
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../../src/messages/limits.ts'
import type { ProofCrypto } from './proof-context.ts'

// The library brings no synchronous SHA-512 of its own.
ed25519.hashes.sha512 = sha512

/** The library's stricter rule, which the replicas' suites keep too: canonical points, no key of small order. */
const STRICT = { zip215: false }

export const nobleProofCrypto: ProofCrypto = {
  hash: (...parts) => sha256(parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts)),
  verify: ({ signature, digest, publicKey }) =>
    signature.length === SIGNATURE_BYTES &&
    publicKey.length === PUBLIC_KEY_BYTES &&
    ed25519.verify(signature, digest, publicKey, STRICT),
}
