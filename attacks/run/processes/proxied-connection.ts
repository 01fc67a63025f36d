/**
 * A connection through a proxy: two sockets, and the fate of the bytes between them. Bytes pass, wait while a
 * direction is held, or are read and dropped without a sign to either end.
 */
import type { Socket } from 'node:net'

/** The bytes that pass in one direction while the other direction is lost: a window without acknowledgements. */
const WINDOW_BYTES = 64 * 1024

/** The current state of the network in one direction. */
interface Direction {
  isHeld(): boolean
  isSwallowed(): boolean
}

export interface ProxiedConnectionOptions {
  /** The socket of the end that dialed, and the connection to the other end. */
  readonly near: Socket
  dial(): Socket
  readonly there: Direction
  readonly back: Direction
  /** Called when both ends are closed. */
  onClosed(): void
}

export class ProxiedConnection {
  readonly #options: ProxiedConnectionOptions
  /** Null for a dial that the network dropped: the other end never learns of it. */
  readonly #far: Socket | null
  /** The directions in which bytes were lost. Nothing more passes in them, because later bytes would make no sense. */
  readonly #lost = new Set<Direction>()
  /** The bytes that passed in each direction since the other one was lost. */
  #unacknowledged = 0

  constructor(options: ProxiedConnectionOptions) {
    this.#options = options
    const { near, there, back } = options
    const isSwallowed = there.isSwallowed() || back.isSwallowed()
    this.#far = isSwallowed ? null : options.dial()
    if (isSwallowed) for (const each of [there, back]) this.#lost.add(each)
    this.#join(near, this.#far, there)
    if (this.#far !== null) this.#join(this.#far, near, back)
    this.passOrHold()
  }

  /** True if both ends are open and no byte between them was lost. */
  get passes(): boolean {
    const far = this.#far
    return far !== null && !far.connecting && !this.#isOver(far) && this.#lost.size === 0
  }

  /** Holds a direction silently: bytes wait, as in a network without a route. */
  passOrHold(): void {
    const { near, there, back } = this.#options
    passOrHold(near, there.isHeld())
    if (this.#far !== null) passOrHold(this.#far, back.isHeld())
  }

  close(): void {
    for (const socket of [this.#options.near, this.#far]) socket?.destroy()
  }

  #isOver(far: Socket): boolean {
    return far.destroyed || this.#options.near.destroyed
  }

  /** Forwards incoming bytes, and the end of the stream. */
  #join(from: Socket, to: Socket | null, direction: Direction): void {
    from.setNoDelay(true)
    from.on('data', (bytes) => {
      if (!this.#gets(direction, bytes.length) || to === null || to.destroyed) return
      if (to.write(bytes)) return
      from.pause()
      to.once('drain', () => {
        if (!direction.isHeld()) from.resume()
      })
    })
    from.on('error', () => {}) // 'close' follows
    from.once('close', () => {
      if (this.#gets(direction, 0)) to?.destroy()
      else to?.resume() // Only a socket that is being read reports its end.
      if (to === null || to.destroyed) this.#options.onClosed()
    })
  }

  /** True if this many more bytes reach the other end. */
  #gets(direction: Direction, bytes: number): boolean {
    if (direction.isSwallowed()) this.#lost.add(direction)
    if (this.#lost.has(direction)) return false
    if (this.#lost.size === 0) return true
    this.#unacknowledged += bytes
    return this.#unacknowledged <= WINDOW_BYTES
  }
}

function passOrHold(socket: Socket, isHeld: boolean): void {
  if (isHeld) socket.pause()
  else socket.resume()
}
