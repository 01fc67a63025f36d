/**
 * Links that are known to live: a transport around another one. Each end says something on each of its links now and
 * then, a HEARTBEAT where it has nothing else to say, and ends a link over which nothing came for some heartbeats. The
 * end that made the link dials again. Keeps the last sentence of rule 1.11.
 *
 * Nothing else notices such a link in time. After a minute in which the network swallowed everything without a word, TCP
 * waits for most of a minute more before it sends again, whatever is written meanwhile; and a write goes on succeeding
 * for megabytes.
 *
 * Silence is counted in this process's ticks, so a process that was stopped, or had no processor, does not take its
 * peers for dead; and in bytes, not in frames, so a large frame on a slow line is no silence.
 */
import type { ClientId, ReplicaId } from '../../base/ids.ts'
import { HEARTBEAT, isHeartbeat } from '../../messages/heartbeat.ts'
import type { Peer, Transport, TransportHandler } from '../../ports.ts'

/** Ticks after which a link over which nothing was sent carries a heartbeat. */
export const HEARTBEAT_TICKS = 50
/** Ticks without a byte after which a link is dead: those of four heartbeats. */
export const SILENT_TICKS = 4 * HEARTBEAT_TICKS
/** Heartbeats of one peer in `SILENT_TICKS` that cost it nothing; what is more goes to the handler, which refuses it. */
export const HEARTBEATS_MAX = 64

interface Link {
  readonly peer: Peer
  /** The bytes that the transport had received when their number last grew. */
  received: number
  silentTicks: number
  /** Ticks since something was sent. */
  unsaidTicks: number
  heartbeats: number
}

export class LiveLinks implements Transport {
  readonly #inner: Transport
  readonly #onDead: (peer: Peer) => void
  readonly #links = new Map<ReplicaId | ClientId, Link>()
  /** Peers whose frames the handler asked to pause: nothing is read from them, so nothing comes. */
  readonly #paused = new Set<ReplicaId | ClientId>()
  #ticks = 0

  /** `onDead` is called for each link that is ended for its silence. */
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

  /** Every 10 ms. What it queues is for the caller to flush. Gives whether it queued anything. */
  tick(): boolean {
    this.#ticks++
    let hasSaid = false
    for (const link of this.#links.values()) {
      if (this.#isDead(link)) continue
      if (++link.unsaidTicks >= HEARTBEAT_TICKS) hasSaid = this.send(link.peer, HEARTBEAT) || hasSaid
    }
    return hasSaid
  }

  /** Counts what came since the last tick. Whether the link is no more, or is ended now. */
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
