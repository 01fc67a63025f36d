import { equalBytes } from '../../base/bytes.ts'
import type { Checker } from './checker.ts'
import { certificatesOfStep, placeKey, shortDigest } from './votes-seen.ts'

/** 5, first half. No two different prepared certificates for one (v, s), and no two different decisions. */
export function oneCertificate(): Checker {
  const certified = new Map<number, Uint8Array>()
  return {
    invariant: 5, // @rule 7.5
    name: 'one certificate',
    onStep(seen) {
      for (const { kind, votes } of certificatesOfStep(seen)) {
        const [vote] = votes
        if (vote === undefined) continue
        const { view, sequence, digest } = vote
        const key = placeKey({ kind, view, sequence })
        const first = certified.get(key)
        if (first === undefined) certified.set(key, digest)
        else if (!equalBytes(first, digest)) {
          const both = `${shortDigest(first)} and ${shortDigest(digest)}`
          return `two ${kind} certificates in view ${view} at ${sequence}: ${both}`
        }
      }
      return null
    },
  }
}
