/**
 * The three frames that open a link. Payloads:
 *
 *   HELLO    [version, cluster id, role, replica id, public key, expected responder, nonce, ephemeral key]
 *            of a replica with a MAC for the responder: it earns an answer, and proves nothing
 *   WELCOME  [replica id, nonce, ephemeral key]     authenticated by the responder
 *   PROOF    []                                     authenticated by the initiator
 *
 * Both signatures cover the transcript: the payloads of HELLO and WELCOME. A payload is one msgpack array and so
 * determines its own length: different pairs of payloads never have the same transcript.
 */
import { concatBytes } from '../base/bytes.ts'
import { FieldReader } from './fields.ts'
import { encodeFrame, type Frame, splitFrame } from './frame.ts'
import { FRAME_KINDS } from './kinds.ts'
import { LINK_TAG_BYTES, PROTOCOL_VERSION, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './limits.ts'
import { packPayload, unpackPayload } from './payload.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'

/** Bytes of a handshake frame after its length field; a HELLO has fewer than 200. */
export const HANDSHAKE_FRAME_BYTES_MAX = 1024
/** Bytes of the nonce that each end contributes. */
export const NONCE_BYTES = 32
/** Bytes of an X25519 public key. */
export const EPHEMERAL_KEY_BYTES = 32

/** The role that the initiator claims, with its number on the wire. */
export const LINK_ROLES = { replica: 0, client: 1 } as const
export type LinkRole = keyof typeof LINK_ROLES

export interface Hello {
  readonly clusterId: Uint8Array
  readonly role: LinkRole
  /** The initiator's claimed id, as received; 0 for a client. It may not be a replica's id. */
  readonly replicaId: number
  /** The initiator's Ed25519 key. */
  readonly publicKey: Uint8Array
  /** The replica that the initiator intends to reach. */
  readonly expected: number
  readonly nonce: Uint8Array
  readonly ephemeralKey: Uint8Array
}

export interface Welcome {
  readonly replicaId: number
  readonly nonce: Uint8Array
  readonly ephemeralKey: Uint8Array
}

const EMPTY = new Uint8Array(0)

/** Encodes a HELLO; `macOf` makes the MAC of its payload. */
export function encodeHello(hello: Hello, macOf: (payload: Uint8Array) => Uint8Array = () => EMPTY): Frame {
  const payload = packPayload([
    PROTOCOL_VERSION,
    hello.clusterId,
    LINK_ROLES[hello.role],
    hello.replicaId,
    hello.publicKey,
    hello.expected,
    hello.nonce,
    hello.ephemeralKey,
  ])
  return encodeFrame({ kind: FRAME_KINDS.hello, payload, authentication: macOf(payload), body: EMPTY })
}

export function welcomePayload(welcome: Welcome): Uint8Array {
  return packPayload([welcome.replicaId, welcome.nonce, welcome.ephemeralKey])
}

export function encodeWelcome(payload: Uint8Array, signature: Uint8Array): Frame {
  return encodeFrame({ kind: FRAME_KINDS.welcome, payload, authentication: signature, body: EMPTY })
}

export function encodeProof(signature: Uint8Array): Frame {
  return encodeFrame({
    kind: FRAME_KINDS.proof,
    payload: packPayload([]),
    authentication: signature,
    body: EMPTY,
  })
}

/** Returns the bytes that both signatures of a handshake cover. */
export function transcriptOf(helloPayload: Uint8Array, payloadOfWelcome: Uint8Array): Uint8Array {
  return concatBytes(helloPayload, payloadOfWelcome)
}

/** A handshake frame and its fields. */
export interface HandshakeFrame<T> {
  readonly fields: T
  readonly payload: Uint8Array
  readonly authentication: Uint8Array
}

export function decodeHello(bytes: Uint8Array): HandshakeFrame<Hello> | Rejection {
  return decode(bytes, 'hello', [0, LINK_TAG_BYTES], (fields) => {
    const clusterId = fields.digest()
    const role = fields.integer()
    const replicaId = fields.integer()
    const publicKey = fields.bytes({ least: PUBLIC_KEY_BYTES, most: PUBLIC_KEY_BYTES })
    const expected = fields.integer()
    const keys = freshKeys(fields)
    if (role !== LINK_ROLES.replica && role !== LINK_ROLES.client) return null
    if (role === LINK_ROLES.client && replicaId !== 0) return null
    const name = role === LINK_ROLES.client ? 'client' : 'replica'
    return { clusterId, role: name, replicaId, publicKey, expected, ...keys }
  })
}

export function decodeWelcome(bytes: Uint8Array): HandshakeFrame<Welcome> | Rejection {
  return decode(bytes, 'welcome', [SIGNATURE_BYTES], (fields) => ({
    replicaId: fields.integer(),
    ...freshKeys(fields),
  }))
}

export function decodeProof(bytes: Uint8Array): HandshakeFrame<'proof'> | Rejection {
  return decode(bytes, 'proof', [SIGNATURE_BYTES], () => 'proof' as const)
}

function freshKeys(fields: FieldReader): { readonly nonce: Uint8Array; readonly ephemeralKey: Uint8Array } {
  return {
    nonce: fields.bytes({ least: NONCE_BYTES, most: NONCE_BYTES }),
    ephemeralKey: fields.bytes({ least: EPHEMERAL_KEY_BYTES, most: EPHEMERAL_KEY_BYTES }),
  }
}

/**
 * Decodes a handshake frame. Checks that it has the expected kind, no body, and an authentication of one of these
 * sizes.
 */
function decode<T>(
  bytes: Uint8Array,
  kind: 'hello' | 'welcome' | 'proof',
  authenticationBytes: readonly number[],
  read: (fields: FieldReader) => T | null,
): HandshakeFrame<T> | Rejection {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  if (frame.kind !== FRAME_KINDS[kind]) return rejection('kind-not-for-this-link', `a ${kind} is due`)
  if (frame.body.length > 0) return rejection('body-not-expected')
  if (!authenticationBytes.includes(frame.authentication.length)) return rejection('bad-signature')
  const items = unpackPayload(frame.payload)
  if (isRejection(items)) return items
  const fields = new FieldReader(items)
  // Another version's HELLO may have other fields, but its version always comes first.
  if (kind === 'hello' && fields.integer() !== PROTOCOL_VERSION && typeof items[0] === 'number') {
    return rejection('wrong-version', `version ${items[0]}`)
  }
  const said = read(fields)
  if (said === null || !fields.complete) return rejection('payload-shape')
  return { fields: said, payload: frame.payload, authentication: frame.authentication }
}
