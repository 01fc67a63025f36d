/** The established links of one transport: one per peer, with a bound on clients and a memory of the paused peers. */
import type { ClientId, ReplicaId } from '../base/ids.ts'
import type { Peer } from '../ports.ts'
import type { LinkEnd, TcpLink } from './tcp-link.ts'

export interface LinkTableOptions {
  readonly clientLinksMax: number
  /** True if this client is one of the cluster's: when client links run out, it displaces a stranger. */
  readonly isKnownClient: (client: ClientId) => boolean
}

export class LinkTable {
  readonly #options: LinkTableOptions
  readonly #replicas = new Map<ReplicaId, TcpLink>()
  /** Oldest first. */
  readonly #clients = new Map<ClientId, TcpLink>()
  /** Peers that the handler asked to hold. A new link does not free them, or dialing anew would. */
  readonly #paused = new Set<ReplicaId | ClientId>()

  constructor(options: LinkTableOptions) {
    this.#options = options
  }

  get(peer: Peer): TcpLink | undefined {
    return peer.kind === 'replica' ? this.#replicas.get(peer.id) : this.#clients.get(peer.id)
  }

  replicas(): readonly ReplicaId[] {
    return [...this.#replicas.keys()].sort((a, b) => a - b)
  }

  /**
   * Takes a link in, in place of an older one of its peer, of which no frame is delivered from then on. Null, or the
   * reason to end the new link: the last frame of an older connection's handshake may come after the newer one is up.
   * @rule 1.11
   */
  add(link: TcpLink, peer: Peer): LinkEnd | null {
    const older = this.get(peer)
    if (older !== undefined && older.order > link.order) return 'outdated'
    if (peer.kind === 'client' && !this.#makeRoomFor(peer.id)) return 'too-many-clients'
    // The new link is in its place before the old one ends, so the end of the old one takes nothing out.
    if (peer.kind === 'replica') this.#replicas.set(peer.id, link)
    else this.#clients.set(peer.id, link)
    older?.end('replaced')
    if (this.#paused.has(peer.id)) link.pause()
    return null
  }

  /** Takes a link out, if it is still its peer's. */
  remove(link: TcpLink, peer: Peer): void {
    if (this.get(peer) !== link) return
    if (peer.kind === 'replica') this.#replicas.delete(peer.id)
    else this.#clients.delete(peer.id)
  }

  pause(peer: Peer): void {
    this.#paused.add(peer.id)
  }

  resume(peer: Peer): void {
    this.#paused.delete(peer.id)
    this.get(peer)?.resume()
  }

  #makeRoomFor(client: ClientId): boolean {
    const { clientLinksMax, isKnownClient } = this.#options
    if (this.#clients.size < clientLinksMax || this.#clients.has(client)) return true
    if (!isKnownClient(client)) return false
    for (const [other, link] of this.#clients) {
      if (isKnownClient(other)) continue
      link.end('too-many-clients')
      return true
    }
    return false
  }
}
