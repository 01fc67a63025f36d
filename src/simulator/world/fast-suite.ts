/**
 * The simulated suite with a faster hash. A simulation hashes the same few hundred bytes tens of thousands of times,
 * and no adversary in it searches for collisions: 256 mixed bits distinguish inputs as reliably as SHA-256.
 */
import { writeU32 } from '../../base/bytes.ts'
import { DIGEST_BYTES } from '../../base/hash.ts'
import { nobleSuite } from '../../crypto/noble-suite.ts'
import { simulatedSuite } from '../../crypto/simulated-suite.ts'
import { sodiumSuite } from '../../crypto/sodium-suite.ts'
import type { CryptoSuite, SuiteName } from '../../ports.ts'

/** Bytes that the scratch buffer holds; longer input gets a buffer of its own. */
const SCRATCH_BYTES = 128 * 1024

const scratch = new Uint8Array(SCRATCH_BYTES)

export const fastSuite: CryptoSuite = { ...simulatedSuite, hash }

/** The suites that a plan may sign with. */
export const simulatedSuites: Readonly<Record<SuiteName, CryptoSuite>> = {
  simulated: fastSuite,
  sodium: sodiumSuite,
  noble: nobleSuite,
}

function hash(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const input = length + 4 <= SCRATCH_BYTES ? scratch : new Uint8Array(length + 4)
  let at = 0
  for (const part of parts) {
    input.set(part, at)
    at += part.length
  }
  input.fill(0, at, at + 4)
  return mixedDigest(input, length)
}

/** Four lanes of 32 bits over the input's words and its length; local variables, because they stay in registers. */
function mixedDigest(input: Uint8Array, length: number): Uint8Array {
  let a = 0x243f6a88
  let b = 0x85a308d3 | 0
  let c = 0x13198a2e
  let d = length
  const digest = new Uint8Array(DIGEST_BYTES)
  const inputEnd = (length + 3) & ~3
  // Behind the input, one round for each word of the digest.
  for (let at = 0; at < inputEnd + DIGEST_BYTES; at += 4) {
    const isInput = at < inputEnd
    const word = isInput ? wordAt(input, at) : at
    a = Math.imul(a ^ word, 0x9e3779b1)
    a = (a << 13) | (a >>> 19)
    b = (Math.imul(b ^ a, 0x85ebca77) + c) | 0
    c = ((c << 17) | (c >>> 15)) ^ b
    d = Math.imul(d + (c ^ word), 0xc2b2ae3d)
    d ^= d >>> 15
    a = (a + d) | 0
    if (!isInput) writeU32(digest, at - inputEnd, a ^ c)
  }
  return digest
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 24) |
  ((bytes[at + 1] as number) << 16) |
  ((bytes[at + 2] as number) << 8) |
  (bytes[at + 3] as number)
