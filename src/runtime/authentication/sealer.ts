import { assert } from '../../base/assert.ts'
import type { Hash } from '../../base/hash.ts'
import type { ReplicaId } from '../../base/ids.ts'
import {
  type Content,
  contentParts,
  isSigned,
  kindNumber,
  type SignedContent,
} from '../../messages/content.ts'
import { decodeMessage } from '../../messages/decode.ts'
import { encodeFrame, type Frame, splitFrame } from '../../messages/frame.ts'
import { FRAME_KINDS } from '../../messages/kinds.ts'
import type { Checkpoint, PrePrepare, Vote } from '../../messages/message.ts'
import { type Payload, packPayload } from '../../messages/payload.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { SigningDigest } from '../../messages/request.ts'
import type { AnyNewView, AnyViewChange, Relayed } from '../../pbft/effects.ts'
import type { Signer } from '../../ports.ts'
import type { MessageMacs } from './message-macs.ts'

export type SignedMessage = PrePrepare | Vote | Checkpoint | AnyViewChange | AnyNewView

/**
 * The sealer: adds to contents their sender, their bytes and, if the kind requires it, this replica's signature or
 * MACs.
 */
export interface Sealer {
  /** Returns the frame of any content. */
  frame(content: Content): Frame
  /** Returns the bytes of any content. A signed content is sealed only once. */
  bytes(content: Content): Uint8Array
  /**
   * Returns the bytes of a message that is sent again, unchanged. This replica's own message gets new MACs if the epoch
   * of its MACs is over (rule 4.8).
   */
  current(message: Relayed['message']): Uint8Array
  /** Returns a signed content as the message that receivers will see. It is sealed only once. */
  message(content: SignedContent): SignedMessage
}

const NO_AUTHENTICATION = new Uint8Array(0)
const NO_BODY = new Uint8Array(0)

export function createSealer(identity: {
  readonly id: ReplicaId
  readonly signer: Signer
  readonly hash: Hash
  readonly signingDigest: SigningDigest
  /** The MACs that messages carry in place of signatures, in oral mode. */
  readonly macs?: MessageMacs | null
}): Sealer {
  const { id, signer, hash, signingDigest, macs = null } = identity
  // A proposal is sealed when it is logged and sent when that record is on disk: with the same bytes.
  const sealed = new WeakMap<object, SignedMessage>()

  const authenticated = (kind: Frame['kind'], payload: Uint8Array, body: Uint8Array): Frame => {
    const digest = signingDigest(kind, payload)
    const authentication = macs === null ? signer.sign(digest) : macs.forReplicas(digest)
    return encodeFrame({ kind, payload, authentication, body })
  }

  const sign = (kind: Frame['kind'], items: Payload, body: Uint8Array): Frame =>
    authenticated(kind, packPayload(items), body)

  const tools = {
    hash,
    signedChoice: (view: number, { sequence, digest }: { sequence: number; digest: Uint8Array }) =>
      sign(FRAME_KINDS['pre-prepare'], [id, view, sequence, digest], NO_BODY),
  }

  const frame = (content: Content): Frame => {
    const { payload, body } = contentParts(content, id, tools)
    const kind = kindNumber(content.kind)
    if (isSigned(content)) return sign(kind, payload, body)
    return encodeFrame({ kind, payload: packPayload(payload), authentication: NO_AUTHENTICATION, body })
  }

  const message = (content: SignedContent): SignedMessage => {
    let whole = sealed.get(content)
    if (whole === undefined) {
      whole = signedMessage(content, id, frame(content), { hash, signingDigest })
      sealed.set(content, whole)
    }
    return whole
  }

  const current = (sent: Relayed['message']): Uint8Array => {
    const isOwn = sent.kind !== 'request' && sent.sender === id
    if (macs === null || !isOwn || macs.isCurrent(sent.authentication)) return sent.bytes
    const { payload, body } = ownFrame(sent.bytes)
    return authenticated(kindNumber(sent.kind), payload, body).bytes
  }

  const bytes = (content: Content): Uint8Array =>
    isSigned(content) ? current(message(content)) : frame(content).bytes

  return { frame, bytes, current, message }
}

function ownFrame(bytes: Uint8Array): Frame {
  const frame = splitFrame(bytes)
  assert(!isRejection(frame), 'the own frame is whole')
  return frame
}

function signedMessage(
  content: SignedContent,
  sender: ReplicaId,
  { envelope, bytes, payload, authentication }: Frame,
  tools: { readonly hash: Hash; readonly signingDigest: SigningDigest },
): SignedMessage {
  const received = { envelope, bytes, payload, authentication }
  switch (content.kind) {
    case 'pre-prepare':
      return { ...content, sender, digest: content.batch.digest, ...received }
    case 'new-view':
    case 'oral-view-change':
    case 'oral-new-view': {
      const whole = decodeMessage(bytes, tools)
      assert(whole.kind === content.kind, 'what was made here decodes')
      return whole
    }
    default:
      return { ...content, sender, ...received }
  }
}
