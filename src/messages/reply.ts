/**
 * REPLY (rule 1.7): payload `[sender, view, sequence, root]` with the replica's signature, the same for every reply of
 * a batch, and a body of fixed layout that leads from one client's results to the root:
 *
 *   client 32 | session nonce 16 | timestamp u64 | request digest 32 | result digest 32 | leaf index u16
 *   | leaf count u16 | path length u8 | path (32 each) | has results u8 | results
 */
import { concatBytes, equalBytes, readU16, readU64, toHex, writeU16, writeU64 } from '../base/bytes.ts'
import { DIGEST_BYTES, type Hash } from '../base/hash.ts'
import type { ClientId, ReplicaId, Sequence, Timestamp, View } from '../base/ids.ts'
import type { Decoder } from './codec.ts'
import { FieldReader } from './fields.ts'
import { encodeFrame, FRAME_LENGTH_BYTES, type Frame, splitFrame } from './frame.ts'
import { FRAME_KINDS } from './kinds.ts'
import { COUNTER_MAX, PUBLIC_KEY_BYTES, RESULT_BYTES_MAX, SESSION_NONCE_BYTES } from './limits.ts'
import { unpackPayload } from './payload.ts'
import { type Received, receivedOf } from './received.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import { REPLY_PATH_STEPS_MAX, type ReplyLeaf, replyRoot } from './reply-tree.ts'

/** A replica's answer to one request. `root` is authenticated once for all replies of a batch. */
export interface Reply extends Received {
  readonly kind: 'reply'
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  /** The root of the batch's reply leaves. */
  readonly root: Uint8Array
  readonly client: ClientId
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly resultDigest: Uint8Array
  /** The full results, checked against `resultDigest`; null if another replica was asked to send them. */
  readonly results: Uint8Array | null
}

const SESSION_AT = PUBLIC_KEY_BYTES
const TIMESTAMP_AT = SESSION_AT + SESSION_NONCE_BYTES
const REQUEST_DIGEST_AT = TIMESTAMP_AT + 8
const RESULT_DIGEST_AT = REQUEST_DIGEST_AT + DIGEST_BYTES
const INDEX_AT = RESULT_DIGEST_AT + DIGEST_BYTES
const COUNT_AT = INDEX_AT + 2
const STEPS_AT = COUNT_AT + 2
const FIXED_BYTES = STEPS_AT + 1

export function encodeReplyBody(
  leaf: ReplyLeaf,
  place: { readonly index: number; readonly count: number; readonly path: readonly Uint8Array[] },
  results: Uint8Array | null,
): Uint8Array {
  const fixed = new Uint8Array(FIXED_BYTES)
  fixed.set(leaf.publicKey, 0)
  fixed.set(leaf.session, SESSION_AT)
  writeU64(fixed, TIMESTAMP_AT, leaf.timestamp)
  fixed.set(leaf.requestDigest, REQUEST_DIGEST_AT)
  fixed.set(leaf.resultDigest, RESULT_DIGEST_AT)
  writeU16(fixed, INDEX_AT, place.index)
  writeU16(fixed, COUNT_AT, place.count)
  fixed[STEPS_AT] = place.path.length
  return results === null
    ? concatBytes(fixed, ...place.path, Uint8Array.of(0))
    : concatBytes(fixed, ...place.path, Uint8Array.of(1), results)
}

/** Returns a REPLY's frame without its results, which its signature does not cover. */
export function replyWithoutResults({ bytes, envelope, payload, authentication }: Received): Uint8Array {
  const body = bytes.subarray(FRAME_LENGTH_BYTES + envelope.length)
  const pathEnd = FIXED_BYTES + (body[STEPS_AT] as number) * DIGEST_BYTES
  return encodeFrame({
    kind: FRAME_KINDS.reply,
    payload,
    authentication,
    body: concatBytes(body.subarray(0, pathEnd), Uint8Array.of(0)),
  }).bytes
}

/** Returns the timestamp that a REPLY's frame claims to answer, without any check; null if it is not a REPLY. */
export function claimedTimestamp(bytes: Uint8Array): number | null {
  const frame = splitFrame(bytes)
  if (isRejection(frame) || frame.kind !== FRAME_KINDS.reply || frame.body.length < FIXED_BYTES) return null
  return readU64(frame.body, TIMESTAMP_AT)
}

/** Reads a REPLY. Checks results and path against the root, but not the root's signature. */
export function decodeReply(frame: Frame, hash: Hash): Reply | Rejection {
  const items = unpackPayload(frame.payload)
  if (isRejection(items)) return items
  const fields = new FieldReader(items)
  const sender = fields.integer<ReplicaId>()
  const view = fields.integer<View>()
  const sequence = fields.integer<Sequence>()
  const root = fields.digest()
  if (!fields.complete) return rejection('payload-shape')

  const { body } = frame
  if (body.length < FIXED_BYTES + 1) return rejection('body-malformed')
  const steps = body[STEPS_AT] as number
  const resultsAt = FIXED_BYTES + steps * DIGEST_BYTES + 1
  if (steps > REPLY_PATH_STEPS_MAX || body.length < resultsAt) return rejection('body-malformed')
  const hasResults = body[resultsAt - 1] as number
  if (hasResults > 1 || (hasResults === 0 && body.length > resultsAt)) return rejection('body-malformed')
  if (body.length - resultsAt > RESULT_BYTES_MAX) return rejection('body-malformed')
  const timestamp = readU64(body, TIMESTAMP_AT)
  if (timestamp > COUNTER_MAX) return rejection('unsafe-integer')

  const leaf: ReplyLeaf = {
    publicKey: body.subarray(0, SESSION_AT),
    session: body.subarray(SESSION_AT, TIMESTAMP_AT),
    timestamp: timestamp as Timestamp,
    requestDigest: body.subarray(REQUEST_DIGEST_AT, RESULT_DIGEST_AT),
    resultDigest: body.subarray(RESULT_DIGEST_AT, INDEX_AT),
  }
  const path = Array.from({ length: steps }, (_, step) =>
    body.subarray(FIXED_BYTES + step * DIGEST_BYTES, FIXED_BYTES + (step + 1) * DIGEST_BYTES),
  )
  const computed = replyRoot(hash, leaf, {
    index: readU16(body, INDEX_AT),
    count: readU16(body, COUNT_AT),
    path,
  })
  if (computed === null || !equalBytes(computed, root))
    return rejection('digest-mismatch', 'the path misses the root')
  const results = hasResults === 1 ? body.subarray(resultsAt) : null
  if (results !== null && !equalBytes(hash(results), leaf.resultDigest)) {
    return rejection('digest-mismatch', 'the results miss their digest')
  }
  return {
    kind: 'reply',
    sender,
    view,
    sequence,
    root,
    client: toHex(leaf.publicKey) as ClientId,
    session: leaf.session,
    timestamp: leaf.timestamp,
    requestDigest: leaf.requestDigest,
    resultDigest: leaf.resultDigest,
    results,
    ...receivedOf(frame),
  }
}

export const replyCodec: Decoder<Reply> = { decode: (frame, { hash }) => decodeReply(frame, hash) }
