/** A frame between an adversary and a peer, decoded on demand. */
import { type DecodeTools, decodeMessage } from '../../src/messages/decode.ts'
import { kindIn } from '../../src/messages/frame.ts'
import type { FrameKindName } from '../../src/messages/kinds.ts'
import type { Message } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { Peer } from '../../src/ports.ts'

export class InterceptedFrame {
  /** The receiver of a sent frame, the sender of a received one. */
  readonly peer: Peer
  readonly frame: Uint8Array
  readonly #tools: DecodeTools
  #message: Message | null | undefined

  constructor(peer: Peer, frame: Uint8Array, tools: DecodeTools) {
    this.peer = peer
    this.frame = frame
    this.#tools = tools
  }

  /** Null if the frame is not of a kind that replicas and clients exchange. */
  get kind(): FrameKindName | null {
    return kindIn(this.frame)
  }

  /** Null if the frame cannot be decoded. */
  get message(): Message | null {
    if (this.#message === undefined) {
      const decoded = decodeMessage(this.frame, this.#tools)
      this.#message = isRejection(decoded) ? null : decoded
    }
    return this.#message
  }
}
