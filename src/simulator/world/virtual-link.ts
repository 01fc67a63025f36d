/** One direction of a connection between two nodes of the virtual network. */
import type { Peer } from '../../ports.ts'

export interface Link {
  readonly from: number
  readonly to: number
  isCut: boolean
  /** True if frames are held back, and the held frames. None of them is lost. */
  isClogged: boolean
  readonly clogged: Flight[]
  /** True if the receiver asked to wait. */
  isHeld: boolean
  readonly held: Uint8Array[]
  /** Bytes in flight and held. */
  bytes: number
  /** The arrival time of the last frame that keeps the order. */
  lastArrival: number
  /** Increases when the link breaks, which loses the frames in flight. */
  epoch: number
  /** The frames of the turn that is being flushed. */
  leaving: Flight | null
  /** True if the network silently drops sent frames. */
  isSwallowed: boolean
  /**
   * True if the connection was in use while the network dropped frames. It stays stuck after the network has healed,
   * like a TCP connection whose sender backs off ever longer. Only a new connection works.
   */
  isStuck: boolean
  /** The last dropped frames. Some of them arrive after the sender has closed the connection. */
  readonly swallowed: Uint8Array[]
  /** True if the sender has closed its end of the connection, or learned that the other end is gone. */
  isEnded: boolean
  /** Bytes delivered on this connection. */
  received: number
}

export interface Flight {
  readonly link: Link
  readonly frames: Uint8Array[]
  readonly epoch: number
}

export interface Queued {
  readonly link: Link
  readonly frame: Uint8Array
  readonly epoch: number
}

/** Observes passing frames, for checks of the messages that replicas send. */
export type SentObserver = (sent: {
  readonly from: Peer
  readonly to: Peer
  readonly frame: Uint8Array
}) => void

export function createLink(from: number, to: number): Link {
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
    isSwallowed: false,
    isStuck: false,
    swallowed: [],
    isEnded: false,
    received: 0,
  }
}

/** The process at one end is gone, with all frames in flight. */
export function breakLink(link: Link): void {
  loseFrames(link)
  link.isHeld = false
}

/** Replaces the connection by a new one; the receiver's request to wait is kept. */
export function renewLink(link: Link): void {
  loseFrames(link)
  openLink(link)
}

/** The connection is up; frames still in flight arrive. */
export function openLink(link: Link): void {
  link.isStuck = false
  link.isEnded = false
  link.swallowed.length = 0
  link.received = 0
}

/** True if a mask of replica nodes excludes this direction; masks do not include client links. */
export function isOutOf(reach: readonly number[], { from, to }: Link): boolean {
  const mask = reach[from]
  return from !== to && mask !== undefined && to < reach.length && (mask & (1 << to)) === 0
}

function loseFrames(link: Link): void {
  link.epoch++
  link.held.length = 0
  link.clogged.length = 0
  link.bytes = 0
  link.lastArrival = 0
  link.leaving = null
}
