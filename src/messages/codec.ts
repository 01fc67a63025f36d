/** The code that each message's file provides beside its type: encoding, decoding and description. */
import type { Hash } from '../base/hash.ts'
import type { ReplicaId, View } from '../base/ids.ts'
import type { DescriptionSink } from './description.ts'
import type { Frame } from './frame.ts'
import type { Choice } from './new-view.ts'
import type { Payload } from './payload.ts'
import type { ContentOf, Received } from './received.ts'
import type { Rejection } from './rejection.ts'
import type { SigningDigest } from './request.ts'

export interface DecodeTools {
  readonly hash: Hash
  readonly signingDigest: SigningDigest
}

export interface EncodeTools {
  readonly hash: Hash
  /** The sender's signed PRE-PREPARE of an O entry, without a body. */
  readonly signedChoice: (view: View, choice: Choice) => { readonly envelope: Uint8Array }
}

/** The parts of a frame that a content decides. */
export interface Parts {
  readonly payload: Payload
  readonly body: Uint8Array
}

export interface Decoder<M> {
  /** Returns a well-formed message, or a rejection that names the fault. Never throws, for any bytes. */
  decode(frame: Frame, tools: DecodeTools): M | Rejection
}

/** The code of a message that replicas send. */
export interface Codec<M extends Received, C = ContentOf<M>> extends Decoder<M> {
  /** The payload and body that `decode` reads back. */
  encode(content: C, sender: ReplicaId, tools: EncodeTools): Parts
}

/** Describes a received message. */
export interface Describer<M> {
  describeReceived(sink: DescriptionSink, message: M): void
}

/** Describes a content that is sent. A received message is described by its sender and its content. */
export interface ContentDescriber<C> {
  describe(sink: DescriptionSink, content: C): void
}

export const NO_BODY = new Uint8Array(0)
