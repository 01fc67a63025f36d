/** One node's end of the virtual network. */
import type { ReplicaId } from '../../base/ids.ts'
import type { Peer, Transport, TransportHandler } from '../../ports.ts'
import type { Link, Queued } from './virtual-link.ts'

/** The network, as its ends see it. `own` and `index` are the number of an end's node. */
export interface NetworkOfEndpoint {
  announce(index: number): void
  isCurrent(endpoint: VirtualEndpoint, index: number): boolean
  /** The nodes of an identity. */
  nodesOf(to: Peer): readonly number[]
  /** Returns the link on which a frame can be queued on the way to `to`; null if it cannot. */
  admits(from: number, to: number, frame: Uint8Array): Link | null
  /** Sends what was queued in one turn, in its order. */
  dispatch(queued: readonly Queued[]): void
  /** Hands over what was held, and takes frames again. */
  resume(from: Peer, to: number): void
  /** The replicas to which a connection is up. */
  reachable(own: number): readonly ReplicaId[]
  /** The bytes that came from the nodes of an identity. */
  received(own: number, from: Peer): number | null
  /** Ends the connections to the nodes of an identity. */
  end(own: number, peer: Peer): void
}

/** One node's end, from its start to its crash. */
export class VirtualEndpoint implements Transport {
  readonly #network: NetworkOfEndpoint
  readonly #index: number
  #queued: Queued[] = []
  handler: TransportHandler | null = null

  constructor(network: NetworkOfEndpoint, index: number) {
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
    return this.#network.reachable(this.#index)
  }

  received(peer: Peer): number | null {
    return this.#network.received(this.#index, peer)
  }

  end(peer: Peer): void {
    if (this.#network.isCurrent(this, this.#index)) this.#network.end(this.#index, peer)
  }
}
