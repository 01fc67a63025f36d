/**
 * The adversary: an honest replica with a replaced transport, which changes outgoing and incoming frames. The other
 * parts are those of the honest replica, in a simulation and in a process; an adversary that needs more replaces
 * further parts.
 */

import { type ReplicaId, replicaIds } from '../../src/base/ids.ts'
import type { Random } from '../../src/base/random.ts'
import { createSigningDigest } from '../../src/messages/frame.ts'
import { isHeartbeat } from '../../src/messages/heartbeat.ts'
import type { ReplicaState } from '../../src/pbft/state.ts'
import { step as honestStep } from '../../src/pbft/step.ts'
import { primary } from '../../src/pbft/views/view-state.ts'
import type { Peer, Transport, TransportHandler } from '../../src/ports.ts'
import { type MessageMacs, macsOf } from '../../src/runtime/authentication/message-macs.ts'
import type { Recomposition, ReplicaRuntimeOptions } from '../../src/runtime/replica-runtime-options.ts'
import { TICK_MS } from '../../src/runtime/tick.ts'
import { type AdversaryContext, type Blackboard, type Delivery, toReplica } from './adversary-context.ts'
import type { Behaviour } from './behaviour.ts'
import { InterceptedFrame } from './intercepted-frame.ts'
import { createSeals } from './seals.ts'

/**
 * The maximum number of frames that an adversary holds back; beyond it the oldest are sent at once, so that the
 * attacker does not run out of memory first.
 */
const HELD_MAX = 4_096

/**
 * Everything that makes a replica a traitor. An entry of the catalogue has one, and a plan turns a replica into one.
 */
export interface Adversary {
  /** Makes a new behaviour for each replica that plays it, so that replicas share no memory by accident. */
  readonly behaviour: () => Behaviour
  /** Changes parts other than the transport at each start, for example the disk. */
  readonly parts?: (honest: ReplicaRuntimeOptions, playing: Playing) => ReplicaRuntimeOptions
}

/** The attack as a changed part sees it. */
export interface Playing {
  /** True if the attack is on; while it is not, the replica is honest. */
  readonly isOn: () => boolean
  /** Told of every act. */
  readonly onAct: () => void
}

export interface AdversaryOptions {
  readonly adversary: Adversary
  readonly board: Blackboard
  readonly random: Random
  /** True if the attack is on at this time after the replica's first start; otherwise the replica is honest. */
  readonly isOn: (ageMs: number) => boolean
  /** Called for every act. */
  readonly onAct: () => void
}

/** Makes an adversary from the parts of an honest replica. */
export function corrupt(options: AdversaryOptions): Recomposition {
  let life = 0
  let firstStartedAt = 0
  return (honest) => {
    if (life++ === 0) firstStartedAt = honest.clock.now()
    const isOn = (): boolean => options.isOn(honest.clock.now() - firstStartedAt)
    const parts = options.adversary.parts?.(honest, { isOn, onAct: options.onAct }) ?? honest
    const transport = new CorruptTransport(options, parts, { number: life, firstStartedAt })
    const step = parts.step ?? honestStep
    return {
      ...parts,
      transport,
      step: (state, event) => {
        transport.see(state)
        return step(state, event)
      },
    }
  }
}

/** The number of the current start of the replica, from 1 on, and the time of the first. */
interface Life {
  readonly number: number
  readonly firstStartedAt: number
}

class CorruptTransport implements Transport {
  readonly #options: AdversaryOptions
  readonly #parts: ReplicaRuntimeOptions
  readonly #inner: Transport
  readonly #behaviour: Behaviour
  readonly #tools: {
    readonly hash: ReplicaRuntimeOptions['suite']['hash']
    readonly signingDigest: ReturnType<typeof createSigningDigest>
  }
  readonly #macs: MessageMacs | null
  readonly #place: AdversaryContext
  readonly #held: { readonly due: number; readonly delivery: Delivery }[] = []
  #handler: TransportHandler | null = null
  #state: ReplicaState | null = null
  #ticks = 0
  readonly #life: Life

  constructor(options: AdversaryOptions, parts: ReplicaRuntimeOptions, life: Life) {
    this.#options = options
    this.#parts = parts
    this.#inner = parts.transport
    this.#behaviour = options.adversary.behaviour()
    const { hash } = parts.suite
    this.#tools = { hash, signingDigest: createSigningDigest(hash, parts.cluster.clusterId) }
    this.#life = life
    this.#macs = macsOf({ ...parts, self: { kind: 'replica', id: parts.id } })
    this.#place = this.#createPlace()
    parts.clock.every(TICK_MS, () => this.#tick())
  }

  /** The current state of its honest half. */
  see(state: ReplicaState): void {
    this.#state = state
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
    this.#inner.start({
      onLink: (peer) => handler.onLink(peer),
      onFrame: (from, frame) => {
        if (this.#hears(from, frame)) return handler.onFrame(from, frame)
        this.#options.onAct()
        return true
      },
    })
  }

  send(to: Peer, frame: Uint8Array): boolean {
    // A traitor keeps its links: without any link it would only harm itself.
    const deliveries =
      this.#isOn && !isHeartbeat(frame)
        ? (this.#behaviour.send?.(new InterceptedFrame(to, frame, this.#tools), this.#place) ?? null)
        : null
    if (deliveries === null) return this.#inner.send(to, frame)
    const [only] = deliveries
    const isUnchanged =
      deliveries.length === 1 && only?.frame === frame && (only.afterTicks ?? 0) === 0 && only.to === to
    if (!isUnchanged) this.#options.onAct()
    for (const delivery of deliveries) this.#deliver(delivery)
    return true
  }

  flush(): void {
    this.#inner.flush()
  }

  resume(peer: Peer): void {
    this.#inner.resume(peer)
  }

  reachable(): readonly ReplicaId[] {
    return this.#inner.reachable()
  }

  received(peer: Peer): number | null {
    return this.#inner.received(peer)
  }

  end(peer: Peer): void {
    this.#inner.end(peer)
  }

  get #isOn(): boolean {
    const { clock } = this.#parts
    return this.#state !== null && this.#options.isOn(clock.now() - this.#life.firstStartedAt)
  }

  #hears(from: Peer, frame: Uint8Array): boolean {
    const { receive, isDeafTo } = this.#behaviour
    if (!this.#isOn || (receive === undefined && isDeafTo === undefined)) return true
    const intercepted = new InterceptedFrame(from, frame, this.#tools)
    receive?.(intercepted, this.#place)
    return !(isDeafTo?.(intercepted, this.#place) ?? false)
  }

  #deliver(delivery: Delivery): void {
    const { to, frame, afterTicks = 0 } = delivery
    if (to.kind === 'replica' && to.id === this.#parts.id) return
    if (afterTicks === 0) {
      this.#inner.send(to, frame)
      return
    }
    this.#held.push({ due: this.#ticks + afterTicks, delivery })
    if (this.#held.length > HELD_MAX) this.#release(this.#held.splice(0, 1))
  }

  #release(held: readonly { readonly delivery: Delivery }[]): void {
    for (const { delivery } of held) this.#inner.send(delivery.to, delivery.frame)
  }

  #tick(): void {
    this.#macs?.tick()
    if (this.#isOn) this.#ticks++
    else if (this.#held.length === 0) return
    for (let index = 0; index < this.#held.length; ) {
      const { due } = this.#held[index] as { due: number }
      if (due <= this.#ticks || !this.#isOn) this.#release(this.#held.splice(index, 1))
      else index++
    }
    if (this.#isOn) this.#behaviour.tick?.(this.#place)
    this.#inner.flush()
  }

  #createPlace(): AdversaryContext {
    const { id, cluster, signer } = this.#parts
    const { board, random, onAct } = this.#options
    const { hash, signingDigest } = this.#tools
    const n = cluster.replicas.length
    const others = replicaIds(n).filter((other) => other !== id)
    const state = (): ReplicaState => this.#state as ReplicaState
    const ticks = (): number => this.#ticks
    return {
      id,
      n,
      others,
      victims: others.filter((other) => !board.traitors.includes(other)),
      cluster,
      hash,
      random,
      board,
      life: this.#life.number,
      get ticks() {
        return ticks()
      },
      get state() {
        return state()
      },
      get isPrimary() {
        return primary(state()) === id
      },
      ...createSeals({ id, signer, hash, signingDigest, macs: this.#macs }, { cluster, state }),
      send: (delivery) => {
        onAct()
        this.#deliver(delivery)
      },
      broadcast: (frame) => {
        onAct()
        for (const other of others) this.#deliver({ to: toReplica(other), frame })
      },
      pretend: (from, frame) => {
        onAct()
        this.#handler?.onFrame(from, frame)
      },
      act: onAct,
    }
  }
}
