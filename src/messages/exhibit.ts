/**
 * EXHIBIT: shows one or two messages of any signers (rule 1.5). Two messages that contradict each other are evidence.
 * Otherwise the receiver compares them with the messages that it holds. Valid on its sender's link only. Payload
 * `[sender]`, body: a certificate.
 */
import type { ReplicaId } from '../base/ids.ts'
import { decodeCertificate, encodeCertificate } from './certificate.ts'
import { decodeCited } from './cited.ts'
import type { Codec, ContentDescriber, Describer } from './codec.ts'
import { describeSigned } from './description.ts'
import type { SignedOnce } from './evidence.ts'
import { type ContentOf, type Received, receivedOf, withFields } from './received.ts'
import { isRejection, rejection } from './rejection.ts'

export interface Exhibit extends Received {
  readonly kind: 'exhibit'
  readonly sender: ReplicaId
  readonly messages: readonly SignedOnce[]
}

export type ExhibitContent = ContentOf<Exhibit, 'messages'> & {
  /** One or two messages. */
  readonly messages: readonly { readonly envelope: Uint8Array }[]
}

export const exhibitCodec: Codec<Exhibit, ExhibitContent> &
  ContentDescriber<ExhibitContent> &
  Describer<Exhibit> = {
  encode: ({ messages }, sender) => ({ payload: [sender], body: encodeCertificate(messages) }),
  /** Reads one or two messages, without testing if they contradict each other. */
  decode(frame) {
    const messages = decodeCertificate(frame.body, decodeCited)
    if (isRejection(messages)) return messages
    if (messages.length < 1 || messages.length > 2) return rejection('body-malformed')
    return withFields(frame, (fields) => ({
      kind: 'exhibit',
      sender: fields.integer<ReplicaId>(),
      messages,
      ...receivedOf(frame),
    }))
  },
  describe: (sink, { messages }) => sink.number('messages', messages.length),
  describeReceived(sink, { sender, messages }) {
    sink.number('of', sender)
    for (const message of messages) describeSigned(sink, message)
  },
}
