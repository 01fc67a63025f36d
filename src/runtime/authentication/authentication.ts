/**
 * Authentication of messages: the one place where `Verified` is minted. Signatures are checked over the bytes
 * received; kinds that are valid only on their sender's link are checked against the link.
 */
import { assert } from '../../base/assert.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Milliseconds, ReplicaId } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import { quorum } from '../../base/quorum.ts'
import { createBatch } from '../../messages/batch.ts'
import { certificateFault, checkpointCertificateFault } from '../../messages/certificate.ts'
import type { Cluster } from '../../messages/cluster.ts'
import { decodeMessage } from '../../messages/decode.ts'
import type { LongHead } from '../../messages/heads.ts'
import { FRAME_KINDS, hasFacts } from '../../messages/kinds.ts'
import type {
  Checkpoint,
  Decision,
  Message,
  NewView,
  PrePrepare,
  PrePrepareHeader,
  Remembered,
  Reply,
  StableCheckpoint,
  Verified,
  ViewChange,
  Vote,
} from '../../messages/message.ts'
import { isRejection, type Rejection, rejection } from '../../messages/rejection.ts'
import type { SigningDigest } from '../../messages/request.ts'
import { newViewFault } from '../../pbft/views/new-view.ts'
import { viewChangeFault as viewChangeFormFault } from '../../pbft/views/view-change.ts'
import type { CryptoSuite } from '../../ports.ts'
import { linkFault, vouchedByLink } from '../inbound/link-rules.ts'
import { createRequestChecks, resultOf } from '../inbound/request-checks.ts'
import type { MessageMacs } from './message-macs.ts'
import { createOralFaults, type Doubt } from './oral-authentication.ts'
import { VerifiedEnvelopes } from './verified-envelopes.ts'

export interface Authenticator {
  /** Checks everything that the message's kind asks for. A rejection names what failed. */
  authenticate<M extends Exclude<Message, LongMessage>>(message: M, from: Peer): Verified<M> | Rejection
  /** The same for a message that orders up to a thousand requests: checks one signature each time it is asked to go on. */
  authenticateBatch(message: PrePrepare, from: Peer): Check<PrePrepare>
  /** The same for what holds thousands of signatures: checks one more of them each time it is asked to go on. */
  authenticateLong(head: LongHead, from: Peer): LongCheck
  /** For messages that this process signed itself, or read back from its own log, which proves itself. */
  own<M extends Message>(message: M): Verified<M>
}

/** Messages that cite so many signatures that checking them at once would hold everything up (rule 3.12). */
export type LongMessage = ViewChange | NewView
export type LongCheck = Check<LongMessage>
export type Check<M extends Message> = Generator<undefined, Verified<M> | Rejection, undefined>

type SignedMessage = PrePrepareHeader | Vote | Checkpoint | LongHead

/** Reply envelopes remembered per replica: the replies of one batch share theirs, and are checked once. */
const REPLIES_REMEMBERED = 16

interface AuthenticatorContext {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signingDigest: SigningDigest
  /** In oral mode, of a process that has a key; without it nothing of replicas is taken that needs a MAC. */
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
  const { cluster, suite, signingDigest } = context
  const n = cluster.replicas.length
  const knownReplies = cluster.replicas.map(() => [] as Uint8Array[])

  const verifiedEnvelopes = new VerifiedEnvelopes()
  const requests = createRequestChecks({ suite, requests: 'signed', macs: null })
  const form = {
    config: { n, checkpointInterval: cluster.checkpointInterval },
    nullBatch: createBatch(suite.hash, 0 as Milliseconds, []),
  }

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
  const signatureFault = (message: SignedMessage | Reply, from: Peer): Rejection | null => {
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

  /**
   * The same, and not twice for the same bytes.
   * @rule 3.12
   */
  const citedFault = (message: PrePrepareHeader | Vote | Checkpoint, from: Peer): Rejection | null => {
    if (verifiedEnvelopes.has(message)) return null
    const fault = signatureFault(message, from)
    if (fault === null) verifiedEnvelopes.add(message)
    return fault
  }

  function* batchCheck(prePrepare: PrePrepare, from: Peer): Check<PrePrepare> {
    if (from.kind === 'client') return rejection('kind-not-for-this-link')
    const fault = citedFault(prePrepare, from)
    if (fault !== null) return fault
    const judged = yield* requests.batch(prePrepare.batch)
    return isRejection(judged) ? judged : mint(prePrepare)
  }

  const decisionFault = (decision: Decision, from: Peer): Rejection | null => {
    const { commits, digest, sequence, view } = decision
    const fault = certificateFault(commits, { kind: 'commit', needed: quorum(n), digest })
    if (fault !== null) return rejection(fault)
    if (commits[0]?.sequence !== sequence || commits[0].view !== view) return rejection('certificate-mixed')
    for (const commit of commits) {
      const bad = citedFault(commit, from)
      if (bad !== null) return bad
    }
    return null
  }

  const stableFault = ({ stable }: StableCheckpoint, from: Peer): Rejection | null => {
    const fault = checkpointCertificateFault(stable, { n, checkpointInterval: cluster.checkpointInterval })
    if (fault !== null) return rejection(fault)
    for (const checkpoint of stable.checkpoints) {
      const bad = citedFault(checkpoint, from)
      if (bad !== null) return bad
    }
    return null
  }

  /** Messages that somebody else than their signer shows: each has to be signed by whom it names. */
  const shownFault = (shown: readonly Remembered[]): Rejection | null => {
    for (const message of shown) {
      const publicKey = keyOf(message.sender)
      if (publicKey === undefined) return rejection('unknown-sender')
      if (!isSignedBy(message, message.kind, publicKey)) return rejection('bad-signature')
    }
    return null
  }

  /** A VIEW-CHANGE inside a NEW-VIEW. */
  function* viewChangeFault(viewChange: ViewChange, from: Peer): Generator<undefined, Rejection | null> {
    if (verifiedEnvelopes.has(viewChange)) return null
    return signatureFault(viewChange, from) ?? (yield* citedInViewChangeFault(viewChange, from))
  }

  /** Everything that it cites; its form first, which costs little. Whole good ones are remembered. */
  function* citedInViewChangeFault(
    viewChange: ViewChange,
    from: Peer,
  ): Generator<undefined, Rejection | null> {
    const malformed = viewChangeFormFault(viewChange, form.config)
    if (malformed !== null) return rejection(malformed)
    const { stable, preparedCertificates } = viewChange
    const entries = preparedCertificates.flatMap(({ prePrepare, prepares }) => [prePrepare, ...prepares])
    const bad = yield* firstFault([...stable.checkpoints, ...entries], from)
    if (bad === null) verifiedEnvelopes.add(viewChange)
    return bad
  }

  function* firstFault(
    cited: readonly (PrePrepareHeader | Vote | Checkpoint)[],
    from: Peer,
  ): Generator<undefined, Rejection | null> {
    for (const message of cited) {
      if (verifiedEnvelopes.has(message)) continue
      const fault = citedFault(message, from)
      if (fault !== null) return fault
      yield
    }
    return null
  }

  /**
   * Contents that do not check out are the primary's word all the same: they end its view.
   * @rule 3.4
   */
  function* newViewCheck(newView: NewView, from: Peer): LongCheck {
    const { contents } = newView
    if (isRejection(contents)) return mint(newView)
    const malformed = newViewFault(newView.view, contents, form)
    if (malformed !== null) return mint({ ...newView, contents: rejection(malformed) })
    for (const viewChange of contents.viewChanges) {
      const bad = yield* viewChangeFault(viewChange, from)
      if (bad !== null) return mint({ ...newView, contents: bad })
    }
    const bad = yield* firstFault(contents.prePrepares, from)
    return mint(bad === null ? newView : { ...newView, contents: bad })
  }

  /** The sender's signature comes first: nobody else makes this replica decode a body of megabytes. */
  function* longCheck(head: LongHead, from: Peer): LongCheck {
    if (from.kind === 'client') return rejection('kind-not-for-this-link')
    const isKnown = verifiedEnvelopes.has(head)
    const fault = isKnown ? null : signatureFault(head, from)
    if (fault !== null) return fault
    yield
    const message = decodeMessage(head.bytes, { hash: suite.hash, signingDigest })
    if (isRejection(message)) return message
    yield
    if (message.kind === 'new-view') return yield* newViewCheck(message, from)
    assert(message.kind === 'view-change', 'a long message is of one of two kinds')
    return (isKnown ? null : yield* citedInViewChangeFault(message, from)) ?? mint(message)
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

  /** The fault of what vouches for a message, once its link may carry it. */
  const voucherFault = (message: Exclude<Message, LongMessage>, from: Peer): Rejection | null => {
    switch (message.kind) {
      case 'request':
        return requests.single(message)
      case 'pre-prepare': {
        const checked = resultOf(batchCheck(message, from))
        return isRejection(checked) ? checked : null
      }
      case 'prepare':
      case 'commit':
      case 'checkpoint':
        return citedFault(message, from)
      case 'reply':
        return replyFault(message, from)
      case 'stable-checkpoint':
        return stableFault(message, from)
      case 'decision':
        return decisionFault(message, from)
      case 'recollection':
        return shownFault(message.remembered)
      case 'exhibit':
        return shownFault(message.messages)
      default:
        return vouchedByLink<'signed'>(message)
    }
  }

  const fault = (message: Exclude<Message, LongMessage>, from: Peer): Rejection | null =>
    linkFault(message, from, 'signed') ?? voucherFault(message, from)

  return {
    authenticate: (message, from) => fault(message, from) ?? mint(message),
    authenticateBatch: batchCheck,
    authenticateLong: longCheck,
    own: (message) => {
      // View changes cite these.
      if (hasFacts(message, { isOnce: true })) verifiedEnvelopes.add(message)
      return mint(message)
    },
  }
}

/** The only cast to `Verified` in the tree. */
function mint<M extends Message>(message: M): Verified<M> {
  return message as Verified<M>
}
