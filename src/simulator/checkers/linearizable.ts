import { equalBytes } from '../../base/bytes.ts'
import { type Checker, requestKey } from './checker.ts'

/**
 * 13. The clients' history is linearizable. The order of execution is the witness: each answer is the result of
 * executing the request at its place, and a request sent after the answer to another one has a later place. (A read
 * that was not ordered has no place; the other checkers of 13 judge it. That all replicas execute in one order, from
 * one state, is 1 and 2; a request without an answer may have a place or none.)
 */
export function linearizable(): Checker {
  const executed = new Map<string, { readonly place: number; readonly results: Uint8Array | null }>()
  /** The latest place of any answer, and its value when each open request was sent. */
  let latest = 0
  const atRequest = new Map<string, number>()
  return {
    invariant: 13, // @rule 7.13
    name: 'linearizable',
    onExecuted({ sequence, batch, outcomes }) {
      for (const [index, { client, timestamp, results, standing }] of outcomes.entries()) {
        const requestDigest = batch.requests[index]?.digest ?? NO_DIGEST
        const key = requestKey({ client, timestamp, requestDigest })
        if (standing === 'new' && !executed.has(key)) {
          executed.set(key, { place: sequence * PLACES_PER_BATCH + index, results })
        }
      }
      return null
    },
    onRequest(seen) {
      atRequest.set(requestKey(seen), latest)
      return null
    },
    onAnswer({ client, timestamp, requestDigest, results, isUnordered }) {
      if (isUnordered === true) return null
      const key = requestKey({ client, timestamp, requestDigest })
      const what = `request ${timestamp} of client ${client.slice(0, 8)}`
      const origin = executed.get(key)
      if (origin === undefined) return `${what} was answered, and no correct replica had executed it`
      if (origin.results === null || !equalBytes(origin.results, results)) {
        return `the answer to ${what} differs from the result of its execution`
      }
      const before = atRequest.get(key) ?? 0
      if (origin.place <= before) {
        const asked = sequenceOf(before)
        return `${what} was executed at ${sequenceOf(origin.place)}, and sent after an answer from ${asked}`
      }
      latest = Math.max(latest, origin.place)
      return null
    },
  }
}

const NO_DIGEST = new Uint8Array(0)
/** A number above the requests of a batch. */
const PLACES_PER_BATCH = 4_096

const sequenceOf = (place: number): number => Math.floor(place / PLACES_PER_BATCH)
