import { writeU32 } from '../../base/bytes.ts'
import type { Seals } from '../../classics/agreement/signature-chain.ts'
import type { CryptoSuite } from '../../ports.ts'

/** Keys for n generals, each of whom knows the public keys of all. */
export function createSeals(suite: CryptoSuite, n: number): readonly Seals[] {
  const signers = Array.from({ length: n }, (_, id) => {
    const seed = new Uint8Array(32)
    writeU32(seed, 0, id + 1)
    return suite.signer(seed)
  })
  return signers.map((signer) => ({
    hash: suite.hash,
    sign: (digest) => signer.sign(digest),
    isSignedBy: (id, digest, signature) => {
      const publicKey = signers[id]?.publicKey
      return publicKey !== undefined && suite.verify({ signature, digest, publicKey })
    },
  }))
}
