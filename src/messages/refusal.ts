/**
 * REFUSAL: the reason for which a replica refuses a client's request. Valid on its sender's link only; a client
 * believes W equal ones. Payload `[sender, timestamp, request digest, reason]`.
 */
import type { ReplicaId, Timestamp } from '../base/ids.ts'
import { type Codec, NO_BODY } from './codec.ts'
import { type ContentOf, type Received, withoutBody } from './received.ts'
import { rejection } from './rejection.ts'

/**
 * The reasons, in the order of their numbers on the wire. `results-gone`: the request was executed, and its results are
 * no longer kept. `must-sign`: MACs of this client were wrong. `another-session`: another session of this client used
 * the timestamp, so this request is never executed.
 */
export const REFUSAL_REASONS = [
  'unknown-client',
  'stale',
  'timestamp-reused',
  'busy',
  'malformed',
  'results-gone',
  'must-sign',
  'another-session',
] as const
export type RefusalReason = (typeof REFUSAL_REASONS)[number]

export interface Refusal extends Received {
  readonly kind: 'refusal'
  readonly sender: ReplicaId
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly reason: RefusalReason
}

export type RefusalContent = ContentOf<Refusal>

export const refusalCodec: Codec<Refusal> = {
  encode: ({ timestamp, requestDigest, reason }, sender) => ({
    payload: [sender, timestamp, requestDigest, REFUSAL_REASONS.indexOf(reason)],
    body: NO_BODY,
  }),
  decode: (frame) =>
    withoutBody(frame, (fields, received) => {
      const sender = fields.integer<ReplicaId>()
      const timestamp = fields.integer<Timestamp>()
      const requestDigest = fields.digest()
      const reason = REFUSAL_REASONS[fields.integer()]
      if (reason === undefined) return rejection('payload-shape')
      return { kind: 'refusal', sender, timestamp, requestDigest, reason, ...received }
    }),
}
