/**
 * The simulator's suite: it has the sizes of the real suites and none of their security.
 *
 * A signature is a fast mix of the public key and the digest, so anyone who knows this file can sign as anyone. No
 * behaviour in a simulation does: it signs with the signers that it was given. Signatures have the properties that
 * tests need: they are deterministic, and one altered bit, another key or another digest makes a signature invalid.
 * SHA-256, the MAC and HKDF are the real functions.
 */
import { assert } from '../base/assert.ts'
import { compareBytes, equalBytes, readU32, utf8, writeU32 } from '../base/bytes.ts'
import type { CryptoSuite } from '../ports.ts'
import { KEY_BYTES, SIGNATURE_BYTES } from './public-key.ts'
import { sodiumSuite } from './sodium-suite.ts'

const SIGNING_KEY_TAG = utf8('simulated signing key')
const AGREEMENT_KEY_TAG = utf8('simulated agreement key')
const SHARED_SECRET_TAG = utf8('simulated shared secret')

export const simulatedSuite: CryptoSuite = {
  name: 'simulated',
  checksPerTurn: 256,
  hash: sodiumSuite.hash,
  signer: (seed) => {
    assert(seed.length === KEY_BYTES, `a seed has ${KEY_BYTES} bytes, not ${seed.length}`)
    const publicKey = sodiumSuite.hash(SIGNING_KEY_TAG, seed)
    return { publicKey, sign: (digest) => simulatedSignature(publicKey, digest) }
  },
  verify: ({ signature, digest, publicKey }) => {
    if (signature.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false
    return equalBytes(signature, simulatedSignature(publicKey, digest))
  },
  /** Keys are hashes here, not points: every key of the right length is valid. */
  publicKeyFault: (publicKey) => (publicKey.length === KEY_BYTES ? null : 'wrong-length'),
  mac: sodiumSuite.mac,
  verifyMac: sodiumSuite.verifyMac,
  agreementPublicKey,
  agree,
  deriveKey: sodiumSuite.deriveKey,
}

/** Returns 64 bytes that depend on every bit of the public key and the digest. */
function simulatedSignature(publicKey: Uint8Array, digest: Uint8Array): Uint8Array {
  const state: [number, number, number, number] = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]
  absorb(state, publicKey)
  absorb(state, digest)
  const signature = new Uint8Array(SIGNATURE_BYTES)
  for (let at = 0; at < SIGNATURE_BYTES; at += 4) {
    mix(state, at)
    writeU32(signature, at, state[0])
  }
  return signature
}

/** Absorbs the bytes, four at a time, and then their number, so that no two inputs give the same sequence of words. */
function absorb(state: [number, number, number, number], bytes: Uint8Array): void {
  const whole = bytes.length - (bytes.length % 4)
  for (let at = 0; at < whole; at += 4) mix(state, readU32(bytes, at))
  let rest = 0
  for (let at = whole; at < bytes.length; at++) rest = (rest << 8) | (bytes[at] as number)
  mix(state, rest)
  mix(state, bytes.length)
}

/** One round of xxHash's and Murmur's kind; for a given word it permutes the 128-bit state. */
function mix(state: [number, number, number, number], word: number): void {
  const a = Math.imul(state[0] ^ word, 0x9e3779b1)
  const b = state[1] ^ rotate(a, 13)
  const c = (state[2] + Math.imul(b, 0x85ebca77)) | 0
  const d = state[3] ^ rotate(c, 17)
  state[0] = (d + Math.imul(a ^ (a >>> 15), 0xc2b2ae3d)) | 0
  state[1] = Math.imul(b ^ (d >>> 16), 0x27d4eb2f)
  state[2] = c ^ rotate(state[0], 7)
  state[3] = (d + rotate(state[1], 11)) | 0
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

function agreementPublicKey(secret: Uint8Array): Uint8Array {
  assert(secret.length === KEY_BYTES, `a secret has ${KEY_BYTES} bytes, not ${secret.length}`)
  return sodiumSuite.hash(AGREEMENT_KEY_TAG, secret)
}

/**
 * Returns the shared secret, the same at both ends: a hash of their two public keys. The zero key stands in for a key
 * of small order.
 */
function agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | null {
  if (publicKey.length !== KEY_BYTES || publicKey.every((byte) => byte === 0)) return null
  const own = agreementPublicKey(secret)
  return compareBytes(own, publicKey) < 0
    ? sodiumSuite.hash(SHARED_SECRET_TAG, own, publicKey)
    : sodiumSuite.hash(SHARED_SECRET_TAG, publicKey, own)
}
