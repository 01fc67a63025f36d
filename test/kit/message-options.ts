/** Options of the messages that a cluster kit makes. */
import type { CheckpointCertificate, PreparedCertificate } from '../../src/messages/message.ts'

export interface RequestOptions {
  readonly timestamp?: number
  readonly session?: Uint8Array
  readonly responder?: number
  readonly operations?: Uint8Array
}

/** The subject of a vote or a pre-prepare. */
export interface Place {
  readonly view?: number
  readonly sequence: number
}

/** The content of a VIEW-CHANGE besides its view. */
export interface ViewChangeOptions {
  readonly stable?: CheckpointCertificate
  readonly prepared?: readonly PreparedCertificate[]
}

/** An O entry: the chosen batch, and the signer and the view of its signature. */
export interface ChoiceOptions {
  readonly sequence: number
  readonly digest: Uint8Array
  readonly view?: number
  readonly sender?: number
}
