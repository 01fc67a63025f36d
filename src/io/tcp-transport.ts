/**
 * The transport over TCP. Of two replicas the one with the larger id dials; clients dial every replica. There is one
 * link per peer: a newer one that the same peer proved takes the older one's place.
 *
 * What strangers can cost is bounded: `HALF_OPEN_MAX` handshakes of at most a KiB, of which so many are answered as
 * `HandshakeAdmission` says, `CLIENT_LINKS_MAX` client links, each with one frame of up to `REQUEST_BYTES_MAX` in
 * assembly and `CLIENT_SEND_QUEUE_BYTES_MAX` waiting to be sent.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { assert } from '../base/assert.ts'
import type { ClientId, ReplicaId } from '../base/ids.ts'
import { OperatorError } from '../base/operator-error.ts'
import type { Address } from '../messages/cluster.ts'
import type { Claim, Handshake, LinkSecurity, Peer, Transport, TransportHandler } from '../ports.ts'
import { Dialer } from './dialer.ts'
import { HandshakeAdmission, type HandshakeRate, SHARED_RATE } from './handshake-admission.ts'
import { LinkTable } from './link-table.ts'
import { HANDSHAKE_MILLISECONDS_MAX, type LinkEnd, TcpLink } from './tcp-link.ts'

/**
 * Inbound connections whose handshake is not over. One more ends the oldest of those whose HELLO was not admitted: more
 * than the system hands over at once, so an honest dialer's HELLO is read however many connect at the same moment.
 */
export const HALF_OPEN_MAX = 1_024
/** Connections that the system keeps until they are accepted. */
const BACKLOG_MAX = 511
/** Inbound links of clients. */
export const CLIENT_LINKS_MAX = 256

/** An event for the log. Strangers cause `connection-failed`, so the writer of these lines limits their rate. */
export type TransportEvent =
  | { readonly kind: 'linked'; readonly peer: Peer }
  | { readonly kind: 'unlinked'; readonly peer: Peer; readonly reason: LinkEnd }
  | { readonly kind: 'connection-failed'; readonly remote: string; readonly reason: LinkEnd }
  | { readonly kind: 'accept-failed'; readonly reason: string }

export interface TcpTransportOptions {
  readonly self: { readonly kind: 'replica'; readonly id: ReplicaId } | { readonly kind: 'client' }
  /** Every replica, in the order of their ids; this replica itself is not dialed. */
  readonly replicas: readonly { readonly id: ReplicaId; readonly address: Address }[]
  readonly security: LinkSecurity
  /** The address at which to take links; port 0 lets the system choose. Replicas have one, clients none. */
  readonly listen?: Address
  readonly onEvent?: (event: TransportEvent) => void
  /** True if this client is one of the cluster's: when client links run out, a known one displaces a stranger. */
  readonly isKnownClient?: (client: ClientId) => boolean
  readonly handshakeMilliseconds?: number
  /** The rate of handshakes that are answered for clients, and again for strangers. */
  readonly handshakeRate?: HandshakeRate
  /** The limits above, smaller where the process may not have as many connections. */
  readonly halfOpenMax?: number
  readonly clientLinksMax?: number
}

export interface TcpTransport extends Transport {
  /** The address at which links are taken. Rejects with `AddressInUse` or the system's error. */
  listening(): Promise<Address>
  /** Takes no new links from now on; those that are up stay. */
  stopListening(): void
  /** Ends every link, timer and socket. What was not sent is lost. */
  close(): Promise<void>
}

/** The port to listen on is taken. */
export class AddressInUse extends OperatorError {
  override readonly name = 'AddressInUse'
  readonly address: Address

  constructor(address: Address) {
    super(`Port ${address.port} on ${address.host} is already in use by another program.`)
    this.address = address
  }
}

export function createTcpTransport(options: TcpTransportOptions): TcpTransport {
  return new SocketTransport(options)
}

class SocketTransport implements TcpTransport {
  readonly #options: TcpTransportOptions
  readonly #table: LinkTable
  /** Every connection that has not ended, in whatever state. */
  readonly #connections = new Set<TcpLink>()
  /** Inbound connections in their handshake, oldest first: those whose HELLO was admitted, and the others. */
  readonly #admitted = new Set<TcpLink>()
  readonly #halfOpen = new Set<TcpLink>()
  readonly #admission: HandshakeAdmission
  readonly #halfOpenMax: number
  readonly #clientLinksMax: number
  /** Connections that were reported as linked. */
  readonly #linked = new Set<TcpLink>()
  /** Links with frames of this turn. */
  readonly #unflushed = new Set<TcpLink>()
  readonly #dialers: Dialer[] = []
  #server: Server | null = null
  #listening: Promise<Address> | null = null
  #handler: TransportHandler | null = null
  #isClosed = false
  /** Connections so far, in the order in which their HELLO was sent or admitted. */
  #connectionsMade = 0

  constructor(options: TcpTransportOptions) {
    this.#options = options
    this.#halfOpenMax = options.halfOpenMax ?? HALF_OPEN_MAX
    this.#clientLinksMax = options.clientLinksMax ?? CLIENT_LINKS_MAX
    this.#table = new LinkTable({
      clientLinksMax: this.#clientLinksMax,
      isKnownClient: options.isKnownClient ?? (() => false),
    })
    this.#admission = new HandshakeAdmission({
      rate: options.handshakeRate ?? SHARED_RATE,
      isKnownClient: ({ id }) => options.isKnownClient?.(id) ?? false,
    })
  }

  start(handler: TransportHandler): void {
    assert(this.#handler === null && !this.#isClosed, 'a transport is started once')
    this.#handler = handler
    if (this.#options.listen !== undefined) {
      this.#listening = this.#listen(this.#options.listen)
      // A caller that awaits `listening` gets the failure; none needs to.
      this.#listening.catch(() => {})
    }
    for (const { id, address } of this.#options.replicas) if (this.#dials(id)) this.#dial(id, address)
  }

  send(to: Peer, frame: Uint8Array): boolean {
    assert(!this.#isSelf(to), 'a replica sends nothing to itself')
    const link = this.#table.get(to)
    if (link === undefined || !link.send(frame)) return false
    this.#unflushed.add(link)
    return true
  }

  flush(): void {
    for (const link of this.#unflushed) link.flush()
    this.#unflushed.clear()
  }

  resume(peer: Peer): void {
    this.#table.resume(peer)
  }

  reachable(): readonly ReplicaId[] {
    return this.#table.replicas()
  }

  received(peer: Peer): number | null {
    return this.#table.get(peer)?.received ?? null
  }

  end(peer: Peer): void {
    this.#table.get(peer)?.end('silent')
  }

  listening(): Promise<Address> {
    assert(this.#listening !== null, 'only a started transport with an address to listen on listens')
    return this.#listening
  }

  stopListening(): void {
    if (this.#server?.listening) this.#server.close()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const dialer of this.#dialers) dialer.stop()
    for (const link of this.#connections) link.end('closed')
    // A server that is closed before it listens would listen later all the same.
    await this.#listening?.catch(() => {})
    const server = this.#server
    if (server?.listening) await new Promise<void>((done) => server.close(() => done()))
  }

  #listen(wanted: Address): Promise<Address> {
    const server = createServer((socket) => this.#onConnection(socket))
    this.#server = server
    return new Promise((resolve, reject) => {
      server.on('error', (error: NodeJS.ErrnoException) => {
        this.#report({ kind: 'accept-failed', reason: error.code ?? error.message })
        reject(error.code === 'EADDRINUSE' ? new AddressInUse(wanted) : error)
      })
      // What is above all limits together is closed at once, and the system hands over no more than there is room for.
      server.maxConnections = this.#halfOpenMax + this.#clientLinksMax + 2 * this.#options.replicas.length
      const backlog = Math.min(BACKLOG_MAX, this.#halfOpenMax)
      server.listen({ host: wanted.host, port: wanted.port, backlog }, () => {
        const bound = server.address()
        assert(bound !== null && typeof bound === 'object', 'a TCP server has an address and a port')
        resolve({ host: wanted.host, port: bound.port })
      })
    })
  }

  #dials(replica: ReplicaId): boolean {
    const { self } = this.#options
    return self.kind === 'client' || replica < self.id
  }

  #isSelf(peer: Peer): boolean {
    const { self } = this.#options
    return self.kind === 'replica' && peer.kind === 'replica' && peer.id === self.id
  }

  #dial(id: ReplicaId, address: Address): void {
    const dialer = new Dialer(() => {
      const socket = connect({ host: address.host, port: address.port })
      const link = this.#adopt({
        socket,
        handshake: this.#options.security.initiate(id),
        remote: `replica ${id} at ${address.host}:${address.port}`,
        dialer,
      })
      link.order = ++this.#connectionsMade
    })
    this.#dialers.push(dialer)
    dialer.start()
  }

  #onConnection(socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy()
      return
    }
    const { remoteAddress = '', remotePort } = socket
    const link = this.#adopt({
      socket,
      handshake: this.#options.security.respond((claim) => this.#admits(claim, link, remoteAddress)),
      remote: `${remoteAddress}:${remotePort}`,
      dialer: null,
    })
    this.#halfOpen.add(link)
    const isTooMany = this.#halfOpen.size + this.#admitted.size > this.#halfOpenMax
    if (isTooMany) this.#oldestHalfOpen?.end('too-many-half-open')
  }

  get #oldestHalfOpen(): TcpLink | undefined {
    const [oldest] = this.#halfOpen.size > 0 ? this.#halfOpen : this.#admitted
    return oldest
  }

  /** From then on it is not ended to make room for those that only sent a HELLO. */
  #admits(claim: Claim, link: TcpLink, address: string): boolean {
    if (!this.#admission.admits(claim, address, performance.now())) return false
    this.#halfOpen.delete(link)
    this.#admitted.add(link)
    link.order = ++this.#connectionsMade
    return true
  }

  #adopt(connection: Connection): TcpLink {
    const link = new TcpLink({
      socket: connection.socket,
      handshake: connection.handshake,
      handshakeMilliseconds: this.#options.handshakeMilliseconds ?? HANDSHAKE_MILLISECONDS_MAX,
      owner: {
        onEstablished: (peer) => this.#onEstablished(link, peer, connection),
        onFrame: (peer, frame) => this.#onFrame(peer, frame),
        onEnded: (reason) => this.#onEnded(link, reason, connection),
      },
    })
    this.#connections.add(link)
    return link
  }

  #onEstablished(link: TcpLink, peer: Peer, { dialer }: Connection): LinkEnd | null {
    this.#admitted.delete(link)
    // Were both to dial, their links would replace each other without end.
    if (dialer === null && peer.kind === 'replica' && this.#dials(peer.id)) return 'not-the-dialer'
    const refusal = this.#table.add(link, peer)
    if (refusal !== null) return refusal
    this.#linked.add(link)
    this.#report({ kind: 'linked', peer })
    this.#handler?.onLink(peer)
    return null
  }

  #onFrame(peer: Peer, frame: Uint8Array): boolean {
    assert(this.#handler !== null, 'links are made after the start')
    const goesOn = this.#handler.onFrame(peer, frame)
    if (!goesOn) this.#table.pause(peer)
    return goesOn
  }

  #onEnded(link: TcpLink, reason: LinkEnd, { remote, dialer }: Connection): void {
    this.#connections.delete(link)
    this.#halfOpen.delete(link)
    this.#admitted.delete(link)
    this.#unflushed.delete(link)
    const { peer } = link
    if (peer !== null && this.#linked.delete(link)) {
      this.#table.remove(link, peer)
      this.#report({ kind: 'unlinked', peer, reason })
    } else this.#report({ kind: 'connection-failed', remote, reason })
    dialer?.onEnded(link.age, reason !== 'dial-timeout')
  }

  #report(event: TransportEvent): void {
    this.#options.onEvent?.(event)
  }
}

/** A socket before anything was read from it. */
interface Connection {
  readonly socket: Socket
  readonly handshake: Handshake
  /** The other end, for a log line. */
  readonly remote: string
  /** The dialer that made the connection and makes the next one; null when the other end did. */
  readonly dialer: Dialer | null
}
