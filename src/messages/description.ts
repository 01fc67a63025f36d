/** Descriptions of messages in words and numbers. Traces consist of them, both for hashing and for reading. */
import type { CheckpointCertificate } from './checkpoint.ts'
import type { SignedOnce } from './evidence.ts'

/** The receiver of a description, piece by piece. Words come from a small fixed set. */
export interface DescriptionSink {
  word(word: string): void
  /** Adds a number with its label. */
  number(label: string, value: number): void
  digest(digest: Uint8Array): void
}

/** Describes the (v, s) that a message is about, and the digest that it names there. */
export function describePlace(
  sink: DescriptionSink,
  place: { readonly view: number; readonly sequence: number; readonly digest: Uint8Array },
): void {
  sink.number('v', place.view)
  sink.number('s', place.sequence)
  sink.digest(place.digest)
}

export function describeStable(sink: DescriptionSink, { sequence, root }: CheckpointCertificate): void {
  sink.number('h', sequence)
  sink.digest(root)
}

export function describeSigned(sink: DescriptionSink, message: SignedOnce): void {
  sink.word(message.kind)
  sink.number('of', message.sender)
  if (message.kind !== 'checkpoint') return describePlace(sink, message)
  sink.number('s', message.sequence)
  sink.digest(message.root)
}
