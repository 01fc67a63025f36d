/**
 * Bytes to messages, strictly. A decoder returns a message or a named rejection; no bytes make it throw. What it
 * returns is well-formed and its digests are right; who sent it is checked in `runtime/authentication/authentication.ts`.
 */
import type { DecodeTools } from './codec.ts'
import { CODECS } from './codecs.ts'
import { splitFrame } from './frame.ts'
import { isOfLink, kindName } from './kinds.ts'
import type { Message } from './message.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'

export type { DecodeTools } from './codec.ts'

/** One whole frame, length field included, to a message. */
export function decodeMessage(bytes: Uint8Array, tools: DecodeTools): Message | Rejection {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  const kind = kindName(frame.kind)
  return isOfLink(kind)
    ? rejection('kind-not-for-this-link', `a ${kind} is for the link itself, which takes it where it is due`)
    : CODECS[kind].decode(frame, tools)
}
