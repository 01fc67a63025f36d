/** The descriptions of messages and contents, for traces. */
import type { ContentDescriber, Describer } from './codec.ts'
import { CODECS } from './codecs.ts'
import type { ReplicaContent } from './content.ts'
import type { DescriptionSink } from './description.ts'
import type { ProtocolMessage, Request } from './message.ts'

/** Describes a received message: its kind, its sender and its content, unless its kind has a description of its own. */
export function describeMessage(sink: DescriptionSink, message: ProtocolMessage): void {
  sink.word(message.kind)
  const codec = CODECS[message.kind]
  if ('describeReceived' in codec) {
    ;(codec as Describer<ProtocolMessage>).describeReceived(sink, message)
  } else {
    const { sender } = message as Exclude<ProtocolMessage, Request>
    sink.number('of', sender)
    ;(codec as ContentDescriber<ProtocolMessage>).describe(sink, message)
  }
}

/** Describes a content that is sent. */
export function describeContent(sink: DescriptionSink, content: ReplicaContent): void {
  sink.word(content.kind)
  const codec = CODECS[content.kind] as ContentDescriber<ReplicaContent>
  codec.describe(sink, content)
}
