import type { Peer } from '../base/peer.ts'

/**
 * What one peer may have waiting before its link is held, in bytes of undecoded frames: a replica rather more than a
 * frame of the largest size, a client less, because anyone can be one.
 */
export const INBOX_BYTES_PER_REPLICA_MAX = 8.5 * 1024 * 1024
export const INBOX_BYTES_PER_CLIENT_MAX = 1024 * 1024
/** What a frame costs beside its bytes: a flood of tiny ones must not pass for a few bytes. */
const FRAME_OVERHEAD_BYTES = 256

/** Frames taken before the places they stood in are given up. */
const COMPACT_AFTER = 8

const TAKEN = new Uint8Array(0)

interface PeerQueue {
  readonly peer: Peer
  readonly frames: Uint8Array[]
  next: number
  bytes: number
  isHeld: boolean
}

/** One bounded queue per peer, served in turn: a peer that sends much delays itself, not the others. */
export class Inbox {
  readonly #queues = new Map<string, PeerQueue>()
  /** The queues that hold something; each gives one frame and goes to the end. */
  readonly #turns: PeerQueue[] = []
  readonly #resume: (peer: Peer) => void

  constructor(resume: (peer: Peer) => void) {
    this.#resume = resume
  }

  get isEmpty(): boolean {
    return this.#turns.length === 0
  }

  /** False when the peer's queue is now full: its link is to be held until it is resumed. */
  push(peer: Peer, frame: Uint8Array): boolean {
    const key = `${peer.kind}:${peer.id}`
    let queue = this.#queues.get(key)
    if (queue === undefined) {
      queue = { peer, frames: [], next: 0, bytes: 0, isHeld: false }
      this.#queues.set(key, queue)
    }
    if (queue.frames.length === 0) this.#turns.push(queue)
    queue.frames.push(frame)
    queue.bytes += frame.length + FRAME_OVERHEAD_BYTES
    if (queue.bytes > bytesMax(peer)) queue.isHeld = true
    return !queue.isHeld
  }

  /** The next frame in turn, or null. */
  take(): { readonly peer: Peer; readonly frame: Uint8Array } | null {
    const queue = this.#turns.shift()
    if (queue === undefined) return null
    const frame = queue.frames[queue.next++] as Uint8Array
    queue.frames[queue.next - 1] = TAKEN
    queue.bytes -= frame.length + FRAME_OVERHEAD_BYTES
    if (queue.next >= COMPACT_AFTER && queue.next * 2 >= queue.frames.length) {
      queue.frames.splice(0, queue.next) // a queue that never runs empty lets go of what was taken all the same
      queue.next = 0
    }
    if (queue.next < queue.frames.length) {
      this.#turns.push(queue)
    } else {
      queue.frames.length = 0
      queue.next = 0
      // A client that left and has nothing waiting leaves nothing behind.
      if (queue.peer.kind === 'client') this.#queues.delete(`client:${queue.peer.id}`)
    }
    if (queue.isHeld && queue.bytes <= bytesMax(queue.peer) / 2) {
      queue.isHeld = false
      this.#resume(queue.peer)
    }
    return { peer: queue.peer, frame }
  }
}

const bytesMax = ({ kind }: Peer): number =>
  kind === 'replica' ? INBOX_BYTES_PER_REPLICA_MAX : INBOX_BYTES_PER_CLIENT_MAX
