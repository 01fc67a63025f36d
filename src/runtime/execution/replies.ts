/**
 * The replies to clients: one authentication per batch, and full results from the designated replica only. Rule 1.7;
 * DESIGN hot path.
 */

import type { Hash } from '../../base/hash.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { RequestOutcome } from '../../base/request-outcome.ts'
import { encodeFrame, splitFrame } from '../../messages/frame.ts'
import { FRAME_KINDS } from '../../messages/kinds.ts'
import { packPayload } from '../../messages/payload.ts'
import { isRejection } from '../../messages/rejection.ts'
import { encodeReplyBody } from '../../messages/reply.ts'
import { buildReplyTree, type ReplyLeaf, replyPath } from '../../messages/reply-tree.ts'
import type { SigningDigest } from '../../messages/request.ts'
import type { Peer, Signer } from '../../ports.ts'
import type { MessageMacs } from '../authentication/message-macs.ts'

/** An outcome with its results. `isWhole` is true if this replica sends them in full. */
export interface Answer {
  readonly outcome: RequestOutcome & { readonly results: Uint8Array }
  readonly isWhole: boolean
}

export interface ReplyMaker {
  /** Returns the reply frames of one batch, each for its client. */
  repliesFor(
    place: { readonly view: View; readonly sequence: Sequence },
    answers: readonly Answer[],
  ): readonly { readonly to: Peer; readonly frame: Uint8Array }[]
  /** True if an earlier reply is still valid: the epoch of its MAC's keys may be over. */
  isCurrent(frame: Uint8Array): boolean
}

export function createReplyMaker(identity: {
  readonly id: ReplicaId
  readonly hash: Hash
  readonly signer: Signer
  readonly signingDigest: SigningDigest
  /** The MACs that replies carry in place of the signature, in oral mode. A client without a key gets no reply. */
  readonly macs?: MessageMacs | null
}): ReplyMaker {
  const { id, hash, signer, signingDigest, macs = null } = identity
  return {
    repliesFor({ view, sequence }, answers) {
      if (answers.length === 0) return []
      const leaves = answers.map(({ outcome }): ReplyLeaf => {
        const { publicKey, session, timestamp, requestDigest, results } = outcome
        return { publicKey, session, timestamp, requestDigest, resultDigest: hash(results) }
      })
      const levels = buildReplyTree(hash, leaves)
      const root = levels.at(-1)?.[0] as Uint8Array
      const payload = packPayload([id, view, sequence, root])
      const digest = signingDigest(FRAME_KINDS.reply, payload)
      const signature = macs === null ? signer.sign(digest) : null
      return answers.flatMap(({ outcome, isWhole }, index) => {
        const to: Peer = { kind: 'client', id: outcome.client }
        const authentication = signature ?? macs?.forOne(to, digest) ?? null
        if (authentication === null) return []
        const place = { index, count: leaves.length, path: replyPath(levels, index) }
        const body = encodeReplyBody(leaves[index] as ReplyLeaf, place, isWhole ? outcome.results : null)
        const { bytes } = encodeFrame({ kind: FRAME_KINDS.reply, payload, authentication, body })
        return [{ to, frame: bytes }]
      })
    },
    isCurrent(frame) {
      if (macs === null) return true
      const reply = splitFrame(frame)
      return !isRejection(reply) && macs.isCurrent(reply.authentication)
    },
  }
}
