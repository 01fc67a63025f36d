/**
 * VIEW-CHANGE-ACK(v', i, j, d): i received j's VIEW-CHANGE for v' from j itself, and its digest is d. VIEW-CHANGE-FETCH
 * asks for the VIEW-CHANGE with a digest, and for an acknowledgement of it. Both have the payload `[sender, v', j, d]`.
 * VIEW-CHANGE-DELIVERY answers a VIEW-CHANGE-FETCH: the digest, not the sender, vouches for its contents. Payload
 * `[sender]`, body: `length u16 | payload | body` of the VIEW-CHANGE. All are valid on their sender's link only.
 */
import { concatBytes, readU16, writeU16 } from '../../base/bytes.ts'
import type { ReplicaId, View } from '../../base/ids.ts'
import { type Codec, type ContentDescriber, type Describer, NO_BODY } from '../codec.ts'
import type { DescriptionSink } from '../description.ts'
import { PAYLOAD_BYTES_MAX } from '../limits.ts'
import { type ContentOf, type Received, receivedOf, withFields, withoutBody } from '../received.ts'
import { isRejection, rejection } from '../rejection.ts'
import { bareViewChange, decodeOralViewChange, describeClaims, type OralViewChange } from './view-change.ts'

/** A reference to one VIEW-CHANGE: its view, its sender and its digest. */
export interface Naming<K extends string> extends Received {
  readonly kind: K
  readonly sender: ReplicaId
  readonly view: View
  /** j: the sender of the VIEW-CHANGE. */
  readonly of: ReplicaId
  readonly digest: Uint8Array
}

export type ViewChangeAck = Naming<'view-change-ack'>
export type ViewChangeFetch = Naming<'view-change-fetch'>
export type ViewChangeAckContent = ContentOf<ViewChangeAck>
export type ViewChangeFetchContent = ContentOf<ViewChangeFetch>

export interface ViewChangeDelivery extends Received {
  readonly kind: 'view-change-delivery'
  readonly sender: ReplicaId
  /** The VIEW-CHANGE, without an authentication of its own. */
  readonly viewChange: OralViewChange
}

export type ViewChangeDeliveryContent = ContentOf<ViewChangeDelivery, 'viewChange'> & {
  readonly viewChange: Pick<OralViewChange, 'payload' | 'body'>
}

const namingCodec = <K extends string>(
  kind: K,
): Codec<Naming<K>> & ContentDescriber<ContentOf<Naming<K>>> => ({
  encode: ({ view, of, digest }, sender) => ({ payload: [sender, view, of, digest], body: NO_BODY }),
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind,
      sender: fields.integer<ReplicaId>(),
      view: fields.integer<View>(),
      of: fields.integer<ReplicaId>(),
      digest: fields.digest(),
      ...received,
    })),
  describe: describeNamed,
})

/** Describes the VIEW-CHANGE that is referred to. */
export function describeNamed(
  sink: DescriptionSink,
  { view, of, digest }: Pick<ViewChangeAck, 'view' | 'of' | 'digest'>,
): void {
  sink.number('v', view)
  sink.number('whose', of)
  sink.digest(digest)
}

export const viewChangeAckCodec = namingCodec('view-change-ack')
export const viewChangeFetchCodec = namingCodec('view-change-fetch')

const LENGTH_BYTES = 2

export const viewChangeDeliveryCodec: Codec<ViewChangeDelivery, ViewChangeDeliveryContent> &
  ContentDescriber<ViewChangeDeliveryContent> &
  Describer<ViewChangeDelivery> = {
  encode({ viewChange }, sender) {
    const length = new Uint8Array(LENGTH_BYTES)
    writeU16(length, 0, viewChange.payload.length)
    return { payload: [sender], body: concatBytes(length, viewChange.payload, viewChange.body) }
  },
  decode(frame, { hash }) {
    const { body } = frame
    const length = body.length < LENGTH_BYTES ? PAYLOAD_BYTES_MAX + 1 : readU16(body, 0)
    const end = LENGTH_BYTES + length
    if (length > PAYLOAD_BYTES_MAX || end > body.length) return rejection('body-malformed')
    const delivered = bareViewChange(body.subarray(LENGTH_BYTES, end), body.subarray(end))
    const viewChange = decodeOralViewChange(delivered, hash)
    if (isRejection(viewChange)) return viewChange
    return withFields(frame, (fields) => ({
      kind: 'view-change-delivery',
      sender: fields.integer<ReplicaId>(),
      viewChange,
      ...receivedOf(frame),
    }))
  },
  describe() {},
  describeReceived(sink, { sender, viewChange }) {
    sink.number('of', sender)
    describeClaims(sink, viewChange)
  },
}
