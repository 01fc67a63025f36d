/**
 * The reception of a frame. The cheapest checks come first: the sender is not cut off, the header shows a relevant
 * message, the frame is well-formed, it is signed. Useless messages are charged to the peer at the other end of the
 * link.
 * @rule 5.5
 */
import { assertNever } from '../../base/assert.ts'
import type { Hash } from '../../base/hash.ts'
import type { ClientId } from '../../base/ids.ts'
import { decodeMessage } from '../../messages/decode.ts'
import { kindNumberIn } from '../../messages/frame.ts'
import { decodeBulkHead, decodeLongHead, type LongHead } from '../../messages/heads.ts'
import { hasFacts, isFrameKind, numbersWith } from '../../messages/kinds.ts'
import type {
  AnyInquiry,
  Message,
  MessageWith,
  PageDelivery,
  PageFetch,
  PrePrepare,
  Read,
  Remembered,
  Request,
  Verified,
} from '../../messages/message.ts'
import { isRejection, type Rejection, rejection } from '../../messages/rejection.ts'
import type { SigningDigest } from '../../messages/request.ts'
import type { ProtocolMessage } from '../../pbft/effects.ts'
import { isBulkRelevant, isLongMessageRelevant, isRelevant, relevanceOf } from '../../pbft/relevance.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import type { Peer } from '../../ports.ts'
import type { Authenticator, Check, LongMessage } from '../authentication/authentication.ts'
import { Inbox, type Turn } from './inbox.ts'
import { LongChecks } from './long-checks.ts'
import { SenderBudgets } from './sender-budgets.ts'

/** The cost of a frame apart from its signatures, in signature checks: reading its header, and hashing it. */
const FRAME_CHECKS = 1 / 8
const BYTES_PER_CHECK = 64 * 1024
/** The cost of a question or a STATUS. A correct replica sends few, and each is work for its receiver. */
const QUESTION_CHECKS = 1 / 2
/** The cost of an invalid VIEW-CHANGE: some of its thousands of signatures were checked before the fault was found. */
const LONG_CHECKS = 16
/** The share of a turn's checks that one PRE-PREPARE has at once, before others have their turn. */
const BATCH_PART = 1 / 8

const NOT_FOR_THIS_LINK = rejection('kind-not-for-this-link')
const CLIENT_KINDS = numbersWith({ author: 'client' })
const LONG_KINDS = numbersWith({ size: 'long' })
const BULK_KINDS = numbersWith({ size: 'bulk' })

type ShortProtocolMessage = Exclude<ProtocolMessage, LongMessage>

export interface ReceptionOptions {
  readonly state: () => ReplicaState
  readonly authenticator: Authenticator
  readonly tools: { readonly hash: Hash; readonly signingDigest: SigningDigest }
  /** The number of signatures that one turn of the loop may check. */
  readonly checksPerTurn: number
  readonly onMessage: (message: Verified<ProtocolMessage>, from: Peer) => void
  readonly onPages: (message: Verified<PageFetch> | Verified<PageDelivery>) => void
  readonly onInquiry: (inquiry: Verified<AnyInquiry>, from: Peer) => void
  /** Returns the cost of answering the read, in signature checks. */
  readonly onRead: (read: Verified<Read>, client: ClientId, mayAnswer: () => boolean) => number
  readonly onRejected: (from: Peer, rejection: Rejection) => void
  /** Resumes the link of this peer. */
  readonly resume: (peer: Peer) => void
}

export class Reception {
  readonly budgets: SenderBudgets
  readonly longChecks: LongChecks
  readonly #options: ReceptionOptions
  readonly #inbox: Inbox

  constructor(options: ReceptionOptions) {
    this.#options = options
    this.#inbox = new Inbox(options.resume)
    const { checksPerTurn } = options
    this.longChecks = new LongChecks(checksPerTurn, (checked, from) => this.#onChecked(checked, from))
    this.budgets = new SenderBudgets({
      onCutOff: (peer, because) => {
        this.#inbox.drop(peer)
        options.onRejected(peer, rejection('cut-off', because))
      },
      onReturn: options.resume,
    })
  }

  get isEmpty(): boolean {
    return this.#inbox.isEmpty
  }

  /** Adds a frame. Returns false if the peer's link must pause: its queue is full, or the peer is cut off. */
  push(from: Peer, frame: Uint8Array): boolean {
    return !this.budgets.isCutOff(from) && this.#inbox.push(from, frame)
  }

  /** Handles the next frame, or a part of it. Returns its cost in signature checks; null if no frame waits. */
  takeNext(): number | null {
    const turn = this.#inbox.take()
    if (turn === null) return null
    const { work } = turn
    const cost = FRAME_CHECKS + (typeof work === 'function' ? work(turn) : this.#receive(work, turn))
    turn.charge(cost)
    return cost
  }

  /** Handles a frame. Returns its cost beyond the minimum. */
  #receive(frame: Uint8Array, turn: Turn): number {
    const from = turn.peer
    if (from.kind === 'client' && !isForClients(frame))
      return this.#refuse(from, NOT_FOR_THIS_LINK, FRAME_CHECKS)
    const kind = kindNumberIn(frame)
    if (LONG_KINDS.has(kind)) {
      const head = decodeLongHead(frame)
      if (head !== null) return this.#receiveLong(head, from)
    }
    if (BULK_KINDS.has(kind)) {
      const head = decodeBulkHead(frame)
      if (head !== null && isRejection(head)) return this.#refuse(from, head, FRAME_CHECKS)
      if (head !== null && !isBulkRelevant(this.#options.state(), head))
        return this.#waste(from, FRAME_CHECKS)
    }
    const cost = frame.length / BYTES_PER_CHECK
    const message = decodeMessage(frame, this.#options.tools)
    if (isRejection(message)) return this.#refuse(from, message, cost)
    return cost + this.#receiveDecoded(message, turn)
  }

  #receiveDecoded(message: Message, turn: Turn): number {
    const from = turn.peer
    if (hasFacts(message, { taker: 'inquiries' })) return this.#receiveInquiry(message, from)
    if (message.kind === 'read') return this.#receiveRead(message, from)
    if (hasFacts(message, { taker: 'pages' })) return this.#receivePages(message, from)
    if (hasFacts(message, { taker: 'client' })) return this.#refuse(from, NOT_FOR_THIS_LINK, FRAME_CHECKS)
    if (hasFacts(message, { size: 'long' })) return 0 // its header was handled before
    if (message.kind === 'request') return this.#receiveRequest(message, from)
    if (!isRelevant(this.#options.state(), message)) return this.#waste(from, FRAME_CHECKS)
    if (message.kind !== 'pre-prepare') return this.#receiveProtocol(message, from)
    return this.#checkBatch(message, this.#options.authenticator.authenticateBatch(message, from), turn)
  }

  /**
   * Checks some signatures of a batch. The rest follows in the peer's next turn, unless the message is irrelevant by
   * then.
   */
  #checkBatch(message: PrePrepare, check: Check<PrePrepare>, turn: Turn): number {
    const most = Math.ceil(this.#options.checksPerTurn * BATCH_PART)
    for (let checks = 1; checks <= most; checks++) {
      const step = check.next()
      if (step.done !== true) continue
      this.#onBatchChecked(message, step.value, turn.peer)
      return checks
    }
    turn.keep((next) =>
      isRelevant(this.#options.state(), message) ? this.#checkBatch(message, check, next) : FRAME_CHECKS,
    )
    return most
  }

  #onBatchChecked(message: PrePrepare, checked: Verified<PrePrepare> | Rejection, from: Peer): void {
    if (isRejection(checked)) this.#refuse(from, checked, signaturesOf(message))
    else this.#take(checked, from)
  }

  #receiveLong(head: LongHead | Rejection, from: Peer): number {
    if (isRejection(head)) return this.#refuse(from, head, FRAME_CHECKS)
    if (!isLongMessageRelevant(this.#options.state(), head)) return this.#waste(from, FRAME_CHECKS)
    this.longChecks.begin(from, this.#options.authenticator.authenticateLong(head, from))
    return 1
  }

  #onChecked(checked: Verified<LongMessage> | Rejection, from: Peer): void {
    if (isRejection(checked)) this.#refuse(from, checked, LONG_CHECKS)
    else this.#options.onMessage(checked, from)
  }

  /**
   * Handles a request. One that will not be ordered is answered at a limited rate per client, and its signature is
   * checked only then.
   */
  #receiveRequest(request: Request, from: Peer): number {
    const use = relevanceOf(this.#options.state(), request, from)
    const isRefused = use === 'nothing' || (use === 'answer' && !this.budgets.mayAnswer(from))
    if (isRefused) return this.#waste(from, FRAME_CHECKS)
    return this.#receiveProtocol(request, from)
  }

  #receiveProtocol(message: ShortProtocolMessage, from: Peer): number {
    const cost = signaturesOf(message)
    const verified = this.#options.authenticator.authenticate(message, from)
    if (isRejection(verified)) return this.#refuse(from, verified, cost)
    this.#take(verified, from)
    return cost
  }

  #take(message: Verified<ShortProtocolMessage>, from: Peer): void {
    const unasked = unaskedChecks(message, this.#options.state())
    if (unasked > 0) this.#waste(from, unasked)
    this.#options.onMessage(message, from)
  }

  #receivePages(message: PageFetch | PageDelivery, from: Peer): number {
    const verified = this.#options.authenticator.authenticate(message, from)
    if (isRejection(verified)) return this.#refuse(from, verified, FRAME_CHECKS)
    const isAsked = message.kind === 'page' && this.#options.state().transfer.target !== null
    if (!isAsked) this.#waste(from, FRAME_CHECKS)
    this.#options.onPages(verified)
    return 0
  }

  #receiveInquiry(inquiry: AnyInquiry, from: Peer): number {
    const verified = this.#options.authenticator.authenticate(inquiry, from)
    if (isRejection(verified)) return this.#refuse(from, verified, FRAME_CHECKS)
    if (!this.budgets.mayAnswer(from)) return this.#waste(from, FRAME_CHECKS)
    this.#options.onInquiry(verified, from)
    return QUESTION_CHECKS
  }

  /** Handles a read without ordering. Its link vouches for it, so its cost is that of its execution. */
  #receiveRead(read: Read, from: Peer): number {
    const verified = this.#options.authenticator.authenticate(read, from)
    if (isRejection(verified)) return this.#refuse(from, verified, FRAME_CHECKS)
    if (from.kind !== 'client') return 0
    return this.#options.onRead(verified, from.id, () => this.budgets.mayAnswer(from))
  }

  #waste(from: Peer, checks: number): number {
    this.budgets.wasted(from, checks)
    return checks
  }

  #refuse(from: Peer, why: Rejection, checks: number): number {
    this.#options.onRejected(from, why)
    this.budgets.offended(from, checks)
    return checks
  }
}

/** True for all kinds except those that only replicas send. */
const isForClients = (frame: Uint8Array): boolean => {
  const kind = kindNumberIn(frame)
  return !isFrameKind(kind) || CLIENT_KINDS.has(kind)
}

/** Returns the number of signatures or MACs that vouch for a message and for those that it shows. */
function signaturesOf(message: ShortProtocolMessage): number {
  if (message.kind === 'pre-prepare') return 1 + message.batch.requests.length
  if (hasFacts(message, { vouched: 'author' })) return 1
  return hasFacts(message, { vouched: 'shown' }) ? shownIn(message).length : FRAME_CHECKS
}

function shownIn(message: MessageWith<{ vouched: 'shown' }>): readonly Remembered[] {
  switch (message.kind) {
    case 'decision':
      return message.commits
    case 'stable-checkpoint':
      return message.stable.checkpoints
    case 'recollection':
      return message.remembered
    case 'exhibit':
      return message.messages
    default:
      return assertNever(message)
  }
}

/**
 * Returns the checks of a valid message that count as wasted, to limit how many a peer sends. A correct replica sends
 * few of these kinds at any load.
 */
function unaskedChecks(message: ShortProtocolMessage, { views: { view, isActive } }: ReplicaState): number {
  if (hasFacts(message, { isQuestion: true })) return QUESTION_CHECKS
  switch (message.kind) {
    case 'checkpoint':
      return 1
    case 'request':
      return message.doubtful === undefined ? 0 : 1
    case 'pre-prepare':
    case 'prepare':
    case 'commit':
      return message.view > view || !isActive ? signaturesOf(message) / 2 : 0
    default:
      return 0
  }
}
