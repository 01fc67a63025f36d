/**
 * A network that delays, loses, doubles and reorders frames, cuts and clogs links and falls apart, as its conditions
 * say. Frames travel as bytes: what arrives is a copy. Two nodes may have one identity; each gets what is sent to it.
 */
import { assert } from '../base/assert.ts'
import type { ReplicaId } from '../base/ids.ts'
import type { Random } from '../base/random.ts'
import type { Peer, Transport, TransportHandler } from '../ports.ts'
import { createCopier } from './slab.ts'
import type { VirtualTime } from './virtual-clock.ts'

/** Bytes that one link holds, in flight or at a receiver that asked to wait; beyond it frames are refused. */
export const LINK_BYTES_MAX = 16 * 1024 * 1024

export interface NetworkConditions {
  /** The least and the most time a frame is under way, in virtual milliseconds. */
  readonly delayMs: readonly [number, number]
  /** The probability that a frame is lost. */
  readonly loss: number
  /** The probability that a frame arrives twice. */
  readonly duplication: number
  /** The probability that a frame takes a time of its own instead of arriving behind the one before it. */
  readonly reordering: number
}

export const CALM_NETWORK: NetworkConditions = { delayMs: [1, 5], loss: 0, duplication: 0, reordering: 0 }

/** One direction between two ends. */
interface Link {
  readonly from: number
  readonly to: number
  isCut: boolean
  /** Whether what arrives waits on the way, and what waits. Nothing of it is lost. */
  isClogged: boolean
  readonly clogged: Flight[]
  /** Whether the receiver asked to wait. */
  isHeld: boolean
  readonly held: Uint8Array[]
  /** Bytes under way and held. */
  bytes: number
  /** When the last frame that keeps the order arrives. */
  lastArrival: number
  /** Rises when the link breaks: what was under way is lost. */
  epoch: number
  /** The frames of the turn that is being flushed. */
  leaving: Flight | null
}

interface Flight {
  readonly link: Link
  readonly frames: Uint8Array[]
  readonly epoch: number
}

interface Queued {
  readonly link: Link
  readonly frame: Uint8Array
  readonly epoch: number
}

/** What passes by: for checks on what replicas say. */
export type SentObserver = (sent: {
  readonly from: Peer
  readonly to: Peer
  readonly frame: Uint8Array
}) => void

export class VirtualNetwork {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #peers: Peer[]
  /** The nodes of each identity: one, and a second one where it has a twin. */
  readonly #nodes = new Map<string | number, readonly number[]>()
  /** By sender, then by receiver. */
  readonly #links: Link[][]
  readonly #endpoints: (Endpoint | null)[]
  readonly #onSent: SentObserver
  readonly #copy = createCopier()
  #conditions = CALM_NETWORK
  /** While the network is apart: for each node of a replica, the nodes of replicas that it reaches, as bits. */
  #reach: readonly number[] | null = null

  constructor(context: {
    readonly time: VirtualTime
    readonly random: Random
    /** A node each: the replicas in the order of their ids, then twins of replicas, then the clients. More may join. */
    readonly peers: readonly Peer[]
    readonly onSent?: SentObserver
  }) {
    const { time, random, peers, onSent } = context
    this.#time = time
    this.#random = random
    this.#peers = [...peers]
    this.#onSent = onSent ?? (() => {})
    this.#endpoints = peers.map(() => null)
    for (const [index, { id }] of peers.entries())
      this.#nodes.set(id, [...(this.#nodes.get(id) ?? []), index])
    this.#links = peers.map((_, from) => peers.map((_, to) => createLink(from, to)))
  }

  /** Gives an end to somebody who was not there from the beginning; one that it had before is closed. */
  join(peer: Peer): Transport {
    if (!this.#nodes.has(peer.id)) {
      const node = this.#peers.push(peer) - 1
      this.#nodes.set(peer.id, [node])
      this.#endpoints.push(null)
      for (const [from, links] of this.#links.entries()) links.push(createLink(from, node))
      this.#links.push(this.#peers.map((_, to) => createLink(node, to)))
    }
    return this.attach(peer)
  }

  set conditions(conditions: NetworkConditions) {
    this.#conditions = conditions
  }

  /**
   * Gives a node its end of the network; it is up once it was started. An end that was there before is closed.
   * Of two nodes with one identity, `twin` 1 is the second.
   */
  attach(peer: Peer, twin = 0): Transport {
    const index = this.#nodeOf(peer, twin)
    const endpoint = new Endpoint(this, index)
    this.#endpoints[index] = endpoint
    return endpoint
  }

  /**
   * The node crashed: its links break, and what was under way to it is lost. What it had sent may still arrive.
   */
  detach(peer: Peer, { losesSent }: { readonly losesSent: boolean }, twin = 0): void {
    const index = this.#nodeOf(peer, twin)
    this.#endpoints[index] = null
    for (const other of this.#peers.keys()) {
      breakLink(this.#linkOf(other, index))
      if (losesSent) breakLink(this.#linkOf(index, other))
    }
  }

  /** Cuts or mends one direction. Frames sent into a cut are lost; nobody is told. */
  setCut({ from, to, isCut }: { readonly from: Peer; readonly to: Peer; readonly isCut: boolean }): void {
    this.#linkOf(this.#nodeOf(from), this.#nodeOf(to)).isCut = isCut
  }

  /** Clogs or frees one direction, or all links of a node where `to` is null. What arrives meanwhile waits. */
  setClog(clog: { readonly from: Peer; readonly to: Peer | null; readonly isClogged: boolean }): void {
    const { from, to, isClogged } = clog
    const node = this.#nodeOf(from)
    for (const link of this.#links.flat()) {
      const isMeant = to === null ? link.from === node || link.to === node : this.#isBetween(link, from, to)
      if (isMeant) this.#clog(link, isClogged)
    }
  }

  /**
   * Takes the network apart: bit j of `reach[i]` says that frames of replica node i get to replica node j. Clients
   * reach everyone. Null joins it again.
   */
  partition(reach: readonly number[] | null): void {
    this.#reach = reach
  }

  /** Mends everything and takes the calm conditions. */
  calm(): void {
    this.#reach = null
    this.#conditions = CALM_NETWORK
    for (const link of this.#links.flat()) {
      link.isCut = false
      this.#clog(link, false)
    }
  }

  /** For endpoints: the nodes of an identity. */
  nodesOf(to: Peer): readonly number[] {
    return this.#nodes.get(to.id) ?? []
  }

  /** For endpoints: whether a frame can be queued on the way to `to`. */
  admits(from: number, to: number, frame: Uint8Array): Link | null {
    if (this.#endpoints[to]?.handler == null) return null
    const link = this.#linkOf(from, to)
    if (link.bytes + frame.length > LINK_BYTES_MAX) return null
    link.bytes += frame.length
    return link
  }

  /** For endpoints: sends what was queued in one turn, in its order. */
  dispatch(queued: readonly Queued[]): void {
    for (const { link, frame, epoch } of queued) {
      if (epoch !== link.epoch) continue // the link broke meanwhile
      this.#onSent({
        from: this.#peers[link.from] as Peer,
        to: this.#peers[link.to] as Peer,
        frame,
      })
      this.#dispatchOne(link, frame)
    }
    for (const { link } of queued) link.leaving = null
  }

  /** For endpoints: hands over what was held, and takes frames again. */
  resume(from: Peer, to: number): void {
    for (const node of this.nodesOf(from)) {
      const link = this.#linkOf(node, to)
      if (!link.isHeld) continue
      link.isHeld = false
      const flight = { link, frames: link.held.splice(0), epoch: link.epoch }
      this.#time.after(0, () => this.#arrive(flight))
    }
  }

  reachable(): readonly ReplicaId[] {
    const ids: ReplicaId[] = []
    for (const [index, peer] of this.#peers.entries()) {
      if (peer.kind === 'replica' && this.#endpoints[index]?.handler != null) ids.push(peer.id)
    }
    return ids
  }

  announce(index: number): void {
    const peer = this.#peers[index] as Peer
    for (const [other, endpoint] of this.#endpoints.entries()) {
      if (other === index || endpoint?.handler == null) continue
      endpoint.handler.onLink(peer)
      this.#endpoints[index]?.handler?.onLink(this.#peers[other] as Peer)
    }
  }

  isCurrent(endpoint: Endpoint, index: number): boolean {
    return this.#endpoints[index] === endpoint
  }

  #dispatchOne(link: Link, frame: Uint8Array): void {
    const random = this.#random
    const { loss, duplication, reordering } = this.#conditions
    if (link.isCut || this.#isApart(link) || (loss > 0 && random.chance(loss))) {
      link.bytes -= frame.length
      return
    }
    if (duplication > 0 && random.chance(duplication)) {
      link.bytes += frame.length
      this.#launch({ link, frames: [frame], epoch: link.epoch }, this.#delay())
    }
    if (reordering > 0 && random.chance(reordering)) {
      this.#launch({ link, frames: [frame], epoch: link.epoch }, this.#delay())
      return
    }
    if (link.leaving === null) {
      // Frames of one turn travel together, behind those of the turn before.
      link.leaving = { link, frames: [], epoch: link.epoch }
      link.lastArrival = Math.max(link.lastArrival, this.#time.now + this.#delay())
      this.#launch(link.leaving, link.lastArrival - this.#time.now)
    }
    link.leaving.frames.push(frame)
  }

  #delay(): number {
    const [least, most] = this.#conditions.delayMs
    return least + this.#random.next() * (most - least)
  }

  #isApart({ from, to }: Link): boolean {
    const reach = this.#reach
    if (reach === null || from === to) return false
    const mask = reach[from]
    return mask !== undefined && to < reach.length && (mask & (1 << to)) === 0
  }

  #isBetween(link: Link, from: Peer, to: Peer): boolean {
    return link.from === this.#nodeOf(from) && link.to === this.#nodeOf(to)
  }

  #clog(link: Link, isClogged: boolean): void {
    if (link.isClogged === isClogged) return
    link.isClogged = isClogged
    for (const flight of link.clogged.splice(0)) this.#launch(flight, 0)
  }

  #launch(flight: Flight, delay: number): void {
    this.#time.after(delay, () => this.#arrive(flight))
  }

  #arrive(flight: Flight): void {
    const { link, frames, epoch } = flight
    if (epoch !== link.epoch) return
    if (link.isClogged) {
      link.clogged.push(flight)
      return
    }
    const handler = this.#endpoints[link.to]?.handler
    for (const frame of frames) {
      if (handler == null) {
        link.bytes -= frame.length
      } else if (link.isHeld) {
        link.held.push(frame)
      } else {
        link.bytes -= frame.length
        link.isHeld = !handler.onFrame(this.#peers[link.from] as Peer, this.#copy(frame))
      }
    }
  }

  #nodeOf(peer: Peer, twin = 0): number {
    const node = this.#nodes.get(peer.id)?.[twin]
    assert(node !== undefined, `the network has no ${peer.kind} ${peer.id}`)
    return node
  }

  #linkOf(from: number, to: number): Link {
    return this.#links[from]?.[to] as Link
  }
}

/** One node's end, from its start to its crash. */
class Endpoint implements Transport {
  readonly #network: VirtualNetwork
  readonly #index: number
  #queued: Queued[] = []
  handler: TransportHandler | null = null

  constructor(network: VirtualNetwork, index: number) {
    this.#network = network
    this.#index = index
  }

  start(handler: TransportHandler): void {
    this.handler = handler
    this.#network.announce(this.#index)
  }

  send(to: Peer, frame: Uint8Array): boolean {
    if (!this.#network.isCurrent(this, this.#index)) return false
    let isQueued = false
    for (const node of this.#network.nodesOf(to)) {
      const link = this.#network.admits(this.#index, node, frame)
      if (link === null) continue
      this.#queued.push({ link, frame, epoch: link.epoch })
      isQueued = true
    }
    return isQueued
  }

  flush(): void {
    if (this.#queued.length === 0 || !this.#network.isCurrent(this, this.#index)) return
    const queued = this.#queued
    this.#queued = []
    this.#network.dispatch(queued)
  }

  resume(peer: Peer): void {
    this.#network.resume(peer, this.#index)
  }

  reachable(): readonly ReplicaId[] {
    return this.#network.reachable()
  }
}

function createLink(from: number, to: number): Link {
  return {
    from,
    to,
    isCut: false,
    isClogged: false,
    clogged: [],
    isHeld: false,
    held: [],
    bytes: 0,
    lastArrival: 0,
    epoch: 0,
    leaving: null,
  }
}

function breakLink(link: Link): void {
  link.epoch++
  link.isHeld = false
  link.held.length = 0
  link.clogged.length = 0
  link.bytes = 0
  link.lastArrival = 0
  link.leaving = null
}
