/**
 * `strategos/verify`: checks proofs with the public part of a cluster alone. It trusts no gateway, needs no package but
 * @noble, and runs in Node and in browsers.
 *
 *   const cluster = readPublicCluster(JSON.parse(clusterFile))
 *   const verdict = verify(cluster, JSON.parse(receipt))
 *   if (verdict.kind === 'refused') console.error(verdict.because)
 */
import { nobleProofCrypto } from './noble.ts'
import type { PublicCluster } from './proof-context.ts'
import { documentKind } from './proof-document.ts'
import { type ProvedRead, READ_PROOF_FORM, verifyRead } from './read-proof.ts'
import { type ProvedReceipt, RECEIPT_FORM, verifyReceipt } from './receipt.ts'
import type { Refused } from './refusal.ts'

export { challengedOperations } from './challenge.ts'
export { readPublicCluster } from './cluster-document.ts'
export type { PublicCluster } from './proof-context.ts'
export type { ProvedRead, ReadSaid } from './read-proof.ts'
export type { ProvedReceipt, ReceiptSaid } from './receipt.ts'
export type { ProofFault, Refused, Verdict } from './refusal.ts'
export type { OperationSaid, ResultSaid } from './request-claims.ts'
export type { SnapshotSaid } from './snapshot.ts'
export { verifySnapshot } from './snapshot-check.ts'

/** A proved document: its kind, and what it proves. */
export type Proved =
  | ({ readonly kind: 'receipt' } & ProvedReceipt)
  | ({ readonly kind: 'read-proof' } & ProvedRead)

/** Checks a document. Returns what it proves, or the reason why it proves nothing. Never throws, for any document. */
export function verify(
  cluster: PublicCluster,
  document: unknown,
): { readonly kind: 'proved'; readonly proved: Proved } | Refused {
  const context = { cluster, crypto: nobleProofCrypto }
  switch (documentKind(document)) {
    case RECEIPT_FORM.kind: {
      const verdict = verifyReceipt(context, document)
      if (verdict.kind === 'refused') return verdict
      return { kind: 'proved', proved: { kind: 'receipt', ...verdict.proved } }
    }
    case READ_PROOF_FORM.kind: {
      const verdict = verifyRead(context, document)
      if (verdict.kind === 'refused') return verdict
      return { kind: 'proved', proved: { kind: 'read-proof', ...verdict.proved } }
    }
    default:
      return {
        kind: 'refused',
        fault: 'form',
        because: 'it is not marked as a proof of a kind that is known here',
      }
  }
}
