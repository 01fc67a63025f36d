/**
 * The check of evidence of equivocation, which needs the cluster's public keys only. Anyone with the cluster file can
 * make it, without a replica and without trust in the source of the messages.
 */
import { decodeCited } from '../../messages/cited.ts'
import type { Cluster } from '../../messages/cluster.ts'
import { type EvidenceFault, evidenceFault } from '../../messages/evidence.ts'
import { createSigningDigest, frameOfEnvelope } from '../../messages/frame.ts'
import { FRAME_KINDS } from '../../messages/kinds.ts'
import type { Evidence, SignedOnce } from '../../messages/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { CryptoSuite } from '../../ports.ts'

/** Two envelopes that allegedly contradict each other. */
export interface AllegedEvidence {
  readonly first: Uint8Array
  readonly second: Uint8Array
}

export type EvidenceVerdict =
  | { readonly kind: 'proved'; readonly evidence: Evidence }
  | { readonly kind: 'not-proved'; readonly because: EvidenceFailure }

/** The reason why evidence proves nothing. The first two concern one of its messages. */
export type EvidenceFailure =
  | { readonly fault: 'not-a-signed-message' | 'unknown-signer' | 'bad-signature'; readonly which: Which }
  | { readonly fault: EvidenceFault }

type Which = 'first' | 'second'

/**
 * Creates the function that checks evidence of one cluster. That function never throws, for any bytes.
 * @rule 1.5
 */
export function createEvidenceVerifier(context: {
  readonly cluster: Pick<Cluster, 'clusterId' | 'replicas'>
  readonly suite: CryptoSuite
}): (alleged: AllegedEvidence) => EvidenceVerdict {
  const { cluster, suite } = context
  const signingDigest = createSigningDigest(suite.hash, cluster.clusterId)

  const isSigned = (message: SignedOnce, publicKey: Uint8Array): boolean =>
    suite.verify({
      signature: message.authentication,
      digest: signingDigest(FRAME_KINDS[message.kind], message.payload),
      publicKey,
    })

  const readSigned = (envelope: Uint8Array, which: Which): SignedOnce | EvidenceFailure => {
    const message = decodeCited(frameOfEnvelope(envelope))
    if (isRejection(message)) return { fault: 'not-a-signed-message', which }
    const publicKey = cluster.replicas[message.sender]?.publicKey
    if (publicKey === undefined) return { fault: 'unknown-signer', which }
    return isSigned(message, publicKey) ? message : { fault: 'bad-signature', which }
  }

  return (alleged) => {
    const first = readSigned(alleged.first, 'first')
    if ('fault' in first) return { kind: 'not-proved', because: first }
    const second = readSigned(alleged.second, 'second')
    if ('fault' in second) return { kind: 'not-proved', because: second }
    const fault = evidenceFault(first, second)
    if (fault !== null) return { kind: 'not-proved', because: { fault } }
    return { kind: 'proved', evidence: { guilty: first.sender, first, second } }
  }
}
