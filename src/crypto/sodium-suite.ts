/** The default suite: libsodium for signatures, MACs and key agreement, OpenSSL for SHA-256 and HKDF. */
import { createHash, hash as hashOnce, hkdfSync } from 'node:crypto'
import sodium from 'sodium-native'
import { assert } from '../base/assert.ts'
import { equalSecretBytes } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import type { CryptoSuite, Signer } from '../ports.ts'
import { ed25519KeyFault, KEY_BYTES, MAC_BYTES, SIGNATURE_BYTES } from './public-key.ts'

/** Bytes of libsodium's secret key: the seed and the public key. */
const SECRET_KEY_BYTES = 64
/** Up to this many bytes, joining the parts and hashing once is faster than a hash object. */
const JOINED_BYTES_MAX = 2048

// A call copies its result out before the next call begins, so one buffer is enough.
const joined = Buffer.alloc(JOINED_BYTES_MAX)

export const sodiumSuite: CryptoSuite = {
  name: 'sodium',
  checksPerTurn: 256,
  hash,
  signer,
  verify,
  publicKeyFault: (publicKey) => {
    const isSound = publicKey.length === KEY_BYTES && sodium.crypto_core_ed25519_is_valid_point(publicKey)
    return isSound ? null : ed25519KeyFault(publicKey)
  },
  mac,
  verifyMac: (tag, key, ...parts) => equalSecretBytes(tag, mac(key, ...parts)),
  agreementPublicKey,
  agree,
  deriveKey: ({ secret, salt, info }) => new Uint8Array(hkdfSync('sha256', secret, salt, info, KEY_BYTES)),
}

function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return sha256(first)
  let length = 0
  for (const part of parts) length += part.length
  return length <= JOINED_BYTES_MAX ? hashJoined(parts) : hashStreamed(parts)
}

/** Hashes through a string: allocating a buffer for each digest costs 0.4 µs more. */
function sha256(bytes: Uint8Array): Uint8Array {
  const text = hashOnce('sha256', bytes, 'binary')
  const digest = new Uint8Array(DIGEST_BYTES)
  for (let index = 0; index < DIGEST_BYTES; index++) digest[index] = text.charCodeAt(index)
  return digest
}

function hashJoined(parts: readonly Uint8Array[]): Uint8Array {
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return sha256(joined.subarray(0, at))
}

function hashStreamed(parts: readonly Uint8Array[]): Uint8Array {
  const hasher = createHash('sha256')
  for (const part of parts) hasher.update(part)
  return hasher.digest()
}

function signer(seed: Uint8Array): Signer {
  assert(seed.length === KEY_BYTES, `an Ed25519 seed has ${KEY_BYTES} bytes, not ${seed.length}`)
  const publicKey = Buffer.alloc(KEY_BYTES)
  const secretKey = Buffer.alloc(SECRET_KEY_BYTES)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
  return {
    publicKey,
    sign: (digest) => {
      // From Node's pool: a small typed array of its own costs more than the binding's whole call.
      const signature = Buffer.allocUnsafe(SIGNATURE_BYTES)
      sodium.crypto_sign_detached(signature, digest, secretKey)
      return signature
    },
  }
}

function verify({ signature, digest, publicKey }: Parameters<CryptoSuite['verify']>[0]): boolean {
  // The binding throws on a wrong length, but accepts a signature that is too long.
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false
  return sodium.crypto_sign_verify_detached(signature, digest, publicKey)
}

function mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  assert(key.length === KEY_BYTES, `a MAC key has ${KEY_BYTES} bytes, not ${key.length}`)
  const tag = Buffer.allocUnsafe(MAC_BYTES)
  sodium.crypto_generichash_batch(tag, parts, key)
  return tag
}

function agreementPublicKey(secret: Uint8Array): Uint8Array {
  assert(secret.length === KEY_BYTES, `an X25519 secret has ${KEY_BYTES} bytes, not ${secret.length}`)
  const publicKey = Buffer.alloc(KEY_BYTES)
  sodium.crypto_scalarmult_base(publicKey, secret)
  return publicKey
}

function agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | null {
  assert(secret.length === KEY_BYTES, `an X25519 secret has ${KEY_BYTES} bytes, not ${secret.length}`)
  if (publicKey.length !== KEY_BYTES) return null
  const shared = Buffer.alloc(KEY_BYTES)
  try {
    sodium.crypto_scalarmult(shared, secret, publicKey)
  } catch {
    return null // the lengths are right, so the point has small order
  }
  return shared
}
