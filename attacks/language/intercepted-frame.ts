/** A frame on its way between an adversary and a peer, decoded when a behaviour asks for what is in it. */
import { type DecodeTools, decodeMessage } from '../../src/messages/decode.ts'
import { kindIn } from '../../src/messages/frame.ts'
import type { FrameKindName } from '../../src/messages/kinds.ts'
import type { Message } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { Peer } from '../../src/ports.ts'

export class InterceptedFrame {
  /** The receiver of what is sent, the sender of what is received. */
  readonly peer: Peer
  readonly frame: Uint8Array
  readonly #tools: DecodeTools
  #message: Message | null | undefined

  constructor(peer: Peer, frame: Uint8Array, tools: DecodeTools) {
    this.peer = peer
    this.frame = frame
    this.#tools = tools
  }

  /** Null where the frame is none that replicas and clients exchange. */
  get kind(): FrameKindName | null {
    return kindIn(this.frame)
  }

  /** Null where the frame does not decode. */
  get message(): Message | null {
    if (this.#message === undefined) {
      const decoded = decodeMessage(this.frame, this.#tools)
      this.#message = isRejection(decoded) ? null : decoded
    }
    return this.#message
  }
}
