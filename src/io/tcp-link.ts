/**
 * One TCP connection: first its handshake, then frames, each with a tag behind it. Whatever goes wrong ends the
 * connection with a reason; nothing is thrown at the owner.
 */
import type { Socket } from 'node:net'
import { assert } from '../base/assert.ts'
import { HANDSHAKE_FRAME_BYTES_MAX } from '../messages/handshake.ts'
import { FRAME_BYTES_MAX, LINK_TAG_BYTES, REQUEST_BYTES_MAX } from '../messages/limits.ts'
import type { Handshake, Peer, SecureLink } from '../ports.ts'
import { FrameReader, type FrameShape } from './frame-reader.ts'

const MIB = 1024 * 1024

/** Milliseconds from the moment the connection is made to the end of its handshake. */
export const HANDSHAKE_MILLISECONDS_MAX = 5000
/**
 * Milliseconds that a dial may take until the other machine answers: room for one lost packet, which the system sends
 * again after a second. Left to itself, a dial that began while the network swallowed everything takes ten seconds more
 * than the network does.
 */
export const DIAL_MILLISECONDS_MAX = 1500
/** Bytes that may wait to be sent to one replica. */
export const SEND_QUEUE_BYTES_MAX = 32 * MIB
/** Bytes that may wait to be sent to one client; there are more of them, and they may never read. */
export const CLIENT_SEND_QUEUE_BYTES_MAX = 8 * MIB

/** Milliseconds of silence after which the system asks whether the other machine is still there. */
const KEEP_ALIVE_MILLISECONDS = 15_000
/** Pieces below this many bytes are joined before they are written; copying them is cheaper than a write each. */
const JOINED_PIECE_BYTES_MAX = 16 * 1024

const HANDSHAKE_SHAPE: FrameShape = { lengthMax: HANDSHAKE_FRAME_BYTES_MAX, tagBytes: 0 }
const REPLICA_SHAPE: FrameShape = { lengthMax: FRAME_BYTES_MAX, tagBytes: LINK_TAG_BYTES }
/** A client sends nothing larger than a request. */
const CLIENT_SHAPE: FrameShape = { lengthMax: REQUEST_BYTES_MAX, tagBytes: LINK_TAG_BYTES }

/** Why a connection ended: one of these, the reason of a failed handshake, or the system's error code. */
export type LinkEnd =
  | 'closed'
  | 'ended-by-peer'
  | 'replaced'
  | 'outdated'
  | 'silent'
  | 'dial-timeout'
  | 'handshake-timeout'
  | 'frame-too-large'
  | 'bad-tag'
  | 'not-admitted'
  | 'too-many-half-open'
  | 'too-many-clients'
  | 'not-the-dialer'
  | (string & {})

export interface TcpLinkOwner {
  /** The handshake is over. Null to go on, or the reason to end the link. */
  onEstablished(peer: Peer): LinkEnd | null
  /** False holds the link until `resume`. */
  onFrame(peer: Peer, frame: Uint8Array): boolean
  /** Called once; the link is of no further use. */
  onEnded(reason: LinkEnd): void
}

export interface TcpLinkOptions {
  readonly socket: Socket
  readonly handshake: Handshake
  readonly handshakeMilliseconds: number
  readonly owner: TcpLinkOwner
}

export class TcpLink {
  readonly #socket: Socket
  readonly #handshake: Handshake
  readonly #owner: TcpLinkOwner
  readonly #reader = new FrameReader()
  #timer: NodeJS.Timeout
  /** Bytes that came, of the handshake too. */
  #received = 0
  #secure: SecureLink | null = null
  #establishedAt: number | null = null
  #isHeld = false
  #hasEnded = false
  /** Frames and tags of this turn, in order. */
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  /** Its place among the connections of its transport: in the order in which a HELLO was sent or admitted. */
  order = 0

  constructor(options: TcpLinkOptions) {
    this.#socket = options.socket
    this.#handshake = options.handshake
    this.#owner = options.owner
    const awaitHandshake = (): NodeJS.Timeout =>
      setTimeout(() => this.end('handshake-timeout'), options.handshakeMilliseconds)
    if (this.#socket.connecting) {
      this.#timer = setTimeout(() => this.end('dial-timeout'), DIAL_MILLISECONDS_MAX)
      this.#socket.once('connect', () => {
        clearTimeout(this.#timer)
        if (!this.#hasEnded) this.#timer = awaitHandshake()
      })
    } else this.#timer = awaitHandshake()
    this.#socket.setNoDelay(true)
    this.#socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS)
    this.#socket.on('data', (chunk) => this.#onChunk(chunk))
    this.#socket.on('end', () => this.end('ended-by-peer'))
    this.#socket.on('close', () => this.end('ended-by-peer'))
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.end(error.code ?? error.message))
    if (this.#handshake.opening !== null) this.#socket.write(this.#handshake.opening)
  }

  /** The other end as the handshake proved it; null before that. */
  get peer(): Peer | null {
    return this.#secure?.peer ?? null
  }

  /** Milliseconds since the handshake ended; 0 before that. */
  get age(): number {
    return this.#establishedAt === null ? 0 : performance.now() - this.#establishedAt
  }

  /** Bytes that came over it. */
  get received(): number {
    return this.#received
  }

  /** Queues a frame until `flush`. False when the queue has no room: the frame is dropped. */
  send(frame: Uint8Array): boolean {
    assert(this.#secure !== null, 'frames are sent when the handshake is over')
    if (this.#hasEnded) return false
    const limit = this.#secure.peer.kind === 'client' ? CLIENT_SEND_QUEUE_BYTES_MAX : SEND_QUEUE_BYTES_MAX
    const waiting = this.#pendingBytes + this.#socket.writableLength
    if (waiting + frame.length + LINK_TAG_BYTES > limit) return false
    this.#pending.push(frame, this.#secure.seal(frame))
    this.#pendingBytes += frame.length + LINK_TAG_BYTES
    return true
  }

  /** Writes what is queued, in one system call where the system allows it. */
  flush(): void {
    if (this.#hasEnded || this.#pending.length === 0) return
    const pieces = joinSmall(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  /** Delivers nothing until `resume`. What the socket's last chunk still holds is kept, and no more is read. */
  pause(): void {
    this.#isHeld = true
    this.#socket.pause()
  }

  /** Delivers again, soon: not within this call. */
  resume(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    queueMicrotask(() => this.#deliver())
  }

  /** Ends the connection at once; what was not sent is lost, and no more of what comes is delivered. */
  end(reason: LinkEnd): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearTimeout(this.#timer)
    this.#pending = []
    // A reset takes back what the system has not got through yet: after `destroy` it would still arrive, later than the
    // first frames of the next connection. It does not call off a dial, is refused while the socket ends by itself because
    // the other end did, and what a closing process said last shall arrive.
    const { connecting, writableEnded } = this.#socket
    if (reason === 'closed' || connecting || writableEnded) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
    this.#owner.onEnded(reason)
  }

  #onChunk(chunk: Uint8Array): void {
    if (this.#hasEnded) return
    this.#received += chunk.length
    this.#reader.push(chunk)
    this.#deliver()
  }

  #deliver(): void {
    while (!this.#hasEnded && !this.#isHeld) {
      const read = this.#reader.next(this.#shape())
      if (read.kind === 'too-large') return this.end('frame-too-large')
      if (read.kind === 'incomplete') {
        if (this.#socket.isPaused()) this.#socket.resume()
        return
      }
      if (this.#secure === null) this.#onHandshakeFrame(read.frame)
      else this.#onFrame(this.#secure, read)
    }
  }

  #shape(): FrameShape {
    if (this.#secure === null) return HANDSHAKE_SHAPE
    return this.#secure.peer.kind === 'client' ? CLIENT_SHAPE : REPLICA_SHAPE
  }

  #onHandshakeFrame(frame: Uint8Array): void {
    const step = this.#handshake.receive(frame)
    if (step.kind === 'failed') return this.end(step.reason)
    if (step.send !== null) this.#socket.write(step.send)
    if (step.kind === 'continue') return
    clearTimeout(this.#timer)
    this.#secure = step.link
    this.#establishedAt = performance.now()
    const refusal = this.#owner.onEstablished(step.link.peer)
    if (refusal !== null) this.end(refusal)
  }

  #onFrame(secure: SecureLink, read: { readonly frame: Uint8Array; readonly tag: Uint8Array }): void {
    if (!secure.opens(read.frame, read.tag)) return this.end('bad-tag')
    if (!this.#owner.onFrame(secure.peer, read.frame)) this.pause()
  }
}

/** The same bytes in fewer pieces: neighbours that are small become one. */
function joinSmall(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const joined: Uint8Array[] = []
  let small: Uint8Array[] = []
  const closeRun = (): void => {
    if (small.length > 0) joined.push(Buffer.concat(small))
    small = []
  }
  for (const piece of pieces) {
    if (piece.length < JOINED_PIECE_BYTES_MAX) small.push(piece)
    else {
      closeRun()
      joined.push(piece)
    }
  }
  closeRun()
  return joined
}
