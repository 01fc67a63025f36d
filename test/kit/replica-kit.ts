/**
 * One replica's state machine with what its caller owes it: a log that is synced when the test says so, an application
 * that remembers what it executed, its own votes handed back to it.
 */
import { toHex } from '../../src/base/bytes.ts'
import type { ClientId, Milliseconds, ReplicaId, Sequence, Timestamp } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import type { Standing } from '../../src/base/standing.ts'
import type { Batch, Verified, Vote } from '../../src/messages/message.ts'
import { isRejection, type RejectionReason } from '../../src/messages/rejection.ts'
import type { Effect, Event, LogRecord, Outgoing, ProtocolMessage } from '../../src/pbft/effects.ts'
import { replay } from '../../src/pbft/recovery.ts'
import { createReplicaState, type ReplicaState } from '../../src/pbft/state.ts'
import { step } from '../../src/pbft/step.ts'
import { decodeLogRecord, encodeLogRecord } from '../../src/runtime/log-records.ts'
import { type ClusterKit, hash } from './cluster-kit.ts'

const FLOOR_DISTANCE = 64

type EffectOf<K extends Effect['kind']> = Extract<Effect, { readonly kind: K }>
type Sendable = Exclude<Outgoing, { readonly kind: 'relayed' }>

/** The effects of one kind, in order. */
export function effectsOf<K extends Effect['kind']>(effects: readonly Effect[], kind: K): EffectOf<K>[] {
  return effects.filter((effect): effect is EffectOf<K> => effect.kind === kind)
}

/** What was broadcast of one kind of content, in order. */
export function broadcastsOf<K extends Sendable['kind']>(
  effects: readonly Effect[],
  kind: K,
): Extract<Sendable, { readonly kind: K }>[] {
  return effectsOf(effects, 'broadcast')
    .map(({ outgoing }) => outgoing)
    .filter((outgoing): outgoing is Extract<Sendable, { readonly kind: K }> => outgoing.kind === kind)
}

/** The kinds of what was sent or broadcast, relayed messages by their own kind. */
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

export class ReplicaUnderTest {
  readonly state: ReplicaState
  /** What the replica gave to its log, as it stands there, and how much of it a sync has covered. */
  readonly log: Uint8Array[] = []
  readonly records: LogRecord[] = []
  readonly executed: Executed[] = []
  syncedRecords = 0
  /** False to hold `executed` events back, as an application that takes its time. */
  isExecuting = true
  readonly #kit: ClusterKit
  readonly #pending: Sequence[] = []
  readonly #known = new Map<string, string>()
  readonly #highest = new Map<ClientId, number>()
  readonly #recovered: number

  /** With a `log`, the replica restarts from these records; `resumed` then holds what it sends first. */
  readonly resumed: readonly Effect[]

  constructor(kit: ClusterKit, id: number, log: readonly Uint8Array[] = []) {
    this.#kit = kit
    this.state = createReplicaState({
      id: id as ReplicaId,
      n: kit.n,
      hash,
      standing: (client, timestamp, digest) => this.standing(client, timestamp, digest),
    })
    this.state.now = 1_000 as Milliseconds
    this.#recovered = log.length
    for (const bytes of log) this.#recover(bytes)
    this.resumed = log.length === 0 ? [] : this.#perform(step(this.state, { kind: 'resumed' }))
  }

  get id(): number {
    return this.state.config.id
  }

  /** What the sessions say, by rule 1.8. */
  standing(client: ClientId, timestamp: Timestamp, digest: Uint8Array): Standing {
    if (!this.#kit.cluster.clients.some(({ id }) => id === client)) return 'unknown-client'
    if (timestamp <= (this.#highest.get(client) ?? 0) - FLOOR_DISTANCE) return 'stale'
    const known = this.#known.get(`${client}:${timestamp}`)
    if (known === undefined) return 'new'
    return known === toHex(digest) ? 'executed' : 'timestamp-reused'
  }

  /** Steps one event and what follows from it at once; gives all effects in their order. */
  step(event: Event): readonly Effect[] {
    return this.#perform(step(this.state, event))
  }

  /** A message, on the link of its sender unless told otherwise. */
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

  /** `count` ticks, with the own clock moving by 10 ms each unless `now` says where it stands. */
  tick(count = 1, now?: number): readonly Effect[] {
    const effects: Effect[] = []
    for (let done = 0; done < count; done++) {
      const at = now ?? this.state.now + 10
      effects.push(...this.step({ kind: 'ticked', now: at as Milliseconds }))
    }
    return effects
  }

  /** One sync of everything appended so far. */
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

  /** Says `executed` for what was handed over while `isExecuting` was false. */
  finishExecution(): readonly Effect[] {
    return this.#pending.splice(0).flatMap((sequence) => this.step({ kind: 'executed', sequence }))
  }

  /** The same replica after a crash: of its log it finds the first `kept` records, by default all that were synced. */
  restarted(kept = this.#recovered + this.syncedRecords): ReplicaUnderTest {
    return new ReplicaUnderTest(this.#kit, this.id, this.log.slice(0, kept))
  }

  #recover(bytes: Uint8Array): void {
    const record = decodeLogRecord(bytes, this.#kit.tools, this.#kit.authenticator)
    if (isRejection(record)) throw new Error(`the log holds a bad record: ${record.reason}`)
    this.log.push(bytes)
    for (const effect of replay(this.state, record)) {
      if (effect.kind !== 'execute') throw new Error(`a replay gave ${effect.kind}`)
      this.#execute(effect)
      step(this.state, { kind: 'executed', sequence: effect.sequence })
    }
  }

  #perform(effects: readonly Effect[]): readonly Effect[] {
    const all: Effect[] = []
    const later: Event[] = []
    for (const effect of effects) {
      all.push(effect)
      if (effect.kind === 'persist') this.#persist(effect.record)
      else if (effect.kind === 'execute') {
        this.#execute(effect)
        if (this.isExecuting) later.push({ kind: 'executed', sequence: effect.sequence })
        else this.#pending.push(effect.sequence)
      } else if (effect.kind === 'broadcast') later.push(...this.#ownVote(effect.outgoing))
    }
    for (const event of later) all.push(...this.step(event))
    return all
  }

  #persist(record: LogRecord): void {
    this.records.push(record)
    this.log.push(encodeLogRecord(record, this.#kit.sealerOf(this.id)))
  }

  #execute({ sequence, batch, commits }: EffectOf<'execute'>): void {
    this.executed.push({ sequence, batch, commits })
    for (const { client, timestamp, digest } of batch.requests) {
      if (this.standing(client, timestamp, digest) !== 'new') continue
      this.#known.set(`${client}:${timestamp}`, toHex(digest))
      this.#highest.set(client, Math.max(this.#highest.get(client) ?? 0, timestamp))
    }
  }

  #ownVote(outgoing: Outgoing): Event[] {
    if (outgoing.kind !== 'pre-prepare' && outgoing.kind !== 'prepare' && outgoing.kind !== 'commit')
      return []
    const message = this.#kit.authenticator.own(this.#kit.sealerOf(this.id).message(outgoing))
    return [{ kind: 'received', message, from: this.#kit.replicaPeer(this.id) }]
  }
}

/** Everything with which the others bring `sequence` from its pre-prepare to its decision at `replica`. */
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
