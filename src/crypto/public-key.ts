/** Checks on Ed25519 public keys (RFC 8032, section 5.1.3), the same for every suite with Ed25519. */
import { Point } from '@noble/ed25519'
import type { PublicKeyFault } from '../ports.ts'

/** Bytes of an Ed25519 seed or public key, of an X25519 secret or public key, and of a MAC key. */
export const KEY_BYTES = 32
/** Bytes of an Ed25519 signature. */
export const SIGNATURE_BYTES = 64
/** Bytes of a MAC. */
export const MAC_BYTES = 16

const SIGN_BIT = 0x80
/** The low byte of the field's prime p = 2^255 - 19; its other bytes are 0xff, the highest 0x7f. */
const PRIME_LOW_BYTE = 0xed

/**
 * Returns the first fault of an Ed25519 public key, or null. A key of mixed order (a valid point plus one of small
 * order) has no fault: only its owner could have made it, and all replicas of one suite judge its signatures alike.
 */
export function ed25519KeyFault(publicKey: Uint8Array): PublicKeyFault | null {
  if (publicKey.length !== KEY_BYTES) return 'wrong-length'
  if (!isCanonical(publicKey)) return 'not-canonical'
  const point = pointOf(publicKey)
  if (point === null) return 'not-on-curve'
  return point.isSmallOrder() ? 'small-order' : null
}

/** True if y < p, and the sign bit of x is clear if x is 0, which means that y is 1 or -1. */
function isCanonical(encoded: Uint8Array): boolean {
  const low = encoded[0] as number
  const high = encoded[KEY_BYTES - 1] as number
  const isNegative = (high & SIGN_BIT) !== 0
  const middle = encoded.subarray(1, KEY_BYTES - 1)
  if ((high & ~SIGN_BIT) === 0x7f && middle.every((byte) => byte === 0xff)) {
    const isMinusOne = low === PRIME_LOW_BYTE - 1
    return low < PRIME_LOW_BYTE && !(isMinusOne && isNegative)
  }
  const isOne = low === 1 && (high & ~SIGN_BIT) === 0 && middle.every((byte) => byte === 0)
  return !(isOne && isNegative)
}

function pointOf(encoded: Uint8Array): Point | null {
  try {
    return Point.fromBytes(encoded)
  } catch {
    return null // the library throws if no x belongs to this y
  }
}
