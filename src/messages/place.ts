/**
 * PLACE-INQUIRY: a session asks for the place of its client's timestamps (rule 1.8); payload `[session nonce, token]`.
 * PLACE answers; payload `[sender, session nonce, t*, token, shared 0/1]`. Each is valid on its sender's link only. A
 * session believes W equal answers.
 */
import type { ReplicaId, Timestamp } from '../base/ids.ts'
import { type Codec, type Decoder, NO_BODY } from './codec.ts'
import { encodeFrame } from './frame.ts'
import { FRAME_KINDS } from './kinds.ts'
import { SESSION_NONCE_BYTES } from './limits.ts'
import { packPayload } from './payload.ts'
import { type ContentOf, type Received, withoutBody } from './received.ts'

export interface PlaceInquiry extends Received {
  readonly kind: 'place-inquiry'
  readonly session: Uint8Array
  /** The token of the replica's last PLACE; 0 before the first. */
  readonly token: number
}

export interface Place extends Received {
  readonly kind: 'place'
  readonly sender: ReplicaId
  /** The session that asked. */
  readonly session: Uint8Array
  /** t*: the highest executed timestamp of the client. */
  readonly timestamp: Timestamp
  /** The token to repeat with the next question. */
  readonly token: number
  /** True while another session of the client asks for its place too. */
  readonly isShared: boolean
}

export type PlaceContent = ContentOf<Place>

const SESSION = { least: SESSION_NONCE_BYTES, most: SESSION_NONCE_BYTES }

/** Encodes a PLACE-INQUIRY as a whole frame. */
export function encodePlaceInquiry({ session, token }: Pick<PlaceInquiry, 'session' | 'token'>): Uint8Array {
  const kind = FRAME_KINDS['place-inquiry']
  const payload = packPayload([session, token])
  return encodeFrame({ kind, payload, authentication: NO_BODY, body: NO_BODY }).bytes
}

export const placeInquiryCodec: Decoder<PlaceInquiry> = {
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'place-inquiry',
      session: fields.bytes(SESSION),
      token: fields.integer(),
      ...received,
    })),
}

export const placeCodec: Codec<Place> = {
  encode: ({ session, timestamp, token, isShared }, sender) => ({
    payload: [sender, session, timestamp, token, Number(isShared)],
    body: NO_BODY,
  }),
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'place',
      sender: fields.integer<ReplicaId>(),
      session: fields.bytes(SESSION),
      timestamp: fields.integer<Timestamp>(),
      token: fields.integer(),
      isShared: fields.flag(),
      ...received,
    })),
}
