import { assertNever } from '../base/assert.ts'
import type { ReplicaId } from '../base/ids.ts'
import {
  type Content,
  contentParts,
  isSigned,
  kindNumber,
  type PrePrepareContent,
  type VoteContent,
} from '../messages/content.ts'
import { encodeFrame, type Frame } from '../messages/frame.ts'
import type { PrePrepare, Vote } from '../messages/message.ts'
import { packPayload } from '../messages/payload.ts'
import type { SigningDigest } from '../messages/request.ts'
import type { Signer } from '../ports.ts'

/** Gives contents their sender, their bytes and, where the kind asks for one, this replica's signature. */
export interface Sealer {
  /** The frame of any content. */
  frame(content: Content): Frame
  /** A signed content as the message that its receivers will see; sealed once, whenever it is asked for again. */
  message(content: PrePrepareContent | VoteContent): PrePrepare | Vote
}

const NO_AUTHENTICATION = new Uint8Array(0)

export function createSealer(identity: {
  readonly id: ReplicaId
  readonly signer: Signer
  readonly signingDigest: SigningDigest
}): Sealer {
  const { id, signer, signingDigest } = identity
  // A proposal is sealed when it is logged and sent when that is on disk: the same bytes both times.
  const sealed = new WeakMap<object, PrePrepare | Vote>()

  const frame = (content: Content): Frame => {
    const parts = contentParts(content, id)
    const kind = kindNumber(content.kind)
    const payload = packPayload(parts.payload)
    const authentication = isSigned(content.kind)
      ? signer.sign(signingDigest(kind, payload))
      : NO_AUTHENTICATION
    return encodeFrame({ kind, payload, authentication, body: parts.body })
  }

  const message = (content: PrePrepareContent | VoteContent): PrePrepare | Vote => {
    let whole = sealed.get(content)
    if (whole === undefined) {
      whole = signedMessage(content, id, frame(content))
      sealed.set(content, whole)
    }
    return whole
  }

  return { frame, message }
}

function signedMessage(
  content: PrePrepareContent | VoteContent,
  sender: ReplicaId,
  { envelope, bytes, payload, authentication }: Frame,
): PrePrepare | Vote {
  const received = { envelope, bytes, payload, authentication }
  switch (content.kind) {
    case 'pre-prepare':
      return { ...content, sender, digest: content.batch.digest, ...received }
    case 'prepare':
    case 'commit':
      return { ...content, sender, ...received }
    default:
      return assertNever(content)
  }
}
