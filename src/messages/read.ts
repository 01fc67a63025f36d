/**
 * READ (rule 5.1): a client asks every replica to execute reads on its own state, outside of the order; payload
 * `[session nonce, number, responder]`, and the operations as the body. READ-ANSWER answers; payload `[sender, session
 * nonce, number, revision, digest]`, and the results as the body if this replica sends them. An empty digest says that
 * the replica does not answer without ordering. Each is valid on its sender's link only, because a read changes nothing
 * and its answer proves nothing to others.
 */
import { equalBytes } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import type { ReplicaId } from '../base/ids.ts'
import { type Codec, type Decoder, NO_BODY } from './codec.ts'
import { encodeFrame } from './frame.ts'
import { FRAME_KINDS } from './kinds.ts'
import { REQUEST_BYTES_MAX, RESULT_BYTES_MAX, SESSION_NONCE_BYTES } from './limits.ts'
import { packPayload } from './payload.ts'
import { type ContentOf, type Received, receivedOf, withFields } from './received.ts'
import { rejection } from './rejection.ts'

export interface Read extends Received {
  readonly kind: 'read'
  /** The session that asks. */
  readonly session: Uint8Array
  /** The number of the read in its session. */
  readonly number: number
  /** The replica that is asked to send long results. Any value of n or above asks all replicas. */
  readonly responder: number
  readonly operations: Uint8Array
}

export interface ReadAnswer extends Received {
  readonly kind: 'read-answer'
  readonly sender: ReplicaId
  /** The session that asked. */
  readonly session: Uint8Array
  readonly number: number
  /** The revision of the state that the results come from. */
  readonly revision: number
  /** The digest of the results; empty if the replica does not answer this read without ordering. */
  readonly resultDigest: Uint8Array
  /** The results, checked against their digest; null if another replica was asked to send them. */
  readonly results: Uint8Array | null
}

export type ReadAnswerContent = ContentOf<ReadAnswer>

const SESSION = { least: SESSION_NONCE_BYTES, most: SESSION_NONCE_BYTES }
const DIGEST_OR_NONE = { least: 0, most: DIGEST_BYTES }

/** Encodes a READ as a whole frame. */
export function encodeRead({
  session,
  number,
  responder,
  operations,
}: Pick<Read, 'session' | 'number' | 'responder' | 'operations'>): Uint8Array {
  const payload = packPayload([session, number, responder])
  return encodeFrame({ kind: FRAME_KINDS.read, payload, authentication: NO_BODY, body: operations }).bytes
}

export const readCodec: Decoder<Read> = {
  decode(frame) {
    if (frame.bytes.length - 4 > REQUEST_BYTES_MAX) return rejection('request-too-large')
    return withFields(frame, (fields) => ({
      kind: 'read',
      session: fields.bytes(SESSION),
      number: fields.integer(),
      responder: fields.integer(),
      operations: frame.body,
      ...receivedOf(frame),
    }))
  },
}

export const readAnswerCodec: Codec<ReadAnswer> = {
  encode: ({ session, number, revision, resultDigest, results }, sender) => ({
    payload: [sender, session, number, revision, resultDigest],
    body: results ?? NO_BODY,
  }),
  decode: (frame, { hash }) =>
    withFields(frame, (fields) => {
      const sender = fields.integer<ReplicaId>()
      const session = fields.bytes(SESSION)
      const number = fields.integer()
      const revision = fields.integer()
      const resultDigest = fields.bytes(DIGEST_OR_NONE)
      if (resultDigest.length > 0 && resultDigest.length < DIGEST_BYTES) return rejection('payload-shape')
      if (frame.body.length > RESULT_BYTES_MAX) return rejection('body-malformed')
      const results = frame.body.length > 0 ? frame.body : null
      if (results !== null && !equalBytes(hash(results), resultDigest)) {
        return rejection('digest-mismatch', 'the results miss their digest')
      }
      return {
        kind: 'read-answer',
        sender,
        session,
        number,
        revision,
        resultDigest,
        results,
        ...receivedOf(frame),
      }
    }),
}
