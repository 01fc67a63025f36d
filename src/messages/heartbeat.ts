/** HEARTBEAT: a frame that shows only that its sender and the link are alive. It has one form. */
import { equalBytes } from '../base/bytes.ts'
import { encodeFrame } from './frame.ts'
import { FRAME_KINDS } from './kinds.ts'
import { packPayload } from './payload.ts'

const EMPTY = new Uint8Array(0)

/** The whole frame, length field included. */
export const HEARTBEAT: Uint8Array = encodeFrame({
  kind: FRAME_KINDS.heartbeat,
  payload: packPayload([]),
  authentication: EMPTY,
  body: EMPTY,
}).bytes

export const isHeartbeat = (frame: Uint8Array): boolean => equalBytes(frame, HEARTBEAT)
