/**
 * NEW-VIEW(v', V, O): the primary of v' begins the view (rules 3.3 to 3.5). Payload `[sender, v', H(body)]`, so one
 * signature covers everything; body:
 *
 *   count u8 | VIEW-CHANGE frame * | count u16 | (envelope length u16 | PRE-PREPARE envelope) *
 */
import { concatBytes, equalBytes, writeU16 } from '../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../base/ids.ts'
import { REPLICAS_MAX } from '../base/quorum.ts'
import { decodeCited } from './cited.ts'
import { BodyReader, countOf, type DecodeFrame } from './cited-body.ts'
import type { Codec, ContentDescriber, Describer } from './codec.ts'
import type { FieldReader } from './fields.ts'
import { splitFrame } from './frame.ts'
import { kindName } from './kinds.ts'
import { LOG_WINDOW } from './limits.ts'
import type { PrePrepareHeader } from './pre-prepare.ts'
import { type ContentOf, type Received, receivedOf, withFields } from './received.ts'
import { isRejection, type Rejection, rejection } from './rejection.ts'
import { type ViewChange, viewChangeCodec } from './view-change.ts'

/** The contents of a NEW-VIEW: V and O. */
export interface NewViewContents {
  readonly viewChanges: readonly ViewChange[]
  /** O, in the order of sequence numbers. */
  readonly prePrepares: readonly PrePrepareHeader[]
}

export interface NewView extends Received {
  readonly kind: 'new-view'
  readonly sender: ReplicaId
  readonly view: View
  /** The contents, or a rejection if its primary signed invalid ones, which ends the view (rule 3.4). */
  readonly contents: NewViewContents | Rejection
}

/** NEW-VIEW without its body. */
export type NewViewHeader = Omit<NewView, 'contents'>

/** An entry of O before it is signed: the digest chosen for one sequence number. */
export interface Choice {
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

export type NewViewContent = ContentOf<NewView, 'contents'> & {
  readonly viewChanges: readonly ViewChange[]
  /** O. Each entry is still to be signed. */
  readonly choices: readonly Choice[]
}

export function decodeNewViewHeader(fields: FieldReader, received: Received): NewViewHeader {
  const sender = fields.integer<ReplicaId>()
  const view = fields.integer<View>()
  fields.digest() // of the body
  return { kind: 'new-view', sender, view, ...received }
}

export const newViewCodec: Codec<NewView, NewViewContent> &
  ContentDescriber<NewViewContent> &
  Describer<NewView> = {
  encode({ view, viewChanges, choices }, sender, { hash, signedChoice }) {
    const prePrepares = choices.map((choice) => signedChoice(view, choice))
    const body = encodeNewViewBody(viewChanges, prePrepares)
    return { payload: [sender, view, hash(body)], body }
  },
  /**
   * Reads a NEW-VIEW. A body that cannot be decoded still counts as signed by its primary if the payload holds its
   * digest.
   * @rule 3.4
   */
  decode: (frame, tools) =>
    withFields(frame, (fields) => {
      const sender = fields.integer<ReplicaId>()
      const view = fields.integer<View>()
      if (!equalBytes(fields.digest(), tools.hash(frame.body))) return rejection('digest-mismatch')
      const contents = decodeNewViewBody(frame.body, (bytes) => {
        const inner = splitFrame(bytes)
        if (isRejection(inner)) return inner
        const isViewChange = kindName(inner.kind) === 'view-change'
        return isViewChange ? viewChangeCodec.decode(inner, tools) : decodeCited(bytes)
      })
      return { kind: 'new-view', sender, view, contents, ...receivedOf(frame) }
    }),
  describe(sink, { view, choices }) {
    sink.number('v', view)
    sink.number('choices', choices.length)
  },
  describeReceived(sink, { sender, view }) {
    sink.number('of', sender)
    sink.number('v', view)
  },
}

export function encodeNewViewBody(
  viewChanges: readonly ViewChange[],
  prePrepares: readonly { readonly envelope: Uint8Array }[],
): Uint8Array {
  const envelopes = prePrepares.map(({ envelope }) => {
    const length = new Uint8Array(2)
    writeU16(length, 0, envelope.length)
    return concatBytes(length, envelope)
  })
  return concatBytes(
    Uint8Array.of(viewChanges.length),
    ...viewChanges.map(({ bytes }) => bytes),
    countOf(prePrepares),
    ...envelopes,
  )
}

/** Reads V and O from a NEW-VIEW, without judging them. */
export function decodeNewViewBody(body: Uint8Array, decodeFrame: DecodeFrame): NewViewContents | Rejection {
  const reader = new BodyReader(body, decodeFrame)
  const viewChanges: ViewChange[] = []
  const changes = reader.u8(REPLICAS_MAX)
  for (let index = 0; index < changes && reader.fault === null; index++) {
    const message = reader.frame()
    if (message?.kind === 'view-change') viewChanges.push(message)
    else reader.fault ??= rejection('certificate-mixed')
  }
  const prePrepares: PrePrepareHeader[] = []
  const count = reader.u16(2 * LOG_WINDOW)
  for (let index = 0; index < count && reader.fault === null; index++) {
    const message = reader.envelope()
    if (message?.kind === 'pre-prepare') prePrepares.push(message)
    else reader.fault ??= rejection('certificate-mixed')
  }
  return reader.end() ?? { viewChanges, prePrepares }
}
