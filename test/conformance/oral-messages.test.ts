/** The messages that oral mode adds: encoding and decoding agree, and each bound of a body is enforced. */
import { describe, expect, test } from 'vitest'
import { concatBytes, writeU16 } from '../../src/base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { LOG_WINDOW } from '../../src/messages/limits.ts'
import {
  claimBytes,
  claimsIn,
  decodeChosen,
  decodeClaims,
  encodeClaims,
} from '../../src/messages/oral/body.ts'
import { choiceHeader, claimedCommit, isClaimed } from '../../src/messages/oral/inferred-messages.ts'
import { createOralViewChange } from '../../src/messages/oral/view-change.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import { oralSamples, partsOf } from '../kit/frame-samples.ts'
import { claim, claimsOf, held } from '../kit/oral-kit.ts'

const kit = createClusterKit(4)
const decode = (bytes: Uint8Array) => decodeMessage(bytes, kit.tools)

describe.each(oralSamples(kit))('$kind', ({ kind, bytes, from }) => {
  test('is read back, and keeps the bytes it came in', () => {
    const message = decode(bytes)
    expect(message).toMatchObject({ kind, bytes })
    expect('sender' in message && { kind: 'replica', id: message.sender }).toEqual(from)
  })

  test('is refused with a byte more, and with one less', () => {
    const { payload, authentication, body, kind: number } = partsOf(bytes)
    for (const other of [concatBytes(body, Uint8Array.of(0)), body.subarray(0, -1)]) {
      if (other.length === 0 && body.length === 0) continue
      const frame = encodeFrame({ kind: number, payload, authentication, body: other })
      expect(isRejection(decode(frame.bytes))).toBe(true)
    }
  })

  test('means nothing in a signed cluster', () => {
    const message = decode(bytes)
    if (isRejection(message)) expect.fail(message.reason)
    expect(isRejection(kit.authenticated(message, from))).toBe(true)
  })
})

describe('a VIEW-CHANGE', () => {
  const { sender: _sender, ...claims } = claimsOf(2, {
    h: 128,
    checkpoints: [held(128, seedOf(1))],
    p: [claim(129, seedOf(2), 3)],
  })
  const content = { kind: 'oral-view-change', view: 5 as View, ...claims } as const

  test('PBFT-4.3 has the digest of its content, whatever authenticates it', () => {
    const made = createOralViewChange(content, 2 as ReplicaId, kit.tools.hash)
    const sent = decode(kit.frameOf(2, content))
    expect(sent).toMatchObject({ digest: made.digest, preparedClaims: content.preparedClaims })
    const other = createOralViewChange({ ...content, view: 6 as View }, 2 as ReplicaId, kit.tools.hash)
    expect(other.digest).not.toEqual(made.digest)
  })

  test('is refused when its payload has not the hash of its body', () => {
    const { payload, authentication, kind } = partsOf(kit.frameOf(2, content))
    const body = encodeClaims({ ...claims, preparedClaims: [] })
    expect(decode(encodeFrame({ kind, payload, authentication, body }).bytes)).toMatchObject({
      reason: 'digest-mismatch',
    })
  })
})

describe('the bounds of the bodies', () => {
  const count = (value: number) => {
    const bytes = new Uint8Array(2)
    writeU16(bytes, 0, value)
    return bytes
  }
  const entries = (number: number) => new Uint8Array(number * 48)

  test('PBFT-4.2 PBFT-4.9 C, P and Qset hold a bounded number of entries', () => {
    const body = (c: number, p: number, q: number) =>
      concatBytes(Uint8Array.of(c), new Uint8Array(40 * c), count(p), entries(p), count(q), entries(q))
    const most = 6 * LOG_WINDOW // f + 2 of 13 replicas
    expect(isRejection(decodeClaims(body(3, LOG_WINDOW, most)))).toBe(false)
    for (const [c, p, q] of [
      [4, 0, 0],
      [0, LOG_WINDOW + 1, 0],
      [0, 0, most + 1],
    ] as const) {
      expect(decodeClaims(body(c, p, q))).toMatchObject({ reason: 'body-malformed' })
    }
  })

  test('PBFT-4.9 V and O hold a bounded number of entries', () => {
    const body = (v: number, o: number) =>
      concatBytes(
        Uint8Array.of(v),
        new Uint8Array(33 * v),
        new Uint8Array(8),
        count(o),
        new Uint8Array(32 * o),
      )
    expect(isRejection(decodeChosen(body(13, LOG_WINDOW)))).toBe(false)
    expect(decodeChosen(body(14, 0))).toMatchObject({ reason: 'body-malformed' })
    expect(decodeChosen(body(0, LOG_WINDOW + 1))).toMatchObject({ reason: 'body-malformed' })
  })

  test('a number above 2^53 - 1 is none', () => {
    const body = concatBytes(Uint8Array.of(0), count(1), new Uint8Array(48).fill(255), count(0))
    expect(decodeClaims(body)).toMatchObject({ reason: 'body-malformed' })
  })

  test('PBFT-6.4 reminders of unknown kinds are refused', () => {
    const payload = packPayload([1, 9, [[5, 0, 1]]])
    const parts = { payload, authentication: new Uint8Array(0), body: new Uint8Array(0) }
    const frame = encodeFrame({ kind: FRAME_KINDS['oral-recollection'], ...parts })
    expect(decode(frame.bytes)).toMatchObject({ reason: 'payload-shape' })
  })
})

test('what was not sent as such has no authentication, and is distinguished from what was', () => {
  const said = { sender: 1 as ReplicaId, view: 2 as View, sequence: 3 as Sequence, digest: seedOf(4) }
  expect(choiceHeader(said)).toMatchObject({ kind: 'pre-prepare', ...said })
  expect(isClaimed([claimedCommit(said)])).toBe(true)
  expect(isClaimed(kit.votes('commit', [0, 1, 2], said))).toBe(false)
})

test('PBFT-6 claims in the log are read back', () => {
  const claims = [claim(1, seedOf(1), 2), claim(3, seedOf(4), 5)]
  expect(claimsIn(concatBytes(...claims.map(claimBytes)))).toEqual(claims)
  expect(isRejection(claimsIn(new Uint8Array(47)))).toBe(true)
})
