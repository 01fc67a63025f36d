/**
 * Single frames on their way: a number for each, in the order in which they are sent, somebody who is told of them, and
 * interventions, which decide what becomes of one. A run with the same plan gives each frame the same number; an
 * intervention changes nothing before its frame would have arrived, or arrives.
 */
import type { Peer } from '../../ports.ts'
import type { Link } from './virtual-link.ts'

/** The fate of the frame with this number, instead of the one that the network would have drawn. */
export type FrameIntervention = { readonly frame: number } & (
  | { readonly does: 'drop' }
  | { readonly does: 'delay'; readonly byMs: number }
  /** It arrives at this virtual time. */
  | { readonly does: 'deliver'; readonly atMs: number }
)

/** A frame that was sent. */
export interface SentFrame {
  readonly number: number
  readonly from: Peer
  readonly to: Peer
  readonly frame: Uint8Array
  readonly sentAtMs: number
  /** The time of its arrival, unless the link is clogged or breaks; null for one that is lost. */
  readonly arrivesAtMs: number | null
}

export interface TrafficObserver {
  onSent(sent: SentFrame): void
  onArrived(number: number, atMs: number): void
}

/** The frames of one link that are under way, in the order in which they were sent. */
type UnderWay = { readonly number: number; readonly frame: Uint8Array }[]

export class FrameTraffic {
  readonly #interventions: ReadonlyMap<number, FrameIntervention>
  readonly #observer: TrafficObserver | null
  readonly #peerOf: (node: number) => Peer
  readonly #underWay = new Map<Link, UnderWay>()
  #sent = 0

  constructor(
    interventions: readonly FrameIntervention[],
    observer: TrafficObserver | null,
    peerOf: (node: number) => Peer,
  ) {
    this.#interventions = new Map(interventions.map((each) => [each.frame, each]))
    this.#observer = observer
    this.#peerOf = peerOf
  }

  /** A frame is sent that would arrive at a time. Returns the time at which it does; null if it does not. */
  sent(
    link: Link,
    frame: Uint8Array,
    { sentAtMs, arrivesAtMs }: { readonly sentAtMs: number; readonly arrivesAtMs: number },
  ): number | null {
    const actual = this.#arrivalOf(this.#sent, { sentAtMs, arrivesAtMs })
    if (actual === null) this.lost(link, frame, sentAtMs)
    else this.#note(link, frame, { sentAtMs, arrivesAtMs: actual })
    return actual
  }

  /** A frame is sent and lost. */
  lost(link: Link, frame: Uint8Array, sentAtMs: number): void {
    this.#note(link, frame, { sentAtMs, arrivesAtMs: null })
  }

  arrived(link: Link, frame: Uint8Array, atMs: number): void {
    const underWay = this.#underWay.get(link) ?? []
    const index = underWay.findIndex((each) => each.frame === frame)
    const [found] = index < 0 ? [] : underWay.splice(index, 1)
    if (found !== undefined) this.#observer?.onArrived(found.number, atMs)
  }

  #arrivalOf(
    number: number,
    { sentAtMs, arrivesAtMs }: { readonly sentAtMs: number; readonly arrivesAtMs: number },
  ): number | null {
    const meant = this.#interventions.get(number)
    if (meant === undefined) return arrivesAtMs
    if (meant.does === 'drop') return null
    return meant.does === 'delay' ? arrivesAtMs + meant.byMs : Math.max(sentAtMs, meant.atMs)
  }

  #note(
    link: Link,
    frame: Uint8Array,
    when: { readonly sentAtMs: number; readonly arrivesAtMs: number | null },
  ): void {
    const number = this.#sent++
    if (this.#observer === null) return
    if (when.arrivesAtMs !== null) {
      const underWay = this.#underWay.get(link) ?? []
      underWay.push({ number, frame })
      this.#underWay.set(link, underWay)
    }
    this.#observer.onSent({
      number,
      from: this.#peerOf(link.from),
      to: this.#peerOf(link.to),
      frame,
      ...when,
    })
  }
}
