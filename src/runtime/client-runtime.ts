/**
 * The event loop around a client's session: turns replies into events, and sends the session's effects to the network.
 */
import { assertNever } from '../base/assert.ts'
import { toHex } from '../base/bytes.ts'
import type { ClientId, ReplicaId, Timestamp } from '../base/ids.ts'
import type { Random } from '../base/random.ts'
import { type Cluster, hasUnorderedReads } from '../messages/cluster.ts'
import { decodeMessage } from '../messages/decode.ts'
import { createSigningDigest } from '../messages/frame.ts'
import type {
  EvidenceDelivery,
  OccurrenceDelivery,
  RefusalReason,
  Report,
  Request,
  StateInquiry,
  StatePages,
} from '../messages/message.ts'
import { encodeOccurrenceInquiry } from '../messages/occurrence.ts'
import { encodePlaceInquiry } from '../messages/place.ts'
import { encodeRead } from '../messages/read.ts'
import { isRejection } from '../messages/rejection.ts'
import { claimedTimestamp } from '../messages/reply.ts'
import { encodeRequest, type SigningDigest } from '../messages/request.ts'
import { encodeStateInquiry } from '../messages/state-pages.ts'
import type { Clock, CryptoSuite, Peer, Signer, Transport } from '../ports.ts'
import {
  type Agreement,
  createSessionState,
  currentView,
  freeRequests,
  isAwaited,
  isKeyUsedUp,
  type NewRequest,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
  stepSession,
} from '../session/session.ts'
import { type Authenticator, createAuthenticator } from './authentication/authentication.ts'
import { macsOf } from './authentication/message-macs.ts'
import { type Obstacle, obstacleOf } from './client-obstacle.ts'
import { ClientQuestions, plainQuestion } from './client-questions.ts'
import { HEARTBEAT_TICKS, LiveLinks } from './links/live-links.ts'
import { Ticker } from './ticker.ts'

/** A durable counter of reserved timestamps: a reserved timestamp is never reserved again, even after a crash. */
export interface TimestampReservations {
  /** The highest timestamp reserved so far; 0 for a new key. */
  readonly reservedUpTo: number
  /** Calls `done` when the reservation is durable, or `failed` with a sentence if it cannot be made for now. */
  reserve(upTo: number, done: () => void, failed: (why: string) => void): void
}

export type Submitted =
  | {
      readonly kind: 'answered'
      readonly results: Uint8Array
      readonly vouchers: readonly number[]
      /** The request and the replies that agree; null for a read without ordering. */
      readonly agreement: Agreement | null
    }
  | { readonly kind: 'refused'; readonly reason: RefusalReason }

/** The ticks of a rest: half of those after which a link carries a heartbeat. */
const REST_TICKS = HEARTBEAT_TICKS / 2

const KEY_USED_UP = 'its key has used the last one that there is: give it another key'

export interface ClientRuntimeOptions {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signer: Signer
  /**
   * The session's nonce: 16 unpredictable bytes, new at each start of a process.
   * @rule 1.8
   */
  readonly session: Uint8Array
  /** The X25519 secret, 32 bytes; needed in oral mode. */
  readonly agreementSecret?: Uint8Array
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly reservations: TimestampReservations
  /** Called when requests may be submitted again after `room` was 0. */
  readonly onRoom?: () => void
  /** Called at every change of `obstacle`. */
  readonly onObstacle?: (obstacle: Obstacle | null) => void
  /** Called with every received frame, before it is decoded. */
  readonly onFrame?: (from: Peer, frame: Uint8Array) => void
}

export class ClientRuntime {
  readonly state: SessionState
  readonly #options: ClientRuntimeOptions
  readonly #authenticator: Authenticator
  readonly #links: LiveLinks
  readonly #tools: { readonly hash: CryptoSuite['hash']; readonly signingDigest: SigningDigest }
  readonly #callers = new Map<number, (submitted: Submitted) => void>()
  /** The listeners of reads that may still be ordered. */
  readonly #ordered = new Map<number, (request: Request) => void>()
  readonly #questions = new ClientQuestions((id, frame) => {
    this.#links.send({ kind: 'replica', id }, frame)
    this.#scheduleFlush()
  })
  readonly #ticker: Ticker
  #nextToken = 1
  #isFlushDue = false
  #wasFull = true
  #obstacle: Obstacle | null = 'unplaced'
  #reservationFailure: string | null = null

  constructor(options: ClientRuntimeOptions) {
    this.#options = options
    const { cluster, suite, signer, session, clock, random, reservations } = options
    const signingDigest = createSigningDigest(suite.hash, cluster.clusterId)
    this.#tools = { hash: suite.hash, signingDigest }
    const self: Peer = { kind: 'client', id: toHex(signer.publicKey) as ClientId }
    const macs = macsOf({ ...options, self })
    this.#authenticator = createAuthenticator({ cluster, suite, signingDigest, macs })
    const sign = (digest: Uint8Array): Uint8Array => signer.sign(digest)
    const make = (content: NewRequest, authenticate: (digest: Uint8Array) => Uint8Array): Request =>
      encodeRequest({ ...content, publicKey: signer.publicKey }, { ...this.#tools, sign: authenticate })
    const shared = cluster.requests === 'oral' ? macs : null
    this.state = createSessionState(
      {
        n: cluster.replicas.length,
        hasUnorderedReads: hasUnorderedReads(cluster),
        session,
        random,
        makeRequest: (content) => make(content, (digest) => shared?.forReplicas(digest) ?? sign(digest)),
        ...(shared === null ? {} : { makeSigned: (content) => make(content, sign) }),
      },
      reservations.reservedUpTo,
    )
    this.#links = new LiveLinks(options.transport)
    this.#links.start({
      onFrame: (from, frame) => {
        options.onFrame?.(from, frame)
        this.#receive(from, frame)
        return true
      },
      onLink: (peer) => {
        macs?.linked(peer)
        if (peer.kind === 'replica') this.#step({ kind: 'linked', replica: peer.id })
      },
    })
    this.#step({ kind: 'ticked' }) // reserves the first block
    this.#ticker = new Ticker(clock, () => {
      macs?.tick()
      if (this.#links.tick()) this.#scheduleFlush()
      this.#step({ kind: 'ticked' })
      this.#ticker.rest(this.#isIdle ? REST_TICKS : 1)
    })
  }

  /** The number of requests that may be submitted now. */
  get room(): number {
    return freeRequests(this.state)
  }

  /** The reason why no request may be submitted, other than pending answers; null if there is none. */
  get obstacle(): Obstacle | null {
    return this.#obstacle
  }

  /** The reason why timestamps cannot be reserved, as a sentence; null while they can. */
  get reservationFailure(): string | null {
    return isKeyUsedUp(this.state) ? KEY_USED_UP : this.#reservationFailure
  }

  /** The current view of the cluster, as far as this client knows. */
  get view(): number {
    return currentView(this.state)
  }

  /**
   * Sends operations as one request. Calls `done` once, when W replicas agree, or Q if reads are not ordered, which may
   * never happen. Without room, calls it at once with `busy`.
   */
  submit(operations: Uint8Array, done: (submitted: Submitted) => void): void {
    const token = this.#nextToken++
    this.#callers.set(token, done)
    this.#wake()
    this.#step({ kind: 'submitted', token, operations })
  }

  /** True if `read` differs from `submit`. */
  get hasUnorderedReads(): boolean {
    return hasUnorderedReads(this.#options.cluster)
  }

  /**
   * Sends operations that only read. They are executed without ordering if Q replicas answer alike, else like those of
   * `submit`; then `ordered` is called first with the request that is made of them.
   * @rule 5.1
   */
  read(
    operations: Uint8Array,
    done: (submitted: Submitted) => void,
    ordered?: (request: Request) => void,
  ): void {
    const token = this.#nextToken++
    this.#callers.set(token, done)
    if (ordered !== undefined) this.#ordered.set(token, ordered)
    this.#wake()
    this.#step({ kind: 'read-submitted', token, operations })
  }

  /**
   * Asks every replica for its report, and calls `report` for each that answers. Returns a function that stops asking.
   */
  inquire(report: (report: Report) => void): () => void {
    return this.#questions.ask(this.#replicas, plainQuestion('inquiry', this.#nextToken++), {
      kind: 'report',
      deliver: report,
    })
  }

  /**
   * Asks every replica for the evidence that it holds, and calls `deliver` for each that answers. The evidence is not
   * checked: use `verifyEvidence`. Returns a function that stops asking.
   */
  askForEvidence(deliver: (evidence: EvidenceDelivery) => void): () => void {
    return this.#questions.ask(this.#replicas, plainQuestion('evidence-inquiry', this.#nextToken++), {
      kind: 'evidence',
      deliver,
    })
  }

  /**
   * Asks one replica for what happened in its protocol since `next` of a recording, and calls `deliver` once when it
   * answers. Returns a function that stops waiting.
   */
  askForOccurrences(
    replica: ReplicaId,
    since: { readonly recording: number; readonly next: number },
    deliver: (delivery: OccurrenceDelivery) => void,
  ): () => void {
    const nonce = this.#nextToken++
    const frame = encodeOccurrenceInquiry({ nonce, ...since })
    return this.#questions.ask([replica], { nonce, frame }, { kind: 'occurrences', deliver })
  }

  /**
   * Asks one replica for pages of a checkpoint, and calls `deliver` once when it answers. Neither the certificate nor the
   * pages are checked. Returns a function that stops waiting.
   */
  askForState(
    replica: ReplicaId,
    wanted: Pick<StateInquiry, 'sequence' | 'paths'>,
    deliver: (pages: StatePages) => void,
  ): () => void {
    const nonce = this.#nextToken++
    const frame = encodeStateInquiry({ nonce, ...wanted })
    return this.#questions.ask([replica], { nonce, frame }, { kind: 'state-pages', deliver })
  }

  /** Counts the ticks that passed: a request's own time begins now. */
  #wake(): void {
    this.#ticker.catchUp()
    this.#ticker.rest(1)
  }

  /** True if no request is under way, and nothing keeps the next one from being sent. */
  get #isIdle(): boolean {
    return this.#callers.size === 0 && this.state.pending.size === 0 && this.#obstacle === null
  }

  get #replicas(): readonly ReplicaId[] {
    return this.#options.cluster.replicas.map(({ id }) => id)
  }

  stop(): void {
    this.#ticker.stop()
  }

  #receive(from: Peer, frame: Uint8Array): void {
    // Half of the replies arrive after W agreed. Hashing these would be wasted.
    const timestamp = claimedTimestamp(frame)
    if (timestamp !== null && !this.state.pending.has(timestamp as Timestamp)) return
    const message = decodeMessage(frame, this.#tools)
    if (isRejection(message)) return
    if ('nonce' in message) {
      return this.#questions.deliver(
        message,
        (answer) => !isRejection(this.#authenticator.authenticate(answer, from)),
      )
    }
    switch (message.kind) {
      case 'reply':
      case 'refusal':
      case 'read-answer': {
        if (!isAwaited(this.state, message)) return
        const verified = this.#authenticator.authenticate(message, from)
        if (!isRejection(verified)) this.#step({ kind: 'received', message: verified })
        return
      }
      case 'place': {
        const verified = this.#authenticator.authenticate(message, from)
        if (!isRejection(verified)) this.#step({ kind: 'received', message: verified })
        return
      }
      default: // correct replicas send a client no other kind
    }
  }

  #step(event: SessionEvent): void {
    for (const effect of stepSession(this.state, event)) this.#perform(effect)
    const isFull = this.room === 0
    const isRoomNew = this.#wasFull && !isFull
    this.#wasFull = isFull
    this.#noteObstacle()
    if (isRoomNew) this.#options.onRoom?.()
  }

  #noteObstacle(): void {
    const obstacle = obstacleOf(this.state)
    if (obstacle === this.#obstacle) return
    this.#obstacle = obstacle
    this.#options.onObstacle?.(obstacle)
  }

  #reserve(upTo: number): void {
    this.#options.reservations.reserve(
      upTo,
      () => {
        this.#reservationFailure = null
        this.#step({ kind: 'reserved', upTo })
      },
      (why) => {
        this.#reservationFailure = why
        this.#step({ kind: 'reservation-failed' })
      },
    )
  }

  #perform(effect: SessionEffect): void {
    switch (effect.kind) {
      case 'reserve':
        return this.#reserve(effect.upTo)
      case 'ask-place':
        this.#links.send({ kind: 'replica', id: effect.to }, encodePlaceInquiry(effect))
        return this.#scheduleFlush()
      case 'send':
        this.#links.send({ kind: 'replica', id: effect.to }, effect.request.bytes)
        return this.#scheduleFlush()
      case 'broadcast':
        for (const { id } of this.#options.cluster.replicas) {
          this.#links.send({ kind: 'replica', id }, effect.request.bytes)
        }
        return this.#scheduleFlush()
      case 'read': {
        const bytes = encodeRead(effect)
        for (const { id } of this.#options.cluster.replicas) this.#links.send({ kind: 'replica', id }, bytes)
        return this.#scheduleFlush()
      }
      case 'read-ordered':
        return this.#ordered.get(effect.token)?.(effect.request)
      case 'answered':
        return this.#finish(effect.token, {
          kind: 'answered',
          results: effect.results,
          vouchers: effect.vouchers,
          agreement: effect.agreement,
        })
      case 'refused':
        return this.#finish(effect.token, { kind: 'refused', reason: effect.reason })
      default:
        return assertNever(effect)
    }
  }

  #finish(token: number, submitted: Submitted): void {
    const caller = this.#callers.get(token)
    this.#callers.delete(token)
    this.#ordered.delete(token)
    caller?.(submitted)
  }

  #scheduleFlush(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#options.clock.defer(() => {
      this.#isFlushDue = false
      this.#links.flush()
    })
  }
}
