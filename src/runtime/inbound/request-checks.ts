/**
 * Checks that requests are their clients'. Signed, each is good or bad for everybody. With MACs this replica checks
 * its own, and where that fails a request in a batch is doubtful: its client may have made the others good and this
 * one not.
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
  /** True if it has MACs in place of a signature. */
  hasMacs(request: Request): boolean
  /** One that came by itself: it comes again in a batch. */
  single(request: Request): Rejection | null
  /**
   * All that a batch orders, one check each time it is asked to go on: the clients whose requests are doubtful, each once,
   * or what makes all of it bad.
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

/** Checks all at once. */
export function resultOf<T>(check: Generator<undefined, T, undefined>): T {
  for (;;) {
    const next = check.next()
    if (next.done === true) return next.value
  }
}
