/**
 * A replica's state machine with its caller's duties: a log that the test syncs, an application that records its
 * executions, snapshots of it, and the replica's own signed messages passed back to it.
 */
import type { Milliseconds, ReplicaId, Sequence } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import { hasUnorderedReads, hasUnsyncedVotes } from '../../src/messages/cluster.ts'
import { isSigned, type SignedContent } from '../../src/messages/content.ts'
import type { Batch, CheckpointCertificate, Verified, Vote } from '../../src/messages/message.ts'
import { isRejection, type RejectionReason } from '../../src/messages/rejection.ts'
import type { Effect, Event, LogRecord, Outgoing, ProtocolMessage } from '../../src/pbft/effects.ts'
import { replay, replayExecuted } from '../../src/pbft/recovery/restart.ts'
import { createReplicaState, type ReplicaState } from '../../src/pbft/state.ts'
import { step } from '../../src/pbft/step.ts'
import type { Log } from '../../src/ports.ts'
import { DecisionArchive } from '../../src/runtime/log/decision-archive.ts'
import { indexRecord } from '../../src/runtime/log/decision-index.ts'
import { decodeLogRecord, encodeLogRecord } from '../../src/runtime/log/log-records.ts'
import { type ClusterKit, hash } from './cluster-kit.ts'
import { FakeApplication } from './fake-application.ts'
import { recollectionOf } from './oral-kit.ts'

type EffectOf<K extends Effect['kind']> = Extract<Effect, { readonly kind: K }>
type Sendable = Exclude<Outgoing, { readonly kind: 'relayed' }>

/** The effects of one kind, in order. */
export function effectsOf<K extends Effect['kind']>(effects: readonly Effect[], kind: K): EffectOf<K>[] {
  return effects.filter((effect): effect is EffectOf<K> => effect.kind === kind)
}

/** The broadcasts of one kind of content, in order. */
export function broadcastsOf<K extends Sendable['kind']>(
  effects: readonly Effect[],
  kind: K,
): Extract<Sendable, { readonly kind: K }>[] {
  return effectsOf(effects, 'broadcast')
    .map(({ outgoing }) => outgoing)
    .filter((outgoing): outgoing is Extract<Sendable, { readonly kind: K }> => outgoing.kind === kind)
}

/** The kinds of sent and broadcast messages; a relayed message counts by its own kind. */
export function sentKinds(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'send' && effect.kind !== 'broadcast') return []
    return [effect.outgoing.kind === 'relayed' ? effect.outgoing.message.kind : effect.outgoing.kind]
  })
}

export const reasonsOf = (effects: readonly Effect[]): RejectionReason[] =>
  effectsOf(effects, 'reject').map(({ reason }) => reason)

export interface Executed {
  readonly sequence: Sequence
  readonly batch: Batch
  readonly commits: readonly Vote[]
}

/** The state that survives a crash. */
export interface Remains {
  readonly log?: readonly Uint8Array[]
  /** The page store: a checkpoint's state with its certificate. */
  readonly stored?: { readonly stable: CheckpointCertificate; readonly application: FakeApplication } | null
  /** True if that state is lost although its certificate exists. */
  readonly isStateLost?: boolean
  /** True if the log lost synced data. */
  readonly isAmnesiac?: boolean
  /** True if the state that the cluster began with is lost. */
  readonly isFirstStateLost?: boolean
  /** True to hash snapshots at once. */
  readonly isHashing?: boolean
  /** The replica's own clock. */
  readonly now?: Milliseconds
}

export class ReplicaUnderTest {
  readonly state: ReplicaState
  /** The records in the replica's log, and the number of synced ones. */
  readonly log: Uint8Array[] = []
  readonly records: LogRecord[] = []
  readonly executed: Executed[] = []
  syncedRecords = 0
  /** False to hold `executed` events back, like a slow application. */
  isExecuting = true
  /** False to hold `snapshot-taken` events back, like slow hashing. */
  isHashing = true
  application: FakeApplication
  readonly snapshots = new Map<Sequence, FakeApplication>()
  /** The state that it needs to fetch. */
  transferring: CheckpointCertificate | null = null
  /** The position in the log before which records may be trimmed. */
  trimmedBefore = 0
  readonly #kit: ClusterKit
  readonly #pending: Event[] = []
  readonly #hashed: Event[] = []
  readonly #recovered: number
  readonly #isAmnesiac: boolean
  readonly #archive: DecisionArchive
  #stored: Remains['stored']
  #nonces = 0
  readonly #found = new Set<number>()

  /** The first messages after a restart from a log. */
  readonly resumed: readonly Effect[]

  constructor(kit: ClusterKit, id: number, remains: Remains = {}) {
    const { log = [], stored = null, isStateLost = false, isAmnesiac = false } = remains
    this.#kit = kit
    this.isHashing = remains.isHashing ?? true
    this.#stored = stored
    this.#isAmnesiac = isAmnesiac
    const isLoaded = stored !== null && !isStateLost
    this.application = isLoaded ? stored.application.frozen() : new FakeApplication(kit)
    if (isLoaded) this.snapshots.set(stored.stable.sequence, stored.application)
    this.#archive = new DecisionArchive(UNREAD, kit.tools, kit.authenticator)
    this.state = createReplicaState({
      id: id as ReplicaId,
      n: kit.n,
      checkpointInterval: kit.cluster.checkpointInterval,
      hash,
      mode: kit.cluster.mode,
      hasUnorderedReads: hasUnorderedReads(kit.cluster),
      hasUnsyncedVotes: hasUnsyncedVotes(kit.cluster),
      standing: (request) => this.application.standing(request),
      nextExpiry: this.application.nextExpiry,
      isAmnesiac,
      isFirstStateLost: remains.isFirstStateLost === true,
      ...(stored === null ? {} : { stored: stored.stable, isStateLost }),
    })
    this.state.clock.now = remains.now ?? (1_000 as Milliseconds)
    this.#recovered = log.length
    for (const bytes of log) this.#recover(bytes)
    const isRestart = log.length > 0 || stored !== null || isAmnesiac
    if (isRestart) this.step({ kind: 'resumed', nonce: 1 })
    this.resumed = this.#endRecall()
    if (this.isHashing) this.finishHashing()
  }

  /** Answers of 2f others, which have no unknown messages of this replica (rule 6.4). */
  #endRecall(): readonly Effect[] {
    if (this.state.recovery.recall === null) return []
    const isSigned = this.#kit.cluster.mode === 'signed'
    const needed = isSigned ? 2 * faultsMax(this.#kit.n) : this.#kit.q
    const others = this.#kit.ids.filter((id) => id !== this.id).slice(0, needed)
    if (isSigned) {
      return others.flatMap((id) => this.receive(this.#kit.recollection(id, { nonce: 1, remembered: [] })))
    }
    return others.flatMap((id) => this.receive(recollectionOf(this.#kit, id, [])))
  }

  get id(): number {
    return this.state.config.id
  }

  /** Steps an event and its immediate consequences; returns all effects in order. */
  step(event: Event): readonly Effect[] {
    return this.#perform(step(this.state, event))
  }

  /** Delivers a message, by default on the link of its sender. */
  receive(message: Verified<ProtocolMessage>, from?: Peer): readonly Effect[] {
    const link: Peer =
      message.kind === 'request'
        ? { kind: 'client', id: message.client }
        : this.#kit.replicaPeer(message.sender)
    return this.step({ kind: 'received', message, from: from ?? link })
  }

  receiveAll(messages: readonly Verified<ProtocolMessage>[]): readonly Effect[] {
    return messages.flatMap((message) => this.receive(message))
  }

  /** Steps `count` ticks; the replica's own clock advances by 10 ms each, unless `now` sets it. */
  tick(count = 1, now?: number): readonly Effect[] {
    const effects: Effect[] = []
    for (let done = 0; done < count; done++) {
      const at = now ?? this.state.clock.now + 10
      effects.push(...this.step({ kind: 'ticked', now: at as Milliseconds }))
    }
    return effects
  }

  /** Steps ticks with heartbeats of the others, so that no replica is suspected of silence. */
  tickHearing(count = 1): readonly Effect[] {
    const effects: Effect[] = []
    for (let done = 0; done < count; done++) {
      for (const id of this.#kit.ids) this.state.suspicion.detector.heard(id, this.state.clock.ticks)
      effects.push(...this.tick())
    }
    return effects
  }

  /** Syncs everything appended so far. */
  sync(): readonly Effect[] {
    this.syncedRecords = this.records.length
    return this.step({ kind: 'persisted', records: this.syncedRecords })
  }

  /** Syncs until nothing waits for the disk. */
  settle(): readonly Effect[] {
    const effects: Effect[] = []
    while (this.syncedRecords < this.records.length) effects.push(...this.sync())
    return effects
  }

  /** Reports `executed` for the batches received while `isExecuting` was false, and for those that follow. */
  finishExecution(): readonly Effect[] {
    const effects: Effect[] = []
    for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift()) {
      effects.push(...this.step(event))
    }
    return effects
  }

  /** Reports `snapshot-taken` for the snapshots frozen while `isHashing` was false, or during a replay. */
  finishHashing(): readonly Effect[] {
    return this.#hashed.splice(0).flatMap((event) => this.step(event))
  }

  /** Stores the state of the last stable checkpoint, if it was reached here. */
  store(): readonly Effect[] {
    const { stable } = this.state.checkpoints
    const application = this.snapshots.get(stable.sequence)
    if (application === undefined) return []
    this.#stored = { stable, application }
    return this.step({ kind: 'stored', sequence: stable.sequence })
  }

  /** Takes the state of a checkpoint from another replica's snapshot, stores it, and switches to it. */
  transfer(stable: CheckpointCertificate, application: FakeApplication): readonly Effect[] {
    this.application = application.frozen()
    this.snapshots.set(stable.sequence, application)
    this.#stored = { stable, application }
    this.transferring = null
    return [
      ...this.step({ kind: 'transferred', stable, nextExpiry: this.application.nextExpiry }),
      ...this.step({ kind: 'stored', sequence: stable.sequence }),
    ]
  }

  /** Corrupts the state, as a flipped bit or a bug would. */
  corrupt(): void {
    this.application.root = hash(this.application.root)
  }

  /** Returns the replica after a crash, with the first `kept` records of its log, by default all synced ones. */
  restarted(kept = this.#recovered + this.syncedRecords): ReplicaUnderTest {
    const from = Math.min(this.trimmedBefore, kept)
    return new ReplicaUnderTest(this.#kit, this.id, {
      log: this.log.slice(from, kept),
      stored: this.#stored ?? null,
      isAmnesiac: this.#isAmnesiac,
      now: this.state.clock.now,
    })
  }

  /** True if the log that it restarted from held something of this sequence number. */
  isFound(sequence: number): boolean {
    return this.#found.has(sequence)
  }

  #recover(bytes: Uint8Array): void {
    const record = decodeLogRecord(bytes, this.#kit.tools, this.#kit.authenticator)
    if (isRejection(record)) throw new Error(`the log holds a bad record: ${record.reason}`)
    indexRecord(this.#archive, record, this.log.length)
    this.log.push(bytes)
    if (record.kind === 'accepted') this.#found.add(record.prePrepare.sequence)
    if (record.kind === 'new-view') {
      const { newView } = record
      const isOral = newView.kind === 'oral-new-view'
      const chosen = isOral
        ? newView.choices
        : isRejection(newView.contents)
          ? []
          : newView.contents.prePrepares
      for (const { sequence } of chosen) this.#found.add(sequence)
    }
    const effects = [...replay(this.state, record)]
    for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
      if (effect.kind === 'snapshot') this.#freeze(effect.sequence)
      else if (effect.kind === 'execute') effects.push(...replayExecuted(this.state, this.#execute(effect)))
      else throw new Error(`a replay gave ${effect.kind}`)
    }
  }

  #perform(effects: readonly Effect[]): readonly Effect[] {
    const all: Effect[] = []
    const later: Event[] = []
    for (const effect of effects) {
      all.push(effect)
      later.push(...this.#performOne(effect))
    }
    for (const event of later) all.push(...this.step(event))
    return all
  }

  /** Returns the events that follow immediately. */
  #performOne(effect: Effect): readonly Event[] {
    switch (effect.kind) {
      case 'persist':
        this.#persist(effect.record)
        return []
      case 'execute': {
        const event = this.#execute(effect)
        if (this.isExecuting) return [event]
        this.#pending.push(event)
        return []
      }
      case 'snapshot':
        this.#freeze(effect.sequence)
        return this.isHashing ? this.#hashed.splice(0) : []
      case 'broadcast':
        return effect.outgoing.kind !== 'relayed' && isSigned(effect.outgoing)
          ? [this.#own(effect.outgoing)]
          : []
      case 'transfer':
        this.transferring = effect.stable
        return []
      case 'stop-transfer':
        this.transferring = null
        return []
      case 'trim':
        this.trimmedBefore = this.#archive.trim(effect.upTo) ?? this.trimmedBefore
        return []
      case 'prepare-recovery':
        return [{ kind: 'recovery-prepared', request: this.#kit.recoveryRequest(this.id, this.#nonces++) }]
      default:
        return []
    }
  }

  #persist(record: LogRecord): void {
    indexRecord(this.#archive, record, this.log.length)
    this.records.push(record)
    this.log.push(encodeLogRecord(record, this.#kit.sealerOf(this.id)))
  }

  #execute({ sequence, batch, commits }: EffectOf<'execute'>): Event & { readonly kind: 'executed' } {
    this.executed.push({ sequence, batch, commits })
    return { kind: 'executed', sequence, ...this.application.execute(sequence, batch) }
  }

  #freeze(sequence: Sequence): void {
    const frozen = this.application.frozen()
    this.snapshots.set(sequence, frozen)
    this.#hashed.push({ kind: 'snapshot-taken', sequence, root: frozen.root })
  }

  #own(content: SignedContent): Event {
    const message = this.#kit.authenticator.own(this.#kit.sealerOf(this.id).message(content))
    return { kind: 'received', message, from: this.#kit.replicaPeer(this.id) }
  }
}

/** A log that is never read; only its positions are used. */
const UNREAD: Log = { append: () => 0, sync: () => {}, read: () => {}, trim: () => {} }

/** All messages of the others that bring `sequence` from its pre-prepare to its decision at `replica`. */
export function decide(
  kit: ClusterKit,
  replica: ReplicaUnderTest,
  place: { readonly sequence: number; readonly batch: Batch; readonly view?: number },
): readonly Effect[] {
  const { digest } = place.batch
  const others = kit.ids.filter((id) => id !== replica.id)
  const primary = (place.view ?? 0) % kit.n
  const effects: Effect[] = []
  if (replica.id !== primary) effects.push(...replica.receive(kit.prePrepare(place)))
  const backups = others.filter((id) => id !== primary)
  effects.push(...replica.receiveAll(kit.votes('prepare', backups, { ...place, digest })))
  effects.push(...replica.receiveAll(kit.votes('commit', others, { ...place, digest })))
  effects.push(...replica.settle())
  return effects
}
