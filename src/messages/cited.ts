/**
 * What certificates cite: signed messages without bodies, as frames of their own. Who signed them is checked in
 * `runtime/authentication.ts`.
 */
import { assert } from '../base/assert.ts'
import { concatBytes, writeU32 } from '../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../base/ids.ts'
import { decodeCertificate } from './certificate.ts'
import { FieldReader } from './fields.ts'
import { FRAME_LENGTH_BYTES, type Frame, frameOfEnvelope, splitFrame } from './frame.ts'
import { kindName } from './kinds.ts'
import type {
  Batch,
  Checkpoint,
  CheckpointCertificate,
  PrePrepare,
  PrePrepareHeader,
  PreparedCertificate,
  Received,
  Remembered,
  ViewChangeHeader,
  Vote,
} from './message.ts'
import { unpackPayload } from './payload.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'

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

/** The CHECKPOINTs of a certificate, as it stands in a STABLE-CHECKPOINT, in the log or beside the pages. */
export function decodeCheckpointCertificate(
  sequence: Sequence,
  certificate: Uint8Array,
): CheckpointCertificate | Rejection {
  const checkpoints = decodeCertificate(certificate, (bytes) => {
    const message = decodeCited(bytes)
    return isRejection(message) || message.kind === 'checkpoint' ? message : rejection('certificate-mixed')
  })
  if (isRejection(checkpoints)) return checkpoints
  return { sequence, root: checkpoints[0]?.root ?? new Uint8Array(0), checkpoints }
}

/** An entry of P, as it stands in the log. */
export function decodePreparedCertificate(certificate: Uint8Array): PreparedCertificate | Rejection {
  const cited = decodeCertificate(certificate, decodeCited)
  if (isRejection(cited)) return cited
  const [prePrepare, ...prepares] = cited
  const isPrepare = (message: { readonly kind: string }): message is Vote => message.kind === 'prepare'
  if (prePrepare?.kind !== 'pre-prepare' || !prepares.every(isPrepare)) return rejection('certificate-mixed')
  return { prePrepare, prepares }
}

/** A message as certificates cite it: an envelope, as a frame of its own. */
export function decodeCited(bytes: Uint8Array): Checkpoint | PrePrepareHeader | Vote | Rejection {
  const cited = decodeRemembered(bytes)
  return isRejection(cited) || cited.kind !== 'view-change' ? cited : rejection('certificate-mixed')
}

/** The same, and the head of a VIEW-CHANGE. */
export function decodeRemembered(bytes: Uint8Array): Remembered | Rejection {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  const kind = kindName(frame.kind)
  switch (kind) {
    case 'pre-prepare':
      return withoutBody(frame, decodePrePrepareHeader)
    case 'prepare':
    case 'commit':
      return withoutBody(frame, (fields, received) => decodeVote(kind, fields, received))
    case 'checkpoint':
      return withoutBody(frame, decodeCheckpoint)
    case 'view-change':
      return withoutBody(frame, decodeViewChangeHeader)
    default:
      return rejection('certificate-mixed')
  }
}

/** A PRE-PREPARE's header, with bytes of its own: it does not keep the batch alive. */
export function headerOf({ envelope }: Pick<PrePrepareHeader, 'envelope'>): PrePrepareHeader {
  const header = decodeCited(frameOfEnvelope(envelope))
  assert(!isRejection(header) && header.kind === 'pre-prepare', 'the envelope of a PRE-PREPARE')
  return header
}

/** A PRE-PREPARE put together again from its header and its batch. */
export function wholePrePrepare(header: PrePrepareHeader, batch: Batch): PrePrepare {
  const bytes = concatBytes(header.bytes, batch.bytes)
  writeU32(bytes, 0, bytes.length - FRAME_LENGTH_BYTES)
  return { ...header, batch, bytes }
}

export function receivedOf({ envelope, bytes, payload, authentication }: Frame): Received {
  return { envelope, bytes, payload, authentication }
}

export function withoutBody<M extends object>(
  frame: Frame,
  decode: (fields: FieldReader, received: Received) => M | Rejection,
): M | Rejection {
  if (frame.body.length > 0) return rejection('body-not-expected')
  return withFields(frame, (fields) => decode(fields, receivedOf(frame)))
}

export function withFields<R>(
  { payload }: Pick<Frame, 'payload'>,
  decode: (fields: FieldReader) => R | Rejection,
): R | Rejection {
  const items = unpackPayload(payload)
  if (isRejection(items)) return items
  const fields = new FieldReader(items)
  const message = decode(fields)
  return fields.complete ? message : rejection('payload-shape')
}

export function decodeVote(kind: Vote['kind'], fields: FieldReader, received: Received): Vote {
  return {
    kind,
    sender: fields.integer<ReplicaId>(),
    view: fields.integer<View>(),
    sequence: fields.integer<Sequence>(),
    digest: fields.digest(),
    ...received,
  }
}

export function decodePrePrepareHeader(fields: FieldReader, received: Received): PrePrepareHeader {
  return {
    kind: 'pre-prepare',
    sender: fields.integer<ReplicaId>(),
    view: fields.integer<View>(),
    sequence: fields.integer<Sequence>(),
    digest: fields.digest(),
    ...received,
  }
}

function decodeViewChangeHeader(fields: FieldReader, received: Received): ViewChangeHeader {
  const sender = fields.integer<ReplicaId>()
  const view = fields.integer<View>()
  fields.integer() // h
  fields.digest() // of the body
  return { kind: 'view-change', sender, view, ...received }
}

export function decodeCheckpoint(fields: FieldReader, received: Received): Checkpoint {
  return {
    kind: 'checkpoint',
    sender: fields.integer<ReplicaId>(),
    sequence: fields.integer<Sequence>(),
    root: fields.digest(),
    ...received,
  }
}
