/**
 * Who said it: the one place where `Verified` is minted. Signatures are checked over the bytes received; kinds that
 * are valid only on their sender's link are checked against the link.
 */
import { assertNever } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import type { ReplicaId } from '../base/ids.ts'
import type { Peer } from '../base/peer.ts'
import { quorum } from '../base/quorum.ts'
import { certificateFault } from '../messages/certificate.ts'
import type { Cluster } from '../messages/cluster.ts'
import { FRAME_KINDS } from '../messages/kinds.ts'
import type { Decision, Message, PrePrepare, Reply, Request, Verified, Vote } from '../messages/message.ts'
import { type Rejection, rejection } from '../messages/rejection.ts'
import type { SigningDigest } from '../messages/request.ts'
import type { CryptoSuite } from '../ports.ts'

export interface Authenticator {
  /** Checks everything that the message's kind asks for. A rejection names what failed. */
  authenticate<M extends Message>(message: M, from: Peer): Verified<M> | Rejection
  /** For messages that this process signed itself, or read back from its own log, which proves itself. */
  own<M extends Message>(message: M): Verified<M>
}

/** Reply envelopes remembered per replica: the replies of one batch share theirs, and are checked once. */
const REPLIES_REMEMBERED = 16

export function createAuthenticator(context: {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signingDigest: SigningDigest
}): Authenticator {
  const { cluster, suite, signingDigest } = context
  const n = cluster.replicas.length
  const knownReplies = cluster.replicas.map(() => [] as Uint8Array[])

  const keyOf = (id: ReplicaId): Uint8Array | undefined => cluster.replicas[id]?.publicKey

  const isSignedBy = (
    message: Pick<Message, 'payload' | 'authentication'>,
    kind: keyof typeof FRAME_KINDS,
    publicKey: Uint8Array,
  ): boolean =>
    suite.verify({
      signature: message.authentication,
      digest: signingDigest(FRAME_KINDS[kind], message.payload),
      publicKey,
    })

  /** Null when the sender signed it; else the name of what is wrong, for a log line and for blame. */
  const signatureFault = (message: PrePrepare | Vote | Reply, from: Peer): Rejection | null => {
    const publicKey = keyOf(message.sender)
    if (publicKey === undefined) return rejection('unknown-sender')
    if (isSignedBy(message, message.kind, publicKey)) return null
    // Two more checks at most, and only for what is bad already: enough to tell impersonation from noise.
    const linkKey = from.kind === 'replica' && from.id !== message.sender ? keyOf(from.id) : undefined
    if (linkKey !== undefined && isSignedBy(message, message.kind, linkKey)) {
      return rejection('sender-is-not-the-signer', `replica ${String(message.sender)} did not sign this`)
    }
    const otherKind = message.kind === 'prepare' ? 'commit' : message.kind === 'commit' ? 'prepare' : null
    if (otherKind !== null && isSignedBy(message, otherKind, publicKey)) {
      return rejection('signed-as-another-kind', `signed as ${otherKind}, shown as ${message.kind}`)
    }
    return rejection('bad-signature')
  }

  const requestFault = (request: Request): Rejection | null =>
    suite.verify({
      signature: request.authentication,
      digest: request.digest,
      publicKey: request.publicKey,
    })
      ? null
      : rejection('bad-signature', 'a request is not signed by its client')

  const prePrepareFault = (prePrepare: PrePrepare, from: Peer): Rejection | null => {
    const fault = signatureFault(prePrepare, from)
    if (fault !== null) return fault
    for (const request of prePrepare.batch.requests) {
      const bad = requestFault(request)
      if (bad !== null) return bad
    }
    return null
  }

  const decisionFault = (decision: Decision, from: Peer): Rejection | null => {
    const { commits, digest, sequence, view } = decision
    const fault = certificateFault(commits, { kind: 'commit', needed: quorum(n), digest })
    if (fault !== null) return rejection(fault)
    if (commits[0]?.sequence !== sequence || commits[0].view !== view) return rejection('certificate-mixed')
    for (const commit of commits) {
      const bad = signatureFault(commit, from)
      if (bad !== null) return bad
    }
    return null
  }

  const replyFault = (reply: Reply, from: Peer): Rejection | null => {
    const known = knownReplies[reply.sender]
    if (known === undefined) return rejection('unknown-sender')
    if (known.some((envelope) => equalBytes(envelope, reply.envelope))) return null
    const fault = signatureFault(reply, from)
    if (fault !== null) return fault
    known.push(reply.envelope)
    if (known.length > REPLIES_REMEMBERED) known.shift()
    return null
  }

  const linkFault = (sender: ReplicaId, from: Peer): Rejection | null =>
    from.kind === 'replica' && from.id === sender ? null : rejection('sender-is-not-the-link')

  const fault = (message: Message, from: Peer): Rejection | null => {
    const isFromClient = from.kind === 'client'
    if (isFromClient && message.kind !== 'request' && message.kind !== 'inquiry') {
      return rejection('kind-not-for-this-link')
    }
    switch (message.kind) {
      case 'request':
        if (isFromClient && from.id !== message.client) return rejection('sender-is-not-the-link')
        return requestFault(message)
      case 'pre-prepare':
        return prePrepareFault(message, from)
      case 'prepare':
      case 'commit':
        return signatureFault(message, from)
      case 'decision':
        return linkFault(message.sender, from) ?? decisionFault(message, from)
      case 'reply':
        return replyFault(message, from)
      case 'status':
      case 'fetch':
      case 'batch':
      case 'refusal':
      case 'report':
        return linkFault(message.sender, from)
      case 'inquiry':
        return isFromClient ? null : rejection('kind-not-for-this-link')
      default:
        return assertNever(message)
    }
  }

  return {
    authenticate: (message, from) => fault(message, from) ?? mint(message),
    own: mint,
  }
}

/** The only cast to `Verified` in the tree. */
function mint<M extends Message>(message: M): Verified<M> {
  return message as Verified<M>
}
