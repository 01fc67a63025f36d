/**
 * A connection through a proxy: two sockets, and what becomes of the bytes between them. They pass, wait while a direction is
 * held, or are swallowed: then they are read and dropped, and neither end is told.
 */
import type { Socket } from 'node:net'

/** Bytes that go back on a connection while those that go there are lost: a window that nobody acknowledges. */
const WINDOW_BYTES = 64 * 1024

/** The network in one direction, as it is now. */
interface Direction {
  isHeld(): boolean
  isSwallowed(): boolean
}

export interface ProxiedConnectionOptions {
  /** The end that dialed, and the dial to the other one. */
  readonly near: Socket
  dial(): Socket
  readonly there: Direction
  readonly back: Direction
  /** Called when neither end is open any more. */
  onClosed(): void
}

export class ProxiedConnection {
  readonly #options: ProxiedConnectionOptions
  /** Null for a dial that the network swallowed: its other end never hears of it. */
  readonly #far: Socket | null
  /** Directions in which bytes were lost. What came later would make no sense: nothing more passes in them. */
  readonly #lost = new Set<Direction>()
  /** Bytes that passed in one direction since the other one is lost. */
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

  /** Neither end is told of a direction that is held: what they send waits, as in a network that lost its way. */
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

  /** Passes on what comes in, and the end with it. */
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
    from.on('error', () => {}) // its close follows
    from.once('close', () => {
      if (this.#gets(direction, 0)) to?.destroy()
      else to?.resume() // only what is read from can be seen to end
      if (to === null || to.destroyed) this.#options.onClosed()
    })
  }

  /** True if so many bytes more get to the other end. */
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
