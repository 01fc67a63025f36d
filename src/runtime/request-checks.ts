/** Whether clients signed their requests: the same in both modes. */
import type { Batch, Request } from '../messages/message.ts'
import { type Rejection, rejection } from '../messages/rejection.ts'
import type { CryptoSuite } from '../ports.ts'
import { VerifiedRequests } from './verified-requests.ts'

export interface RequestChecks {
  /** One that came by itself: it comes again in a batch. */
  single(request: Request): Rejection | null
  /** All that a batch orders; null where each is signed by its client. */
  batch(batch: Batch): Rejection | null
}

export function createRequestChecks(suite: CryptoSuite): RequestChecks {
  const verifiedRequests = new VerifiedRequests()

  const requestFault = (request: Request): Rejection | null =>
    suite.verify({
      signature: request.authentication,
      digest: request.digest,
      publicKey: request.publicKey,
    })
      ? null
      : rejection('bad-signature', 'a request is not signed by its client')

  return {
    single: (request) => {
      const bad = requestFault(request)
      if (bad === null) verifiedRequests.add(request)
      return bad
    },
    batch: ({ requests }) => {
      for (const request of requests) {
        const bad = verifiedRequests.take(request) ? null : requestFault(request)
        if (bad !== null) return bad
      }
      return null
    },
  }
}
