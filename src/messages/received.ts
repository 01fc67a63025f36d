/** A received message: its bytes, and the reading of its payload. */
import { FieldReader } from './fields.ts'
import type { Frame } from './frame.ts'
import { unpackPayload } from './payload.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'

/** The part of a decoded message that keeps the bytes in which it arrived. */
export interface Received {
  /**
   * The bytes from the kind to the authentication, which a certificate carries and over which the authentication is
   * checked.
   */
  readonly envelope: Uint8Array
  /** The whole frame, length field included. */
  readonly bytes: Uint8Array
  readonly payload: Uint8Array
  readonly authentication: Uint8Array
}

/**
 * A message before it is encoded: without the sender and bytes that sending adds, and without the fields that a
 * receiver derives.
 */
export type ContentOf<M, Derived extends keyof M = never> = Omit<M, keyof Received | 'sender' | Derived>

export function receivedOf({ envelope, bytes, payload, authentication }: Frame): Received {
  return { envelope, bytes, payload, authentication }
}

/** Reads the payload of a frame that has no body. */
export function withoutBody<M extends object>(
  frame: Frame,
  decode: (fields: FieldReader, received: Received) => M | Rejection,
): M | Rejection {
  if (frame.body.length > 0) return rejection('body-not-expected')
  return withFields(frame, (fields) => decode(fields, receivedOf(frame)))
}

/** Reads a payload with `decode`. The result counts only if it read every field. */
export function withFields<R>(
  { payload }: Pick<Frame, 'payload'>,
  decode: (fields: FieldReader) => R | Rejection,
): R | Rejection {
  const items = unpackPayload(payload)
  if (isRejection(items)) return items
  const fields = new FieldReader(items)
  const message = decode(fields)
  return fields.complete ? message : rejection('payload-shape')
}
