/**
 * NEW-VIEW(v', V, checkpoint, O) without signatures: V names the VIEW-CHANGEs by their digests, O gives a digest for every
 * s above the checkpoint. Payload `[sender, v', H(body)]`, body: the choice [body.ts].
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, View } from '../../base/ids.ts'
import type { Codec, ContentDescriber, Describer } from '../codec.ts'
import type { Choice } from '../new-view.ts'
import { type ContentOf, type Received, receivedOf, withFields } from '../received.ts'
import { isRejection, rejection } from '../rejection.ts'
import { decodeChosen, encodeChosen } from './body.ts'
import type { CheckpointClaim } from './view-change.ts'

/** An entry of V: a sender, and the digest of its VIEW-CHANGE. */
export interface CitedViewChange {
  readonly sender: ReplicaId
  readonly digest: Uint8Array
}

export interface OralNewView extends Received {
  readonly kind: 'oral-new-view'
  readonly sender: ReplicaId
  readonly view: View
  /** V, in the order of senders. */
  readonly cited: readonly CitedViewChange[]
  readonly checkpoint: CheckpointClaim
  readonly choices: readonly Choice[]
}

export type OralNewViewContent = ContentOf<OralNewView>

export const oralNewViewCodec: Codec<OralNewView> &
  ContentDescriber<OralNewViewContent> &
  Describer<OralNewView> = {
  encode(content, sender, { hash }) {
    const body = encodeChosen(content)
    return { payload: [sender, content.view, hash(body)], body }
  },
  decode: (frame, { hash }) =>
    withFields(frame, (fields) => {
      const sender = fields.integer<ReplicaId>()
      const view = fields.integer<View>()
      if (!equalBytes(fields.digest(), hash(frame.body))) return rejection('digest-mismatch')
      const chosen = decodeChosen(frame.body)
      if (isRejection(chosen)) return chosen
      return { kind: 'oral-new-view', sender, view, ...chosen, ...receivedOf(frame) }
    }),
  describe(sink, { view, choices }) {
    sink.number('v', view)
    sink.number('choices', choices.length)
  },
  describeReceived(sink, { sender, view, choices }) {
    sink.number('of', sender)
    sink.number('choices', choices.length)
    sink.number('v', view)
  },
}
