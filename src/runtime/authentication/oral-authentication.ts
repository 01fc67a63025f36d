/**
 * Authentication in oral mode: replicas' messages carry MACs, and each replica checks its own. Such a message
 * convinces its receiver and nobody else, so the kinds that show others what somebody signed do not exist here.
 * DESIGN: authentication.
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

/** A batch may be as it should be, and these clients' requests in it not provable to this replica. */
export interface Doubt {
  readonly kind: 'doubt'
  readonly clients: readonly ClientId[]
}

/** The faults and doubts of a message; null for none. */
export interface OralFaults {
  judge(message: Message, from: Peer): Rejection | Doubt | null
  /** The same for what orders many requests: checks one each time it is asked to go on. */
  judgeBatch(prePrepare: PrePrepare, from: Peer): Judging
}

type Judging = Generator<undefined, Rejection | Doubt | null, undefined>

/**
 * Without MACs, in a process that has no key of this cluster and only reads what was logged, no message of a replica is good
 * that asks for one.
 */
export function createOralFaults(context: {
  readonly suite: CryptoSuite
  readonly signingDigest: SigningDigest
  readonly requests: RequestMode
  readonly macs: MessageMacs | null
}): OralFaults {
  const { signingDigest, macs } = context
  const requests = createRequestChecks(context)

  /** A replica that passes on a doubtful request does nothing wrong; a client that sends one does. */
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
      // Its sender's word, of which W decide, and no more. @rule 4.8
      case 'decision':
        if (message.commits.length === 0) return null
        return rejection('needs-signatures', 'a decision shows COMMITs')
      default:
        return hasFacts(message, { vouched: 'author' }) ? macFault(message) : vouchedByLink<'oral'>(message)
    }
  }

  return { judge, judgeBatch }
}
