import { equalBytes } from '../../base/bytes.ts'
import type { Checker, SeenReply } from './checker.ts'
import { shortDigest } from './votes-seen.ts'

/** 12. Replies of correct replicas to one (client, timestamp) are equal. */
export function equalReplies(): Checker {
  const replies = new Map<string, SeenReply>()
  return {
    invariant: 12, // @rule 7.12
    name: 'equal replies',
    onReply(seen) {
      const { client, timestamp, requestDigest, resultDigest } = seen
      const key = `${client}:${timestamp}`
      const first = replies.get(key)
      if (first === undefined) {
        replies.set(key, seen)
        return null
      }
      const isEqual =
        equalBytes(first.requestDigest, requestDigest) && equalBytes(first.resultDigest, resultDigest)
      if (isEqual) return null
      const who = `request ${timestamp} of client ${client.slice(0, 8)}`
      const both = `${shortDigest(resultDigest)}, replica ${first.replica} ${shortDigest(first.resultDigest)}`
      return `answered ${who} with ${both}`
    },
  }
}
