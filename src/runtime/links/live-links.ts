/**
 * A transport that detects dead links, wrapped around another transport. Each end regularly sends something on each of
 * its links, a HEARTBEAT if it has nothing else to send. It ends a link over which nothing arrived for several
 * heartbeats; the end that opened the link dials again. Keeps the last sentence of rule 1.11.
 *
 * TCP does not detect such a link in time. After a minute in which the network silently dropped everything, TCP waits
 * for most of another minute before it sends again, no matter what is written meanwhile. Writes still succeed for
 * megabytes.
 *
 * Silence is counted in this process's ticks, so a process that was stopped, or had no processor, does not consider its
 * peers dead. It is measured by bytes, not frames, so a large frame on a slow line is not silence.
 */
import type { ClientId, ReplicaId } from '../../base/ids.ts'
import { HEARTBEAT, isHeartbeat } from '../../messages/heartbeat.ts'
import type { Peer, Transport, TransportHandler } from '../../ports.ts'

/** The ticks after which a link over which nothing was sent carries a heartbeat. */
export const HEARTBEAT_TICKS = 50
/** The ticks without a byte after which a link is dead: those of four heartbeats. */
export const SILENT_TICKS = 4 * HEARTBEAT_TICKS
/**
 * The number of a peer's heartbeats in `SILENT_TICKS` that cost it nothing. Further ones are passed to the handler,
 * which rejects them.
 */
export const HEARTBEATS_MAX = 64

interface Link {
  readonly peer: Peer
  /** The number of received bytes when it last grew. */
  received: number
  silentTicks: number
  /** The number of ticks since something was sent. */
  unsaidTicks: number
  heartbeats: number
}

export class LiveLinks implements Transport {
  readonly #inner: Transport
  readonly #onDead: (peer: Peer) => void
  readonly #links = new Map<ReplicaId | ClientId, Link>()
  /** The peers whose links the handler paused. Nothing is read from them, so nothing arrives. */
  readonly #paused = new Set<ReplicaId | ClientId>()
  #ticks = 0

  /** Wraps a transport. Calls `onDead` for each link that is ended because it was silent. */
  constructor(inner: Transport, onDead: (peer: Peer) => void = () => {}) {
    this.#inner = inner
    this.#onDead = onDead
  }

  start(handler: TransportHandler): void {
    this.#inner.start({
      onLink: (peer) => {
        this.#links.set(peer.id, { peer, received: 0, silentTicks: 0, unsaidTicks: 0, heartbeats: 0 })
        handler.onLink(peer)
      },
      onFrame: (from, frame) => {
        if (isHeartbeat(frame) && this.#isTaken(from)) return true
        const goesOn = handler.onFrame(from, frame)
        if (!goesOn) this.#paused.add(from.id)
        return goesOn
      },
    })
  }

  send(to: Peer, frame: Uint8Array): boolean {
    const isSent = this.#inner.send(to, frame)
    const link = isSent ? this.#links.get(to.id) : undefined
    if (link !== undefined) link.unsaidTicks = 0
    return isSent
  }

  flush(): void {
    this.#inner.flush()
  }

  resume(peer: Peer): void {
    this.#paused.delete(peer.id)
    this.#inner.resume(peer)
  }

  reachable(): readonly ReplicaId[] {
    return this.#inner.reachable()
  }

  received(peer: Peer): number | null {
    return this.#inner.received(peer)
  }

  end(peer: Peer): void {
    this.#links.delete(peer.id)
    this.#inner.end(peer)
  }

  /** Counts a tick. Called every 10 ms. Returns true if it queued heartbeats, which the caller must flush. */
  tick(): boolean {
    this.#ticks++
    let hasSaid = false
    for (const link of this.#links.values()) {
      if (this.#isDead(link)) continue
      if (++link.unsaidTicks >= HEARTBEAT_TICKS) hasSaid = this.send(link.peer, HEARTBEAT) || hasSaid
    }
    return hasSaid
  }

  /** The number of ticks until the next one that sends a heartbeat, at most `most`. */
  ticksUntilDue(most: number): number {
    let ticks = most
    for (const { unsaidTicks } of this.#links.values()) ticks = Math.min(ticks, HEARTBEAT_TICKS - unsaidTicks)
    return Math.max(1, ticks)
  }

  /** Counts the bytes since the last tick. Returns true if the link is gone or is ended now. */
  #isDead(link: Link): boolean {
    const { peer } = link
    const received = this.#inner.received(peer)
    if (received === null) {
      this.#links.delete(peer.id)
      return true
    }
    if (this.#ticks % SILENT_TICKS === 0) link.heartbeats = 0
    const isAlive = received !== link.received || this.#paused.has(peer.id)
    link.received = received
    link.silentTicks = isAlive ? 0 : link.silentTicks + 1
    if (link.silentTicks < SILENT_TICKS) return false
    this.end(peer)
    this.#onDead(peer)
    return true
  }

  #isTaken(from: Peer): boolean {
    const link = this.#links.get(from.id)
    return link !== undefined && ++link.heartbeats <= HEARTBEATS_MAX
  }
}
