/**
 * The batch that one PRE-PREPARE orders (rule 1.2).
 *
 *   body   = time u64 | count u16 | request frame *            each with its length field, as the client sent it
 *   D      = H("strategos batch" | version u8 | time u64 | count u16
 *              | (request digest 32 | authentication length u16 | authentication) *)
 *
 * A request's digest covers its operations, so D names every byte of the body, and the operations are hashed once.
 */
import { readU16, readU32, readU64, utf8, writeU16, writeU64 } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import type { Milliseconds } from '../base/ids.ts'
import { FRAME_LENGTH_BYTES, splitFrame } from './frame.ts'
import { kindName } from './kinds.ts'
import {
  BATCH_BYTES_MAX,
  BATCH_REQUESTS_MAX,
  COUNTER_MAX,
  PROTOCOL_VERSION,
  REQUEST_BYTES_MAX,
} from './limits.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import { decodeRequest, type Request, type SigningDigest } from './request.ts'

/** The ordered requests of one sequence number and the proposed time. */
export interface Batch {
  /** The proposed time. 0 without requests is the null batch. */
  readonly time: Milliseconds
  readonly requests: readonly Request[]
  /** The bytes of the batch in a PRE-PREPARE's body. */
  readonly bytes: Uint8Array
  /** D, 32 bytes: over the time and the requests. */
  readonly digest: Uint8Array
}

/** The bytes before the first request. */
export const BATCH_HEADER_BYTES = 10

const NAME = utf8('strategos batch')

/**
 * Creates a batch of requests. Time 0 without requests is the null batch; another time without requests is a clock
 * batch.
 */
export function createBatch(hash: Hash, time: Milliseconds, requests: readonly Request[]): Batch {
  let length = BATCH_HEADER_BYTES
  for (const request of requests) length += request.bytes.length
  const bytes = new Uint8Array(length)
  writeU64(bytes, 0, time)
  writeU16(bytes, 8, requests.length)
  let at = BATCH_HEADER_BYTES
  for (const request of requests) {
    bytes.set(request.bytes, at)
    at += request.bytes.length
  }
  return { time, requests, bytes, digest: batchDigest(hash, time, requests) }
}

/** Reads a batch body and computes its digest. `decodeRequest` is called with each request's whole frame. */
export function decodeBatch(
  bytes: Uint8Array,
  hash: Hash,
  decodeRequest: (frame: Uint8Array) => Request | Rejection,
): Batch | Rejection {
  if (bytes.length > BATCH_BYTES_MAX) return rejection('batch-too-large')
  if (bytes.length < BATCH_HEADER_BYTES) return rejection('body-malformed')
  const time = readU64(bytes, 0)
  if (time > COUNTER_MAX) return rejection('unsafe-integer')
  const count = readU16(bytes, 8)
  if (count > BATCH_REQUESTS_MAX) return rejection('too-many-requests')
  const requests: Request[] = []
  let at = BATCH_HEADER_BYTES
  for (let index = 0; index < count; index++) {
    if (at + FRAME_LENGTH_BYTES > bytes.length) return rejection('body-malformed')
    const length = readU32(bytes, at)
    const end = at + FRAME_LENGTH_BYTES + length
    if (length > REQUEST_BYTES_MAX) return rejection('request-too-large')
    if (end > bytes.length) return rejection('body-malformed')
    const request = decodeRequest(bytes.subarray(at, end))
    if (isRejection(request)) return request
    requests.push(request)
    at = end
  }
  if (at !== bytes.length) return rejection('frame-has-trailing-bytes')
  return {
    time: time as Milliseconds,
    requests,
    bytes,
    digest: batchDigest(hash, time as Milliseconds, requests),
  }
}

/** Reads a batch body from a PRE-PREPARE or from the log. */
export function decodeBatchBody(
  body: Uint8Array,
  tools: { readonly hash: Hash; readonly signingDigest: SigningDigest },
): Batch | Rejection {
  return decodeBatch(body, tools.hash, (bytes) => {
    const frame = splitFrame(bytes)
    if (isRejection(frame)) return frame
    if (kindName(frame.kind) !== 'request') return rejection('body-malformed', 'a batch holds requests only')
    return decodeRequest(frame, tools)
  })
}

function batchDigest(hash: Hash, time: Milliseconds, requests: readonly Request[]): Uint8Array {
  let length = NAME.length + 1 + BATCH_HEADER_BYTES
  for (const request of requests) length += request.digest.length + 2 + request.authentication.length
  const input = new Uint8Array(length)
  input.set(NAME)
  let at = NAME.length
  input[at++] = PROTOCOL_VERSION
  writeU64(input, at, time)
  writeU16(input, at + 8, requests.length)
  at += BATCH_HEADER_BYTES
  for (const { digest, authentication } of requests) {
    input.set(digest, at)
    writeU16(input, at + digest.length, authentication.length)
    at += digest.length + 2
    input.set(authentication, at)
    at += authentication.length
  }
  return hash(input)
}
