/** The admission of calls of gRPC, as the server of them needs it. */
import type { Socket } from 'node:net'

export interface CallGate {
  /** Takes on a call of a connection. Returns null if there are too many. */
  admit(socket: Socket): AdmittedCall | null
}

/** A call that counts among those of its connection until it is released. */
export interface AdmittedCall {
  /** The request begins to arrive. `end` is called when its room is needed for others. */
  beginBody(end: () => void): void
  /** Counts bytes that are held for the call from now on. False when there is no room for them: then they are not. */
  hold(bytes: number): boolean
  /** The request has arrived, or arrives no more. */
  endBody(): void
  /** Counts the bytes of the call no longer. */
  free(): void
  /** The call becomes a stream, whose answer has no end. Returns false if there are too many. */
  beginStream(): boolean
  /** The call was answered, and so many bytes of it wait to be read. `cut` ends the call with them. */
  holdAnswer(bytes: number, cut: () => void): void
  release(): void
}
