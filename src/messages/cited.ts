/**
 * The messages that certificates cite: signed messages without their bodies, each as a frame of its own. Their
 * signatures are checked in `runtime/authentication/authentication.ts`.
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

/** Reads a message as certificates cite it: an envelope, as a frame of its own. */
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

/** Reads the votes of a certificate from a DECISION or from the log. */
export function decodeVotes(certificate: Uint8Array): readonly Vote[] | Rejection {
  return decodeCertificate(certificate, (bytes) => {
    const message = decodeCited(bytes)
    const isVote = isRejection(message) || message.kind === 'prepare' || message.kind === 'commit'
    return isVote ? message : rejection('certificate-mixed')
  })
}

/** Reads the CHECKPOINTs of a certificate from a STABLE-CHECKPOINT, from the log or from the page store. */
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

/** Reads an entry of P from the log. */
export function decodePreparedCertificate(certificate: Uint8Array): PreparedCertificate | Rejection {
  const cited = decodeCertificate(certificate, decodeCited)
  if (isRejection(cited)) return cited
  const [prePrepare, ...prepares] = cited
  const isPrepare = (message: { readonly kind: string }): message is Vote => message.kind === 'prepare'
  if (prePrepare?.kind !== 'pre-prepare' || !prepares.every(isPrepare)) return rejection('certificate-mixed')
  return { prePrepare, prepares }
}

/** Returns a PRE-PREPARE's header with a copy of its bytes, so that it does not keep the batch in memory. */
export function headerOf({ envelope }: Pick<PrePrepareHeader, 'envelope'>): PrePrepareHeader {
  const header = decodeCited(frameOfEnvelope(envelope))
  assert(!isRejection(header) && header.kind === 'pre-prepare', 'the envelope of a PRE-PREPARE')
  return header
}
