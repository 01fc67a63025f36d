/**
 * The messages that certificates cite: signed ones without their bodies, as frames of their own. Who signed them is
 * checked in `runtime/authentication/authentication.ts`.
 */
import { assert } from '../base/assert.ts'
import type { Sequence } from '../base/ids.ts'
import { decodeCertificate, type PreparedCertificate } from './certificate.ts'
import { type Checkpoint, type CheckpointCertificate, decodeCheckpoint } from './checkpoint.ts'
import { type Frame, frameOfEnvelope, splitFrame } from './frame.ts'
import { kindName } from './kinds.ts'
import { decodePrePrepareHeader, type PrePrepareHeader } from './pre-prepare.ts'
import { withoutBody } from './received.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import { decodeVote, type Vote } from './vote.ts'

/** A message as certificates cite it: an envelope, as a frame of its own. */
export function decodeCited(bytes: Uint8Array): Checkpoint | PrePrepareHeader | Vote | Rejection {
  const frame = splitFrame(bytes)
  return isRejection(frame) ? frame : decodeCitedFrame(frame)
}

export function decodeCitedFrame(frame: Frame): Checkpoint | PrePrepareHeader | Vote | Rejection {
  const kind = kindName(frame.kind)
  switch (kind) {
    case 'pre-prepare':
      return withoutBody(frame, decodePrePrepareHeader)
    case 'prepare':
    case 'commit':
      return withoutBody(frame, (fields, received) => decodeVote(kind, fields, received))
    case 'checkpoint':
      return withoutBody(frame, decodeCheckpoint)
    default:
      return rejection('certificate-mixed')
  }
}

/** The votes of a certificate, as it stands in a DECISION or in the log. */
export function decodeVotes(certificate: Uint8Array): readonly Vote[] | Rejection {
  return decodeCertificate(certificate, (bytes) => {
    const message = decodeCited(bytes)
    const isVote = isRejection(message) || message.kind === 'prepare' || message.kind === 'commit'
    return isVote ? message : rejection('certificate-mixed')
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

/** A PRE-PREPARE's header, with bytes of its own: it does not keep the batch alive. */
export function headerOf({ envelope }: Pick<PrePrepareHeader, 'envelope'>): PrePrepareHeader {
  const header = decodeCited(frameOfEnvelope(envelope))
  assert(!isRejection(header) && header.kind === 'pre-prepare', 'the envelope of a PRE-PREPARE')
  return header
}
