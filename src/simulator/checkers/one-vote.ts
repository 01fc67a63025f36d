import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { Checker } from './checker.ts'
import { placeKey, shortDigest, votesOfStep } from './votes-seen.ts'

/**
 * 5, second half. No correct replica votes or proposes twice for one (kind, v, s) with different digests, restarts
 * included. Its signed messages count wherever they appear.
 */
export function oneVote(isCorrect: (replica: ReplicaId) => boolean): Checker {
  const voted = new Map<number, Uint8Array>()
  return {
    invariant: 5, // @rule 7.5
    name: 'one vote',
    onStep(seen) {
      for (const vote of votesOfStep(seen)) {
        if (!isCorrect(vote.sender)) continue
        const key = placeKey(vote)
        const first = voted.get(key)
        if (first === undefined) voted.set(key, vote.digest)
        else if (first !== vote.digest && !equalBytes(first, vote.digest)) {
          const { kind, view, sequence, sender } = vote
          const both = `${shortDigest(first)} and ${shortDigest(vote.digest)}`
          return `replica ${sender} sent two ${kind} messages in view ${view} at ${sequence}: ${both}`
        }
      }
      return null
    },
  }
}
