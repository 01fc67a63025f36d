/** Answers to clients: one authentication per batch, results from one designated replica. Rule 1.7; DESIGN hot path. */

import type { Hash } from '../base/hash.ts'
import type { ReplicaId, Sequence, View } from '../base/ids.ts'
import { encodeFrame } from '../messages/frame.ts'
import { FRAME_KINDS } from '../messages/kinds.ts'
import { packPayload } from '../messages/payload.ts'
import { encodeReplyBody } from '../messages/reply.ts'
import { buildReplyTree, type ReplyLeaf, replyPath } from '../messages/reply-tree.ts'
import type { SigningDigest } from '../messages/request.ts'
import type { Outcome, Peer, Signer } from '../ports.ts'

/** An outcome with results, and whether this replica is the one that sends them whole. */
export interface Answer {
  readonly outcome: Outcome & { readonly results: Uint8Array }
  readonly isWhole: boolean
}

export interface ReplyMaker {
  /** The reply frames of one batch, each for its client. */
  repliesFor(
    place: { readonly view: View; readonly sequence: Sequence },
    answers: readonly Answer[],
  ): readonly { readonly to: Peer; readonly frame: Uint8Array }[]
}

export function createReplyMaker(identity: {
  readonly id: ReplicaId
  readonly hash: Hash
  readonly signer: Signer
  readonly signingDigest: SigningDigest
}): ReplyMaker {
  const { id, hash, signer, signingDigest } = identity
  return {
    repliesFor({ view, sequence }, answers) {
      if (answers.length === 0) return []
      const leaves = answers.map(({ outcome }): ReplyLeaf => {
        const { publicKey, timestamp, requestDigest, results } = outcome
        return { publicKey, timestamp, requestDigest, resultDigest: hash(results) }
      })
      const levels = buildReplyTree(hash, leaves)
      const root = levels.at(-1)?.[0] as Uint8Array
      const payload = packPayload([id, view, sequence, root])
      const authentication = signer.sign(signingDigest(FRAME_KINDS.reply, payload))
      return answers.map(({ outcome, isWhole }, index) => {
        const place = { index, count: leaves.length, path: replyPath(levels, index) }
        const body = encodeReplyBody(leaves[index] as ReplyLeaf, place, isWhole ? outcome.results : null)
        const { bytes } = encodeFrame({ kind: FRAME_KINDS.reply, payload, authentication, body })
        return { to: { kind: 'client', id: outcome.client }, frame: bytes }
      })
    },
  }
}
