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
import {
  decodeCheckpoint,
  decodeCheckpointCertificate,
  decodeCited,
  decodeRemembered,
  decodeVote,
  decodeVotes,
  receivedOf,
  withFields,
  withoutBody,
} from './cited.ts'
import { COMPLAINTS, CUT_OFF_REASONS, REFUSAL_REASONS, REPLICA_STANDINGS } from './content.ts'
import { decodeEvidenceList } from './evidence.ts'
import type { FieldReader } from './fields.ts'
import { type Frame, splitFrame } from './frame.ts'
import { decodePlace, decodePlaceInquiry } from './inquiry.ts'
import { kindName } from './kinds.ts'
import { LOG_WINDOW, PAGE_DEPTH_MAX, PAGES_PER_FETCH_MAX } from './limits.ts'
import type {
  Batch,
  BatchDelivery,
  Blacklisted,
  CutOff,
  Decision,
  EvidenceDelivery,
  EvidenceInquiry,
  Exhibit,
  Fetch,
  Inquiry,
  Message,
  NewView,
  PageDelivery,
  PageFetch,
  PrePrepare,
  Recall,
  Received,
  Recollection,
  Refusal,
  Report,
  StableCheckpoint,
  Status,
  ViewChange,
} from './message.ts'
import { decodeOral } from './oral/content.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import { decodeReply } from './reply.ts'
import { decodeRequest, type SigningDigest } from './request.ts'
import { decodeNewViewBody, decodeViewChangeBody } from './view-change.ts'

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
    case 'checkpoint':
      return withoutBody(frame, decodeCheckpoint)
    case 'stable-checkpoint':
      return decodeStableCheckpoint(frame)
    case 'view-change':
      return decodeViewChange(frame, tools)
    case 'new-view':
      return decodeNewView(frame, tools)
    case 'recall':
      return withoutBody(frame, decodeRecall)
    case 'recollection':
      return decodeRecollection(frame)
    case 'exhibit':
      return decodeExhibit(frame)
    case 'page-fetch':
      return withoutBody(frame, decodePageFetch)
    case 'page':
      return decodePage(frame)
    case 'refusal':
      return withoutBody(frame, decodeRefusal)
    case 'inquiry':
      return withoutBody(frame, decodeInquiry)
    case 'report':
      return withoutBody(frame, decodeReport)
    case 'place-inquiry':
      return withoutBody(frame, decodePlaceInquiry)
    case 'place':
      return withoutBody(frame, decodePlace)
    case 'evidence-inquiry':
      return withoutBody(frame, decodeEvidenceInquiry)
    case 'evidence':
      return decodeEvidenceDelivery(frame)
    case 'oral-view-change':
    case 'oral-new-view':
    case 'view-change-ack':
    case 'view-change-fetch':
    case 'view-change-delivery':
    case 'oral-recollection':
    case 'mac-complaint':
      return decodeOral(kind, frame, tools.hash)
    case 'hello':
    case 'welcome':
    case 'proof':
      return rejection('kind-not-for-this-link', 'a handshake is over when messages begin')
    case 'heartbeat':
      return rejection('kind-not-for-this-link', 'a link takes a few heartbeats, of one form')
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

/** A replica's id, the reason and how often. */
const CUT_OFF_FIELDS = 3
const BITMAP = { least: 0, most: LOG_WINDOW / 8 }

function decodeStatus(fields: FieldReader, received: Received): Status | Rejection {
  const sender = fields.integer<ReplicaId>()
  const view = fields.integer<View>()
  const isActive = fields.flag()
  const viewChanges = fields.integer()
  const said = fields.integer()
  const complaint = said === 0 ? null : COMPLAINTS[said - 1]
  if (complaint === undefined) return rejection('payload-shape')
  return {
    kind: 'status',
    sender,
    view,
    isActive,
    viewChanges,
    complaint,
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

function decodeStableCheckpoint(frame: Frame): StableCheckpoint | Rejection {
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const stable = decodeCheckpointCertificate(fields.integer<Sequence>(), frame.body)
    return isRejection(stable) ? stable : { kind: 'stable-checkpoint', sender, stable, ...receivedOf(frame) }
  })
}

function decodeViewChange(frame: Frame, tools: DecodeTools): ViewChange | Rejection {
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    const lowWatermark = fields.integer<Sequence>()
    if (!equalBytes(fields.digest(), tools.hash(frame.body))) return rejection('digest-mismatch')
    const body = decodeViewChangeBody(frame.body, lowWatermark, decodeCited)
    return isRejection(body) ? body : { kind: 'view-change', sender, view, ...body, ...receivedOf(frame) }
  })
}

/** A body that does not decode is its primary's word all the same, when the payload holds its digest. // PBFT-3.4 */
function decodeNewView(frame: Frame, tools: DecodeTools): NewView | Rejection {
  return withFields(frame, (fields) => {
    const sender = fields.integer<ReplicaId>()
    const view = fields.integer<View>()
    if (!equalBytes(fields.digest(), tools.hash(frame.body))) return rejection('digest-mismatch')
    const contents = decodeNewViewBody(frame.body, (bytes) => {
      const inner = splitFrame(bytes)
      if (isRejection(inner)) return inner
      return kindName(inner.kind) === 'view-change' ? decodeViewChange(inner, tools) : decodeCited(bytes)
    })
    return { kind: 'new-view', sender, view, contents, ...receivedOf(frame) }
  })
}

function decodeRecall(fields: FieldReader, received: Received): Recall {
  return { kind: 'recall', sender: fields.integer<ReplicaId>(), nonce: fields.integer(), ...received }
}

function decodeRecollection(frame: Frame): Recollection | Rejection {
  const remembered = decodeCertificate(frame.body, decodeRemembered)
  if (isRejection(remembered)) return remembered
  return withFields(frame, (fields) => ({
    kind: 'recollection',
    sender: fields.integer<ReplicaId>(),
    nonce: fields.integer(),
    remembered,
    ...receivedOf(frame),
  }))
}

/** One message, or two; whether two of them prove something is not asked here. */
function decodeExhibit(frame: Frame): Exhibit | Rejection {
  const messages = decodeCertificate(frame.body, decodeCited)
  if (isRejection(messages)) return messages
  if (messages.length < 1 || messages.length > 2) return rejection('body-malformed')
  return withFields(frame, (fields) => ({
    kind: 'exhibit',
    sender: fields.integer<ReplicaId>(),
    messages,
    ...receivedOf(frame),
  }))
}

function decodePageFetch(fields: FieldReader, received: Received): PageFetch {
  return {
    kind: 'page-fetch',
    sender: fields.integer<ReplicaId>(),
    sequence: fields.integer<Sequence>(),
    paths: fields.integerLists({ lists: PAGES_PER_FETCH_MAX, each: PAGE_DEPTH_MAX }),
    ...received,
  }
}

function decodePage(frame: Frame): PageDelivery | Rejection {
  return withFields(frame, (fields) => ({
    kind: 'page',
    sender: fields.integer<ReplicaId>(),
    sequence: fields.integer<Sequence>(),
    path: fields.integers(PAGE_DEPTH_MAX),
    page: frame.body,
    ...receivedOf(frame),
  }))
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

function decodeReport(fields: FieldReader, received: Received): Report | Rejection {
  const sender = fields.integer<ReplicaId>()
  const nonce = fields.integer()
  const view = fields.integer<View>()
  const isActive = fields.flag()
  const standing = REPLICA_STANDINGS[fields.integer()]
  if (standing === undefined) return rejection('payload-shape')
  const report = {
    view,
    isActive,
    standing,
    lowWatermark: fields.integer<Sequence>(),
    lastExecuted: fields.integer<Sequence>(),
    revision: fields.integer(),
    waiting: fields.integer(),
    stalledSince: fields.integer<Milliseconds>(),
    reachable: fields.integers<ReplicaId>(REPLICAS_MAX),
    missing: fields.integers<ReplicaId>(REPLICAS_MAX),
    suspected: fields.integers<ReplicaId>(REPLICAS_MAX),
    guilty: fields.integers<ReplicaId>(REPLICAS_MAX),
    cutOff: decodeCutOff(fields),
    cutOffClients: fields.integer(),
  }
  const blacklisted = blacklistedOf(fields)
  if (blacklisted === null) return rejection('payload-shape')
  const loopHeldMs = fields.integer()
  return { kind: 'report', sender, nonce, report: { ...report, blacklisted, loopHeldMs }, ...received }
}

/** Pairs of a replica and the number of a complaint; null where there is no such complaint. */
function blacklistedOf(fields: FieldReader): readonly Blacklisted[] | null {
  const blacklisted: Blacklisted[] = []
  for (const [replica, number, ...more] of fields.integerLists({ lists: REPLICAS_MAX, each: 2 })) {
    const complaint = COMPLAINTS[number ?? COMPLAINTS.length]
    if (replica === undefined || complaint === undefined || more.length > 0) return null
    blacklisted.push({ replica: replica as ReplicaId, complaint })
  }
  return blacklisted
}

function decodeCutOff(fields: FieldReader): readonly CutOff[] {
  const lists = fields.integerLists({ lists: REPLICAS_MAX, each: CUT_OFF_FIELDS })
  return lists.map(([id = 0, reason = 0, times = 0]) => ({
    id: id as ReplicaId,
    because: CUT_OFF_REASONS[reason] ?? 'floods', // of a newer replica, maybe; it is shown to people only
    times,
  }))
}

function decodeEvidenceInquiry(fields: FieldReader, received: Received): EvidenceInquiry {
  return { kind: 'evidence-inquiry', nonce: fields.integer(), ...received }
}

function decodeEvidenceDelivery(frame: Frame): EvidenceDelivery | Rejection {
  const proofs = decodeEvidenceList(frame.body)
  if (isRejection(proofs)) return proofs
  return withFields(frame, (fields) => ({
    kind: 'evidence',
    sender: fields.integer<ReplicaId>(),
    nonce: fields.integer(),
    proofs,
    ...receivedOf(frame),
  }))
}
