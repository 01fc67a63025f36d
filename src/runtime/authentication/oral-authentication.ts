/**
 * Authentication in oral mode: messages of replicas carry MACs, and each replica checks its own. Such a message
 * convinces its receiver only, so kinds that show others a signed message do not exist in this mode. DESIGN:
 * authentication.
 */
import type { ClientId } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import type { RequestMode } from '../../messages/cluster.ts'
import { FRAME_KINDS, hasFacts } from '../../messages/kinds.ts'
import type { Message, MessageWith, PrePrepare, Request } from '../../messages/message.ts'
import { isRejection, type Rejection, rejection } from '../../messages/rejection.ts'
import type { SigningDigest } from '../../messages/request.ts'
import type { CryptoSuite } from '../../ports.ts'
import { linkFault, vouchedByLink } from '../inbound/link-rules.ts'
import { createRequestChecks, resultOf } from '../inbound/request-checks.ts'
import type { MessageMacs } from './message-macs.ts'

/** A doubt: the batch may be valid, but this replica cannot verify the requests of these clients. */
export interface Doubt {
  readonly kind: 'doubt'
  readonly clients: readonly ClientId[]
}

/** Finds the faults and doubts of a message; null for none. */
export interface OralFaults {
  judge(message: Message, from: Peer): Rejection | Doubt | null
  /** Judges a message that orders many requests, one per step of the generator. */
  judgeBatch(prePrepare: PrePrepare, from: Peer): Judging
}

type Judging = Generator<undefined, Rejection | Doubt | null, undefined>

/**
 * Creates the functions that find faults. Without MACs, in a process that has no key of this cluster and only reads a
 * log, every message of a replica that needs a MAC is rejected.
 */
export function createOralFaults(context: {
  readonly suite: CryptoSuite
  readonly signingDigest: SigningDigest
  readonly requests: RequestMode
  readonly macs: MessageMacs | null
}): OralFaults {
  const { signingDigest, macs } = context
  const requests = createRequestChecks(context)

  /** A replica that relays a doubtful request is not at fault; a client that sends one is. */
  const singleDoubt = (request: Request, from: Peer): Rejection | Doubt | null => {
    const fault = requests.single(request)
    const isDoubtful = fault !== null && from.kind === 'replica' && requests.hasMacs(request)
    return isDoubtful ? { kind: 'doubt', clients: [request.client] } : fault
  }

  const macFault = (message: MessageWith<{ author: 'replica'; vouched: 'author' }>): Rejection | null => {
    if (macs === null) return rejection('bad-mac', 'this process has no key')
    const { kind, sender, payload, authentication } = message
    const said = { kind: 'replica', id: sender } as const
    return macs.fault({ sender: said, digest: signingDigest(FRAME_KINDS[kind], payload), authentication })
  }

  function* judgeBatch(prePrepare: PrePrepare, from: Peer): Judging {
    const fault = linkFault(prePrepare, from, 'oral') ?? macFault(prePrepare)
    if (fault !== null) return fault
    const clients = yield* requests.batch(prePrepare.batch)
    if (isRejection(clients)) return clients
    return clients.length === 0 ? null : { kind: 'doubt', clients }
  }

  const judge = (message: Message, from: Peer): Rejection | Doubt | null => {
    const fault = linkFault(message, from, 'oral')
    if (fault !== null) return fault
    switch (message.kind) {
      case 'request':
        return singleDoubt(message, from)
      case 'pre-prepare':
        return resultOf(judgeBatch(message, from))
      // A claim of its sender only; W equal claims decide. @rule 4.8
      case 'decision':
        if (message.commits.length === 0) return null
        return rejection('needs-signatures', 'a decision shows COMMITs')
      default:
        return hasFacts(message, { vouched: 'author' }) ? macFault(message) : vouchedByLink<'oral'>(message)
    }
  }

  return { judge, judgeBatch }
}
