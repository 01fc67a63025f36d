import { equalBytes } from '../../base/bytes.ts'
import type { Checker, SeenRequest } from './checker.ts'

/** 3. Each executed operation was asked for by that client. */
export function validity(): Checker {
  const asked = new Map<string, SeenRequest>()
  return {
    invariant: 3, // PBFT-7.3
    name: 'validity',
    onRequest(seen) {
      asked.set(`${seen.client}:${seen.timestamp}`, seen)
      return null
    },
    onExecuted({ sequence, batch, outcomes }) {
      for (const [index, { client, timestamp, digest, operations }] of batch.requests.entries()) {
        if (outcomes[index]?.recovery !== null) continue // a replica's own operation changes no key
        const request = asked.get(`${client}:${timestamp}`)
        const isAsked =
          request !== undefined &&
          equalBytes(request.requestDigest, digest) &&
          equalBytes(request.operations, operations)
        if (isAsked) continue
        return `executed at ${sequence} what client ${client.slice(0, 8)} never asked for as request ${timestamp}`
      }
      return null
    },
  }
}
