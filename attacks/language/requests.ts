/** Changes that adversaries make to requests. */
import { createSigningDigest } from '../../src/messages/frame.ts'
import type { Request } from '../../src/messages/message.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import type { AdversaryContext } from './adversary-context.ts'
import { flipped } from './mutations.ts'

/** Other operations under the same signature; all digests fit. */
export function tampered(request: Request, { hash, cluster }: AdversaryContext): Request {
  return encodeRequest(
    { ...request, operations: flipped(request.operations) },
    {
      hash,
      signingDigest: createSigningDigest(hash, cluster.clusterId),
      sign: () => request.authentication,
    },
  )
}
