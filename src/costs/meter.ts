/** Counts every frame that is put on a link, its bytes and tags, and how long the chains of causes between frames are. */
import type { Peer } from '../ports.ts'
import { increase } from './counting-suite.ts'

/** The longest chain of frames of certain kinds, each sent after the one before had arrived. */
class CausalDepth {
  readonly #kinds: ReadonlySet<string>
  /** By node, the longest chain that ends there. */
  readonly #at = new Map<string, number>()
  /** By link, the chains that the frames under way end. */
  readonly #underWay = new Map<string, number[]>()
  most = 0

  constructor(kinds: Iterable<string>) {
    this.#kinds = new Set(kinds)
  }

  sent(from: Peer, to: Peer, kind: string): void {
    const depth = this.#kinds.has(kind) ? (this.#at.get(nameOf(from)) ?? 0) + 1 : 0
    this.most = Math.max(this.most, depth)
    const link = linkOf(from, to)
    const queue = this.#underWay.get(link)
    if (queue === undefined) this.#underWay.set(link, [depth])
    else queue.push(depth)
  }

  arrived(from: Peer, to: Peer): void {
    const depth = this.#underWay.get(linkOf(from, to))?.shift() ?? 0
    const node = nameOf(to)
    this.#at.set(node, Math.max(this.#at.get(node) ?? 0, depth))
  }

  /** Begins a new count: what comes from now on is caused by nothing that was before. */
  begin(): void {
    this.#at.clear()
  }
}

/** The frames of some kinds in the order of sending, with Lamport's clock at both ends. */
export interface TracedFrame {
  readonly from: Peer
  readonly to: Peer
  readonly kind: string
  readonly sentAt: number
  receivedAt: number | null
}

/** Lamport's clocks of nodes for which frames of these kinds are all that happens. */
class FrameTrace {
  readonly frames: TracedFrame[] = []
  readonly #kinds: ReadonlySet<string>
  readonly #clocks = new Map<string, number>()
  readonly #underWay = new Map<string, (TracedFrame | null)[]>()

  constructor(kinds: Iterable<string>) {
    this.#kinds = new Set(kinds)
  }

  sent(from: Peer, to: Peer, kind: string): void {
    const frame = this.#kinds.has(kind)
      ? { from, to, kind, sentAt: this.tick(from, 0), receivedAt: null }
      : null
    if (frame !== null) this.frames.push(frame)
    const link = linkOf(from, to)
    const queue = this.#underWay.get(link)
    if (queue === undefined) this.#underWay.set(link, [frame])
    else queue.push(frame)
  }

  arrived(from: Peer, to: Peer): void {
    const frame = this.#underWay.get(linkOf(from, to))?.shift() ?? null
    if (frame !== null) frame.receivedAt = this.tick(to, frame.sentAt)
  }

  /** An event at a node that has seen this clock: gives what its own clock then shows. */
  tick(node: Peer, seen: number): number {
    const clock = Math.max(this.#clocks.get(nameOf(node)) ?? 0, seen) + 1
    this.#clocks.set(nameOf(node), clock)
    return clock
  }
}

export class Meter {
  readonly messages = new Map<string, number>()
  readonly bytes = new Map<string, number>()
  readonly tagsMade = new Map<string, number>()
  readonly tagsChecked = new Map<string, number>()
  readonly #now: () => number
  readonly #lastSent = new Map<string, number>()
  readonly #depths: readonly CausalDepth[]
  #trace = new FrameTrace([])

  /** Chains are measured for each of these sets of kinds. `now` tells virtual milliseconds. */
  constructor(now: () => number, chains: readonly (readonly string[])[]) {
    this.#now = now
    this.#depths = chains.map((kinds) => new CausalDepth(kinds))
  }

  /** By set of kinds, the longest chain since the meter was made or reset. */
  get rounds(): readonly number[] {
    return this.#depths.map(({ most }) => most)
  }

  /** A frame with its tag was handed to the network. */
  sent(sent: {
    readonly from: Peer
    readonly to: Peer
    readonly kind: string
    readonly bytes: number
  }): void {
    this.#lastSent.set(sent.kind, this.#now())
    increase(this.messages, sent.kind)
    increase(this.bytes, sent.kind, sent.bytes)
    increase(this.tagsMade, sent.kind)
    for (const depth of this.#depths) depth.sent(sent.from, sent.to, sent.kind)
    this.#trace.sent(sent.from, sent.to, sent.kind)
  }

  /** Virtual milliseconds since a frame of this kind was sent last. */
  quietFor(kind: string): number {
    return this.#now() - (this.#lastSent.get(kind) ?? Number.NEGATIVE_INFINITY)
  }

  /** It arrived, and its tag was checked. */
  arrived(arrived: { readonly from: Peer; readonly to: Peer; readonly kind: string }): void {
    increase(this.tagsChecked, arrived.kind)
    for (const depth of this.#depths) depth.arrived(arrived.from, arrived.to)
    this.#trace.arrived(arrived.from, arrived.to)
  }

  /** From now on frames of these kinds are traced; nothing may be under way. */
  trace(kinds: Iterable<string>): void {
    this.#trace = new FrameTrace(kinds)
  }

  get traced(): readonly TracedFrame[] {
    return this.#trace.frames
  }

  /** Notes an event at a node, in Lamport's time. */
  mark(node: Peer): number {
    return this.#trace.tick(node, 0)
  }

  /** A decision begins: nothing that was before causes it. */
  begin(): void {
    for (const depth of this.#depths) depth.begin()
  }

  reset(): void {
    for (const counts of [this.messages, this.bytes, this.tagsMade, this.tagsChecked]) counts.clear()
    for (const depth of this.#depths) {
      depth.begin()
      depth.most = 0
    }
  }
}

const nameOf = ({ kind, id }: Peer): string => `${kind} ${id}`
const linkOf = (from: Peer, to: Peer): string => `${nameOf(from)} > ${nameOf(to)}`
