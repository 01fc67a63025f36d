/**
 * The loop around the replica: frames to verified messages to events, effects to log, network and application.
 *
 * A turn steps the events that wait, then asks for one sync of all that they appended, then lets the frames of the
 * turn leave together. What depends on the disk is withheld by the protocol itself until `persisted`.
 */
import { assert, assertNever } from '../base/assert.ts'
import type { ReplicaId, Sequence } from '../base/ids.ts'
import type { Cluster } from '../messages/cluster.ts'
import type { Content, DecisionContent } from '../messages/content.ts'
import { decodeMessage } from '../messages/decode.ts'
import { createSigningDigest } from '../messages/frame.ts'
import type { Inquiry, RefusalReason, Request } from '../messages/message.ts'
import { isRejection, type Rejection } from '../messages/rejection.ts'
import type { Effect, Event, LogRecord, Outgoing, ProtocolMessage } from '../pbft/effects.ts'
import { replay } from '../pbft/recovery.ts'
import { reportOf } from '../pbft/report.ts'
import { createReplicaState, type ReplicaState } from '../pbft/state.ts'
import { step as protocolStep } from '../pbft/step.ts'
import { isUseful } from '../pbft/useful.ts'
import type {
  Application,
  Clock,
  CryptoSuite,
  LogReplay,
  Outcome,
  Peer,
  Signer,
  Transport,
} from '../ports.ts'
import { type Authenticator, createAuthenticator } from './authentication.ts'
import { DecisionArchive } from './decision-archive.ts'
import { DecisionServer } from './decision-server.ts'
import { Inbox } from './inbox.ts'
import { decodeLogRecord, encodeLogRecord } from './log-records.ts'
import { type Answer, createReplyMaker, type ReplyMaker } from './replies.ts'
import { createSealer, type Sealer } from './sealer.ts'

export const TICK_MS = 10
/** Events of one turn; then the sockets and timers have theirs. */
const EVENTS_PER_TURN_MAX = 128
export type StepFunction = typeof protocolStep

export interface ReplicaRuntimeOptions {
  readonly id: ReplicaId
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signer: Signer
  readonly transport: Transport
  readonly replay: LogReplay
  readonly application: Application
  readonly clock: Clock
  /** The protocol. An adversary is a replica that is given another one. */
  readonly step?: StepFunction
  /** Told of every message that was refused, for logs and for blame. */
  readonly onRejected?: (rejected: RejectedMessage) => void
}

export interface RejectedMessage {
  readonly from: Peer
  readonly reason: Rejection['reason']
  readonly detail?: string
  /** Who provably lied, where the message is evidence: not always the peer that it came from. */
  readonly guilty?: ReplicaId
}

export class ReplicaRuntime {
  readonly state: ReplicaState
  readonly #options: ReplicaRuntimeOptions
  readonly #step: StepFunction
  readonly #tools: {
    readonly hash: CryptoSuite['hash']
    readonly signingDigest: ReturnType<typeof createSigningDigest>
  }
  readonly #authenticator: Authenticator
  readonly #sealer: Sealer
  readonly #replies: ReplyMaker
  readonly #archive: DecisionArchive
  readonly #decisions: DecisionServer
  readonly #inbox: Inbox
  readonly #events: Event[] = []
  /** Executed batches that are still to be answered: each request beside what executing it gave. */
  readonly #unanswered = new Map<
    Sequence,
    readonly { readonly request: Request; readonly outcome: Outcome }[]
  >()
  readonly #stopTicking: () => void
  #recordsAppended = 0
  #recordsSynced = 0
  #needsSync = false
  #isTurnDue = false
  #isStopped = false

  /** Replays the log, then takes part. */
  constructor(options: ReplicaRuntimeOptions) {
    const { id, cluster, suite, signer, transport, application, clock } = options
    this.#options = options
    this.#step = options.step ?? protocolStep
    const signingDigest = createSigningDigest(suite.hash, cluster.clusterId)
    this.#tools = { hash: suite.hash, signingDigest }
    this.#authenticator = createAuthenticator({ cluster, suite, signingDigest })
    this.#sealer = createSealer({ id, signer, signingDigest })
    this.#replies = createReplyMaker({ id, hash: suite.hash, signer, signingDigest })
    this.#archive = new DecisionArchive(options.replay.log, this.#tools, this.#authenticator)
    this.#decisions = new DecisionServer(this.#archive, (to, decision) => this.#sendDecision(to, decision))
    this.#inbox = new Inbox((peer) => transport.resume(peer))
    this.state = createReplicaState({
      id,
      n: cluster.replicas.length,
      hash: suite.hash,
      standing: (client, timestamp, digest) => application.standing(client, timestamp, digest),
    })
    this.state.now = clock.now()
    this.#recover()
    transport.start({
      onFrame: (from, frame) => {
        const isAccepting = this.#inbox.push(from, frame)
        this.#scheduleTurn()
        return isAccepting
      },
      onLink: () => {},
    })
    this.#perform(this.#step(this.state, { kind: 'resumed' }))
    this.#stopTicking = clock.every(TICK_MS, () => {
      this.#needsSync ||= this.#recordsAppended > this.#recordsSynced
      this.#events.push({ kind: 'ticked', now: clock.now() })
      this.#scheduleTurn()
    })
    this.#scheduleTurn()
  }

  /** Stops taking part; the log and the transport are the caller's to close. */
  stop(): void {
    this.#isStopped = true
    this.#stopTicking()
  }

  #recover(): void {
    for (const { position, record } of this.#options.replay.records) {
      const recovered = decodeLogRecord(record, this.#tools, this.#authenticator)
      assert(!isRejection(recovered), 'the log passed its checks and holds a record of an unknown form')
      if (recovered.kind === 'accepted') {
        this.#archive.noteBatch(recovered.prePrepare.sequence, position)
      } else if (recovered.kind === 'decided') {
        const [first] = recovered.commits
        if (first !== undefined)
          this.#archive.noteDecision(first.sequence, position, recovered.batch !== null)
      }
      for (const effect of replay(this.state, recovered)) {
        assert(effect.kind === 'execute', 'a replay only executes')
        this.#options.application.execute(effect.sequence, effect.batch)
        this.#step(this.state, { kind: 'executed', sequence: effect.sequence })
      }
    }
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
    this.#syncLog()
    this.#options.transport.flush()
    if (this.#events.length > 0 || !this.#inbox.isEmpty) this.#scheduleTurn()
  }

  #syncLog(): void {
    if (!this.#needsSync) return
    this.#needsSync = false
    const records = this.#recordsAppended
    this.#options.replay.log.sync(() => {
      this.#recordsSynced = Math.max(this.#recordsSynced, records)
      this.#events.push({ kind: 'persisted', records })
      this.#scheduleTurn()
    })
  }

  #receive(from: Peer, frame: Uint8Array): void {
    const message = decodeMessage(frame, this.#tools)
    if (isRejection(message)) return this.#reject(from, message)
    if (message.kind === 'inquiry') return this.#answerInquiry(message, from)
    if (message.kind === 'reply' || message.kind === 'refusal' || message.kind === 'report') {
      return this.#reject(from, { kind: 'rejection', reason: 'kind-not-for-this-link' })
    }
    if (!isUseful(this.state, message)) return
    const verified = this.#authenticator.authenticate<ProtocolMessage>(message, from)
    if (isRejection(verified)) return this.#reject(from, verified)
    this.#perform(this.#step(this.state, { kind: 'received', message: verified, from }))
  }

  #reject(from: Peer, { reason, detail }: Rejection, guilty?: ReplicaId): void {
    this.#options.onRejected?.({
      from,
      reason,
      ...(detail === undefined ? {} : { detail }),
      ...(guilty === undefined ? {} : { guilty }),
    })
  }

  #answerInquiry(inquiry: Inquiry, from: Peer): void {
    const verified = this.#authenticator.authenticate(inquiry, from)
    if (isRejection(verified)) return this.#reject(from, verified)
    const { application, transport } = this.#options
    const reachable = transport.reachable()
    const report = reportOf(this.state, {
      revision: application.revision,
      reachable: [...new Set([...reachable, this.#options.id])].sort((a, b) => a - b),
    })
    this.#send(from, this.#sealer.frame({ kind: 'report', nonce: inquiry.nonce, report }).bytes)
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
        return this.#reply(effect)
      case 'reply-again':
        return this.#replyAgain(effect)
      case 'refuse':
        return this.#refuse(effect)
      case 'serve':
        return this.#decisions.serve(effect.to, effect.sequences)
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
    assert(outcomes.length === batch.requests.length, 'the application answers each request')
    if (outcomes.length > 0) {
      this.#unanswered.set(
        sequence,
        batch.requests.map((request, index) => ({ request, outcome: outcomes[index] as Outcome })),
      )
    }
    this.#archive.remember(sequence, batch, commits)
    this.#events.push({ kind: 'executed', sequence })
  }

  #persist(record: LogRecord): void {
    const position = this.#options.replay.log.append(encodeLogRecord(record, this.#sealer))
    this.#recordsAppended++
    switch (record.kind) {
      case 'proposed':
        this.#archive.noteBatch(record.content.sequence, position)
        break
      case 'accepted':
        this.#archive.noteBatch(record.prePrepare.sequence, position)
        break
      case 'decided': {
        const [first] = record.commits
        if (first !== undefined) this.#archive.noteDecision(first.sequence, position, !record.isBatchLogged)
        return // nobody waits for it: it goes with the next sync
      }
      case 'prepared':
        break
      default:
        assertNever(record)
    }
    this.#needsSync = true
  }

  #bytesOf(outgoing: Outgoing): Uint8Array {
    return outgoing.kind === 'relayed' ? outgoing.message.bytes : this.#frameOf(outgoing)
  }

  #frameOf(content: Content): Uint8Array {
    switch (content.kind) {
      case 'pre-prepare':
      case 'prepare':
      case 'commit':
        return this.#sealer.message(content).bytes
      default:
        return this.#sealer.frame(content).bytes
    }
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
    if (outgoing.kind === 'pre-prepare' || outgoing.kind === 'prepare' || outgoing.kind === 'commit') {
      const message = this.#authenticator.own(this.#sealer.message(outgoing))
      this.#events.push({ kind: 'received', message, from: { kind: 'replica', id } })
    }
  }

  #reply({ view, sequence }: Effect & { readonly kind: 'reply' }): void {
    const executed = this.#unanswered.get(sequence) ?? []
    this.#unanswered.delete(sequence)
    const answers: Answer[] = []
    for (const { request, outcome } of executed) {
      const { results, standing } = outcome
      // What was executed before was answered then, and is again when its client asks; a primary that orders it
      // once more must not multiply its results.
      if (standing === 'executed') continue
      if (standing !== 'new') this.#refuseRequest(request, standing)
      else if (results !== null) {
        answers.push({ outcome: { ...outcome, results }, isWhole: this.#isResponder(request) })
      }
    }
    for (const { to, frame } of this.#replies.repliesFor({ view, sequence }, answers)) this.#send(to, frame)
  }

  #isResponder({ responder }: Request): boolean {
    return responder === this.#options.id || responder >= this.#options.cluster.replicas.length
  }

  #replyAgain({ view, request }: Effect & { readonly kind: 'reply-again' }): void {
    const { client, publicKey, timestamp, digest: requestDigest } = request
    const results = this.#options.application.results(client, timestamp)
    if (results === null) return this.#refuseRequest(request, 'results-gone')
    const executed = { client, publicKey, timestamp, requestDigest, results, standing: 'executed' } as const
    const outcome = { ...executed, recovery: null }
    const place = { view, sequence: this.state.lastExecuted }
    const replies = this.#replies.repliesFor(place, [{ outcome, isWhole: true }])
    for (const { to, frame } of replies) this.#send(to, frame)
  }

  #refuseRequest({ client, timestamp, digest }: Request, reason: RefusalReason): void {
    this.#refuse({ kind: 'refuse', client, timestamp, requestDigest: digest, reason })
  }

  #refuse({ client, timestamp, requestDigest, reason }: Effect & { readonly kind: 'refuse' }): void {
    const { bytes } = this.#sealer.frame({ kind: 'refusal', timestamp, requestDigest, reason })
    this.#send({ kind: 'client', id: client }, bytes)
  }

  /** Decisions may come from the disk after the turn that asked for them was flushed: hence a turn of their own. */
  #sendDecision(to: ReplicaId, decision: DecisionContent): number {
    if (this.#isStopped) return 0
    const { bytes } = this.#sealer.frame(decision)
    this.#send({ kind: 'replica', id: to }, bytes)
    this.#scheduleTurn()
    return bytes.length
  }
}
