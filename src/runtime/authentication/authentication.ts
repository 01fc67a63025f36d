/**
 * Authentication of messages: the only place that creates `Verified` messages. Signatures are checked over the received
 * bytes. Kinds that are valid only on their sender's link are checked against the link.
 */
import type { Peer } from '../../base/peer.ts'
import type { LongHead } from '../../messages/heads.ts'
import type { Message, NewView, PrePrepare, Verified, ViewChange } from '../../messages/message.ts'
import { isRejection, type Rejection, rejection } from '../../messages/rejection.ts'
import type { MessageMacs } from './message-macs.ts'
import { createOralFaults, type Doubt } from './oral-authentication.ts'
import type { SignatureContext } from './signature-checks.ts'
import { SignedFaults } from './signed-authentication.ts'

export interface Authenticator {
  /** Checks everything that the message's kind requires. A rejection names the failed check. */
  authenticate<M extends Exclude<Message, LongMessage>>(message: M, from: Peer): Verified<M> | Rejection
  /** Checks a message that orders up to a thousand requests, one signature per step of the generator. */
  authenticateBatch(message: PrePrepare, from: Peer): Check<PrePrepare>
  /** Checks a message that holds thousands of signatures, one per step of the generator. */
  authenticateLong(head: LongHead, from: Peer): LongCheck
  /** Accepts a message that this process signed itself or read from its own log, without a check. */
  own<M extends Message>(message: M): Verified<M>
}

/** Messages that cite so many signatures that checking them at once would block the event loop (rule 3.12). */
export type LongMessage = ViewChange | NewView
export type LongCheck = Check<LongMessage>
export type Check<M extends Message> = Generator<undefined, Verified<M> | Rejection, undefined>

interface AuthenticatorContext extends SignatureContext {
  /**
   * The MACs of a process with a key, in oral mode. Without them, messages of replicas that need a MAC are rejected.
   */
  readonly macs?: MessageMacs | null
}

/** The authenticator of the cluster's mode. */
export function createAuthenticator(context: AuthenticatorContext): Authenticator {
  return context.cluster.mode === 'oral' ? oralAuthenticator(context) : signedAuthenticator(context)
}

function oralAuthenticator(context: AuthenticatorContext): Authenticator {
  const { cluster, suite, signingDigest, macs = null } = context
  const faults = createOralFaults({ suite, signingDigest, requests: cluster.requests, macs })
  const minted = <M extends Message>(
    message: M,
    judged: Rejection | Doubt | null,
  ): Verified<M> | Rejection => {
    if (judged === null) return mint(message)
    return judged.kind === 'rejection' ? judged : mint({ ...message, doubtful: judged.clients })
  }
  return {
    authenticate: (message, from) => minted(message, faults.judge(message, from)),
    *authenticateBatch(message, from) {
      return minted(message, yield* faults.judgeBatch(message, from))
    },
    // biome-ignore lint/correctness/useYield: it is over before anything was checked
    *authenticateLong() {
      return rejection('needs-signatures')
    },
    own: mint,
  }
}

function signedAuthenticator(context: AuthenticatorContext): Authenticator {
  const faults = new SignedFaults(context)
  return {
    authenticate: (message, from) => faults.judge(message, from) ?? mint(message),
    *authenticateBatch(message, from) {
      return (yield* faults.judgeBatch(message, from)) ?? mint(message)
    },
    *authenticateLong(head, from) {
      const judged = yield* faults.judgeLong(head, from)
      return isRejection(judged) ? judged : mint(judged)
    },
    own: (message) => {
      faults.noteOwn(message)
      return mint(message)
    },
  }
}

/** The only cast to `Verified` in the tree. */
function mint<M extends Message>(message: M): Verified<M> {
  return message as Verified<M>
}
