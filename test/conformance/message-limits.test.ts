/** Every limit of a message, with the name of the rejection beyond it. */
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex, writeU16, writeU32 } from '../../src/base/bytes.ts'
import type { Sequence, View } from '../../src/base/ids.ts'
import { REPLICAS_MAX } from '../../src/base/quorum.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { EVIDENCE_MAX, encodeEvidenceList } from '../../src/messages/evidence.ts'
import { encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import {
  AUTHENTICATION_BYTES_MAX,
  BATCH_BYTES_MAX,
  BATCH_REQUESTS_MAX,
  COUNTER_MAX,
  FRAME_BYTES_MAX,
  LOG_WINDOW,
  PAGE_DEPTH_MAX,
  PAGES_PER_FETCH_MAX,
  PAYLOAD_BYTES_MAX,
  PAYLOAD_DEPTH_MAX,
  PAYLOAD_ITEMS_MAX,
  REQUEST_BYTES_MAX,
  RESULT_BYTES_MAX,
} from '../../src/messages/limits.ts'
import type { Message } from '../../src/messages/message.ts'
import { type Payload, packPayload, unpackPayload } from '../../src/messages/payload.ts'
import { REFUSAL_REASONS } from '../../src/messages/refusal.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import { frameSamples, partsOf, type Sample, withPayload } from '../kit/frame-samples.ts'
import { otherForms } from '../kit/msgpack-forms.ts'
import { SessionUnderTest } from '../kit/session-kit.ts'

const kit = createClusterKit(4)
const samples = frameSamples(kit)
const EMPTY = new Uint8Array(0)

const BODILESS = [
  'prepare',
  'commit',
  'status',
  'fetch',
  'refusal',
  'inquiry',
  'report',
  'checkpoint',
  'page-fetch',
  'recall',
  'evidence-inquiry',
  'place-inquiry',
  'occurrence-inquiry',
  'state-inquiry',
  'place',
] as const

const sampleOf = (kind: Sample['kind']): Sample => {
  const sample = samples.find((each) => each.kind === kind)
  if (sample === undefined) throw new Error(`no sample of ${kind}`)
  return sample
}
const reasonOf = (bytes: Uint8Array): string | null => {
  const message = decodeMessage(bytes, kit.tools)
  return isRejection(message) ? message.reason : null
}
const decodedOf = (bytes: Uint8Array): Message => {
  const message = decodeMessage(bytes, kit.tools)
  if (isRejection(message)) throw new Error(message.reason)
  return message
}
const framed = (kind: keyof typeof FRAME_KINDS, payload: Payload, body: Uint8Array = EMPTY): Uint8Array =>
  encodeFrame({ kind: FRAME_KINDS[kind], payload: packPayload(payload), authentication: EMPTY, body }).bytes

describe('sizes and counts', () => {
  const body = (length: number, count: number, requests: Uint8Array | null = null): Uint8Array => {
    const bytes = new Uint8Array(length)
    writeU16(bytes, 8, count)
    if (requests !== null) bytes.set(requests, 10)
    return bytes
  }
  const vote: Payload = [1, 0, 5, seedOf(3)]

  test('frame-too-large: told from the length field alone', () => {
    const head = new Uint8Array(4)
    for (const [length, reason] of [
      [FRAME_BYTES_MAX + 1, 'frame-too-large'],
      [0xffff_ffff, 'frame-too-large'],
      [FRAME_BYTES_MAX, 'frame-truncated'],
    ] as const) {
      writeU32(head, 0, length)
      expect(reasonOf(head)).toBe(reason)
    }
  })

  test('unknown-kind: every number that is given to no kind', () => {
    const known = new Set<number>(Object.values(FRAME_KINDS))
    const bytes = framed('prepare', vote)
    for (let kind = 0; kind < 256; kind++) {
      bytes[4] = kind
      expect(reasonOf(bytes) === 'unknown-kind').toBe(!known.has(kind))
    }
  })

  test('kind-not-for-this-link: a handshake is over when messages begin', () => {
    for (const kind of ['hello', 'welcome', 'proof'] as const) {
      expect(reasonOf(framed(kind, []))).toBe('kind-not-for-this-link')
    }
  })

  test('payload-too-large, authentication-too-large', () => {
    const frame = (payload: number, authentication: number) =>
      encodeFrame({
        kind: FRAME_KINDS.prepare,
        payload: new Uint8Array(payload),
        authentication: new Uint8Array(authentication),
        body: EMPTY,
      }).bytes
    expect(reasonOf(frame(PAYLOAD_BYTES_MAX + 1, 0))).toBe('payload-too-large')
    expect(reasonOf(frame(PAYLOAD_BYTES_MAX, 0))).toBe('payload-shape')
    expect(reasonOf(frame(10, AUTHENTICATION_BYTES_MAX + 1))).toBe('authentication-too-large')
    expect(reasonOf(frame(10, AUTHENTICATION_BYTES_MAX))).toBe('payload-shape')
  })

  test('payload-too-many-items: nested ones count, announced ones too', () => {
    const zeros = (count: number): Payload => new Array<number>(count).fill(0)
    expect(unpackPayload(packPayload(zeros(PAYLOAD_ITEMS_MAX - 1)))).toHaveLength(PAYLOAD_ITEMS_MAX - 1)
    for (const items of [zeros(PAYLOAD_ITEMS_MAX), [zeros(200), zeros(60)]]) {
      expect(unpackPayload(packPayload(items))).toMatchObject({ reason: 'payload-too-many-items' })
    }
    expect(unpackPayload(Uint8Array.of(0xdc, 0xff, 0xff))).toMatchObject({ reason: 'payload-too-many-items' })
  })

  test('payload-too-deep: empty arrays are arrays', () => {
    const nested = (depth: number, inner: Payload): Payload =>
      depth === 1 ? inner : [nested(depth - 1, inner)]
    for (const inner of [[], [7]]) {
      expect(unpackPayload(packPayload(nested(PAYLOAD_DEPTH_MAX, inner)))).not.toMatchObject({
        kind: 'rejection',
      })
      expect(unpackPayload(packPayload(nested(PAYLOAD_DEPTH_MAX + 1, inner)))).toMatchObject({
        reason: 'payload-too-deep',
      })
    }
  })

  test('payload-shape: a payload is an array', () => {
    for (const bytes of [EMPTY, Uint8Array.of(7), Uint8Array.of(0xc4, 0), Uint8Array.of(0x80)]) {
      expect(unpackPayload(bytes)).toMatchObject({ reason: 'payload-shape' })
    }
  })

  test('payload-malformed: announced bytes that are not there', () => {
    for (const bytes of [
      [0x91],
      [0x92, 0],
      [0x91, 0xc4],
      [0x91, 0xc4, 255],
      [0x91, 0xc5, 0xff, 0xff],
      [0x91, 0xcd, 1],
      [0x91, 0xd3, 0],
      [0xdc, 0, 16],
      [0x90, 0],
    ]) {
      expect(unpackPayload(Uint8Array.from(bytes))).toMatchObject({ reason: 'payload-malformed' })
    }
  })

  test('every safe integer has one encoding and comes back', () => {
    const edges = [
      0,
      1,
      31,
      63,
      64,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 1,
      2 ** 32,
      COUNTER_MAX,
    ]
    for (const edge of edges) {
      const packed = packPayload([edge, [edge]])
      expect(unpackPayload(packed)).toEqual([edge, [edge]])
      for (const form of otherForms(packed)) expect(unpackPayload(form)).toMatchObject({ kind: 'rejection' })
    }
  })

  test('byte strings of every length class come back', () => {
    for (const length of [0, 1, 31, 32, 255, 256, 4000]) {
      const bytes = new Uint8Array(length).fill(0x81)
      const packed = packPayload([bytes])
      expect(toHex(packPayload(unpackPayload(packed) as Payload))).toBe(toHex(packed))
      for (const form of otherForms(packed)) expect(unpackPayload(form)).toMatchObject({ kind: 'rejection' })
    }
  })

  test('body-not-expected', () => {
    for (const kind of BODILESS) {
      expect(reasonOf(framed(kind, vote, Uint8Array.of(0)))).toBe('body-not-expected')
    }
  })

  test('batch-too-large, too-many-requests, body-malformed, unsafe-integer', () => {
    const small = kit.request(0).bytes
    for (const kind of ['pre-prepare', 'batch'] as const) {
      expect(reasonOf(framed(kind, vote, body(BATCH_BYTES_MAX + 1, 0)))).toBe('batch-too-large')
      expect(reasonOf(framed(kind, vote, body(BATCH_BYTES_MAX, 0)))).toBe('frame-has-trailing-bytes')
      expect(reasonOf(framed(kind, vote, body(10, BATCH_REQUESTS_MAX + 1)))).toBe('too-many-requests')
      expect(reasonOf(framed(kind, vote, body(10, BATCH_REQUESTS_MAX)))).toBe('body-malformed')
      expect(reasonOf(framed(kind, vote, body(9, 0)))).toBe('body-malformed')
      const announced = new Uint8Array(4)
      writeU32(announced, 0, REQUEST_BYTES_MAX + 1)
      expect(reasonOf(framed(kind, vote, body(14, 1, announced)))).toBe('request-too-large')
      expect(reasonOf(framed(kind, vote, body(10 + small.length, 2, small)))).toBe('body-malformed')
      expect(reasonOf(framed(kind, vote, new Uint8Array(10).fill(255, 0, 8)))).toBe('unsafe-integer')
      const notARequest = kit.vote('prepare', 1, { sequence: 1, digest: seedOf(1) }).bytes
      expect(reasonOf(framed(kind, vote, body(10 + notARequest.length, 1, notARequest)))).toBe(
        'body-malformed',
      )
    }
  })

  test('request-too-large, alone and in a batch', () => {
    const { payload, authentication, envelope } = kit.request(0)
    const big = encodeFrame({
      kind: FRAME_KINDS.request,
      payload,
      authentication,
      body: new Uint8Array(REQUEST_BYTES_MAX - envelope.length + 1),
    })
    expect(reasonOf(big.bytes)).toBe('request-too-large')
    expect(reasonOf(framed('batch', vote, body(10 + big.bytes.length, 1, big.bytes)))).toBe(
      'request-too-large',
    )
  })

  test('digest-mismatch: a digest is computed, never believed', () => {
    for (const kind of ['request', 'pre-prepare', 'batch', 'decision'] as const) {
      const { payload } = partsOf(sampleOf(kind).bytes)
      const items = unpackPayload(payload)
      if (isRejection(items)) throw new Error(items.reason)
      const lie = [...items.slice(0, -1), seedOf(77)]
      expect(reasonOf(withPayload(kit, sampleOf(kind), packPayload(lie)))).toBe('digest-mismatch')
    }
  })

  test('a certificate of more votes than there can be replicas is not read', () => {
    const { digest } = kit.batch()
    const commit = kit.vote('commit', 1, { sequence: 1, digest })
    const commits = new Array<typeof commit>(REPLICAS_MAX + 1).fill(commit)
    const place = { view: 0 as View, sequence: 1 as Sequence }
    const bytes = kit.frameOf(3, { kind: 'decision', ...place, batch: kit.batch(), commits })
    expect(reasonOf(bytes)).toBe('body-malformed')
  })

  test('what is shown of a replica is bounded, and of the kinds that it may have forgotten', () => {
    const shown = (...remembered: readonly { readonly envelope: Uint8Array }[]) =>
      reasonOf(kit.frameOf(2, { kind: 'recollection', nonce: 1, remembered }))
    const prepare = kit.vote('prepare', 1, { sequence: 1, digest: seedOf(1) })
    expect(shown()).toBeNull()
    expect(shown(...new Array<typeof prepare>(REPLICAS_MAX).fill(prepare))).toBeNull()
    expect(shown(...new Array<typeof prepare>(REPLICAS_MAX + 1).fill(prepare))).toBe('body-malformed')
    for (const kind of ['request', 'reply', 'status', 'decision', 'new-view', 'recollection'] as const) {
      const { bytes } = sampleOf(kind)
      const { envelope } = decodedOf(bytes)
      expect(shown(prepare, { envelope })).toBe('certificate-mixed')
    }
    // The envelope of one whole is its head alone; with its body it is none.
    const { envelope, bytes } = decodedOf(sampleOf('view-change').bytes)
    expect(shown({ envelope })).toBeNull()
    expect(shown({ envelope: bytes.subarray(4) })).toBe('body-not-expected')
  })

  test('an exhibit shows one message or two, and only what is signed once', () => {
    const shown = (...messages: readonly { readonly envelope: Uint8Array }[]) =>
      reasonOf(kit.frameOf(2, { kind: 'exhibit', messages }))
    const prepare = kit.vote('prepare', 1, { sequence: 1, digest: seedOf(1) })
    expect(shown()).toBe('body-malformed')
    expect(shown(prepare)).toBeNull()
    expect(shown(prepare, kit.checkpoint(1, 128, seedOf(1)))).toBeNull()
    expect(shown(prepare, prepare, prepare)).toBe('body-malformed')
    for (const kind of ['request', 'reply', 'status', 'decision', 'view-change', 'exhibit'] as const) {
      const { envelope } = decodedOf(sampleOf(kind).bytes)
      expect(shown(prepare, { envelope })).toBe('certificate-mixed')
    }
  })

  test('evidence: a bounded number of pieces against a bounded number of replicas, each of which proves something', () => {
    const vote = (digest: number) => kit.vote('commit', 1, { sequence: 1, digest: seedOf(digest) })
    const [first, second] = [vote(1), vote(2)]
    const proof = { guilty: first.sender, first, second }
    const given = (proofs: readonly (typeof proof)[]) =>
      reasonOf(kit.frameOf(2, { kind: 'evidence', nonce: 1, proofs }))
    expect(given([])).toBeNull()
    expect(given(new Array<typeof proof>(EVIDENCE_MAX).fill(proof))).toBeNull()
    expect(given(new Array<typeof proof>(EVIDENCE_MAX + 1).fill(proof))).toBe('body-malformed')
    expect(given([proof, { ...proof, second: first }])).toBe('proves-nothing')
    const body = encodeEvidenceList([proof])
    for (let length = 0; length < body.length; length++) {
      expect(reasonOf(framed('evidence', [2, 1], body.subarray(0, length)))).toMatch(
        /body-malformed|frame-truncated|proves-nothing|frame-has-trailing-bytes/,
      )
    }
    const longer = concatBytes(body, Uint8Array.of(0))
    expect(reasonOf(framed('evidence', [2, 1], longer))).toBe('frame-has-trailing-bytes')
  })

  test("a reply's results and path are bounded", () => {
    const session = new SessionUnderTest(kit)
    const request = kit.request(0)
    const most = session.replyOf(0, request, new Uint8Array(RESULT_BYTES_MAX))
    expect(most.results).toHaveLength(RESULT_BYTES_MAX)
    expect(() => session.replyOf(0, request, new Uint8Array(RESULT_BYTES_MAX + 1))).toThrow('body-malformed')
    const { payload, authentication, body: replyBody } = partsOf(sampleOf('reply').bytes)
    const deep = concatBytes(
      replyBody.subarray(0, 108),
      Uint8Array.of(11),
      new Uint8Array(11 * 32),
      Uint8Array.of(0),
    )
    expect(
      reasonOf(encodeFrame({ kind: FRAME_KINDS.reply, payload, authentication, body: deep }).bytes),
    ).toBe('body-malformed')
  })

  test('bitmaps and lists are bounded', () => {
    const bits = (length: number) => new Uint8Array(length)
    const most = LOG_WINDOW / 8
    expect(reasonOf(framed('status', [1, 0, 1, 0, 0, 0, 0, bits(most), bits(most), bits(most)]))).toBeNull()
    expect(reasonOf(framed('status', [1, 0, 1, 0, 0, 0, 0, bits(most + 1), bits(0), bits(0)]))).toBe(
      'payload-shape',
    )
    const ids = (count: number) => new Array<number>(count).fill(1)
    const report = (
      reachable: Payload,
      missing: Payload,
      suspected: Payload = [],
      guilty: Payload = [],
      blacklisted: Payload = [],
    ): Uint8Array =>
      framed('report', [
        ...[1, 9, 0, 1, 0, 0, 0, 0, 0, 0],
        ...[reachable, missing, suspected, guilty, [], 0, blacklisted, 0],
      ])
    const full = ids(REPLICAS_MAX)
    expect(reasonOf(report(full, full, full, full))).toBeNull()
    expect(reasonOf(report([...full, 1], []))).toBe('payload-shape')
    expect(reasonOf(report([], [...full, 1]))).toBe('payload-shape')
    expect(reasonOf(report([], [[1]]))).toBe('payload-shape')
    expect(reasonOf(report([], [], [...full, 1]))).toBe('payload-shape')
    expect(reasonOf(report([], [], [], [...full, 1]))).toBe('payload-shape')
    const listed = new Array<number[]>(REPLICAS_MAX).fill([1, 0])
    expect(reasonOf(report([], [], [], [], listed))).toBeNull()
    expect(reasonOf(report([], [], [], [], [...listed, [1, 0]]))).toBe('payload-shape')
  })

  test('a flag is 0 or 1, a standing is one that exists', () => {
    const bits = new Uint8Array(0)
    expect(reasonOf(framed('status', [1, 0, 2, 0, 0, 0, 0, bits, bits, bits]))).toBe('payload-shape')
    const report = (standing: number) =>
      framed('report', [1, 9, 0, 1, standing, 0, 0, 0, 0, 0, [], [], [], [], [], 0, [], 0])
    expect([reasonOf(report(4)), reasonOf(report(5))]).toEqual([null, 'payload-shape'])
  })

  test('a complaint is one that exists, or none', () => {
    const bits = new Uint8Array(0)
    const said = (number: number) => reasonOf(framed('status', [1, 0, 1, 0, number, 0, 0, bits, bits, bits]))
    expect([0, 1, 2, 3, 4, 5].map(said)).toEqual([null, null, null, null, null, 'payload-shape'])
    const listed = (entry: Payload) =>
      reasonOf(framed('report', [1, 9, 0, 1, 0, 0, 0, 0, 0, 0, [], [], [], [], [], 0, [entry], 0]))
    expect([[1, 3], [1, 4], [1], []].map(listed)).toEqual([null, ...new Array(3).fill('payload-shape')])
  })

  test('pages asked for at once, and the depth at which they hang, are bounded', () => {
    const asked = (paths: Payload) => reasonOf(framed('page-fetch', [1, 128, paths]))
    const deep = new Array<number>(PAGE_DEPTH_MAX).fill(0)
    const many = new Array<number[]>(PAGES_PER_FETCH_MAX).fill([0])
    expect([asked([deep]), asked(many), asked([])]).toEqual([null, null, null])
    expect([asked([[...deep, 0]]), asked([...many, [0]]), asked([[[0]]])]).toEqual(
      new Array(3).fill('payload-shape'),
    )
    expect(reasonOf(framed('page', [1, 128, [...deep, 0]]))).toBe('payload-shape')
  })

  test('a refusal names a reason that exists', () => {
    for (let reason = 0; reason < REFUSAL_REASONS.length + 2; reason++) {
      const expected = reason < REFUSAL_REASONS.length ? null : 'payload-shape'
      expect(reasonOf(framed('refusal', [1, 5, seedOf(1), reason]))).toBe(expected)
    }
  })
})
