import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, Sequence } from '../../base/ids.ts'
import type { Application } from '../../ports.ts'
import type { Checker } from './checker.ts'
import { shortDigest } from './votes-seen.ts'

/**
 * A fingerprint reads the whole state, so states are compared only at multiples of this number, and at the position at
 * which the load ended, because other clients may continue.
 */
const COMPARED_EVERY = 16

/**
 * 2. Executed sequences are prefixes of one another, and each state is the replay of its prefix: no number is left out
 * and the states behind equal numbers are equal.
 */
export function totalOrder(): Checker {
  const reached = new Map<ReplicaId, { readonly incarnation: number; readonly sequence: Sequence }>()
  const fingerprints = new Map<Sequence, { readonly fingerprint: Uint8Array; readonly replica: ReplicaId }>()

  let final: Sequence | null = null

  const compare = (replica: ReplicaId, sequence: Sequence, application: Application): string | null => {
    const fingerprint = application.fingerprint()
    const first = fingerprints.get(sequence)
    if (first === undefined) {
      fingerprints.set(sequence, { fingerprint, replica })
      return null
    }
    if (equalBytes(first.fingerprint, fingerprint)) return null
    const mine = shortDigest(fingerprint)
    const theirs = shortDigest(first.fingerprint)
    return `state ${mine} after ${sequence}, where replica ${first.replica} has ${theirs}`
  }

  return {
    invariant: 2, // @rule 7.2
    name: 'total order',
    onExecuted({ replica, incarnation, isRestored, sequence, application }) {
      const last = reached.get(replica)
      const expected = last?.incarnation === incarnation ? last.sequence + 1 : 1
      reached.set(replica, { incarnation, sequence })
      // A stored or fetched state is judged by the batches executed on it.
      if (isRestored)
        return sequence < expected
          ? `executed ${sequence} after ${expected - 1}`
          : compare(replica, sequence, application)
      if (sequence !== expected) return `executed ${sequence} where ${expected} is next`
      return sequence % COMPARED_EVERY === 0 || sequence === final
        ? compare(replica, sequence, application)
        : null
    },
    onLoadOver(sequence) {
      final = sequence
      return null
    },
    onSettled: ({ replica, lastExecuted, application }) => compare(replica, lastExecuted, application),
  }
}
