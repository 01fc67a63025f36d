/** The knowledge of a verifier: the public part of a cluster, and the two functions of cryptography that proofs need. */
import type { Hash } from '../../src/base/hash.ts'
import type { Cluster, ClusterReplica } from '../../src/messages/cluster.ts'
import { createSigningDigest, type Frame } from '../../src/messages/frame.ts'
import { whyNoEvidence } from './no-evidence.ts'
import { refuse } from './refusal.ts'

/** The part of a cluster that proofs are checked with. */
export type PublicCluster = Pick<Cluster, 'clusterId' | 'mode' | 'reads' | 'checkpointInterval'> & {
  readonly replicas: readonly Pick<ClusterReplica, 'publicKey'>[]
}

export interface ProofCrypto {
  readonly hash: Hash
  /** False for anything that is no valid signature, of any length; never throws. */
  verify(signed: {
    readonly signature: Uint8Array
    readonly digest: Uint8Array
    readonly publicKey: Uint8Array
  }): boolean
}

export interface ProofContext {
  readonly cluster: PublicCluster
  readonly crypto: ProofCrypto
}

/** Refuses a cluster whose replicas sign nothing. */
export function expectSignatures({ cluster }: ProofContext): void {
  const whyNot = whyNoEvidence(cluster)
  if (whyNot !== null) refuse('oral', whyNot.replace(/\.$/, ''))
}

/** Creates the check of a frame's signature by one key. */
export function signatureCheck({
  cluster,
  crypto,
}: ProofContext): (
  frame: Pick<Frame, 'kind' | 'payload' | 'authentication'>,
  publicKey: Uint8Array,
) => boolean {
  const signingDigest = createSigningDigest(crypto.hash, cluster.clusterId)
  return ({ kind, payload, authentication }, publicKey) =>
    crypto.verify({ signature: authentication, digest: signingDigest(kind, payload), publicKey })
}
