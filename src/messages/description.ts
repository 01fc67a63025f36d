/** Messages in words and numbers: the pieces that traces are made of, whether they are hashed or read. */
import type { CheckpointCertificate } from './checkpoint.ts'
import type { SignedOnce } from './evidence.ts'

/** Takes a description piece by piece. Words come from a small fixed set. */
export interface DescriptionSink {
  word(word: string): void
  /** A number and what it counts. */
  number(label: string, value: number): void
  digest(digest: Uint8Array): void
}

/** The place in the order that a message is about, and the digest that it names there. */
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
