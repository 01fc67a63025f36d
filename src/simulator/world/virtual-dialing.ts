/** Closes and redials connections of the virtual network, by the rules of the real transport. */
import type { Random } from '../../base/random.ts'
import type { Peer } from '../../ports.ts'
import type { VirtualTime } from './virtual-clock.ts'
import { type Flight, type Link, renewLink } from './virtual-link.ts'

/** Virtual milliseconds until the other end learns that a connection was closed, if anything gets there. */
const RESET_MS = 1
/** Virtual milliseconds from the end of a connection, or a failed dial, to the next dial. */
const DIAL_AGAIN_MS = [25, 500] as const
/** The maximum cost of a dead link after the network has healed: the notice of its end, and one dial. */
export const DIAL_MS_MAX = RESET_MS + DIAL_AGAIN_MS[1]
/**
 * The number of last dropped frames that may arrive late, the share that does, and the delay in virtual milliseconds.
 */
export const LATE_FRAMES_MAX = 8
const LATE_SHARE = 0.5
const LATE_MS = 40

export interface DialingContext {
  readonly time: VirtualTime
  readonly random: Random
  link(from: number, to: number): Link
  /** True if anything sent in this direction arrives now. */
  passes(link: Link): boolean
  isUp(node: number): boolean
  peer(node: number): Peer
  /** Delivers frames after a delay, if the connection is still the same. */
  launch(flight: Flight, afterMs: number): void
  /** There is a new connection between the two. */
  onConnected(one: number, other: number): void
}

export class VirtualDialing {
  readonly #context: DialingContext

  constructor(context: DialingContext) {
    this.#context = context
  }

  /** Closes a node's end of a connection. The other end learns of it if anything gets there. */
  end(own: number, other: number): void {
    const { time, random, link, passes, launch } = this.#context
    const [out, back] = [link(own, other), link(other, own)]
    if (out.isEnded) return
    const { epoch } = out
    this.#ended(own, other)
    for (const frame of out.swallowed.splice(0)) {
      if (!random.chance(LATE_SHARE)) continue
      out.bytes += frame.length
      launch({ link: out, frames: [frame], epoch }, random.next() * LATE_MS)
    }
    if (!passes(out)) return
    time.after(RESET_MS, () => {
      if (out.epoch === epoch && !back.isEnded) this.#ended(other, own)
    })
  }

  #ended(own: number, other: number): void {
    const { link, peer } = this.#context
    link(own, other).isEnded = true
    if (dials(peer(own), peer(other))) this.#dialLater(own, other)
  }

  #dialLater(own: number, other: number): void {
    const { time, random } = this.#context
    const [least, most] = DIAL_AGAIN_MS
    time.after(least + random.next() * (most - least), () => this.#dial(own, other))
  }

  #dial(own: number, other: number): void {
    const { link, passes, isUp, onConnected } = this.#context
    const [out, back] = [link(own, other), link(other, own)]
    // An ended process dials no more, and a restarted one has already dialed.
    if (!out.isEnded || !isUp(own)) return
    if (!isUp(other) || !passes(out) || !passes(back)) return this.#dialLater(own, other)
    renewLink(out)
    renewLink(back)
    onConnected(own, other)
  }
}

/** Clients dial replicas, and of two replicas the one with the larger id dials. */
const dials = (one: Peer, other: Peer): boolean =>
  other.kind === 'replica' && (one.kind === 'client' || one.id > other.id)
