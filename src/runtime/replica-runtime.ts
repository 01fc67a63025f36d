/**
 * The event loop around the replica: turns frames into events, and performs effects on log, network and application.
 *
 * A turn steps the pending events, requests one sync of everything that they appended, and then flushes the frames of
 * the turn together. The protocol itself withholds messages that depend on the disk until `persisted`.
 */
import { assertNever } from '../base/assert.ts'
import { readU32 } from '../base/bytes.ts'
import { given } from '../base/given.ts'
import type { ReplicaId, Sequence } from '../base/ids.ts'
import {
  type BatchContent,
  type DecisionContent,
  isSigned,
  type ReplicaContent,
} from '../messages/content.ts'
import { createSigningDigest } from '../messages/frame.ts'
import type { AnyInquiry, CheckpointCertificate, ReplicaReport } from '../messages/message.ts'
import type { Rejection } from '../messages/rejection.ts'
import type { SigningDigest } from '../messages/request.ts'
import type { Effect, Event, LogRecord, Outgoing } from '../pbft/effects.ts'
import { ticksUntilDue } from '../pbft/rest.ts'
import type { ReplicaState } from '../pbft/state.ts'
import { step as protocolStep } from '../pbft/step.ts'
import type { CryptoSuite, Peer, Snapshot } from '../ports.ts'
import { type Authenticator, createAuthenticator } from './authentication/authentication.ts'
import { type MessageMacs, macsOf } from './authentication/message-macs.ts'
import { createSealer, type Sealer } from './authentication/sealer.ts'
import { ClientAnswers } from './execution/client-answers.ts'
import { executedEvent } from './execution/executed-event.ts'
import { EXECUTED_PER_TURN, Executor } from './execution/executor.ts'
import { InquiryAnswers } from './execution/inquiry-answers.ts'
import { ReadAnswers } from './execution/read-answers.ts'
import { createRecoveryRequest, NONCE_BYTES } from './execution/recovery-request.ts'
import { createReplyMaker } from './execution/replies.ts'
import { Reception } from './inbound/reception.ts'
import { LiveLinks } from './links/live-links.ts'
import { DecisionArchive } from './log/decision-archive.ts'
import { indexRecord } from './log/decision-index.ts'
import { DecisionServer } from './log/decision-server.ts'
import { encodeLogRecord, isAwaitedByNobody } from './log/log-records.ts'
import { replayLog } from './log/log-replay.ts'
import type { ReplicaRuntimeOptions, StepFunction } from './replica-runtime-options.ts'
import { initialStateOf } from './state/initial-state.ts'
import { StateKeeping } from './state/state-keeping.ts'
import { loadStoredState, type StoredState } from './state/stored-state.ts'
import { TICK_MS } from './tick.ts'
import { Ticker } from './ticker.ts'

export type { RejectedMessage, ReplicaRuntimeOptions, StepFunction } from './replica-runtime-options.ts'

/** The number of events in one turn, after which sockets and timers are served. */
const EVENTS_PER_TURN_MAX = 128
/** The share of a turn's checks that is made while a batch is executed: decided batches come before new messages. */
const CHECKS_WHILE_EXECUTING = 1 / 4
/** The bytes of the log after which the next stable checkpoint is stored and the older part of the log trimmed. */
export const STORE_AFTER_BYTES = 64 * 1024 * 1024

export class ReplicaRuntime {
  readonly state: ReplicaState
  readonly #options: ReplicaRuntimeOptions
  readonly #step: StepFunction
  readonly #tools: { readonly hash: CryptoSuite['hash']; readonly signingDigest: SigningDigest }
  readonly #macs: MessageMacs | null
  readonly #authenticator: Authenticator
  readonly #sealer: Sealer
  readonly #answers: ClientAnswers
  readonly #executor: Executor
  readonly #archive: DecisionArchive
  readonly #decisions: DecisionServer
  readonly #states: StateKeeping
  readonly #reception: Reception
  readonly #inquiries: InquiryAnswers
  readonly #reads: ReadAnswers
  readonly #links: LiveLinks
  readonly #events: Event[] = []
  readonly #ticker: Ticker
  #recordsAppended = 0
  #recordsSynced = 0
  #needsSync = false
  #isTurnDue = false
  #isStopped = false

  /** Loads the stored state, replays the log on top of it, then joins the cluster. */
  constructor(options: ReplicaRuntimeOptions) {
    const { id, cluster, suite, signer, application, pages, clock, entropy } = options
    const n = cluster.replicas.length
    this.#options = options
    this.#step = options.step ?? protocolStep
    this.#links = new LiveLinks(options.transport, options.onSilentLink)
    const signingDigest = createSigningDigest(suite.hash, cluster.clusterId)
    this.#tools = { hash: suite.hash, signingDigest }
    const macs = macsOf({ ...options, self: { kind: 'replica', id } })
    this.#macs = macs
    this.#authenticator = createAuthenticator({ cluster, suite, signingDigest, macs })
    this.#sealer = createSealer({ id, signer, hash: suite.hash, signingDigest, macs })
    this.#answers = new ClientAnswers({
      id,
      n,
      application,
      replies: createReplyMaker({ id, hash: suite.hash, signer, signingDigest, macs }),
      send: (to, frame) => this.#links.send({ kind: 'client', id: to }, frame),
      refuse: (to, content) =>
        this.#links.send({ kind: 'client', id: to }, this.#sealer.frame(content).bytes),
    })
    this.#executor = this.#createExecutor()
    this.#archive = new DecisionArchive(options.replay.log, this.#tools, this.#authenticator)
    this.#decisions = new DecisionServer(this.#archive, (to, content) => this.#serve(to, content))
    this.#reception = this.#createReception()
    this.#inquiries = new InquiryAnswers(options, this.#reception.budgets, () => this.#states.keeper)
    this.#reads = new ReadAnswers(options, {
      state: () => this.state,
      send: (to, content) => this.#links.send({ kind: 'client', id: to }, this.#sealer.frame(content).bytes),
    })
    const stored = loadStoredState(application, pages)
    this.#states = this.#createStateKeeping(n, stored)
    this.state = initialStateOf(options, stored)
    replayLog({
      replay: options.replay,
      state: this.state,
      application,
      archive: this.#archive,
      keeper: this.#states.keeper,
      tools: this.#tools,
      authenticator: this.#authenticator,
    })
    this.#links.start({
      onFrame: (from, frame) => {
        const isAccepting = this.#reception.push(from, frame)
        this.#scheduleTurn()
        return isAccepting
      },
      onLink: (peer) => macs?.linked(peer),
    })
    this.#feed({ kind: 'resumed', nonce: readU32(entropy(4), 0) })
    this.#ticker = new Ticker(clock, () => this.#tick())
    this.#scheduleTurn()
  }

  /** Stops the replica. The caller closes the log, the pages and the transport. */
  stop(): void {
    this.#isStopped = true
    this.#ticker.stop()
  }

  /** True if no batch is being executed, and everything that was logged is on disk. */
  get isSettled(): boolean {
    return !this.#executor.isBusy && this.#recordsAppended === this.#recordsSynced
  }

  /** Returns this replica's report on itself, as of now. */
  report(): ReplicaReport {
    return this.#inquiries.report(this.state)
  }

  #createExecutor(): Executor {
    const { application, executedPerTurn = EXECUTED_PER_TURN } = this.#options
    return new Executor({
      application,
      perTurn: executedPerTurn,
      onExecuted: ({ sequence, batch, commits }, outcomes) => {
        this.#answers.remember(sequence, batch, outcomes)
        this.#archive.remember(sequence, batch, commits)
        // Reported first: to a tick in between, an executed recovery would look like one lost in a transfer.
        this.#events.unshift(executedEvent(sequence, batch, outcomes, application.nextExpiry))
        this.#scheduleTurn()
      },
    })
  }

  #createReception(): Reception {
    return new Reception({
      state: () => this.state,
      authenticator: this.#authenticator,
      tools: this.#tools,
      checksPerTurn: this.#options.suite.checksPerTurn,
      onMessage: (message, from) => this.#feed({ kind: 'received', message, from }),
      onPages: (message) => this.#states.receive(message),
      onInquiry: (inquiry, from) => this.#answerInquiry(inquiry, from),
      onRead: (read, client, mayAnswer) => this.#reads.take(client, read, mayAnswer),
      onRejected: (from, rejection) => this.#reject(from, rejection),
      resume: (peer) => this.#links.resume(peer),
    })
  }

  #createStateKeeping(n: number, stored: StoredState | null): StateKeeping {
    const { id, application, pages, storeAfterBytes = STORE_AFTER_BYTES } = this.#options
    return new StateKeeping({
      id,
      n,
      application,
      pages,
      storeAfterBytes,
      stored,
      send: (to, content) => this.#sendTo(to, content),
      onTaken: (sequence, root) => this.#later({ kind: 'snapshot-taken', sequence, root }),
      onStored: (sequence) => this.#later({ kind: 'stored', sequence }),
      onTransferred: (stable, snapshot) => this.#switchTo(stable, snapshot),
      onGone: () => this.#later({ kind: 'transfer-gone' }),
      onWrongPage: (source) =>
        this.#reject({ kind: 'replica', id: source }, { kind: 'rejection', reason: 'digest-mismatch' }),
    })
  }

  #tick(): void {
    this.#needsSync ||= this.#recordsAppended > this.#recordsSynced
    this.#macs?.tick()
    this.#reception.budgets.tick()
    this.#inquiries.tick()
    this.#states.tick()
    this.#links.tick() // the next turn flushes the heartbeats
    this.#later({ kind: 'ticked', now: this.#options.clock.now() })
  }

  #later(event: Event): void {
    this.#events.push(event)
    this.#scheduleTurn()
  }

  #scheduleTurn(): void {
    if (this.#isTurnDue || this.#isStopped) return
    this.#isTurnDue = true
    this.#options.clock.defer(() => this.#turn())
  }

  #turn(): void {
    if (this.#isStopped) return
    this.#ticker.catchUp()
    this.#isTurnDue = false
    let checks = 0
    this.#executor.onTurn()
    for (let count = 0; count < EVENTS_PER_TURN_MAX && checks < this.#checksPerTurn; count++) {
      const event = this.#events.shift()
      if (event !== undefined) {
        this.#feed(event)
        continue
      }
      const cost = this.#reception.takeNext()
      if (cost === null) break
      checks += cost
    }
    this.#reads.work()
    this.#reception.longChecks.work()
    this.#states.keeper.work()
    this.#syncLog()
    this.#links.flush()
    const isIdle = this.#events.length === 0 && this.#reception.isEmpty && !this.#executor.isBusy
    if (!isIdle || !this.#reception.longChecks.isEmpty || this.#states.keeper.hasWork) this.#scheduleTurn()
    else this.#ticker.rest(this.#links.ticksUntilDue(ticksUntilDue(this.state, TICK_MS)))
  }

  get #checksPerTurn(): number {
    return (this.#executor.isBusy ? CHECKS_WHILE_EXECUTING : 1) * this.#options.suite.checksPerTurn
  }

  #syncLog(): void {
    if (!this.#needsSync) return
    this.#needsSync = false
    const records = this.#recordsAppended
    this.#options.replay.log.sync(() => {
      this.#recordsSynced = Math.max(this.#recordsSynced, records)
      this.#later({ kind: 'persisted', records })
    })
  }

  #reject(from: Peer, { reason, detail }: Rejection, guilty?: ReplicaId): void {
    this.#options.onRejected?.({ from, reason, ...given({ detail, guilty }) })
  }

  #answerInquiry(inquiry: AnyInquiry, to: Peer): void {
    const content = this.#inquiries.answer(inquiry, to, this.state)
    if (content !== null) this.#links.send(to, this.#sealer.frame(content).bytes)
  }

  #feed(event: Event): void {
    const effects = this.#step(this.state, event)
    this.#inquiries.recorder.note(event, effects, this.state)
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'persist':
        return this.#persist(effect.record)
      case 'send':
        return void this.#links.send({ kind: 'replica', id: effect.to }, this.#bytesOf(effect.outgoing))
      case 'broadcast':
        return this.#broadcast(effect.outgoing)
      case 'execute':
        return this.#executor.begin(effect)
      case 'reply':
        return this.#answers.reply(effect)
      case 'reply-again':
        return this.#answers.replyAgain(effect, this.state.ordering.lastExecuted)
      case 'refuse':
        return this.#answers.refuse(effect)
      case 'snapshot':
        return this.#states.keeper.take(effect.sequence)
      case 'stable':
        return this.#states.keeper.stable(effect.stable)
      case 'trim':
        return this.#trim(effect.upTo)
      case 'transfer':
        return this.#executor.betweenBatches(() => this.#states.transfer.aim(effect.stable))
      case 'stop-transfer':
        return this.#stopTransfer()
      case 'prepare-recovery':
        return this.#prepareRecovery()
      case 'serve':
        return this.#decisions.serve(effect.to, effect.sequences)
      case 'serve-batch':
        return this.#decisions.serveBatch(effect.to, effect.sequence, effect.digest)
      case 'reject':
        return this.#reject(
          effect.from,
          { kind: 'rejection', reason: effect.reason },
          effect.evidence?.guilty,
        )
      default:
        assertNever(effect)
    }
  }

  #persist(record: LogRecord): void {
    const bytes = encodeLogRecord(record, this.#sealer)
    const position = this.#options.replay.log.append(bytes)
    this.#recordsAppended++
    this.#states.keeper.noteLogged(bytes.length)
    indexRecord(this.#archive, record, position)
    if (!isAwaitedByNobody(record, this.state.config)) this.#needsSync = true
    if (record.kind === 'evidence' && record.isNew) this.#options.onEvidence?.(record.evidence)
  }

  #trim(upTo: Sequence): void {
    const position = this.#archive.trim(upTo)
    if (position !== null) this.#options.replay.log.trim(position)
  }

  #stopTransfer(): void {
    this.#executor.forgetWaiting()
    this.#states.transfer.stop()
  }

  /**
   * Switches to the stored, transferred state, unless this replica has reached it by execution meanwhile.
   * @rule 2.5
   */
  #switchTo(stable: CheckpointCertificate, snapshot: Snapshot): boolean {
    if (this.#isStopped) return false
    // Batches executed before the switch are reported before it.
    while (this.#events.length > 0) this.#feed(this.#events.shift() as Event)
    const isAhead = stable.sequence > this.state.ordering.lastHandedOver
    if (!isAhead && this.state.recovery.health !== 'diverged') return false
    this.#executor.abandon()
    this.#options.application.restore(snapshot)
    this.#feed({ kind: 'transferred', stable, nextExpiry: this.#options.application.nextExpiry })
    this.#scheduleTurn()
    return true
  }

  #prepareRecovery(): void {
    const { signer, entropy } = this.#options
    const request = createRecoveryRequest({ signer, ...this.#tools, nonce: entropy(NONCE_BYTES) })
    this.#later({ kind: 'recovery-prepared', request: this.#authenticator.own(request) })
  }

  #bytesOf(outgoing: Outgoing): Uint8Array {
    return outgoing.kind === 'relayed' ? this.#sealer.current(outgoing.message) : this.#sealer.bytes(outgoing)
  }

  /**
   * Sends a decision or batch. In oral mode no COMMIT can be shown, so a decision is a claim of its sender.
   * @rule 4.8
   */
  #serve(to: ReplicaId, content: DecisionContent | BatchContent): number {
    const isShown = content.kind === 'batch' || this.#options.cluster.mode === 'signed'
    return this.#sendTo(to, isShown ? content : { ...content, commits: [] })
  }

  /** Sends a content in a turn of its own, such as a read from disk. Returns its bytes. */
  #sendTo(to: ReplicaId, content: ReplicaContent): number {
    if (this.#isStopped) return 0
    const bytes = this.#sealer.bytes(content)
    this.#links.send({ kind: 'replica', id: to }, bytes)
    this.#scheduleTurn()
    return bytes.length
  }

  #broadcast(outgoing: Outgoing): void {
    const { id, cluster } = this.#options
    const bytes = this.#bytesOf(outgoing)
    for (const replica of cluster.replicas)
      if (replica.id !== id) this.#links.send({ kind: 'replica', id: replica.id }, bytes)
    if (outgoing.kind !== 'relayed' && isSigned(outgoing)) {
      const message = this.#authenticator.own(this.#sealer.message(outgoing))
      this.#events.push({ kind: 'received', message, from: { kind: 'replica', id } })
    }
  }
}
