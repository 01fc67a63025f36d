/** Rule 1.7, the replica's part: one root per batch, a path for each client. */
import { describe, expect, test } from 'vitest'
import type { ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import type { RequestOutcome } from '../../src/base/request-outcome.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import type { Message, Reply } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { encodeReplyBody } from '../../src/messages/reply.ts'
import { createReplyMaker } from '../../src/runtime/execution/replies.ts'
import { createClusterKit, hash, seedOf } from '../kit/cluster-kit.ts'

const kit = createClusterKit(4)
const place = { view: 3 as View, sequence: 9 as Sequence }

function repliesOf(
  count: number,
  isWhole = true,
): { readonly replies: Reply[]; readonly outcomes: RequestOutcome[] } {
  const [signer] = kit.signers
  if (signer === undefined) throw new Error('no signer')
  const maker = createReplyMaker({ id: 0 as ReplicaId, hash, signer, signingDigest: kit.signingDigest })
  const answers = Array.from({ length: count }, (_, index) => {
    const { client, publicKey, session, timestamp, digest } = kit.request(index % 10, {
      timestamp: index + 1,
    })
    const results = seedOf(index)
    const outcome = {
      client,
      publicKey,
      session,
      timestamp,
      requestDigest: digest,
      results,
      standing: 'new',
      recovery: null,
    } as const
    return { outcome, isWhole }
  })
  const replies = maker.repliesFor(place, answers).map(({ to, frame }, index) => {
    const reply = decodeMessage(frame, kit.tools)
    if (isRejection(reply) || reply.kind !== 'reply') throw new Error('no reply')
    expect(to).toEqual({ kind: 'client', id: answers[index]?.outcome.client })
    return reply
  })
  return { replies, outcomes: answers.map(({ outcome }) => outcome) }
}

const bodyOf = (reply: Reply): Uint8Array => reply.bytes.slice(4 + reply.envelope.length)
/** The same signed root, with another body after it. */
const framed = ({ payload, authentication }: Reply, body: Uint8Array): Uint8Array =>
  encodeFrame({ kind: FRAME_KINDS.reply, payload, authentication, body }).bytes
/** The place of the first leaf of five, and the path that its reply carries. */
const placeIn = (reply: Reply) => ({
  index: 0,
  count: 5,
  path: [0, 1, 2].map((step) => bodyOf(reply).slice(125 + 32 * step, 157 + 32 * step)),
})

const rejects = (message: Message) => kit.authenticated(message, kit.replicaPeer(0))

describe('one authentication per batch', () => {
  test.each([1, 2, 3, 5, 8, 64, 1023, 1024])(
    'PBFT-1.7 %i replies share one signature, and each path leads to its root',
    (count) => {
      const { replies, outcomes } = repliesOf(count)
      const [first] = replies
      for (const [index, reply] of replies.entries()) {
        expect(reply.envelope).toEqual(first?.envelope)
        const { client, timestamp, requestDigest, results } = outcomes[index] ?? {}
        expect(reply).toMatchObject({ ...place, sender: 0, client, timestamp, requestDigest, results })
      }
      if (first !== undefined) expect(isRejection(rejects(first))).toBe(false)
    },
  )

  test('PBFT-1.7 a replica that is not designated sends the digest without the results', () => {
    const whole = repliesOf(3).replies
    const short = repliesOf(3, false).replies
    for (const [index, reply] of short.entries()) {
      expect(reply.results).toBeNull()
      expect(reply.resultDigest).toEqual(whole[index]?.resultDigest)
      expect(reply.root).toEqual(whole[index]?.root)
    }
  })

  test('PBFT-1.7 a body of another batch, other results, another client or another place miss the root', () => {
    const { replies } = repliesOf(5)
    const [first, second] = replies
    if (first === undefined || second === undefined) throw new Error('no replies')
    expect(decodeMessage(framed(first, bodyOf(second)), kit.tools)).toMatchObject({ kind: 'reply' })
    const body = bodyOf(first)
    for (let at = 0; at < body.length; at++) {
      const altered = Uint8Array.from(body)
      altered[at] = (altered[at] ?? 0) ^ 1
      expect(decodeMessage(framed(first, altered), kit.tools).kind).toBe('rejection')
    }
  })

  test.each([true, false])(
    'PBFT-1.7 other results with their own digest miss the root: the leaf covers the digest, results sent along: %s',
    (isWhole) => {
      const [reply] = repliesOf(5, isWhole).replies
      if (reply === undefined) throw new Error('no reply')
      const { requestDigest } = reply
      const { publicKey } = kit.clientSigner(0)
      const leaf = { publicKey, session: reply.session, timestamp: reply.timestamp, requestDigest }
      const reframed = (results: Uint8Array) => {
        const body = encodeReplyBody(
          { ...leaf, resultDigest: hash(results) },
          placeIn(reply),
          isWhole ? results : null,
        )
        return decodeMessage(framed(reply, body), kit.tools)
      }
      expect(reframed(seedOf(0))).toMatchObject({ kind: 'reply', resultDigest: reply.resultDigest })
      expect(reframed(seedOf(77))).toMatchObject({ kind: 'rejection', reason: 'digest-mismatch' })
    },
  )

  test('PBFT-1.7 a reply whose root another replica signed is refused', () => {
    const [reply] = repliesOf(1).replies
    if (reply === undefined) throw new Error('no reply')
    expect(rejects({ ...reply, sender: 1 as ReplicaId })).toMatchObject({ kind: 'rejection' })
  })
})
