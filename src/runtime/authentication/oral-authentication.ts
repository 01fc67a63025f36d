/**
 * Authentication in oral mode: replicas' messages carry MACs, and each replica checks its own. Such a message
 * convinces its receiver and nobody else, so the kinds that show others what somebody signed do not exist here.
 * DESIGN: authentication.
 */
import { assertNever } from '../../base/assert.ts'
import type { ClientId, ReplicaId } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import type { RequestMode } from '../../messages/cluster.ts'
import { FRAME_KINDS } from '../../messages/kinds.ts'
import type { Message, PrePrepare, Request } from '../../messages/message.ts'
import { isRejection, type Rejection, rejection } from '../../messages/rejection.ts'
import type { SigningDigest } from '../../messages/request.ts'
import type { CryptoSuite } from '../../ports.ts'
import { isForClients, linkFault } from '../inbound/link-rules.ts'
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

  /**
   * Nobody passes on what only its receiver can check, so it is taken from its sender alone.
   * @rule 4.8
   */
  const macFault = (
    message: {
      readonly kind: keyof typeof FRAME_KINDS
      readonly sender: ReplicaId
      readonly payload: Uint8Array
      readonly authentication: Uint8Array
    },
    from: Peer,
  ): Rejection | null => {
    const fault = linkFault(message.sender, from)
    if (fault !== null) return fault
    if (macs === null) return rejection('bad-mac', 'this process has no key')
    const { kind, sender, payload, authentication } = message
    const said = { kind: 'replica', id: sender } as const
    return macs.fault({ sender: said, digest: signingDigest(FRAME_KINDS[kind], payload), authentication })
  }

  function* judgeBatch(prePrepare: PrePrepare, from: Peer): Judging {
    if (from.kind === 'client') return rejection('kind-not-for-this-link')
    const fault = macFault(prePrepare, from)
    if (fault !== null) return fault
    const clients = yield* requests.batch(prePrepare.batch)
    if (isRejection(clients)) return clients
    return clients.length === 0 ? null : { kind: 'doubt', clients }
  }

  const judge = (message: Message, from: Peer): Rejection | Doubt | null => {
    const isFromClient = from.kind === 'client'
    if (isFromClient && !isForClients(message)) return rejection('kind-not-for-this-link')
    switch (message.kind) {
      case 'request':
        if (isFromClient && from.id !== message.client) return rejection('sender-is-not-the-link')
        return singleDoubt(message, from)
      case 'pre-prepare':
        return resultOf(judgeBatch(message, from))
      case 'prepare':
      case 'commit':
      case 'checkpoint':
      case 'reply':
      case 'oral-view-change':
      case 'oral-new-view':
        return macFault(message, from)
      case 'status':
      case 'fetch':
      case 'batch':
      case 'recall':
      case 'page-fetch':
      case 'page':
      case 'refusal':
      case 'report':
      case 'place':
      case 'view-change-ack':
      case 'view-change-fetch':
      case 'view-change-delivery':
      case 'oral-recollection':
      case 'mac-complaint':
        return linkFault(message.sender, from)
      // Its sender's word, of which W decide, and no more. @rule 4.8
      case 'decision':
        if (message.commits.length > 0) return rejection('needs-signatures', 'a decision shows COMMITs')
        return linkFault(message.sender, from)
      case 'inquiry':
      case 'place-inquiry':
        return isFromClient ? null : rejection('kind-not-for-this-link')
      case 'view-change':
      case 'new-view':
      case 'stable-checkpoint':
      case 'recollection':
      case 'exhibit':
      case 'evidence-inquiry':
      case 'evidence':
        return rejection('needs-signatures', `${message.kind} shows what others signed`)
      default:
        return assertNever(message)
    }
  }

  return { judge, judgeBatch }
}
