/** The suite without native code: it runs anywhere, browsers included, and about thirty times slower than sodium. */
import { x25519 } from '@noble/curves/ed25519.js'
import * as ed25519 from '@noble/ed25519'
import { blake2b } from '@noble/hashes/blake2.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { assert } from '../base/assert.ts'
import { concatBytes, equalSecretBytes } from '../base/bytes.ts'
import type { CryptoSuite, Signer } from '../ports.ts'
import { ed25519KeyFault, KEY_BYTES, MAC_BYTES, SIGNATURE_BYTES } from './public-key.ts'

// The library brings no synchronous SHA-512 of its own.
ed25519.hashes.sha512 = sha512

/** The library's stricter rule, the same as libsodium's: canonical points, and no public key of small order. */
const STRICT = { zip215: false }

export const nobleSuite: CryptoSuite = {
  name: 'noble',
  checksPerTurn: 16,
  hash: (...parts) => sha256(join(parts)),
  signer,
  verify,
  publicKeyFault: ed25519KeyFault,
  mac,
  verifyMac: (tag, key, ...parts) => equalSecretBytes(tag, mac(key, ...parts)),
  agreementPublicKey,
  agree,
  deriveKey: ({ secret, salt, info }) => hkdf(sha256, secret, salt, info, KEY_BYTES),
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : concatBytes(...parts)
}

function signer(seed: Uint8Array): Signer {
  assert(seed.length === KEY_BYTES, `an Ed25519 seed has ${KEY_BYTES} bytes, not ${seed.length}`)
  const secret = Uint8Array.from(seed)
  return { publicKey: ed25519.getPublicKey(secret), sign: (digest) => ed25519.sign(digest, secret) }
}

function verify({ signature, digest, publicKey }: Parameters<CryptoSuite['verify']>[0]): boolean {
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false
  return ed25519.verify(signature, digest, publicKey, STRICT)
}

function mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  assert(key.length === KEY_BYTES, `a MAC key has ${KEY_BYTES} bytes, not ${key.length}`)
  return blake2b(join(parts), { dkLen: MAC_BYTES, key })
}

function agreementPublicKey(secret: Uint8Array): Uint8Array {
  assert(secret.length === KEY_BYTES, `an X25519 secret has ${KEY_BYTES} bytes, not ${secret.length}`)
  return x25519.getPublicKey(secret)
}

function agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | null {
  assert(secret.length === KEY_BYTES, `an X25519 secret has ${KEY_BYTES} bytes, not ${secret.length}`)
  if (publicKey.length !== KEY_BYTES) return null
  try {
    return x25519.getSharedSecret(secret, publicKey)
  } catch {
    return null // the lengths are right, so the point has small order
  }
}
