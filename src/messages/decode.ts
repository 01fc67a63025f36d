/**
 * The strict decoding of messages. A decoder returns a message or a named rejection and never throws, for any bytes. A
 * decoded message is well-formed and its digests are right. Its sender is checked in
 * `runtime/authentication/authentication.ts`.
 */
import type { DecodeTools } from './codec.ts'
import { CODECS } from './codecs.ts'
import { splitFrame } from './frame.ts'
import { isOfLink, kindName } from './kinds.ts'
import type { Message } from './message.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'

export type { DecodeTools } from './codec.ts'

/** Decodes one whole frame, length field included. */
export function decodeMessage(bytes: Uint8Array, tools: DecodeTools): Message | Rejection {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  const kind = kindName(frame.kind)
  return isOfLink(kind)
    ? rejection('kind-not-for-this-link', `a ${kind} is for the link itself, which takes it where it is due`)
    : CODECS[kind].decode(frame, tools)
}
