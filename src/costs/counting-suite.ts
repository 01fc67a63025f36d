/** A suite that counts what is asked of it, signatures and MACs by the kind of message that they are for. */
import { toHex } from '../base/bytes.ts'
import type { CryptoSuite } from '../ports.ts'

export class CryptoCounts {
  hashes = 0
  /** MACs made or checked inside messages; those of links are the meter's. */
  macs = 0
  /** The same by kind and by what was done with them. */
  readonly macsMade = new Map<string, number>()
  readonly macsChecked = new Map<string, number>()
  /** Signatures. */
  readonly made = new Map<string, number>()
  readonly checked = new Map<string, number>()

  reset(): void {
    this.hashes = 0
    this.macs = 0
    for (const counted of [this.macsMade, this.macsChecked, this.made, this.checked]) counted.clear()
  }
}

const NOTHING = new Uint8Array(0)

/** Signatures and MACs of what `kindOf` knows nothing of. */
export const UNKNOWN_KIND = 'other'

/**
 * `kindOf` tells from the parts that are hashed for which kind of message the digest will be signed or get MACs; null for what is no
 * such digest.
 */
export function countingSuite(
  suite: CryptoSuite,
  counts: CryptoCounts,
  kindOf: (parts: readonly Uint8Array[]) => string | null = () => null,
): CryptoSuite {
  const kinds = new Map<string, string>()
  const countOf = (digest: Uint8Array, of: Map<string, number>): void =>
    increase(of, kinds.get(toHex(digest)) ?? UNKNOWN_KIND)
  return {
    ...suite,
    hash: (...parts) => {
      counts.hashes++
      const digest = suite.hash(...parts)
      const kind = kindOf(parts)
      if (kind !== null) kinds.set(toHex(digest), kind)
      return digest
    },
    signer: (seed) => {
      const signer = suite.signer(seed)
      return {
        publicKey: signer.publicKey,
        sign: (digest) => {
          countOf(digest, counts.made)
          return signer.sign(digest)
        },
      }
    },
    verify: (signed) => {
      countOf(signed.digest, counts.checked)
      return suite.verify(signed)
    },
    mac: (key, ...parts) => {
      counts.macs++
      countOf(parts[0] ?? NOTHING, counts.macsMade)
      return suite.mac(key, ...parts)
    },
    verifyMac: (tag, key, ...parts) => {
      counts.macs++
      countOf(parts[0] ?? NOTHING, counts.macsChecked)
      return suite.verifyMac(tag, key, ...parts)
    },
  }
}

export function increase(counts: Map<string, number>, kind: string, by = 1): void {
  counts.set(kind, (counts.get(kind) ?? 0) + by)
}

/** The sum of the counts of these kinds. */
export const sumOf = (counts: ReadonlyMap<string, number>, kinds: Iterable<string>): number =>
  [...kinds].reduce((sum, kind) => sum + (counts.get(kind) ?? 0), 0)
