import { nobleProofCrypto } from './noble.ts'
import type { ProofContext, PublicCluster } from './proof-context.ts'
import { type Refused, refusalIn } from './refusal.ts'
import { SnapshotReader, type SnapshotSaid } from './snapshot.ts'

/** Checks a snapshot file as its bytes come. Rejects only where the bytes cannot be read. */
export async function verifySnapshot(
  cluster: PublicCluster,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  crypto: ProofContext['crypto'] = nobleProofCrypto,
): Promise<{ readonly kind: 'proved'; readonly says: SnapshotSaid } | Refused> {
  const reader = new SnapshotReader({ cluster, crypto })
  for await (const chunk of chunks) {
    try {
      reader.take(chunk)
    } catch (error) {
      return refusalIn(error)
    }
  }
  try {
    return { kind: 'proved', says: reader.finish() }
  } catch (error) {
    return refusalIn(error)
  }
}
