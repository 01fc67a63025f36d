import type { ReplicaId, Sequence } from '../../base/ids.ts'
import type { Checker } from './checker.ts'
import { shortDigest } from './votes-seen.ts'

/** 4. Each (client, timestamp) changes the state at most once, and at one sequence number everywhere. */
export function exactlyOnce(): Checker {
  /** Per replica, the requests that took effect since its start: a restart replays from the beginning. */
  const effective = new Map<ReplicaId, { readonly incarnation: number; readonly requests: Set<string> }>()
  const sequences = new Map<string, Sequence>()
  return {
    invariant: 4, // @rule 7.4
    name: 'exactly once',
    onExecuted({ replica, incarnation, sequence, outcomes }) {
      let own = effective.get(replica)
      if (own?.incarnation !== incarnation) {
        own = { incarnation, requests: new Set() }
        effective.set(replica, own)
      }
      for (const { client, timestamp, requestDigest, standing, recovery } of outcomes) {
        // A refused recovery operation changes nothing, however often it is ordered.
        if (standing !== 'new' || recovery?.isAccepted === false) continue
        // A replica's recovery operations have no timestamp: each is its nonce. @rule 6.4
        const request = `${client}:${timestamp === 0 ? shortDigest(requestDigest) : timestamp}`
        const what = `request ${timestamp} of client ${client.slice(0, 8)}`
        if (own.requests.has(request)) return `${what} took effect again at ${sequence}`
        own.requests.add(request)
        const elsewhere = sequences.get(request) ?? sequence
        if (elsewhere !== sequence) return `${what} took effect at ${sequence}, elsewhere at ${elsewhere}`
        sequences.set(request, sequence)
      }
      return null
    },
  }
}
