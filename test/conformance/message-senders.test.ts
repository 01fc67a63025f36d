/** The sender of a message: every way in which it can be another's, or another thing than it was signed as. */
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'
import type { Message } from '../../src/messages/message.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import { frameSamples, partsOf, type Sample, signatureOf } from '../kit/frame-samples.ts'
import { SessionUnderTest } from '../kit/session-kit.ts'

const kit = createClusterKit(4)
const samples = frameSamples(kit)
const EMPTY = new Uint8Array(0)

const sampleOf = (kind: Sample['kind']): Sample => {
  const sample = samples.find((each) => each.kind === kind)
  if (sample === undefined) throw new Error(`no sample of ${kind}`)
  return sample
}
const messageOf = (bytes: Uint8Array): Message => {
  const message = decodeMessage(bytes, kit.tools)
  if (isRejection(message)) throw new Error(message.reason)
  return message
}
/** Null where it is authentic. */
const faultOf = (bytes: Uint8Array, from: Peer): string | null => {
  const verified = kit.authenticated(messageOf(bytes), from)
  return isRejection(verified) ? verified.reason : null
}

describe('who said it', () => {
  const place = { sequence: 5, digest: seedOf(3) }
  const asKind = (bytes: Uint8Array, kind: number): Uint8Array => {
    const copy = Uint8Array.from(bytes)
    copy[4] = kind
    return copy
  }

  test("signed-as-another-kind: a PREPARE's signature serves no COMMIT, nor the other way round", () => {
    const prepare = kit.vote('prepare', 1, place).bytes
    const commit = kit.vote('commit', 1, place).bytes
    expect(faultOf(asKind(prepare, FRAME_KINDS.commit), kit.replicaPeer(1))).toBe('signed-as-another-kind')
    expect(faultOf(asKind(commit, FRAME_KINDS.prepare), kit.replicaPeer(1))).toBe('signed-as-another-kind')
  })

  test('signed-as-another-kind: a certificate of PREPAREs shown as COMMITs is no decision', () => {
    const batch = kit.batch()
    const prepares = kit.votes('prepare', [0, 1, 2], { sequence: 1, digest: batch.digest })
    const commits = prepares.map((vote) => ({
      ...vote,
      kind: 'commit' as const,
      envelope: asKind(vote.bytes, FRAME_KINDS.commit).subarray(4),
    }))
    const bytes = kit.frameOf(3, {
      kind: 'decision',
      view: 0 as View,
      sequence: 1 as Sequence,
      batch,
      commits,
    })
    expect(faultOf(bytes, kit.replicaPeer(3))).toBe('signed-as-another-kind')
  })

  test('bad-signature: no other kind has the signature of a vote either', () => {
    const vote = kit.vote('prepare', 1, place)
    const reply = encodeFrame({
      kind: FRAME_KINDS.prepare,
      payload: vote.payload,
      authentication: signatureOf(kit, kit.replicaPeer(1), FRAME_KINDS.reply, vote.payload),
      body: EMPTY,
    })
    expect(faultOf(reply.bytes, kit.replicaPeer(1))).toBe('bad-signature')
  })

  test("sender-is-not-the-signer: a vote in another's name, on the liar's own link", () => {
    for (const kind of ['prepare', 'commit'] as const) {
      const { payload } = kit.vote(kind, 1, place)
      const forged = encodeFrame({
        kind: FRAME_KINDS[kind],
        payload,
        authentication: signatureOf(kit, kit.replicaPeer(2), FRAME_KINDS[kind], payload),
        body: EMPTY,
      })
      expect(faultOf(forged.bytes, kit.replicaPeer(2))).toBe('sender-is-not-the-signer')
      expect(faultOf(forged.bytes, kit.replicaPeer(3))).toBe('bad-signature') // passed on: not 3's doing
    }
  })

  test('a vote is good on whatever link it comes: its signature vouches for it', () => {
    expect(faultOf(kit.vote('prepare', 1, place).bytes, kit.replicaPeer(3))).toBeNull()
  })

  test.each([4, 12, 13, 255, 2 ** 32, COUNTER_MAX])('unknown-sender: replica %i of four', (sender) => {
    const payload = packPayload([sender, 0, 5, seedOf(3)])
    for (const kind of ['prepare', 'commit', 'reply'] as const) {
      if (kind === 'reply') continue
      const { bytes } = encodeFrame({
        kind: FRAME_KINDS[kind],
        payload,
        authentication: signatureOf(kit, kit.replicaPeer(1), FRAME_KINDS[kind], payload),
        body: EMPTY,
      })
      expect(faultOf(bytes, kit.replicaPeer(1))).toBe('unknown-sender')
    }
    const batch = kit.batch()
    const [first, second] = kit.votes('commit', [0, 1], { sequence: 1, digest: batch.digest })
    if (first === undefined || second === undefined) throw new Error('no votes')
    const alien = { envelope: kitEnvelope(sender, batch.digest) }
    const commits = [first, second, { ...second, ...alien }]
    const bytes = kit.frameOf(3, {
      kind: 'decision',
      view: 0 as View,
      sequence: 1 as Sequence,
      batch,
      commits,
    })
    expect(faultOf(bytes, kit.replicaPeer(3))).toBe('unknown-sender')
    const reply = { ...messageOf(sampleOf('reply').bytes), sender: sender as ReplicaId } as Message
    expect(kit.authenticated(reply, kit.replicaPeer(0))).toMatchObject({
      reason: 'unknown-sender',
    })
  })

  const kitEnvelope = (sender: number, digest: Uint8Array): Uint8Array => {
    const payload = packPayload([sender, 0, 1, digest])
    const authentication = signatureOf(kit, kit.replicaPeer(1), FRAME_KINDS.commit, payload)
    return encodeFrame({ kind: FRAME_KINDS.commit, payload, authentication, body: EMPTY }).envelope
  }

  test('bad-signature: one bit, a missing byte, no signature, one too long', () => {
    const { payload, authentication } = kit.vote('prepare', 1, place)
    const flipped = Uint8Array.from(authentication)
    flipped[63] = (flipped[63] ?? 0) ^ 0x80
    const bad = [flipped, authentication.subarray(1), EMPTY, concatBytes(authentication, Uint8Array.of(0))]
    for (const signature of bad) {
      const frame = encodeFrame({
        kind: FRAME_KINDS.prepare,
        payload,
        authentication: signature,
        body: EMPTY,
      })
      expect(faultOf(frame.bytes, kit.replicaPeer(1))).toBe('bad-signature')
    }
  })

  test("bad-signature: one request of a proposed batch is not its client's", () => {
    const good = kit.request(0)
    const { kind, payload, authentication, body } = partsOf(kit.request(1).bytes)
    const signature = Uint8Array.from(authentication)
    signature[0] = (signature[0] ?? 0) ^ 1
    const forged = messageOf(encodeFrame({ kind, payload, authentication: signature, body }).bytes)
    if (forged.kind !== 'request') throw new Error('no request')
    const batch = kit.batch([good, forged])
    const bytes = kit.frameOf(0, { kind: 'pre-prepare', view: 0 as View, sequence: 1 as Sequence, batch })
    expect(faultOf(bytes, kit.replicaPeer(0))).toBe('bad-signature')
  })

  test('a reply whose envelope is known is not known under another sender', () => {
    const session = new SessionUnderTest(kit)
    const request = kit.request(0)
    const reply = session.replyOf(1, request, seedOf(1))
    expect(isRejection(kit.authenticated(reply, kit.replicaPeer(1)))).toBe(false)
    const stolen = { ...reply, sender: 2 as ReplicaId }
    expect(kit.authenticated(stolen, kit.replicaPeer(1))).toMatchObject({ kind: 'rejection' })
  })

  test('what is shown as forgotten is signed, each of it, by whoever it is said to be of', () => {
    const vote = kit.vote('commit', 1, place)
    const shown = (...remembered: readonly { readonly envelope: Uint8Array }[]) =>
      faultOf(kit.frameOf(2, { kind: 'recollection', nonce: 1, remembered }), kit.replicaPeer(2))
    const forged = (
      sender: number,
      kind: 'prepare' | 'view-change',
      items: readonly (number | Uint8Array)[],
    ) => {
      const payload = packPayload([sender, ...items])
      const authentication = signatureOf(kit, kit.replicaPeer(2), FRAME_KINDS[kind], payload)
      return encodeFrame({ kind: FRAME_KINDS[kind], payload, authentication, body: EMPTY })
    }
    expect(shown(vote)).toBeNull()
    expect(shown(vote, forged(1, 'prepare', [0, 5, seedOf(3)]))).toBe('bad-signature')
    expect(shown(vote, forged(1, 'view-change', [7, 0, seedOf(3)]))).toBe('bad-signature')
    expect(shown(vote, { envelope: asKind(vote.bytes, FRAME_KINDS.prepare).subarray(4) })).toBe(
      'bad-signature',
    )
    for (const sender of [4, 13, COUNTER_MAX]) {
      expect(shown(vote, forged(sender, 'prepare', [0, 5, seedOf(3)]))).toBe('unknown-sender')
    }
  })
})
