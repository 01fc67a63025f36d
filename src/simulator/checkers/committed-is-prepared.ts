import type { ReplicaId } from '../../base/ids.ts'
import { weakQuorum } from '../../base/quorum.ts'
import { isClaimed } from '../../messages/oral/inferred-messages.ts'
import type { Checker } from './checker.ts'
import { certificatesOfStep, placeKey, shortDigest } from './votes-seen.ts'

/** 6. What is committed at one correct replica was prepared by W correct ones. */
export function committedIsPrepared(n: number): Checker {
  const decided = new Set<string>()
  const preparedBy = new Map<string, Set<ReplicaId>>()
  return {
    invariant: 6, // @rule 7.6
    name: 'committed is prepared',
    onStep(seen) {
      for (const { kind, votes } of certificatesOfStep(seen)) {
        const [vote] = votes
        if (vote === undefined) continue
        const { view, sequence, digest } = vote
        const batch = `${sequence}:${shortDigest(digest)}`
        if (kind === 'decided' && isClaimed(votes)) {
          // W others vouch for the decision, so one correct replica has seen it decided, in any view.
          if (!decided.has(batch)) return `took ${sequence} as decided, which no correct replica had seen`
          continue
        }
        if (kind === 'decided') decided.add(batch)
        const key = `${placeKey({ kind: 'prepared', view, sequence })}:${shortDigest(digest)}`
        const replicas = preparedBy.get(key) ?? new Set()
        preparedBy.set(key, replicas)
        if (kind === 'prepared') replicas.add(seen.replica)
        else if (replicas.size < weakQuorum(n)) {
          return `committed ${sequence} in view ${view}, which ${replicas.size} correct replicas had prepared`
        }
      }
      return null
    },
  }
}
