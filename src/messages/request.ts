/**
 * REQUEST (rule 1.1): payload `[client key, session nonce, timestamp, responder, H(operations)]`, the client's
 * signature, and the operations as the body. The request digest is what the client signs, so equal operations of two
 * sessions are two requests.
 */
import { equalBytes, toHex } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import type { ClientId, Timestamp } from '../base/ids.ts'
import type { Decoder, Describer } from './codec.ts'
import { FieldReader } from './fields.ts'
import { encodeFrame, type Frame } from './frame.ts'
import { FRAME_KINDS, type FrameKind } from './kinds.ts'
import { PUBLIC_KEY_BYTES, REQUEST_BYTES_MAX, SESSION_NONCE_BYTES } from './limits.ts'
import { packPayload, unpackPayload } from './payload.ts'
import { type Received, receivedOf } from './received.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'

/** REQUEST, m: one client's bundle of operations. The operations are the application's; here they are bytes. */
export interface Request extends Received {
  readonly kind: 'request'
  readonly client: ClientId
  readonly publicKey: Uint8Array
  /**
   * The nonce of its client's session, 16 bytes. It keeps two sessions of one key from receiving each other's answers.
   * @rule 1.8
   */
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  /** The replica that is asked to send full results. Any value of n or above asks all replicas. */
  readonly responder: number
  readonly operations: Uint8Array
  /** The signed digest, 32 bytes. It covers client, session, timestamp, responder and the digest of the operations. */
  readonly digest: Uint8Array
  /**
   * Its client, if a replica relayed it and its MAC for this replica is wrong; else absent.
   * @rule 4.10
   */
  readonly doubtful?: readonly ClientId[]
}

export type RequestContent = Pick<Request, 'publicKey' | 'session' | 'timestamp' | 'responder' | 'operations'>

export type SigningDigest = (kind: FrameKind, payload: Uint8Array) => Uint8Array

export function encodeRequest(
  content: RequestContent,
  tools: {
    readonly hash: Hash
    readonly signingDigest: SigningDigest
    readonly sign: (digest: Uint8Array) => Uint8Array
  },
): Request {
  const { publicKey, session, timestamp, responder, operations } = content
  const payload = packPayload([publicKey, session, timestamp, responder, tools.hash(operations)])
  const digest = tools.signingDigest(FRAME_KINDS.request, payload)
  const frame = encodeFrame({
    kind: FRAME_KINDS.request,
    payload,
    authentication: tools.sign(digest),
    body: operations,
  })
  return assembleRequest(frame, { publicKey, session, timestamp, responder, digest })
}

/** Reads a REQUEST's frame. Checks the digest of the operations, but not the signature. */
export function decodeRequest(
  frame: Frame,
  tools: { readonly hash: Hash; readonly signingDigest: SigningDigest },
): Request | Rejection {
  if (frame.bytes.length - 4 > REQUEST_BYTES_MAX) return rejection('request-too-large')
  const items = unpackPayload(frame.payload)
  if (isRejection(items)) return items
  const fields = new FieldReader(items)
  const publicKey = fields.bytes({ least: PUBLIC_KEY_BYTES, most: PUBLIC_KEY_BYTES })
  const session = fields.bytes({ least: SESSION_NONCE_BYTES, most: SESSION_NONCE_BYTES })
  const timestamp = fields.integer<Timestamp>()
  const responder = fields.integer()
  const operationsDigest = fields.digest()
  if (!fields.complete) return rejection('payload-shape')
  if (!equalBytes(tools.hash(frame.body), operationsDigest)) return rejection('digest-mismatch')
  const digest = tools.signingDigest(FRAME_KINDS.request, frame.payload)
  return assembleRequest(frame, { publicKey, session, timestamp, responder, digest })
}

export const requestCodec: Decoder<Request> & Describer<Request> = {
  decode: decodeRequest,
  describeReceived(sink, { timestamp, digest }) {
    sink.number('t', timestamp)
    sink.digest(digest)
  },
}

function assembleRequest(
  frame: Frame,
  fields: Omit<RequestContent, 'operations'> & { readonly digest: Uint8Array },
): Request {
  return {
    kind: 'request',
    client: toHex(fields.publicKey) as ClientId,
    publicKey: fields.publicKey,
    session: fields.session,
    timestamp: fields.timestamp,
    responder: fields.responder,
    operations: frame.body,
    digest: fields.digest,
    ...receivedOf(frame),
  }
}
