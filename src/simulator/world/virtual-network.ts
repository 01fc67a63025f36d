/**
 * A network that delays, loses, duplicates and reorders frames, cuts and clogs links, partitions and silently drops,
 * according to its conditions. Frames travel as bytes, and the receiver gets a copy. Two nodes may share an identity;
 * both get the frames sent to it.
 */
import { assert } from '../../base/assert.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import type { Peer, Transport } from '../../ports.ts'
import { type FrameIntervention, FrameTraffic, type TrafficObserver } from './frame-traffic.ts'
import { createCopier } from './slab.ts'
import type { VirtualTime } from './virtual-clock.ts'
import { LATE_FRAMES_MAX, VirtualDialing } from './virtual-dialing.ts'
import { type NetworkOfEndpoint, VirtualEndpoint } from './virtual-endpoint.ts'
import {
  breakLink,
  createLink,
  type Flight,
  isOutOf,
  type Link,
  openLink,
  type Queued,
  type SentObserver,
} from './virtual-link.ts'

/** The maximum bytes of a link, in flight or at a receiver that asked to wait; further frames are refused. */
export const LINK_BYTES_MAX = 16 * 1024 * 1024

export interface NetworkConditions {
  /** The minimum and the maximum delay of a frame, in virtual milliseconds. */
  readonly delayMs: readonly [number, number]
  /** The probability that a frame is lost. */
  readonly loss: number
  /** The probability that a frame arrives twice. */
  readonly duplication: number
  /** The probability that a frame gets its own delay instead of arriving after the one before it. */
  readonly reordering: number
}

export const CALM_NETWORK: NetworkConditions = { delayMs: [1, 5], loss: 0, duplication: 0, reordering: 0 }

export class VirtualNetwork implements NetworkOfEndpoint {
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #peers: Peer[]
  /** The nodes of each identity: one, and a second one if it has a twin. */
  readonly #nodes = new Map<string | number, readonly number[]>()
  /** By sender, then by receiver. */
  readonly #links: Link[][]
  readonly #endpoints: (VirtualEndpoint | null)[]
  readonly #onSent: SentObserver
  /** Null where nobody watches single frames or intervenes: most runs do without. */
  readonly #traffic: FrameTraffic | null
  readonly #copy = createCopier()
  readonly #dialing: VirtualDialing
  #conditions = CALM_NETWORK
  /** During a partition: for each replica node, the replica nodes that it reaches, as bits. */
  #reach: readonly number[] | null = null

  constructor(context: {
    readonly time: VirtualTime
    readonly random: Random
    /** The nodes: the replicas in the order of their ids, then the twins, then the clients. More may join. */
    readonly peers: readonly Peer[]
    readonly onSent?: SentObserver
    /** The fates of single frames, and an observer of all. */
    readonly interventions?: readonly FrameIntervention[]
    readonly traffic?: TrafficObserver
  }) {
    const { time, random, peers, onSent, interventions = [], traffic } = context
    this.#traffic =
      interventions.length === 0 && traffic === undefined
        ? null
        : new FrameTraffic(interventions, traffic ?? null, (node) => this.#peers[node] as Peer)
    this.#time = time
    this.#random = random
    this.#peers = [...peers]
    this.#onSent = onSent ?? (() => {})
    this.#endpoints = peers.map(() => null)
    for (const [index, { id }] of peers.entries())
      this.#nodes.set(id, [...(this.#nodes.get(id) ?? []), index])
    this.#links = peers.map((_, from) => peers.map((_, to) => createLink(from, to)))
    this.#dialing = new VirtualDialing({
      time,
      random,
      link: (from, to) => this.#linkOf(from, to),
      passes: (link) => !link.isSwallowed && !link.isCut && !this.#isApart(link),
      isUp: (node) => this.#endpoints[node]?.handler != null,
      peer: (node) => this.#peers[node] as Peer,
      launch: (flight, afterMs) => this.#launch(flight, afterMs),
      onConnected: (one, other) => this.#connected(one, other),
    })
  }

  /** Adds a node with its end of the network later; an earlier end of it is closed. */
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
   * Gives a node its end of the network, up once it is started; closes an earlier end. `twin` 1 is the second of two
   * nodes.
   */
  attach(peer: Peer, twin = 0): Transport {
    const index = this.#nodeOf(peer, twin)
    const endpoint = new VirtualEndpoint(this, index)
    this.#endpoints[index] = endpoint
    return endpoint
  }

  /** Notes that the node crashed: its links break, and frames to it are lost. Frames that it sent may still arrive. */
  detach(peer: Peer, { losesSent }: { readonly losesSent: boolean }, twin = 0): void {
    const index = this.#nodeOf(peer, twin)
    this.#endpoints[index] = null
    for (const other of this.#peers.keys()) {
      breakLink(this.#linkOf(other, index))
      if (losesSent) breakLink(this.#linkOf(index, other))
    }
  }

  /** Cuts or mends one direction. Frames sent into a cut are silently lost. */
  setCut({ from, to, isCut }: { readonly from: Peer; readonly to: Peer; readonly isCut: boolean }): void {
    this.#linkOf(this.#nodeOf(from), this.#nodeOf(to)).isCut = isCut
  }

  /** Clogs or frees one direction, or all links of a node if `to` is null. Frames wait meanwhile. */
  setClog(clog: { readonly from: Peer; readonly to: Peer | null; readonly isClogged: boolean }): void {
    const { from, to, isClogged } = clog
    const node = this.#nodeOf(from)
    for (const link of this.#links.flat()) {
      const isMeant = to === null ? link.from === node || link.to === node : this.#isBetween(link, from, to)
      if (isMeant) this.#clog(link, isClogged)
    }
  }

  /**
   * Partitions the network: bit j of `reach[i]` means that frames of replica node i reach replica node j. Clients
   * reach all nodes. Null ends the partition.
   */
  partition(reach: readonly number[] | null): void {
    this.#reach = reach
  }

  /**
   * Silently drops frames where `reach` has no bit, between replicas as in `partition`, and between clients and the
   * replicas of `withoutClients`; null ends it. A connection that was in use meanwhile stays stuck until it is closed
   * and dialed again.
   */
  swallow(reach: readonly number[] | null, withoutClients: readonly ReplicaId[] = []): void {
    for (const link of this.#links.flat()) {
      const ends = [this.#peers[link.from] as Peer, this.#peers[link.to] as Peer]
      const isOfClient = ends.some(({ kind }) => kind === 'client')
      const isCutOff = ends.some(({ kind, id }) => kind === 'replica' && withoutClients.includes(id))
      link.isSwallowed = reach !== null && (isOfClient ? isCutOff : isOutOf(reach, link))
    }
  }

  /** Mends everything and sets the calm conditions. Stuck connections stay stuck. */
  calm(): void {
    this.#reach = null
    this.swallow(null)
    this.#conditions = CALM_NETWORK
    for (const link of this.#links.flat()) {
      link.isCut = false
      this.#clog(link, false)
    }
  }

  nodesOf(to: Peer): readonly number[] {
    return this.#nodes.get(to.id) ?? []
  }

  admits(from: number, to: number, frame: Uint8Array): Link | null {
    if (this.#endpoints[to]?.handler == null) return null
    const link = this.#linkOf(from, to)
    if (link.isEnded || link.bytes + frame.length > LINK_BYTES_MAX) return null
    link.bytes += frame.length
    return link
  }

  dispatch(queued: readonly Queued[]): void {
    for (const { link, frame, epoch } of queued) {
      if (epoch !== link.epoch) continue // The link broke meanwhile.
      this.#onSent({
        from: this.#peers[link.from] as Peer,
        to: this.#peers[link.to] as Peer,
        frame,
      })
      this.#dispatchOne(link, frame)
    }
    for (const { link } of queued) link.leaving = null
  }

  resume(from: Peer, to: number): void {
    for (const node of this.nodesOf(from)) {
      const link = this.#linkOf(node, to)
      if (!link.isHeld) continue
      link.isHeld = false
      const flight = { link, frames: link.held.splice(0), epoch: link.epoch }
      this.#time.after(0, () => this.#arrive(flight))
    }
  }

  reachable(own: number): readonly ReplicaId[] {
    return this.#peers.flatMap((peer, index) =>
      peer.kind === 'replica' && this.#isConnected(own, index) ? [peer.id] : [],
    )
  }

  received(own: number, from: Peer): number | null {
    const nodes = this.nodesOf(from).filter((node) => this.#isConnected(own, node))
    if (nodes.length === 0) return null
    return nodes.reduce((sum, node) => sum + this.#linkOf(node, own).received, 0)
  }

  end(own: number, peer: Peer): void {
    for (const node of this.nodesOf(peer)) if (this.#isConnected(own, node)) this.#dialing.end(own, node)
  }

  announce(index: number): void {
    for (const [other, endpoint] of this.#endpoints.entries()) {
      if (endpoint?.handler == null || !this.#mayLink(index, other)) continue
      openLink(this.#linkOf(index, other))
      openLink(this.#linkOf(other, index))
      this.#connected(other, index)
    }
  }

  isCurrent(endpoint: VirtualEndpoint, index: number): boolean {
    return this.#endpoints[index] === endpoint
  }

  #dispatchOne(link: Link, frame: Uint8Array): void {
    const random = this.#random
    if (this.#isSwallowing(link)) {
      link.bytes -= frame.length
      link.swallowed.push(frame)
      this.#traffic?.lost(link, frame, this.#time.now)
      if (link.swallowed.length > LATE_FRAMES_MAX) link.swallowed.shift()
      return
    }
    const { loss, duplication, reordering } = this.#conditions
    if (link.isCut || this.#isApart(link) || (loss > 0 && random.chance(loss))) {
      link.bytes -= frame.length
      this.#traffic?.lost(link, frame, this.#time.now)
      return
    }
    if (duplication > 0 && random.chance(duplication)) {
      link.bytes += frame.length
      this.#launchAlone(link, frame, this.#delay())
    }
    if (reordering > 0 && random.chance(reordering)) return this.#launchAlone(link, frame, this.#delay())
    if (link.leaving === null) {
      // Frames of one turn travel together, after those of the turn before.
      link.leaving = { link, frames: [], epoch: link.epoch }
      link.lastArrival = Math.max(link.lastArrival, this.#time.now + this.#delay())
      this.#launch(link.leaving, link.lastArrival - this.#time.now)
    }
    if (this.#traffic === null) link.leaving.frames.push(frame)
    else this.#putUnderWay(this.#traffic, link, frame, { flight: link.leaving, atMs: link.lastArrival })
  }

  /** A frame that takes a time of its own. */
  #launchAlone(link: Link, frame: Uint8Array, delay: number): void {
    const flight: Flight = { link, frames: [], epoch: link.epoch }
    if (this.#traffic === null) flight.frames.push(frame)
    else this.#putUnderWay(this.#traffic, link, frame, { flight, atMs: this.#time.now + delay })
    if (flight.frames.length > 0) this.#launch(flight, delay)
  }

  /** Puts a frame into its flight, or where an intervention wants it. */
  #putUnderWay(
    traffic: FrameTraffic,
    link: Link,
    frame: Uint8Array,
    due: { readonly flight: Flight; readonly atMs: number },
  ): void {
    const { now } = this.#time
    const arrivesAtMs = traffic.sent(link, frame, { sentAtMs: now, arrivesAtMs: due.atMs })
    if (arrivesAtMs === due.atMs) due.flight.frames.push(frame)
    else if (arrivesAtMs === null) link.bytes -= frame.length
    else this.#launch({ link, frames: [frame], epoch: link.epoch }, arrivesAtMs - now)
  }

  #delay(): number {
    const [least, most] = this.#conditions.delayMs
    return least + this.#random.next() * (most - least)
  }

  #isApart(link: Link): boolean {
    return this.#reach !== null && isOutOf(this.#reach, link)
  }

  /** True if it drops frames: a loss in one direction also stops the other, which gets no acknowledgements. */
  #isSwallowing(link: Link): boolean {
    if (link.isSwallowed || this.#linkOf(link.to, link.from).isSwallowed) link.isStuck = true
    return link.isStuck
  }

  /** Clients have links only to replicas. */
  #mayLink(one: number, other: number): boolean {
    return one !== other && [one, other].some((node) => this.#peers[node]?.kind === 'replica')
  }

  #isConnected(own: number, other: number): boolean {
    if (this.#endpoints[other]?.handler == null || !this.#mayLink(own, other)) return false
    return !this.#linkOf(own, other).isEnded
  }

  #connected(one: number, other: number): void {
    this.#endpoints[one]?.handler?.onLink(this.#peers[other] as Peer)
    this.#endpoints[other]?.handler?.onLink(this.#peers[one] as Peer)
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
    const isOver = handler == null || this.#linkOf(link.to, link.from).isEnded
    for (const frame of frames) {
      this.#traffic?.arrived(link, frame, this.#time.now)
      if (isOver) {
        link.bytes -= frame.length
      } else if (link.isHeld) {
        link.held.push(frame)
      } else {
        link.bytes -= frame.length
        link.received += frame.length
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
