/** What clients ask of a replica beside their requests; PLACE-INQUIRY and its answer (rule 1.8) in full. */
import type { ReplicaId, Timestamp } from '../base/ids.ts'
import type { FieldReader } from './fields.ts'
import { encodeFrame } from './frame.ts'
import { FRAME_KINDS } from './kinds.ts'
import { SESSION_NONCE_BYTES } from './limits.ts'
import type { Received } from './message.ts'
import { packPayload } from './payload.ts'

/** PLACE-INQUIRY: a session asks where its client's timestamps stand (rule 1.8). Valid on its client's link only. */
export interface PlaceInquiry extends Received {
  readonly kind: 'place-inquiry'
  readonly session: Uint8Array
  /** That of the replica's last PLACE; 0 before the first. */
  readonly token: number
}

/** PLACE: answers a PLACE-INQUIRY. Valid on its sender's link only; what W replicas say is a fact. */
export interface Place extends Received {
  readonly kind: 'place'
  readonly sender: ReplicaId
  /** The session that asked. */
  readonly session: Uint8Array
  /** t*: the highest executed timestamp of the client. */
  readonly timestamp: Timestamp
  /** To be repeated with the next question. */
  readonly token: number
  /** Whether another session of the client asks too. */
  readonly isShared: boolean
}

/** INQUIRY: a client asks how a replica is doing. */
export interface Inquiry extends Received {
  readonly kind: 'inquiry'
  readonly nonce: number
}

/** EVIDENCE-INQUIRY: a client asks a replica for the evidence that it holds. */
export interface EvidenceInquiry extends Received {
  readonly kind: 'evidence-inquiry'
  readonly nonce: number
}

/** What clients ask of a replica beside their requests. */
export type AnyInquiry = Inquiry | PlaceInquiry | EvidenceInquiry

const SESSION = { least: SESSION_NONCE_BYTES, most: SESSION_NONCE_BYTES }
const EMPTY = new Uint8Array(0)

/** A whole frame. */
export function encodePlaceInquiry({ session, token }: Pick<PlaceInquiry, 'session' | 'token'>): Uint8Array {
  const payload = packPayload([session, token])
  return encodeFrame({ kind: FRAME_KINDS['place-inquiry'], payload, authentication: EMPTY, body: EMPTY })
    .bytes
}

export function decodePlaceInquiry(fields: FieldReader, received: Received): PlaceInquiry {
  return { kind: 'place-inquiry', session: fields.bytes(SESSION), token: fields.integer(), ...received }
}

export function decodePlace(fields: FieldReader, received: Received): Place {
  return {
    kind: 'place',
    sender: fields.integer<ReplicaId>(),
    session: fields.bytes(SESSION),
    timestamp: fields.integer<Timestamp>(),
    token: fields.integer(),
    isShared: fields.flag(),
    ...received,
  }
}
