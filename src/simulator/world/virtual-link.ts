/** One direction of a connection between two nodes of the virtual network. */
import type { Peer } from '../../ports.ts'

export interface Link {
  readonly from: number
  readonly to: number
  isCut: boolean
  /** True if what arrives waits on the way, and what waits. Nothing of it is lost. */
  isClogged: boolean
  readonly clogged: Flight[]
  /** True if the receiver asked to wait. */
  isHeld: boolean
  readonly held: Uint8Array[]
  /** Bytes under way and held. */
  bytes: number
  /** The arrival time of the last frame that keeps the order. */
  lastArrival: number
  /** Rises when the link breaks: what was under way is lost. */
  epoch: number
  /** The frames of the turn that is being flushed. */
  leaving: Flight | null
  /** True if the network swallows what is sent, without a word to anybody. */
  isSwallowed: boolean
  /**
   * True if the connection was in use while the network swallowed: it swallows on when the network is well again, as
   * one does whose sender waits ever longer before it sends again. Only a new connection goes on.
   */
  isStuck: boolean
  /** The frames swallowed last. Some of them arrive after the sender has ended the connection. */
  readonly swallowed: Uint8Array[]
  /** True if the sender has ended its end of the connection, or was told that the other end is gone. */
  isEnded: boolean
  /** Bytes delivered since the connection is up. */
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

/** Takes what passes by: for checks on what replicas send. */
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

/** The process at one end is gone, with all that was under way. */
export function breakLink(link: Link): void {
  loseFrames(link)
  link.isHeld = false
}

/** A new connection takes the place of the old one; whether the receiver asked to wait stays. */
export function renewLink(link: Link): void {
  loseFrames(link)
  openLink(link)
}

/** The connection is up; what is still under way arrives. */
export function openLink(link: Link): void {
  link.isStuck = false
  link.isEnded = false
  link.swallowed.length = 0
  link.received = 0
}

/** True if a mask of replica nodes leaves this direction out; client links are in no mask. */
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
