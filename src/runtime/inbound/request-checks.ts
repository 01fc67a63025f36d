/**
 * The checks that requests come from their clients. A signed request is valid for every replica or for none. With MACs,
 * this replica checks its own; if it is wrong, a request in a batch is doubtful, because its client may have made right
 * MACs for the others.
 * @rule 1.1
 */
import type { ClientId } from '../../base/ids.ts'
import type { RequestMode } from '../../messages/cluster.ts'
import { SIGNATURE_BYTES } from '../../messages/limits.ts'
import type { Batch, Request } from '../../messages/message.ts'
import { type Rejection, rejection } from '../../messages/rejection.ts'
import type { CryptoSuite } from '../../ports.ts'
import type { MessageMacs } from '../authentication/message-macs.ts'
import { VerifiedRequests } from '../authentication/verified-requests.ts'

export interface RequestChecks {
  /** True if the request has MACs in place of a signature. */
  hasMacs(request: Request): boolean
  /** Checks a request that arrived alone and will arrive again in a batch. */
  single(request: Request): Rejection | null
  /**
   * Checks the requests of a batch, one per step of the generator. Returns the clients with doubtful requests, each
   * once, or the fault that makes the batch invalid.
   */
  batch(batch: Batch): Generator<undefined, readonly ClientId[] | Rejection, undefined>
}

const NOBODY: readonly ClientId[] = []

export function createRequestChecks(context: {
  readonly suite: CryptoSuite
  readonly requests: RequestMode
  readonly macs: MessageMacs | null
}): RequestChecks {
  const { suite, requests: mode, macs } = context
  const verifiedRequests = new VerifiedRequests()

  const hasMacs = ({ authentication }: Request): boolean =>
    mode === 'oral' && authentication.length !== SIGNATURE_BYTES

  const signatureFault = ({ authentication, digest, publicKey }: Request): Rejection | null =>
    suite.verify({ signature: authentication, digest, publicKey })
      ? null
      : rejection('bad-signature', 'a request is not signed by its client')

  const macFault = ({ authentication, digest, client }: Request): Rejection | null =>
    macs === null
      ? rejection('bad-mac', 'this process has no key')
      : macs.fault({ sender: { kind: 'client', id: client }, digest, authentication })

  const requestFault = (request: Request): Rejection | null =>
    hasMacs(request) ? macFault(request) : signatureFault(request)

  return {
    hasMacs,
    single: (request) => {
      const bad = requestFault(request)
      if (bad === null) verifiedRequests.add(request)
      return bad
    },
    *batch({ requests }) {
      let doubtful: Set<ClientId> | null = null
      for (const request of requests) {
        if (verifiedRequests.take(request)) continue
        yield
        const bad = requestFault(request)
        if (bad === null) continue
        if (!hasMacs(request)) return bad
        doubtful ??= new Set()
        doubtful.add(request.client)
      }
      return doubtful === null ? NOBODY : [...doubtful]
    },
  }
}

/** Runs a check to its end and returns the result. */
export function resultOf<T>(check: Generator<undefined, T, undefined>): T {
  for (;;) {
    const next = check.next()
    if (next.done === true) return next.value
  }
}
