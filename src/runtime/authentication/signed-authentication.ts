/**
 * Authentication in signed mode: a replica's signature vouches for its message on any link, so messages can be shown to
 * others. Kinds without a signature are valid only on their sender's link.
 */
import { assert } from '../../base/assert.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { Milliseconds } from '../../base/ids.ts'
import type { Peer } from '../../base/peer.ts'
import { quorum } from '../../base/quorum.ts'
import { createBatch } from '../../messages/batch.ts'
import { certificateFault, checkpointCertificateFault } from '../../messages/certificate.ts'
import { decodeMessage } from '../../messages/decode.ts'
import type { LongHead } from '../../messages/heads.ts'
import { hasFacts } from '../../messages/kinds.ts'
import type {
  Batch,
  Decision,
  Message,
  NewView,
  PrePrepare,
  Reply,
  StableCheckpoint,
  ViewChange,
} from '../../messages/message.ts'
import { isRejection, type Rejection, rejection } from '../../messages/rejection.ts'
import { newViewFault } from '../../pbft/views/new-view.ts'
import { viewChangeFault as viewChangeFormFault } from '../../pbft/views/view-change.ts'
import { linkFault, vouchedByLink } from '../inbound/link-rules.ts'
import { createRequestChecks, type RequestChecks, resultOf } from '../inbound/request-checks.ts'
import type { LongMessage } from './authentication.ts'
import { SignatureChecks, type SignatureContext } from './signature-checks.ts'

type Judging<T = null> = Generator<undefined, Rejection | T, undefined>

/**
 * The number of reply envelopes remembered per replica: the replies of one batch share an envelope, which is checked
 * once.
 */
const REPLIES_REMEMBERED = 16

/** Finds the faults of a message; null for none. */
export class SignedFaults {
  readonly #context: SignatureContext
  readonly #signatures: SignatureChecks
  readonly #requests: RequestChecks
  readonly #knownReplies: readonly Uint8Array[][]
  /** The parameters that the valid form of certificates depends on. */
  readonly #config: { readonly n: number; readonly checkpointInterval: number }
  readonly #nullBatch: Batch

  constructor(context: SignatureContext) {
    const { cluster, suite } = context
    this.#context = context
    this.#signatures = new SignatureChecks(context)
    this.#requests = createRequestChecks({ suite, requests: 'signed', macs: null })
    this.#knownReplies = cluster.replicas.map(() => [])
    this.#config = { n: cluster.replicas.length, checkpointInterval: cluster.checkpointInterval }
    this.#nullBatch = createBatch(suite.hash, 0 as Milliseconds, [])
  }

  judge(message: Exclude<Message, LongMessage>, from: Peer): Rejection | null {
    return linkFault(message, from, 'signed') ?? this.#voucherFault(message, from)
  }

  /** Judges a message that orders many requests, one per step of the generator. */
  *judgeBatch(prePrepare: PrePrepare, from: Peer): Judging {
    if (from.kind === 'client') return rejection('kind-not-for-this-link')
    const fault = this.#signatures.citedFault(prePrepare, from)
    if (fault !== null) return fault
    const judged = yield* this.#requests.batch(prePrepare.batch)
    return isRejection(judged) ? judged : null
  }

  /**
   * Judges a message that cites thousands of signatures. Checks the sender's signature first, so that no other process
   * makes this replica decode megabytes. Returns the message, whose contents may be a rejection.
   */
  *judgeLong(head: LongHead, from: Peer): Judging<LongMessage> {
    if (from.kind === 'client') return rejection('kind-not-for-this-link')
    const isKnown = this.#signatures.verified.has(head)
    const fault = isKnown ? null : this.#signatures.fault(head, from)
    if (fault !== null) return fault
    yield
    const { suite, signingDigest } = this.#context
    const message = decodeMessage(head.bytes, { hash: suite.hash, signingDigest })
    if (isRejection(message)) return message
    yield
    if (message.kind === 'new-view') return yield* this.#judgeNewView(message, from)
    assert(message.kind === 'view-change', 'a long message is of one of two kinds')
    return (isKnown ? null : yield* this.#citedInViewChangeFault(message, from)) ?? message
  }

  /** Remembers this process's own message as verified, because view changes cite it. */
  noteOwn(message: Message): void {
    if (hasFacts(message, { isOnce: true })) this.#signatures.verified.add(message)
  }

  /** Returns the fault of the signature or link that must vouch for a message. */
  #voucherFault(message: Exclude<Message, LongMessage>, from: Peer): Rejection | null {
    switch (message.kind) {
      case 'request':
        return this.#requests.single(message)
      case 'pre-prepare':
        return resultOf(this.judgeBatch(message, from))
      case 'prepare':
      case 'commit':
      case 'checkpoint':
        return this.#signatures.citedFault(message, from)
      case 'reply':
        return this.#replyFault(message, from)
      case 'stable-checkpoint':
        return this.#stableFault(message, from)
      case 'decision':
        return this.#decisionFault(message, from)
      case 'recollection':
        return this.#signatures.shownFault(message.remembered)
      case 'exhibit':
        return this.#signatures.shownFault(message.messages)
      default:
        return vouchedByLink<'signed'>(message)
    }
  }

  #decisionFault(decision: Decision, from: Peer): Rejection | null {
    const { commits, digest, sequence, view } = decision
    const fault = certificateFault(commits, { kind: 'commit', needed: quorum(this.#config.n), digest })
    if (fault !== null) return rejection(fault)
    if (commits[0]?.sequence !== sequence || commits[0].view !== view) return rejection('certificate-mixed')
    return resultOf(this.#signatures.firstFault(commits, from))
  }

  #stableFault({ stable }: StableCheckpoint, from: Peer): Rejection | null {
    const fault = checkpointCertificateFault(stable, this.#config)
    if (fault !== null) return rejection(fault)
    return resultOf(this.#signatures.firstFault(stable.checkpoints, from))
  }

  #replyFault(reply: Reply, from: Peer): Rejection | null {
    const known = this.#knownReplies[reply.sender]
    if (known === undefined) return rejection('unknown-sender')
    if (known.some((envelope) => equalBytes(envelope, reply.envelope))) return null
    const fault = this.#signatures.fault(reply, from)
    if (fault !== null) return fault
    known.push(reply.envelope)
    if (known.length > REPLIES_REMEMBERED) known.shift()
    return null
  }

  /**
   * Judges a NEW-VIEW. Invalid contents do not make it a rejection: signed by the primary, they end its view.
   * @rule 3.4
   */
  *#judgeNewView(newView: NewView, from: Peer): Judging<NewView> {
    const { contents } = newView
    if (isRejection(contents)) return newView
    const form = { config: this.#config, nullBatch: this.#nullBatch }
    const malformed = newViewFault(newView.view, contents, form)
    if (malformed !== null) return { ...newView, contents: rejection(malformed) }
    for (const viewChange of contents.viewChanges) {
      const bad = yield* this.#viewChangeFault(viewChange, from)
      if (bad !== null) return { ...newView, contents: bad }
    }
    const bad = yield* this.#signatures.firstFault(contents.prePrepares, from)
    return bad === null ? newView : { ...newView, contents: bad }
  }

  /** Finds the fault of a VIEW-CHANGE inside a NEW-VIEW. */
  *#viewChangeFault(viewChange: ViewChange, from: Peer): Judging {
    if (this.#signatures.verified.has(viewChange)) return null
    return this.#signatures.fault(viewChange, from) ?? (yield* this.#citedInViewChangeFault(viewChange, from))
  }

  /**
   * Finds the fault of the cited messages, after the form, which is cheap to check. Remembers a wholly valid
   * VIEW-CHANGE.
   */
  *#citedInViewChangeFault(viewChange: ViewChange, from: Peer): Judging {
    const malformed = viewChangeFormFault(viewChange, this.#config)
    if (malformed !== null) return rejection(malformed)
    const { stable, preparedCertificates } = viewChange
    const entries = preparedCertificates.flatMap(({ prePrepare, prepares }) => [prePrepare, ...prepares])
    const bad = yield* this.#signatures.firstFault([...stable.checkpoints, ...entries], from)
    if (bad === null) this.#signatures.verified.add(viewChange)
    return bad
  }
}
