import { readU64 } from '../../base/bytes.ts'
import { readResults } from '../../store/results.ts'
import { type Checker, requestKey } from './checker.ts'

/**
 * 13, a necessary part of it. An operation sent after the answer to another one sees a revision of the store that is
 * not lower: no answer is stale.
 */
export function realTimeOrder(): Checker {
  /** The highest revision of any answer so far, and its value when each open request was sent. */
  let highest = 0
  const atRequest = new Map<string, number>()
  return {
    invariant: 13, // @rule 7.13
    name: 'real-time order',
    onRequest(seen) {
      atRequest.set(requestKey(seen), highest)
      return null
    },
    onAnswer({ client, timestamp, requestDigest, results }) {
      const key = requestKey({ client, timestamp, requestDigest })
      const least = atRequest.get(key)
      atRequest.delete(key)
      const what = `the answer to request ${timestamp} of client ${client.slice(0, 8)}`
      const framed = readResults(results)
      if (framed === null || least === undefined) return `${what} is malformed or was not awaited`
      for (const { fields } of framed) {
        if (fields.length < 8) continue // A result without a revision.
        const revision = readU64(fields, 0)
        if (revision < least) return `${what} shows revision ${revision}, after ${least} was shown`
        highest = Math.max(highest, revision)
      }
      return null
    },
  }
}
