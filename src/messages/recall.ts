/**
 * RECALL: a starting replica asks the others for its own messages (rule 6.4); payload `[sender, nonce]`. RECOLLECTION
 * answers with the newest ones; payload `[sender, nonce]`, body: a certificate of any kinds. Both are valid on their
 * sender's link only.
 */
import type { ReplicaId } from '../base/ids.ts'
import { decodeCertificate, encodeCertificate } from './certificate.ts'
import type { Checkpoint } from './checkpoint.ts'
import { decodeCitedFrame } from './cited.ts'
import { type Codec, type ContentDescriber, NO_BODY } from './codec.ts'
import { splitFrame } from './frame.ts'
import { kindName } from './kinds.ts'
import type { PrePrepareHeader } from './pre-prepare.ts'
import { type ContentOf, type Received, receivedOf, withFields, withoutBody } from './received.ts'
import { isRejection, type Rejection } from './rejection.ts'
import { decodeViewChangeHeader, type ViewChangeHeader } from './view-change.ts'
import type { Vote } from './vote.ts'

export interface Recall extends Received {
  readonly kind: 'recall'
  readonly sender: ReplicaId
  /** Distinguishes the answers to this start from those to an earlier one. */
  readonly nonce: number
}

/** A message that a RECOLLECTION may show, signed by the replica that asks. */
export type Remembered = PrePrepareHeader | Vote | Checkpoint | ViewChangeHeader

export interface Recollection extends Received {
  readonly kind: 'recollection'
  readonly sender: ReplicaId
  readonly nonce: number
  readonly remembered: readonly Remembered[]
}

export type RecallContent = ContentOf<Recall>
export type RecollectionContent = ContentOf<Recollection, 'remembered'> & {
  readonly remembered: readonly { readonly envelope: Uint8Array }[]
}

export const recallCodec: Codec<Recall> & ContentDescriber<RecallContent> = {
  encode: ({ nonce }, sender) => ({ payload: [sender, nonce], body: NO_BODY }),
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'recall',
      sender: fields.integer<ReplicaId>(),
      nonce: fields.integer(),
      ...received,
    })),
  describe() {}, // the sender is described already
}

export const recollectionCodec: Codec<Recollection, RecollectionContent> &
  ContentDescriber<RecollectionContent> = {
  encode: ({ nonce, remembered }, sender) => ({
    payload: [sender, nonce],
    body: encodeCertificate(remembered),
  }),
  decode(frame) {
    const remembered = decodeCertificate(frame.body, decodeRemembered)
    if (isRejection(remembered)) return remembered
    return withFields(frame, (fields) => ({
      kind: 'recollection',
      sender: fields.integer<ReplicaId>(),
      nonce: fields.integer(),
      remembered,
      ...receivedOf(frame),
    }))
  },
  describe() {},
}

function decodeRemembered(bytes: Uint8Array): Remembered | Rejection {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) return frame
  return kindName(frame.kind) === 'view-change'
    ? withoutBody(frame, decodeViewChangeHeader)
    : decodeCitedFrame(frame)
}
