import { primaryOf, quorum } from '../../base/quorum.ts'
import { certificateFault } from '../../messages/certificate.ts'
import type { Checker } from './checker.ts'
import { certificatesOfStep } from './votes-seen.ts'

/** 10. A certificate that one correct replica accepts, all accept: it is whole, of one digest, of distinct senders. */
export function acceptableCertificates(n: number): Checker {
  return {
    invariant: 10,
    name: 'acceptable certificates',
    onStep(seen) {
      for (const { kind, votes } of certificatesOfStep(seen)) {
        const [first] = votes
        if (first === undefined) return `logged an empty ${kind} certificate`
        const { view, sequence, digest } = first
        const expected =
          kind === 'prepared'
            ? ({ kind: 'prepare', needed: quorum(n) - 1, digest } as const)
            : ({ kind: 'commit', needed: quorum(n), digest } as const)
        const where = `${kind} certificate in view ${view} at ${sequence}`
        const fault = certificateFault(votes, expected)
        if (fault !== null) return `${where}: ${fault}`
        const primary = primaryOf(view, n)
        if (kind === 'prepared' && votes.some(({ sender }) => sender === primary)) {
          return `${where} counts a PREPARE of the primary`
        }
      }
      return null
    },
  }
}
