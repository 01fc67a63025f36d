/**
 * Bytes to messages, strictly. A decoder returns a message or a named rejection; no bytes make it throw. What it
 * returns is well-formed and its digests are right; who sent it is checked in `runtime/authentication.ts`.
 */
import { assertNever } from '../base/assert.ts'
import { equalBytes, readU32 } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import type { Milliseconds, ReplicaId, Sequence, Timestamp, View } from '../base/ids.ts'
import { REPLICAS_MAX } from '../base/quorum.ts'
import { decodeBatch } from './batch.ts'
import { decodeCertificate } from './certificate.ts'
import { REFUSAL_REASONS } from './content.ts'
import { FieldReader } from './fields.ts'
import { type Frame, splitFrame } from './frame.ts'
import { kindName } from './kinds.ts'
import { LOG_WINDOW } from './limits.ts'
import type {
  Batch,
  BatchDelivery,
  Decision,
  Fetch,
  Inquiry,
  Message,
  PrePrepare,
  Received,
  Refusal,
  Report,
  Status,
  Vote,
} from './message.ts'
import { unpackPayload } from './payload.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import { decodeReply } from './reply.ts'
import { decodeRequest, type SigningDigest } from './request.ts'

export interface DecodeTools {
  readonly hash: Hash
  readonly signingDigest: SigningDigest
}

/** One whole frame, length field included, to a message. */
export function decodeMessage(bytes: Uint8Array, tools: DecodeTools): Message | Rejection {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  const kind = kindName(frame.kind)
  switch (kind) {
    case 'request':
      return decodeRequest(frame, tools)
    case 'reply':
      return decodeReply(frame, tools.hash)
    case 'pre-prepare':
      return decodePrePrepare(frame, tools)
    case 'prepare':
    case 'commit':
      return withoutBody(frame, (fields, received) => decodeVote(kind, fields, received))
    case 'status':
      return withoutBody(frame, decodeStatus)
    case 'fetch':
      return withoutBody(frame, decodeFetch)
    case 'batch':
      return decodeBatchDelivery(frame, tools)
    case 'decision':
      return decodeDecision(frame, tools)
    case 'refusal':
      return withoutBody(frame, decodeRefusal)
    case 'inquiry':
      return withoutBody(frame, decodeInquiry)
    case 'report':
      return withoutBody(frame, decodeReport)
    case 'hello':
    case 'welcome':
    case 'proof':
      return rejection('kind-not-for-this-link', 'a handshake is over when messages begin')
    default:
      return assertNever(kind)
  }
}

/** A batch body as it stands in a PRE-PREPARE or in the log. */
export function decodeBatchBody(body: Uint8Array, tools: DecodeTools): Batch | Rejection {
  return decodeBatch(body, tools.hash, (bytes) => {
    const frame = splitFrame(bytes)
    if (isRejection(frame)) return frame
    if (kindName(frame.kind) !== 'request') return rejection('body-malformed', 'a batch holds requests only')
    return decodeRequest(frame, tools)
  })
}

/** The votes of a certificate, as it stands in a DECISION or in the log. */
export function decodeVotes(certificate: Uint8Array): readonly Vote[] | Rejection {
  return decodeCertificate(certificate, (bytes) => {
    const frame = splitFrame(bytes)
    if (isRejection(frame)) return frame
    const kind = kindName(frame.kind)
    if (kind !== 'prepare' && kind !== 'commit') return rejection('certificate-mixed')
    return withoutBody(frame, (fields, received) => decodeVote(kind, fields, received))
  })
}

function receivedOf({ envelope, bytes, payload, authentication }: Frame): Received {
  return { envelope, bytes, payload, authentication }
}

function withoutBody<M extends Message>(
  frame: Frame,
  decode: (fields: FieldReader, received: Received) => M | Rejection,
): M | Rejection {
  if (frame.body.length > 0) return rejection('body-not-expected')
  return withFields(frame, (fields) => decode(fields, receivedOf(frame)))
}

function withFields<R>(frame: Frame, decode: (fields: FieldReader) => R | Rejection): R | Rejection {
  const items = unpackPayload(frame.payload)
  if (isRejection(items)) return items
  const fields = new FieldReader(items)
  const message = decode(fields)
  return fields.complete ? message : rejection('payload-shape')
}

function decodePrePrepare(frame: Frame, tools: DecodeTools): PrePrepare | Rejection {
  const batch = decodeBatchBody(frame.body, tools)
  if (isRejection(batch)) return batch
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    const sequence = fields.integer<Sequence>()
    const digest = fields.digest()
    if (!equalBytes(digest, batch.digest)) return rejection('digest-mismatch')
    return { kind: 'pre-prepare', sender, view, sequence, digest, batch, ...receivedOf(frame) }
  })
}

function decodeVote(kind: Vote['kind'], fields: FieldReader, received: Received): Vote {
  return {
    kind,
    sender: fields.integer<ReplicaId>(),
    view: fields.integer<View>(),
    sequence: fields.integer<Sequence>(),
    digest: fields.digest(),
    ...received,
  }
}

const BITMAP = { least: 0, most: LOG_WINDOW / 8 }

function decodeStatus(fields: FieldReader, received: Received): Status {
  return {
    kind: 'status',
    sender: fields.integer<ReplicaId>(),
    view: fields.integer<View>(),
    lowWatermark: fields.integer<Sequence>(),
    lastExecuted: fields.integer<Sequence>(),
    accepted: fields.bytes(BITMAP),
    prepared: fields.bytes(BITMAP),
    committed: fields.bytes(BITMAP),
    ...received,
  }
}

function decodeFetch(fields: FieldReader, received: Received): Fetch {
  return {
    kind: 'fetch',
    sender: fields.integer<ReplicaId>(),
    sequence: fields.integer<Sequence>(),
    digest: fields.digest(),
    ...received,
  }
}

function decodeBatchDelivery(frame: Frame, tools: DecodeTools): BatchDelivery | Rejection {
  const batch = decodeBatchBody(frame.body, tools)
  if (isRejection(batch)) return batch
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const sequence = fields.integer<Sequence>()
    if (!equalBytes(fields.digest(), batch.digest)) return rejection('digest-mismatch')
    return { kind: 'batch', sender, sequence, batch, ...receivedOf(frame) }
  })
}

function decodeDecision(frame: Frame, tools: DecodeTools): Decision | Rejection {
  const { body } = frame
  if (body.length < 4) return rejection('body-malformed')
  const certificateAt = 4 + readU32(body, 0)
  if (certificateAt > body.length) return rejection('body-malformed')
  const batch = decodeBatchBody(body.subarray(4, certificateAt), tools)
  if (isRejection(batch)) return batch
  const commits = decodeVotes(body.subarray(certificateAt))
  if (isRejection(commits)) return commits
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    const sequence = fields.integer<Sequence>()
    const digest = fields.digest()
    if (!equalBytes(digest, batch.digest)) return rejection('digest-mismatch')
    return { kind: 'decision', sender, view, sequence, digest, batch, commits, ...receivedOf(frame) }
  })
}

function decodeRefusal(fields: FieldReader, received: Received): Refusal | Rejection {
  const sender = fields.integer<ReplicaId>()
  const timestamp = fields.integer<Timestamp>()
  const requestDigest = fields.digest()
  const reason = REFUSAL_REASONS[fields.integer()]
  if (reason === undefined) return rejection('payload-shape')
  return { kind: 'refusal', sender, timestamp, requestDigest, reason, ...received }
}

function decodeInquiry(fields: FieldReader, received: Received): Inquiry {
  return { kind: 'inquiry', nonce: fields.integer(), ...received }
}

function decodeReport(fields: FieldReader, received: Received): Report {
  return {
    kind: 'report',
    sender: fields.integer<ReplicaId>(),
    nonce: fields.integer(),
    report: {
      view: fields.integer<View>(),
      lowWatermark: fields.integer<Sequence>(),
      lastExecuted: fields.integer<Sequence>(),
      revision: fields.integer(),
      waiting: fields.integer(),
      stalledSince: fields.integer<Milliseconds>(),
      reachable: fields.integers<ReplicaId>(REPLICAS_MAX),
      missing: fields.integers<ReplicaId>(REPLICAS_MAX),
    },
    ...received,
  }
}
