import { equalBytes } from '../../base/bytes.ts'
import type { Checker, SeenRequest } from './checker.ts'

/** 3. Each executed operation was requested by its client. */
export function validity(): Checker {
  const asked = new Map<string, SeenRequest[]>()
  const note = (seen: SeenRequest): null => {
    const key = `${seen.client}:${seen.timestamp}`
    const others = asked.get(key)
    if (others === undefined) asked.set(key, [seen])
    else others.push(seen)
    return null
  }
  return {
    invariant: 3, // @rule 7.3
    name: 'validity',
    onRequest: note,
    onSigned: note,
    onExecuted({ sequence, batch, outcomes }) {
      for (const [index, { client, timestamp, digest, operations }] of batch.requests.entries()) {
        if (outcomes[index]?.recovery !== null) continue // A replica's own operation changes no key.
        const isAsked = asked
          .get(`${client}:${timestamp}`)
          ?.some(
            (request) =>
              equalBytes(request.requestDigest, digest) && equalBytes(request.operations, operations),
          )
        if (isAsked === true) continue
        return `executed at ${sequence} what client ${client.slice(0, 8)} never asked for as request ${timestamp}`
      }
      return null
    },
  }
}
