/**
 * The frame: the unit of data on links and in batches, certificates and the log.
 *
 *   length u32 | kind u8 | payload length u16 | payload | authentication length u16 | authentication | body
 *
 * `length` counts the bytes after it. The envelope is everything between `length` and the body. The authentication
 * covers a domain tag and the payload, not the body. The payload holds the body's digest, so a certificate can carry
 * envelopes without bodies.
 */
import { readU16, readU32, utf8, writeU16, writeU32 } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import { type FrameKind, type FrameKindName, isFrameKind, kindName } from './kinds.ts'
import { AUTHENTICATION_BYTES_MAX, FRAME_BYTES_MAX, PAYLOAD_BYTES_MAX, PROTOCOL_VERSION } from './limits.ts'
import { type Rejection, rejection } from './rejection.ts'

/** The bytes of the length field at the start of every frame. */
export const FRAME_LENGTH_BYTES = 4
/** The offset of the kind in a frame: after the length. */
export const KIND_AT = FRAME_LENGTH_BYTES

/** Returns the number of a frame's kind, which may be unknown; 0 if the frame is too short. */
export const kindNumberIn = (frame: Uint8Array): number => frame[KIND_AT] ?? 0

/** Returns the kind of a frame; null if it is unknown. Reads nothing else of the frame. */
export function kindIn(frame: Uint8Array): FrameKindName | null {
  const number = kindNumberIn(frame)
  return isFrameKind(number) ? kindName(number) : null
}

const ENVELOPE_FIXED_BYTES = 1 + 2 + 2

export interface Frame {
  readonly kind: FrameKind
  readonly payload: Uint8Array
  readonly authentication: Uint8Array
  readonly body: Uint8Array
  /** The bytes from the kind to the authentication, as received. */
  readonly envelope: Uint8Array
  /** The whole frame with its length field, as received. */
  readonly bytes: Uint8Array
}

/** Encodes a frame. Its sizes come from this program, so one beyond its limit is a programming error. */
export function encodeFrame(parts: {
  readonly kind: FrameKind
  readonly payload: Uint8Array
  readonly authentication: Uint8Array
  readonly body: Uint8Array
}): Frame {
  const { kind, payload, authentication, body } = parts
  const envelopeLength = ENVELOPE_FIXED_BYTES + payload.length + authentication.length
  const bytes = new Uint8Array(FRAME_LENGTH_BYTES + envelopeLength + body.length)
  writeU32(bytes, 0, envelopeLength + body.length)
  bytes[KIND_AT] = kind
  writeU16(bytes, 5, payload.length)
  bytes.set(payload, 7)
  const authenticationAt = 7 + payload.length
  writeU16(bytes, authenticationAt, authentication.length)
  bytes.set(authentication, authenticationAt + 2)
  bytes.set(body, FRAME_LENGTH_BYTES + envelopeLength)
  return {
    kind,
    payload: bytes.subarray(7, authenticationAt),
    authentication: bytes.subarray(authenticationAt + 2, FRAME_LENGTH_BYTES + envelopeLength),
    body: bytes.subarray(FRAME_LENGTH_BYTES + envelopeLength),
    envelope: bytes.subarray(FRAME_LENGTH_BYTES, FRAME_LENGTH_BYTES + envelopeLength),
    bytes,
  }
}

/** Splits one whole frame, length field included. Returns views into `bytes`, not copies. */
export function splitFrame(bytes: Uint8Array): Frame | Rejection {
  if (bytes.length < FRAME_LENGTH_BYTES) return rejection('frame-truncated')
  const length = readU32(bytes, 0)
  if (length > FRAME_BYTES_MAX) return rejection('frame-too-large')
  if (bytes.length < FRAME_LENGTH_BYTES + length || length < ENVELOPE_FIXED_BYTES) {
    return rejection('frame-truncated')
  }
  if (bytes.length > FRAME_LENGTH_BYTES + length) return rejection('frame-has-trailing-bytes')
  const kind = kindNumberIn(bytes)
  if (!isFrameKind(kind)) return rejection('unknown-kind', `kind ${kind}`)
  const payloadLength = readU16(bytes, 5)
  if (payloadLength > PAYLOAD_BYTES_MAX) return rejection('payload-too-large')
  const authenticationAt = 7 + payloadLength
  if (authenticationAt + 2 > bytes.length) return rejection('frame-truncated')
  const authenticationLength = readU16(bytes, authenticationAt)
  if (authenticationLength > AUTHENTICATION_BYTES_MAX) return rejection('authentication-too-large')
  const bodyAt = authenticationAt + 2 + authenticationLength
  if (bodyAt > bytes.length) return rejection('frame-truncated')
  return {
    kind,
    payload: bytes.subarray(7, authenticationAt),
    authentication: bytes.subarray(authenticationAt + 2, bodyAt),
    body: bytes.subarray(bodyAt),
    envelope: bytes.subarray(FRAME_LENGTH_BYTES, bodyAt),
    bytes,
  }
}

/** Returns an envelope as a frame with an empty body: the form in which certificates carry votes. */
export function frameOfEnvelope(envelope: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_LENGTH_BYTES + envelope.length)
  writeU32(bytes, 0, envelope.length)
  bytes.set(envelope, FRAME_LENGTH_BYTES)
  return bytes
}

const DOMAIN_NAME = utf8('strategos')

/** Creates the function from a payload to the digest that is signed in this cluster: `H(domain tag | payload)`. */
export function createSigningDigest(
  hash: Hash,
  clusterId: Uint8Array,
): (kind: FrameKind, payload: Uint8Array) => Uint8Array {
  const tags = new Map<FrameKind, Uint8Array>()
  return (kind, payload) => {
    let tag = tags.get(kind)
    if (tag === undefined) {
      tag = domainTag(kind, clusterId)
      tags.set(kind, tag)
    }
    return hash(tag, payload)
  }
}

/**
 * Returns `"strategos" | protocol version u8 | kind u8 | cluster id`, so that a signature is valid for one kind and
 * cluster only.
 */
function domainTag(kind: FrameKind, clusterId: Uint8Array): Uint8Array {
  const tag = new Uint8Array(DOMAIN_NAME.length + 2 + clusterId.length)
  tag.set(DOMAIN_NAME)
  tag[DOMAIN_NAME.length] = PROTOCOL_VERSION
  tag[DOMAIN_NAME.length + 1] = kind
  tag.set(clusterId, DOMAIN_NAME.length + 2)
  return tag
}
