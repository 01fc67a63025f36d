/**
 * The loop around the replica: frames to verified messages to events, effects to log, network and application.
 *
 * A turn steps the events that wait, then asks for one sync of all that they appended, then lets the frames of the
 * turn leave together. What depends on the disk is withheld by the protocol itself until `persisted`.
 */
import { assertNever } from '../base/assert.ts'
import { readU32 } from '../base/bytes.ts'
import type { ReplicaId, Sequence } from '../base/ids.ts'
import { isSigned, type ReplicaContent } from '../messages/content.ts'
import { decodeLongHead, decodeMessage, type LongHead } from '../messages/decode.ts'
import { createSigningDigest } from '../messages/frame.ts'
import type {
  CheckpointCertificate,
  EvidenceInquiry,
  Inquiry,
  PageDelivery,
  PageFetch,
  Verified,
} from '../messages/message.ts'
import { isRejection, type Rejection } from '../messages/rejection.ts'
import type { Effect, Event, LogRecord, Outgoing, ProtocolMessage } from '../pbft/effects.ts'
import { answerTo } from '../pbft/report.ts'
import { createReplicaState, type ReplicaState } from '../pbft/state.ts'
import { step as protocolStep } from '../pbft/step.ts'
import { isLongMessageUseful, isUseful } from '../pbft/useful.ts'
import type { CryptoSuite, Peer, Snapshot } from '../ports.ts'
import { type Authenticator, createAuthenticator, type LongMessage } from './authentication.ts'
import { ClientAnswers } from './client-answers.ts'
import { DecisionArchive } from './decision-archive.ts'
import { DecisionServer } from './decision-server.ts'
import { Inbox } from './inbox.ts'
import { notePlace } from './log-places.ts'
import { encodeLogRecord, isAwaitedByNobody } from './log-records.ts'
import { recoveriesOf, replayLog } from './log-replay.ts'
import { LongChecks } from './long-checks.ts'
import { createRecoveryRequest } from './recovery-request.ts'
import type { ReplicaRuntimeOptions, StepFunction } from './replica-runtime-options.ts'
import { createReplyMaker } from './replies.ts'
import { createSealer, type Sealer } from './sealer.ts'
import { StateKeeping } from './state-keeping.ts'
import { loadStoredState, type StoredState } from './stored-state.ts'

export type { RejectedMessage, ReplicaRuntimeOptions, StepFunction } from './replica-runtime-options.ts'

export const TICK_MS = 10
/** Events of one turn; then the sockets and timers have theirs. */
const EVENTS_PER_TURN_MAX = 128
/** Bytes of the log after which the next stable checkpoint is stored and the log in front of it trimmed. */
export const STORE_AFTER_BYTES = 64 * 1024 * 1024
/** Bytes of a recovery operation's nonce. */
const NONCE_BYTES = 32
type ShortProtocolMessage = Exclude<ProtocolMessage, LongMessage>

const NOT_FOR_THIS_LINK = { kind: 'rejection', reason: 'kind-not-for-this-link' } as const

export class ReplicaRuntime {
  readonly state: ReplicaState
  readonly #options: ReplicaRuntimeOptions
  readonly #step: StepFunction
  readonly #tools: {
    readonly hash: CryptoSuite['hash']
    readonly signingDigest: ReturnType<typeof createSigningDigest>
  }
  readonly #authenticator: Authenticator
  readonly #longChecks: LongChecks
  readonly #sealer: Sealer
  readonly #answers: ClientAnswers
  readonly #archive: DecisionArchive
  readonly #decisions: DecisionServer
  readonly #states: StateKeeping
  readonly #inbox: Inbox
  readonly #events: Event[] = []
  readonly #stopTicking: () => void
  #recordsAppended = 0
  #recordsSynced = 0
  #needsSync = false
  #isTurnDue = false
  #isStopped = false

  /** Loads the stored state, replays the log on top of it, then takes part. */
  constructor(options: ReplicaRuntimeOptions) {
    const { id, cluster, suite, signer, transport, application, pages, clock, entropy } = options
    const n = cluster.replicas.length
    this.#options = options
    this.#step = options.step ?? protocolStep
    const signingDigest = createSigningDigest(suite.hash, cluster.clusterId)
    this.#tools = { hash: suite.hash, signingDigest }
    this.#authenticator = createAuthenticator({ cluster, suite, signingDigest })
    this.#longChecks = new LongChecks((checked, from) => this.#onChecked(checked, from))
    this.#sealer = createSealer({ id, signer, hash: suite.hash, signingDigest })
    this.#answers = new ClientAnswers({
      id,
      n,
      application,
      replies: createReplyMaker({ id, hash: suite.hash, signer, signingDigest }),
      send: (to, frame) => this.#send({ kind: 'client', id: to }, frame),
      refuse: (to, content) => this.#send({ kind: 'client', id: to }, this.#sealer.frame(content).bytes),
    })
    this.#archive = new DecisionArchive(options.replay.log, this.#tools, this.#authenticator)
    this.#decisions = new DecisionServer(this.#archive, (to, content) => this.#sendTo(to, content))
    this.#inbox = new Inbox((peer) => transport.resume(peer))
    const stored = loadStoredState(application, pages)
    this.#states = this.#createStateKeeping(n, stored)
    this.state = createReplicaState({
      id,
      n,
      checkpointInterval: cluster.checkpointInterval,
      hash: suite.hash,
      standing: (client, timestamp, digest) => application.standing(client, timestamp, digest),
      isAmnesiac: options.replay.beginning === 'amnesia',
      ...(stored === null ? {} : { stored: stored.stable, isStateLost: stored.snapshot === null }),
    })
    this.state.now = clock.now()
    replayLog({
      replay: options.replay,
      state: this.state,
      application,
      archive: this.#archive,
      keeper: this.#states.keeper,
      tools: this.#tools,
      authenticator: this.#authenticator,
    })
    transport.start({
      onFrame: (from, frame) => {
        const isAccepting = this.#inbox.push(from, frame)
        this.#scheduleTurn()
        return isAccepting
      },
      onLink: () => {},
    })
    this.#perform(this.#step(this.state, { kind: 'resumed', nonce: readU32(entropy(4), 0) }))
    this.#stopTicking = clock.every(TICK_MS, () => this.#tick())
    this.#scheduleTurn()
  }

  /** Stops taking part; the log, the pages and the transport are the caller's to close. */
  stop(): void {
    this.#isStopped = true
    this.#stopTicking()
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
    this.#states.tick()
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
    this.#isTurnDue = false
    if (this.#isStopped) return
    for (let count = 0; count < EVENTS_PER_TURN_MAX; count++) {
      const event = this.#events.shift()
      if (event !== undefined) {
        this.#perform(this.#step(this.state, event))
        continue
      }
      const next = this.#inbox.take()
      if (next === null) break
      this.#receive(next.peer, next.frame)
    }
    this.#longChecks.work()
    this.#states.keeper.work()
    this.#syncLog()
    this.#options.transport.flush()
    const isIdle = this.#events.length === 0 && this.#inbox.isEmpty
    if (!isIdle || !this.#longChecks.isEmpty || this.#states.keeper.hasWork) this.#scheduleTurn()
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

  #receive(from: Peer, frame: Uint8Array): void {
    const head = decodeLongHead(frame)
    if (head !== null) return this.#receiveLong(head, from)
    const message = decodeMessage(frame, this.#tools)
    if (isRejection(message)) return this.#reject(from, message)
    switch (message.kind) {
      case 'inquiry':
      case 'evidence-inquiry':
        return this.#answerInquiry(message, from)
      case 'page-fetch':
      case 'page':
        return this.#receivePages(message, from)
      case 'reply':
      case 'refusal':
      case 'report':
      case 'evidence':
        return this.#reject(from, NOT_FOR_THIS_LINK)
      case 'view-change':
      case 'new-view':
        return // their heads were taken above
      default:
        return this.#receiveProtocol(message, from)
    }
  }

  #receiveLong(head: LongHead | Rejection, from: Peer): void {
    if (isRejection(head)) return this.#reject(from, head)
    if (!isLongMessageUseful(this.state, head)) return
    this.#longChecks.begin(from, this.#authenticator.authenticateLong(head, from))
  }

  #receiveProtocol(message: ShortProtocolMessage, from: Peer): void {
    if (!isUseful(this.state, message)) return
    const verified = this.#authenticator.authenticate(message, from)
    if (isRejection(verified)) return this.#reject(from, verified)
    this.#perform(this.#step(this.state, { kind: 'received', message: verified, from }))
  }

  #onChecked(checked: Verified<LongMessage> | Rejection, from: Peer): void {
    if (isRejection(checked)) return this.#reject(from, checked)
    this.#perform(this.#step(this.state, { kind: 'received', message: checked, from }))
  }

  #receivePages(message: PageFetch | PageDelivery, from: Peer): void {
    const verified = this.#authenticator.authenticate(message, from)
    if (isRejection(verified)) return this.#reject(from, verified)
    this.#states.receive(verified)
  }

  #reject(from: Peer, { reason, detail }: Rejection, guilty?: ReplicaId): void {
    this.#options.onRejected?.({
      from,
      reason,
      ...(detail === undefined ? {} : { detail }),
      ...(guilty === undefined ? {} : { guilty }),
    })
  }

  #answerInquiry(inquiry: Inquiry | EvidenceInquiry, from: Peer): void {
    const verified = this.#authenticator.authenticate(inquiry, from)
    if (isRejection(verified)) return this.#reject(from, verified)
    const { application, transport } = this.#options
    const outside = { revision: application.revision, reachable: transport.reachable() }
    this.#send(from, this.#sealer.frame(answerTo(inquiry, this.state, outside)).bytes)
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#performOne(effect)
  }

  #performOne(effect: Effect): void {
    switch (effect.kind) {
      case 'persist':
        return this.#persist(effect.record)
      case 'send':
        return this.#send({ kind: 'replica', id: effect.to }, this.#bytesOf(effect.outgoing))
      case 'broadcast':
        return this.#broadcast(effect.outgoing)
      case 'execute':
        return this.#execute(effect)
      case 'reply':
        return this.#answers.reply(effect)
      case 'reply-again':
        return this.#answers.replyAgain(effect, this.state.lastExecuted)
      case 'refuse':
        return this.#answers.refuse(effect)
      case 'snapshot':
        return this.#states.keeper.take(effect.sequence)
      case 'stable':
        return this.#states.keeper.stable(effect.stable)
      case 'trim':
        return this.#trim(effect.upTo)
      case 'transfer':
        return this.#states.transfer.aim(effect.stable)
      case 'stop-transfer':
        return this.#states.transfer.stop()
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

  #execute({ sequence, batch, commits }: Effect & { readonly kind: 'execute' }): void {
    const outcomes = this.#options.application.execute(sequence, batch)
    this.#answers.remember(sequence, batch, outcomes)
    this.#archive.remember(sequence, batch, commits)
    this.#later({ kind: 'executed', sequence, recoveries: recoveriesOf(outcomes) })
  }

  #persist(record: LogRecord): void {
    const bytes = encodeLogRecord(record, this.#sealer)
    const position = this.#options.replay.log.append(bytes)
    this.#recordsAppended++
    this.#states.keeper.noteLogged(bytes.length)
    notePlace(this.#archive, record, position)
    if (!isAwaitedByNobody(record)) this.#needsSync = true
    if (record.kind === 'evidence' && record.isNew) this.#options.onEvidence?.(record.evidence)
  }

  #trim(upTo: Sequence): void {
    const position = this.#archive.trim(upTo)
    if (position !== null) this.#options.replay.log.trim(position)
  }

  /** The transferred state is stored: switches to it, unless the own one has come as far meanwhile. // PBFT-2.5 */
  #switchTo(stable: CheckpointCertificate, snapshot: Snapshot): boolean {
    if (this.#isStopped) return false
    // What was executed before the switch is said before it.
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      this.#perform(this.#step(this.state, event))
    }
    const isAhead = stable.sequence > this.state.lastHandedOver
    if (!isAhead && this.state.health !== 'diverged') return false
    this.#options.application.restore(snapshot)
    this.#perform(this.#step(this.state, { kind: 'transferred', stable }))
    return true
  }

  #prepareRecovery(): void {
    const { signer, entropy } = this.#options
    const request = createRecoveryRequest({ signer, ...this.#tools, nonce: entropy(NONCE_BYTES) })
    this.#later({ kind: 'recovery-prepared', request: this.#authenticator.own(request) })
  }

  #bytesOf(outgoing: Outgoing): Uint8Array {
    return outgoing.kind === 'relayed' ? outgoing.message.bytes : this.#sealer.bytes(outgoing)
  }

  /** For what is sent outside a turn's events, from the disk for instance: hence a turn of its own. Gives its bytes. */
  #sendTo(to: ReplicaId, content: ReplicaContent): number {
    if (this.#isStopped) return 0
    const bytes = this.#sealer.bytes(content)
    this.#send({ kind: 'replica', id: to }, bytes)
    this.#scheduleTurn()
    return bytes.length
  }

  #send(to: Peer, frame: Uint8Array): void {
    this.#options.transport.send(to, frame)
  }

  #broadcast(outgoing: Outgoing): void {
    const { id, cluster } = this.#options
    const bytes = this.#bytesOf(outgoing)
    for (const replica of cluster.replicas) {
      if (replica.id !== id) this.#send({ kind: 'replica', id: replica.id }, bytes)
    }
    if (outgoing.kind !== 'relayed' && isSigned(outgoing)) {
      const message = this.#authenticator.own(this.#sealer.message(outgoing))
      this.#events.push({ kind: 'received', message, from: { kind: 'replica', id } })
    }
  }
}
