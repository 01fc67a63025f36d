import type { ReplicaId } from '../../base/ids.ts'
import { faultsMax, primaryOf, weakQuorum } from '../../base/quorum.ts'
import { certificateFault } from '../../messages/certificate.ts'
import { isClaimed } from '../../messages/oral/inferred-messages.ts'
import type { Checker } from './checker.ts'
import { certificatesOfStep } from './votes-seen.ts'

/**
 * 10. A certificate that one correct replica accepts, all accept: it has one digest, distinct senders, and enough of
 * them. Enough is judged by the purpose of a quorum, not by the formula that made it: any two certificates share a
 * correct replica, so two sets of that size overlap in more than f.
 */
export function acceptableCertificates(n: number): Checker {
  const isQuorum = (voters: number): boolean => 2 * voters - n > faultsMax(n)
  return {
    invariant: 10, // @rule 7.10
    name: 'acceptable certificates',
    onStep(seen) {
      const isOral = seen.state.config.mode === 'oral'
      for (const { kind, votes } of certificatesOfStep(seen)) {
        const [first] = votes
        if (first === undefined) return `logged an empty ${kind} certificate`
        const { view, sequence, digest } = first
        const where = `${kind} certificate in view ${view} at ${sequence}`
        const expected = { kind: kind === 'prepared' ? 'prepare' : 'commit', needed: 1, digest } as const
        const fault = certificateFault(votes, expected)
        if (fault !== null) return `${where}: ${fault}`
        const voters = new Set<ReplicaId>(votes.map(({ sender }) => sender))
        const primary = primaryOf(view, n)
        if (kind === 'prepared' && voters.has(primary)) return `${where} counts a PREPARE of the primary`
        if (kind === 'prepared') voters.add(primary) // its pre-prepare is its vote
        // W that say it was decided hold a correct one, whose certificate was judged when it logged that. @rule 4.8
        if (isOral && kind === 'decided' && isClaimed(votes)) {
          if (voters.size >= weakQuorum(n)) continue
          return `${where} rests on ${voters.size} claims, which may all be false`
        }
        if (!isQuorum(voters.size)) return `${where} has ${voters.size} voters, which is not a quorum`
      }
      return null
    },
  }
}
