/**
 * All replicas of a cluster, with a network that loses the messages that the test selects. Every replica syncs its log
 * at each tick; a crash loses unsynced records.
 */
import { equalBytes } from '../../src/base/bytes.ts'
import type { Random } from '../../src/base/random.ts'
import type { Message, Request, Verified } from '../../src/messages/message.ts'
import type { Effect, Outgoing, ProtocolMessage } from '../../src/pbft/effects.ts'
import type { ClusterKit } from './cluster-kit.ts'
import { ReplicaUnderTest } from './replica-kit.ts'

export interface Delivery {
  readonly from: number
  readonly to: number
  readonly message: Verified<ProtocolMessage>
}

/** The number of messages in one tick above which the run fails as a message storm. */
const DELIVERIES_PER_TICK_MAX = 200_000

export class ClusterRun {
  readonly replicas: ReplicaUnderTest[]
  /** Messages sent so far, by kind. */
  readonly sent = new Map<string, number>()
  /** Called after each round of deliveries, to check invariants. */
  onDelivered: () => void = () => {}
  /** Called with each message as it is sent, lost or not. */
  onSent: (delivery: Delivery) => void = () => {}
  /** Returns the message that arrives instead of the sent one, to play a traitor. */
  rewrite: (delivery: Delivery) => Verified<ProtocolMessage> = ({ message }) => message
  /** True if a message is lost. */
  loses: (delivery: Delivery) => boolean = () => false
  readonly #kit: ClusterKit
  readonly #random: Random
  #queue: Delivery[] = []

  constructor(kit: ClusterKit, random: Random) {
    this.#kit = kit
    this.#random = random
    this.replicas = kit.ids.map((id) => new ReplicaUnderTest(kit, id))
  }

  /** Delivers a client's request to one replica. */
  ask(to: number, request: Verified<Request>): void {
    this.#perform(to, this.#replica(to).receive(request))
  }

  tick(count = 1): void {
    for (let done = 0; done < count; done++) {
      for (const { id } of this.replicas) this.#perform(id, this.#replica(id).tick())
      this.#deliverAll()
      for (const { id } of this.replicas) this.#transferState(id)
      this.#deliverAll()
    }
  }

  /** Crashes one replica, or all at once: messages in flight are lost, and synced records survive. */
  crash(...ids: readonly number[]): void {
    this.#queue = this.#queue.filter(({ to, from }) => !ids.includes(to) && !ids.includes(from))
    for (const id of ids) {
      const restarted = this.#replica(id).restarted()
      this.replicas[id] = restarted
      this.#perform(id, restarted.resumed)
    }
  }

  /** Replaces a replica by another one, with its first messages. */
  replace(replica: ReplicaUnderTest): void {
    this.replicas[replica.id] = replica
    this.#perform(replica.id, replica.resumed)
  }

  #deliverAll(): void {
    for (let delivered = 0; ; ) {
      const deliveries = this.#random.shuffle(this.#queue)
      this.#queue = []
      for (const { from, to, message } of deliveries) {
        this.#perform(to, this.#replica(to).receive(message, this.#kit.replicaPeer(from)))
      }
      delivered += deliveries.length
      if (delivered > DELIVERIES_PER_TICK_MAX) throw new Error('the replicas do not fall silent')
      for (const { id } of this.replicas) this.#perform(id, this.#replica(id).settle())
      this.onDelivered()
      if (this.#queue.length === 0) return
    }
  }

  /** Fetches the state that a replica needs from the first reachable replica that has it. */
  #transferState(id: number): void {
    const replica = this.#replica(id)
    const stable = replica.transferring
    if (stable === null) return
    for (const source of this.replicas) {
      const snapshot = source.snapshots.get(stable.sequence)
      if (source.id === id || snapshot === undefined || !equalBytes(snapshot.root, stable.root)) continue
      return this.#perform(id, replica.transfer(stable, snapshot))
    }
    this.#perform(id, replica.step({ kind: 'transfer-gone' }))
  }

  #perform(from: number, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#send(from, effect.to, effect.outgoing)
      else if (effect.kind === 'serve') this.#serve(from, effect)
      else if (effect.kind === 'broadcast') {
        for (const to of this.#kit.ids) if (to !== from) this.#send(from, to, effect.outgoing)
      }
    }
  }

  #serve(from: number, { to, sequences }: Extract<Effect, { readonly kind: 'serve' }>): void {
    for (const { sequence, batch, commits } of this.#replica(from).executed) {
      const [first] = commits
      if (first === undefined || !sequences.includes(sequence)) continue
      this.#send(from, to, { kind: 'decision', view: first.view, sequence, batch, commits })
    }
  }

  #send(from: number, to: number, outgoing: Outgoing): void {
    const bytes = outgoing.kind === 'relayed' ? outgoing.message.bytes : this.#kit.frameOf(from, outgoing)
    const message = this.#kit.accept(bytes, this.#kit.replicaPeer(from))
    if (!isForReplicas(message)) throw new Error(`a replica sent ${message.kind}`)
    this.sent.set(message.kind, (this.sent.get(message.kind) ?? 0) + 1)
    this.onSent({ from, to, message })
    const delivery = { from, to, message: this.rewrite({ from, to, message }) }
    if (!this.loses(delivery)) this.#queue.push(delivery)
  }

  #replica(id: number): ReplicaUnderTest {
    const replica = this.replicas[id]
    if (replica === undefined) throw new Error(`no replica ${id}`)
    return replica
  }
}

function isForReplicas(message: Verified<Message>): message is Verified<ProtocolMessage> {
  return !['reply', 'refusal', 'inquiry', 'report', 'page', 'page-fetch'].includes(message.kind)
}
