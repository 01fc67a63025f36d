/**
 * VIEW-CHANGE(v', h, C, P, i): replica i moves to view v' (rules 3.1, 3.2). Payload `[sender, v', h, H(body)]`, so one
 * signature covers everything; body:
 *
 *   certificate of h | count u16 | certificate *        an entry of P: its PRE-PREPARE, then Q - 1 PREPAREs
 */
import { concatBytes, equalBytes } from '../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../base/ids.ts'
import { encodeCertificate, type PreparedCertificate } from './certificate.ts'
import type { Checkpoint, CheckpointCertificate } from './checkpoint.ts'
import { decodeCited } from './cited.ts'
import { BodyReader, countOf, type DecodeFrame } from './cited-body.ts'
import type { Codec, ContentDescriber } from './codec.ts'
import { type DescriptionSink, describePlace } from './description.ts'
import type { FieldReader } from './fields.ts'
import { LOG_WINDOW } from './limits.ts'
import { type ContentOf, type Received, receivedOf, withFields } from './received.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import type { Vote } from './vote.ts'

export interface ViewChange extends Received {
  readonly kind: 'view-change'
  readonly sender: ReplicaId
  /** v': the view that the sender moves to. */
  readonly view: View
  /** The stable checkpoint: h and C. */
  readonly stable: CheckpointCertificate
  /** P, in the order of sequence numbers. */
  readonly preparedCertificates: readonly PreparedCertificate[]
}

/** VIEW-CHANGE without its body. It shows only that its sender moved to a view. */
export type ViewChangeHeader = Omit<ViewChange, 'stable' | 'preparedCertificates'>

export type ViewChangeContent = ContentOf<ViewChange>

export function decodeViewChangeHeader(fields: FieldReader, received: Received): ViewChangeHeader {
  const sender = fields.integer<ReplicaId>()
  const view = fields.integer<View>()
  fields.integer() // h
  fields.digest() // of the body
  return { kind: 'view-change', sender, view, ...received }
}

export const viewChangeCodec: Codec<ViewChange> & ContentDescriber<ViewChangeContent> = {
  encode({ view, stable, preparedCertificates }, sender, { hash }) {
    const body = encodeViewChangeBody(stable, preparedCertificates)
    return { payload: [sender, view, stable.sequence, hash(body)], body }
  },
  decode: (frame, { hash }) =>
    withFields(frame, (fields) => {
      const sender = fields.integer<ReplicaId>()
      const view = fields.integer<View>()
      const lowWatermark = fields.integer<Sequence>()
      if (!equalBytes(fields.digest(), hash(frame.body))) return rejection('digest-mismatch')
      const body = decodeViewChangeBody(frame.body, lowWatermark, decodeCited)
      return isRejection(body) ? body : { kind: 'view-change', sender, view, ...body, ...receivedOf(frame) }
    }),
  describe: describeViewChange,
}

/** Describes a VIEW-CHANGE without its sender. */
export function describeViewChange(
  sink: DescriptionSink,
  { view, stable, preparedCertificates }: ViewChangeContent,
): void {
  sink.number('v', view)
  sink.number('h', stable.sequence)
  for (const { prePrepare } of preparedCertificates) describePlace(sink, prePrepare)
}

export function encodeViewChangeBody(
  stable: CheckpointCertificate,
  preparedCertificates: readonly PreparedCertificate[],
): Uint8Array {
  return concatBytes(
    encodeCertificate(stable.checkpoints),
    countOf(preparedCertificates),
    ...preparedCertificates.map(({ prePrepare, prepares }) => encodeCertificate([prePrepare, ...prepares])),
  )
}

/** Reads C and P from a VIEW-CHANGE for low watermark `sequence`, without judging them. */
export function decodeViewChangeBody(
  body: Uint8Array,
  sequence: Sequence,
  decodeFrame: DecodeFrame,
): Pick<ViewChange, 'stable' | 'preparedCertificates'> | Rejection {
  const reader = new BodyReader(body, decodeFrame)
  const checkpoints = reader.certificate()
  if (!checkpoints.every(isCheckpoint)) return rejection('certificate-mixed')
  const count = reader.u16(LOG_WINDOW)
  const preparedCertificates: PreparedCertificate[] = []
  for (let index = 0; index < count && reader.fault === null; index++) {
    const [prePrepare, ...prepares] = reader.certificate()
    if (prePrepare?.kind !== 'pre-prepare' || !prepares.every(isPrepare)) {
      reader.fault ??= rejection('certificate-mixed')
    } else {
      preparedCertificates.push({ prePrepare, prepares })
    }
  }
  const root = checkpoints[0]?.root ?? new Uint8Array(0)
  return reader.end() ?? { stable: { sequence, root, checkpoints }, preparedCertificates }
}

const isCheckpoint = (message: { readonly kind: string }): message is Checkpoint =>
  message.kind === 'checkpoint'

const isPrepare = (message: { readonly kind: string }): message is Vote => message.kind === 'prepare'
