import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, Sequence } from '../../base/ids.ts'
import type { Checker } from './checker.ts'
import { shortDigest } from './votes-seen.ts'

/** 1. No two correct replicas execute different batches at one sequence number, across views and restarts. */
export function agreement(): Checker {
  const executed = new Map<Sequence, { readonly digest: Uint8Array; readonly replica: ReplicaId }>()
  return {
    invariant: 1, // @rule 7.1
    name: 'agreement',
    onExecuted({ replica, sequence, batch }) {
      const first = executed.get(sequence)
      if (first === undefined) {
        executed.set(sequence, { digest: batch.digest, replica })
        return null
      }
      if (equalBytes(first.digest, batch.digest)) return null
      const mine = shortDigest(batch.digest)
      const theirs = shortDigest(first.digest)
      return `executed batch ${mine} at ${sequence}, where replica ${first.replica} executed ${theirs}`
    },
  }
}
