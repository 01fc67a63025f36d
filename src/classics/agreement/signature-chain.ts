/**
 * A value with the signatures of all processes that relayed it: `v:0:j:k` in the paper. Each signature covers the value
 * and the signers up to its own, and so their order. Nobody can remove or insert a signature, or change the value.
 */
import { utf8 } from '../../base/bytes.ts'
import type { Hash } from '../../base/hash.ts'
import { packPayload } from '../../messages/payload.ts'
import { type ProcessId, readMessage, VALUE_MAX, type Value } from '../process.ts'

export const SIGNATURE_BYTES = 64

/** The signing and checking functions: a process can sign as itself, and check every process's signature. */
export interface Seals {
  readonly hash: Hash
  sign(digest: Uint8Array): Uint8Array
  isSignedBy(signer: ProcessId, digest: Uint8Array, signature: Uint8Array): boolean
}

export interface Chain {
  readonly value: Value
  readonly signers: readonly ProcessId[]
  /** The signatures, concatenated in the order of the signers. */
  readonly signatures: Uint8Array
}

const TAG = utf8('strategos generals')

const digestOf = (hash: Hash, value: Value, signers: readonly ProcessId[]): Uint8Array =>
  hash(TAG, packPayload([value, [...signers]]))

/** Returns the chain with one more signature. A new chain has no signers yet. */
export function signOn({ value, signers, signatures }: Chain, self: ProcessId, seals: Seals): Chain {
  const longer = [...signers, self]
  const signature = seals.sign(digestOf(seals.hash, value, longer))
  const joined = new Uint8Array(signatures.length + SIGNATURE_BYTES)
  joined.set(signatures)
  joined.set(signature, signatures.length)
  return { value, signers: longer, signatures: joined }
}

export const unsigned = (value: Value): Chain => ({ value, signers: [], signatures: new Uint8Array(0) })

export const encodeChain = ({ value, signers, signatures }: Chain): Uint8Array =>
  packPayload([value, [...signers], signatures])

/**
 * Returns the chain in a message without checking its signatures. Null if there is none, or if a process signed twice.
 */
export function readChain(payload: Uint8Array, n: number): Chain | null {
  return readMessage(payload, (fields) => {
    const value = fields.integer()
    const signers = fields.integers(n)
    const size = signers.length * SIGNATURE_BYTES
    const signatures = fields.bytes({ least: size, most: size })
    const isProper = new Set(signers).size === signers.length && signers.every((id) => id < n)
    return isProper && value <= VALUE_MAX ? { value, signers, signatures } : null
  })
}

/** True if every signature in the chain is valid. */
export function isGenuine({ value, signers, signatures }: Chain, seals: Seals): boolean {
  return signers.every((signer, index) =>
    seals.isSignedBy(
      signer,
      digestOf(seals.hash, value, signers.slice(0, index + 1)),
      signatures.subarray(index * SIGNATURE_BYTES, (index + 1) * SIGNATURE_BYTES),
    ),
  )
}
